"""Storage: files that are never half-written, and caches in SQLite."""
