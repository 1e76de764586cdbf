"""LaViC Chat: a conversational recommender that looks at the products."""

__version__ = "0.1.0"
