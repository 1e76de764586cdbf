"""SDA (arXiv 2512.06883): item embeddings in which text and picture meet, and the recommenders that live on them."""
