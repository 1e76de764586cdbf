"""Feedback: flags and annotations in SQLite, and what becomes training dialogues of them."""
