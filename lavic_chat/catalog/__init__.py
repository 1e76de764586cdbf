"""The catalogue: products and their pictures, read with care, imported, checked and counted."""

from lavic_chat.catalog.load import load_catalog
from lavic_chat.catalog.pictures import blank_picture, missing_pictures, open_picture, read_picture
from lavic_chat.catalog.product import Catalog, Product

__all__ = [
    "Catalog",
    "Product",
    "blank_picture",
    "load_catalog",
    "missing_pictures",
    "open_picture",
    "read_picture",
]
