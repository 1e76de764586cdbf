"""Items and queries in one space."""

from lavic_chat.catalog import Product
from lavic_chat.retrieval.embedder import product_text


def test_the_looks_are_not_read():
    product = Product("p", "Mill chair", "Chairs", description="For a corner.", attributes={"colour": "red"})
    assert product_text(product) == "Mill chair. Chairs. For a corner."
