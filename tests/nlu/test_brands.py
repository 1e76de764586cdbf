"""Brands: by the catalogue's attributes, else by what begins its titles; found where a message names them."""

from helpers.listening import ENGLISH, PRODUCTS

from lavic_chat.catalog.product import Product
from lavic_chat.nlu.brands import Brands, brand_words


def of(*products: Product) -> Brands:
    return Brands(brand_words(products), {"red", "sofa", "corner", "apple"}, ENGLISH.__contains__)


def made_by(title: str, brand: str) -> Product:
    return Product(title, title, "Things", attributes={"Brand": brand})


def test_brands_begin_titles_and_are_no_words():
    assert of(*PRODUCTS).names == {"bella", "marlo", "ostra", "tessa", "pico"}
    assert of(Product("a", "Red sofa", "x"), Product("b", "Corner sofa", "x"), Product("c", "Reds", "x")).names == set()


def test_attributes_know_better():
    brands = of(made_by("Red shoe", "Hoffmann & Sons"), made_by("Zork shoe", "Nike"), made_by("Juice", "Apple"))
    assert brands.names == {"hoffmann sons", "nike"}
    assert "Nike" in brands and "zork" not in brands and "red nike" not in brands


def test_they_are_found_where_they_stand():
    text = "The Marlo, or that red Bella sofa; Bella!"
    assert of(*PRODUCTS).find_in(text) == {"marlo": (4, 9), "bella": (35, 40)}
    assert of(*PRODUCTS).find_in("a red sofa") == {}
    brands = of(made_by("Shoe", "Hoffmann & Sons"))
    assert list(brands.find_in("any Hoffmann & Sons shoes?")) == ["hoffmann & sons"]
