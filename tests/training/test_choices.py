"""Examples: captions that are true, choices that can be learned from, nothing changed in place."""

import json
import random

import pytest
from helpers.toys import said
from hypothesis import given
from hypothesis import strategies as st

from lavic_chat.catalog import Product
from lavic_chat.dialogue.reddit_amazon import Conversation
from lavic_chat.errors import CatalogError, DialogueError
from lavic_chat.training.captions import appearance_caption, caption, caption_words, colours_of, with_article
from lavic_chat.training.choices import (
    Choice,
    ask_plainly,
    make_choices,
    products_of_split,
    shuffle_choice,
    take_evenly,
)

APPEARANCE = {"colour": "orange", "shade": "rust", "material": "velvet", "style": "Art Deco", "type": "armchair"}
CHAIR = Product("p", "Mill", "Armchairs", attributes=APPEARANCE)
TEN = tuple(Product(f"p{number}", f"Title {number}", "Things") for number in range(10))


def test_captions_say_the_looks_and_never_the_title():
    texts = {caption(CHAIR, random.Random(seed)) for seed in range(200)}
    assert len(texts) > 10
    for text in texts:
        assert "armchair" in text and "Mill" not in text
        assert "orange" in text or "rust" in text
        assert text == text.strip(" ,") and "  " not in text
    assert "an orange velvet armchair" in texts and "a rust armchair" in texts


