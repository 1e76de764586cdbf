"""catalog.toml: what may be done with a catalogue; what it may not say is told."""

import pytest

from lavic_chat.catalog import Catalog, Product
from lavic_chat.catalog.load import load_catalog
from lavic_chat.catalog.terms import TERMS, CatalogTerms, read_terms
from lavic_chat.errors import CatalogError
from lavic_chat.settings import shipped


def test_without_a_file_the_usual_terms_hold(tmp_path):
    assert read_terms(tmp_path) == CatalogTerms(appearance=True)


@pytest.mark.parametrize(
    ("text", "appearance"),
    [("", True), ("# nothing", True), ("appearance = false\n", False), ("appearance = true", True)],
)
def test_terms_are_read(tmp_path, text, appearance):
    (tmp_path / TERMS).write_text(text)
    assert read_terms(tmp_path) == CatalogTerms(appearance)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"appearance = nope", "cannot be read"),
        (b"\xff\xfe", "cannot be read"),
        (b"looks = false", "says 'looks', which means nothing; it may say appearance"),
        (b"[appearance]", "`appearance` is true or false"),
        (b'appearance = "false"', "`appearance` is true or false"),
        (b"appearance = 0", "`appearance` is true or false"),
    ],
)
def test_what_means_nothing_is_told(tmp_path, content, told):
    (tmp_path / TERMS).write_bytes(content)
    with pytest.raises(CatalogError, match=told):
        read_terms(tmp_path)


def test_a_catalogue_has_its_terms(tiny_catalog_folder):
    assert load_catalog(tiny_catalog_folder).terms.appearance
    (tiny_catalog_folder / TERMS).write_text("appearance = false")
    assert not load_catalog(tiny_catalog_folder).terms.appearance


def test_the_home_catalogue_is_there_to_test_looking():
    assert not read_terms(shipped("catalog")).appearance


def test_prices_have_the_terms_currency_else_that_of_most_products(tiny_catalog_folder):
    assert load_catalog(tiny_catalog_folder).currency_sign("$") == "$"
    (tiny_catalog_folder / TERMS).write_text('currency = "GBP"')
    assert load_catalog(tiny_catalog_folder).currency_sign("$") == "£"
    products = (Product("a", "A", "c", currency="CHF"), Product("b", "B", "c", currency="CHF"), Product("c", "C", "c"))
    assert Catalog(tiny_catalog_folder, products).currency_sign("$") == "CHF\u00a0"


@pytest.mark.parametrize("text", ["currency = 3", 'currency = "EUROPE"'])
def test_a_currency_is_a_code_or_a_sign(tmp_path, text):
    (tmp_path / TERMS).write_text(text)
    with pytest.raises(CatalogError, match="`currency` is a code or a sign, such as EUR"):
        read_terms(tmp_path)
