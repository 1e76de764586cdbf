"""Serving: the pipeline on one screen, and the chat from settings to a served page."""
