"""Recipes: stages as data, planned, run in order and only where something has changed."""
