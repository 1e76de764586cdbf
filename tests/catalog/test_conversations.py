"""The conversations by which listening is measured: every line is one, and what it asks for can be had."""

import json
from collections import Counter
from pathlib import Path

import pytest

from lavic_chat.catalog import load_catalog
from lavic_chat.catalog.product import Product

HOUSE = Path(__file__).parents[2]
FOLDER = HOUSE / "catalog" / "conversations"
EACH = {
    "development": 20, "test": 40, "development-2": 24, "development-3": 12, "test-2": 12, "test-3": 12, "test-4": 12,
    "test-5": 12, "test-6": 12, "test-7": 12,
}  # fmt: skip
KINDS = {
    "negation", "topic", "price", "refusal", "size", "names",
    "comparative", "reference", "question", "typos", "small_talk", "unavailable",
}  # fmt: skip
ACTS = {"ask", "refine", "reject", "recall", "question", "small_talk", "unavailable", "other_language"}
LOOKS = ("type", "colour", "shade", "material", "pattern", "style")
LIMITS = ("price", "width", "depth", "height")
CONDITIONS = {*LOOKS, *(f"not_{name}" for name in LOOKS), *LIMITS, "title"}


def read(part: str) -> list[dict]:
    return [json.loads(line) for line in (FOLDER / f"{part}.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def products() -> tuple[Product, ...]:
    return load_catalog(HOUSE / "catalog").products


def facts_of(product: Product) -> dict[str, str | float | None]:
    sizes = product.attributes.get("size", "").removesuffix(" cm").split(" x ")
    numbers = dict(zip(("width", "depth", "height"), map(float, sizes), strict=True)) if len(sizes) == 3 else {}
    return {**product.attributes, "price": product.price, **numbers}


def fits(product: Product, expect: dict, without: str | None = None) -> bool:
    """Whether a product meets what is expected of the pick alone."""
    facts = facts_of(product)
    for name in CONDITIONS.intersection(expect) - {without, f"not_{without}"}:
        wanted = expect[name]
        if name == "title":
            good = any(part.lower() in product.title.lower() for part in wanted)
        elif name in LIMITS:
            value = facts.get(name)
            good = value is not None and wanted.get("least", 0) <= float(value) <= wanted.get("most", 1e9)
        else:
            good = (facts.get(name.removeprefix("not_")) in wanted) != name.startswith("not_")
        if not good:
            return False
    return True


@pytest.mark.parametrize("part", EACH)
def test_there_are_as_many_of_each_kind_and_no_two_are_alike(part):
    rows = read(part)
    assert Counter(row["kind"] for row in rows) == dict.fromkeys(KINDS, EACH[part])
    assert len({row["id"] for row in rows}) == len({tuple(row["turns"]) for row in rows}) == len(rows)
    clothes = sum(row["catalog"] == "clothes" for row in rows)
    assert clothes == 0 if "-" in part else 4 * clothes == len(rows)


@pytest.mark.parametrize("part", EACH)
def test_every_line_is_well_formed(part):
    for row in read(part):
        assert row.keys() == {"id", "kind", "catalog", "turns", "act", "expect"}, row["id"]
        assert row["act"] in ACTS and row["catalog"] in ("home", "clothes"), row["id"]
        assert row["turns"] and all(message.strip() for message in row["turns"]), row["id"]
        expect, answer = row["expect"], row["expect"].get("answer", "pick")
        assert expect.keys() <= CONDITIONS | {"answer", "versus", "gives_way", "tells", "of"}, row["id"]
        assert answer in ("pick", "facts", "reply") and (answer == "facts") == ("tells" in expect), row["id"]
        assert all(1 <= one["turn"] < len(row["turns"]) for one in expect.get("versus", ())), row["id"]


@pytest.mark.parametrize("part", EACH)
def test_what_is_expected_can_be_had_and_what_gives_way_cannot(part, products):
    for row in read(part):
        expect = row["expect"]
        if row["catalog"] != "home" or expect.get("answer", "pick") != "pick":
            continue
        met = sum(fits(product, expect) for product in products)
        if "gives_way" in expect:
            assert not met and any(fits(product, expect, expect["gives_way"]) for product in products), row["id"]
        else:
            assert met, row["id"]
