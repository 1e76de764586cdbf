"""Retrieval: dialogue and items in one space, and the items nearest to a dialogue. Reads no language but in `query`."""
