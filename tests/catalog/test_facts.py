"""Facts of products as programs get them: complete, harmless, and side by side."""

import json

import pytest
from helpers.fakes import make_catalog
from hypothesis import given
from hypothesis import strategies as st

from lavic_chat.catalog import Catalog, Product
from lavic_chat.catalog.facts import (
    all_facts,
    brief_facts,
    chosen_products,
    compare_facts,
    currency_in,
    product_of,
    reachable,
)
from lavic_chat.errors import CatalogError

TEXTS = st.text(max_size=20)
PRODUCTS = st.builds(
    Product, id=st.text(min_size=1, max_size=20), title=TEXTS, category=TEXTS, images=st.tuples(TEXTS),
    attributes=st.dictionaries(TEXTS, TEXTS, max_size=4), price=st.none() | st.floats(0, 1e6), currency=TEXTS,
    in_stock=st.sampled_from([None, True, False]), description=TEXTS,
)  # fmt: skip


@pytest.fixture(scope="module")
def catalog(tmp_path_factory) -> Catalog:
    return make_catalog(tmp_path_factory.mktemp("shop") / "catalog")


@given(PRODUCTS, TEXTS)
def test_every_answer_has_the_same_facts(product, caption):
    facts = brief_facts(product, "EUR", caption)
    names = ("id", "title", "category", "price", "currency", "in_stock", "link", "caption", "attributes")
    assert set(names) <= set(facts) and json.loads(json.dumps(facts)) == facts
    assert (facts["currency"] is None) == (product.price is None)
    assert facts["picture"].startswith("pictures/") and "/" not in facts["picture"][9:]


@given(st.lists(PRODUCTS, min_size=2, max_size=3))
def test_what_is_the_same_and_what_differs_is_everything(products):
    rows = [brief_facts(one) for one in products]
    found = compare_facts(rows)
    assert not set(found["same"]) & set(found["differs"]) and found["products"] == rows
    assert all(len(values) == len(rows) and values != [values[0]] * len(rows) for values in found["differs"].values())


def test_an_attribute_hides_no_fact():
    rows = [brief_facts(Product(name, "A", "b", attributes={"price": name}, price=5.0)) for name in ("one", "two")]
    assert compare_facts(rows)["differs"] == {"attribute price": ["one", "two"]}


def test_a_picture_that_is_not_there_has_no_address(catalog):
    lamp = catalog["green-lamp"]
    facts = brief_facts(lamp)
    assert reachable(catalog, facts) == facts and facts["picture"]
    bare = Catalog(catalog.folder, (Product("a", "A", "b", images=("images/gone.jpg",)),))
    assert reachable(bare, brief_facts(bare["a"]))["picture"] is None and reachable(bare, facts)["picture"] is None
    assert (all_facts(bare, bare["a"])["picture"], all_facts(bare, bare["a"])["pictures"]) == (None, [])


def test_all_that_is_known_of_one(catalog):
    facts = all_facts(catalog, catalog["green-lamp"], "EUR", "a green lamp")
    assert (
        facts["currency"] == "EUR"
        and facts["caption"] == "a green lamp"
        and facts["pictures"] == ["pictures/green-lamp"]
    )
    assert (facts["cheaper_in_category"], facts["in_category"]) == (2, 5)


@pytest.mark.parametrize("ids, said", [
    (None, "list of texts"), ("red-lamp", "list of texts"), ([1, 2], "list of texts"), ({"a": 1}, "list of texts"),
    ([], "2 or 3"), (["red-lamp"], "2 or 3"), (["red-lamp"] * 2, "different"),
    (["red-lamp", "blue-lamp", "green-lamp", "white-lamp"], "2 or 3"), (["red-lamp", "x" * 500], "no product 'x{80}'"),
])  # fmt: skip
def test_ids_that_cannot_be_compared_are_told(catalog, ids, said):
    with pytest.raises(CatalogError, match=said):
        chosen_products(catalog, ids)


@pytest.mark.parametrize("product_id", [None, 5, "", "nothing", ["red-lamp"]])
def test_an_id_that_is_not_here_is_told(catalog, product_id):
    with pytest.raises(CatalogError, match="take an id from an answer"):
        product_of(catalog, product_id)


def test_the_currency_is_the_catalogues_own_before_the_usual_one(catalog):
    assert currency_in(catalog, "$") == "$"
    assert currency_in(Catalog(catalog.folder, (Product("a", "A", "b", price=1.0, currency="EUR"),)), "$") == "EUR"
