"""`lavic-mini`, the embedded default, assembled once from pinned wheels."""