@given(st.integers(0, 12))
def test_a_few_are_taken_from_all_along(limit):
    taken = take_evenly(TEN, limit)
    assert taken == (TEN if limit == 0 else TEN[:: -(-10 // min(limit, 10))])
    assert taken[0] == TEN[0] and (limit == 0 or len(taken) <= limit)


def test_captions_are_seeded():
    assert [caption(CHAIR, random.Random(7)) for _ in range(2)] == [caption(CHAIR, random.Random(7))] * 2


@given(
    st.dictionaries(st.sampled_from([*APPEARANCE, "size"]), st.sampled_from(["red", "oak"]), max_size=4), st.integers()
)
def test_any_product_has_a_caption(attributes, seed):
    product = Product("p", "Title", "Floor Lamps", attributes=attributes)
    assert caption(product, random.Random(seed)).strip()
    assert caption_words(product).strip()


def test_the_words_to_learn_are_looks_and_type():
    assert caption_words(CHAIR) == "orange rust velvet armchair"
    assert caption_words(Product("p", "Title", "Floor Lamps")) == "floor lamps"


def test_articles():
    assert [with_article(word) for word in ("oak table", "red rug", "Ivory vase")] == [
        "an oak table", "a red rug", "an Ivory vase",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("appearance", "said"),
    [
        ({"colour": "brown", "shade": "cognac", "material": "leather", "type": "sofa"}, "brown (cognac) leather sofa"),
        ({"colour": "brown", "shade": "oak", "material": "oak", "type": "table"}, "brown (oak) wood table"),
        ({"colour": "blue", "shade": "blue", "type": "hat", "pattern": "plain"}, "blue hat"),
        ({"colour": "red", "material": "cotton", "type": "rug", "pattern": "striped"}, "red cotton rug, striped"),
        ({}, "floor lamps"),
    ],
)
def test_looks_are_described_most_certain_first(appearance, said):
    assert appearance_caption(Product("p", "Title", "Floor Lamps", attributes=appearance)) == said


# ---- splits ----


def test_a_catalogue_without_splits_is_all_training(tiny_catalog):
    assert products_of_split(tiny_catalog, "train") == list(tiny_catalog)


def test_a_split_holds_its_shapes(tiny_catalog):
    splits = {"train": {"a": ["sofa-red", "gone"], "b": ["lamp-blue"]}, "valid": {}}
    (tiny_catalog.folder / "splits.json").write_text(json.dumps(splits))
    assert [product.id for product in products_of_split(tiny_catalog, "train")] == ["sofa-red", "lamp-blue"]
    assert products_of_split(tiny_catalog, "valid") == []


@pytest.mark.parametrize(
    "text", ["{", "[]", "{}", '{"train": []}', '{"train": {"a": 3}}', '{"train": {"a": [[]]}}', '"x"']
)
def test_a_damaged_split_is_told(tiny_catalog, text):
    (tiny_catalog.folder / "splits.json").write_text(text)
    with pytest.raises(CatalogError, match=r"splits\.json .*make it anew"):
        products_of_split(tiny_catalog, "train")


# ---- choices ----


def conversation(gt: list[str], candidates: list[str], key: str = "candidates") -> Conversation:
    return Conversation(said("a lamp"), tuple(gt), {key: tuple(candidates)})


def test_choices_are_made_where_a_right_answer_is_offered(tiny_catalog):
    conversations = [
        conversation(["lamp-red"], ["lamp-blue", "lamp-red", "sofa-red"]),
        conversation(["gone", "sofa-red"], ["gone", "lamp-red", "sofa-red"]),  # the first is not in the catalogue
        conversation(["lamp-red"], ["lamp-blue", "sofa-red"]),  # not offered
        conversation(["lamp-red"], ["lamp-red"]),  # nothing to choose
        conversation(["lamp-red"], ["lamp-red", "lamp-blue"], key="other"),
    ]
    choices, left_out = make_choices(conversations, tiny_catalog)
    assert left_out == 3
    assert [[product.id for product in choice.products] for choice in choices] == [
        ["lamp-blue", "lamp-red", "sofa-red"], ["lamp-red", "sofa-red"],
    ]  # fmt: skip
    assert [choice.products[choice.answer].id for choice in choices] == ["lamp-red", "sofa-red"]


def test_no_choices_at_all_are_told(tiny_catalog):
    with pytest.raises(DialogueError, match=r"None of the 1 conversations .* import the products"):
        make_choices([conversation(["x"], ["x", "y"])], tiny_catalog)


def test_for_training_a_right_answer_is_put_in_and_the_conversation_stays_as_it_is(tiny_catalog):
    ids = [product.id for product in tiny_catalog][:6]
    missed = conversation([ids[5]], ids[:4])
    (choice,), left_out = make_choices([missed], tiny_catalog, rng=random.Random(0))
    assert choice.products[choice.answer].id == ids[5] and len(choice.products) == 4 and left_out == 0
    assert missed.candidates["candidates"] == tuple(ids[:4])
    (again,), _ = make_choices([missed], tiny_catalog, rng=random.Random(0))
    assert again == choice
    found = conversation([ids[1]], ids[:4])
    assert make_choices([found], tiny_catalog, rng=random.Random(0)) == make_choices([found], tiny_catalog)
    with pytest.raises(DialogueError):
        make_choices([conversation(["x"], ids[:4])], tiny_catalog, rng=random.Random(0))


@given(answer=st.integers(0, 9), keep=st.one_of(st.none(), st.integers(1, 14)), seed=st.integers())
def test_shuffling_keeps_the_right_one(answer, keep, seed):
    choice = Choice(said("a lamp"), TEN, answer)
    shuffled = shuffle_choice(choice, random.Random(seed), keep)
    assert shuffled.products[shuffled.answer] is TEN[answer]
    ids = [product.id for product in shuffled.products]
    assert len(set(ids)) == len(ids) == min(keep or 10, 10) and set(ids) <= {product.id for product in TEN}
    assert choice == Choice(said("a lamp"), TEN, answer)
    assert shuffle_choice(choice, random.Random(seed), keep) == shuffled


def test_shuffling_puts_the_right_one_anywhere():
    rng = random.Random(0)
    places = [shuffle_choice(Choice(said("a lamp"), TEN, 0), rng, 5).answer for _ in range(300)]
    assert all(places.count(place) > 30 for place in range(5))


def test_a_plain_question_has_one_right_answer():
    colours, types = ("red", "blue", "green", "grey"), ("sofa", "lamp", "rug")
    products = [
        Product(f"{kind}-{colour}-{number}", "Mill", "Things", attributes={"colour": colour, "type": kind})
        for kind in types
        for colour in colours
        for number in range(2)
    ]
    rng, alike = random.Random(0), 0
    for _ in range(200):
        choice = ask_plainly(products, rng, 6)
        wanted = choice.products[choice.answer]
        assert len({product.id for product in choice.products}) == 6
        assert sum(product.attributes["colour"] == wanted.attributes["colour"] for product in choice.products) == 1
        assert wanted.attributes["colour"] in choice.dialogue.turns[0].text
        alike += sum(p.attributes["type"] == wanted.attributes["type"] for p in choice.products) - 1
    assert alike / 200 >= 3


def test_a_plain_question_with_few_products():
    red, blue = (Product(colour, "Mill", "Sofas", attributes={"colour": colour}) for colour in ("red", "blue"))
    assert len(ask_plainly([red, blue], random.Random(0), 10).products) == 2
    assert len(ask_plainly([red], random.Random(0), 10).products) == 1


def test_looks_are_colour_and_shade():
    assert colours_of(CHAIR) == ["orange", "rust"]
    assert colours_of(Product("p", "Title", "Floor Lamps")) == []
