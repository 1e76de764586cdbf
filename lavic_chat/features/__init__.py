"""What the model makes of items and texts, computed once and cached: tower states, captions, text vectors."""
