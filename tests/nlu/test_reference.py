"""Speaking on of the last pick, or of another thing."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lavic_chat.catalog import Catalog, Product
from lavic_chat.catalog.text import singular, stems_of
from lavic_chat.dialogue.turns import Dialogue
from lavic_chat.nlu.reference import accepts, nouns_of, pick_meant, speaks_on, wanted_appearance

KINDS = {
    "Corost desk lamp": "table lamp",
    "Ulmo dining chair": "dining chair",
    "Jorne round rug": "rug",
    "Oak shelf": "shelf",
}
SHOP = Catalog(
    Path("nowhere"),
    tuple(Product(f"p{n}", title, "Home", attributes={"type": kind}) for n, (title, kind) in enumerate(KINDS.items())),
)
NOUNS = nouns_of(SHOP)
LAMP = SHOP["p0"]


def test_things_are_called_by_one_word():
    assert {"lamp", "chair", "rug", "shelf"} == NOUNS
    assert nouns_of([Product("p", "A thing", "Home")]) == frozenset()


@pytest.mark.parametrize(
    "said",
    [
        "the same in red",
        "the same lamp in green",
        "nice, but in brass or gold?",
        "in brown then",
        "white, please",
        "darker",
        "too expensive",
        "do you have it in blue?",
        "darker, to match my table chair",
        "smaller, it has to fit next to the shelf",
        "I want a darker one",
        "with a chair leg's curve",
    ],
)
def test_a_change_of_the_pick_speaks_on_of_it(said):
    assert speaks_on(said, LAMP, NOUNS)


@pytest.mark.parametrize(
    "said",
    [
        "thanks. Now I need a red chair",
        "and two rugs",
        "some shelves for it",
        "rather a green lamp",  # any lamp
        "I also want something for the bath",
        "something for the bath, too",
        "I need a couch",
        "show me a settee",
    ],
)
def test_another_thing_or_the_kind_anew_does_not(said):
    assert not speaks_on(said, LAMP, NOUNS)


def test_where_no_kinds_are_known_a_message_must_point_back():
    assert speaks_on("that one in blue", LAMP, ()) and speaks_on("the same, please", LAMP, ())
    assert not speaks_on("a blue vase", LAMP, ())


def test_the_pick_is_meant_until_it_is_turned_down():
    first = Dialogue().say("a black lamp").answer("My pick is this.", ["p0", "p1"])
    assert pick_meant(first.say("in brass?"), SHOP, NOUNS).id == "p0"
    assert pick_meant(first.say("not that one"), SHOP, NOUNS) is None
    assert pick_meant(first.say("and a rug"), SHOP, NOUNS) is None
    assert pick_meant(first.say("in brass?", Path("photo.jpg")), SHOP, NOUNS) is None  # the photo leads
    assert pick_meant(first, SHOP, NOUNS) is None


def test_without_a_pick_of_this_catalogue_none_is_meant():
    assert pick_meant(Dialogue(), SHOP, NOUNS) is None
    assert pick_meant(Dialogue().say("in brass?"), SHOP, NOUNS) is None
    assert pick_meant(Dialogue().say("a lamp").answer("Which?").say("in brass?"), SHOP, NOUNS) is None
    assert pick_meant(Dialogue().say("a lamp").answer("This.", ["gone"]).say("in brass?"), SHOP, NOUNS) is None


@pytest.mark.parametrize(
    ("word", "one"),
    [
        ("lamps", "lamp"),
        ("couches", "couch"),
        ("shelves", "shelf"),
        ("boxes", "box"),
        ("glass", "glass"),
        ("accessories", "accessory"),
        ("rug", "rug"),
    ],
)
def test_one_of_many(word, one):
    assert singular(word) == one


def test_the_kind_counts_where_the_title_does_not_tell_it():
    cube = Product("c", "Zelra four-cube unit", "Home", attributes={"type": "shelf"})
    assert speaks_on("the same shelf in white", cube, NOUNS) and not speaks_on("the same shelf in white", LAMP, NOUNS)


def lacks_wanted(text: str, caption: str) -> bool:
    """Whether the pick of this caption is left behind by such a message."""
    return bool(wanted_appearance(text, SEEN) - stems_of(caption)) and not accepts(text)


SEEN = {"red", "blue", "navy", "brass", "white", "metal"}


@pytest.mark.parametrize("said", ["the same in red", "nice, but in brass?", "white, please", "do you have it in blue?"])
def test_who_wishes_for_other_looks_does_not_mean_the_pick_itself(said):
    assert lacks_wanted(said, "black metal")


@pytest.mark.parametrize(
    "said",
    [
        "lovely, thanks",
        "how wide is it?",
        "the metal is nice",
        "I love it, it goes with my white walls",
        "it goes with our white walls",
        "perfect, the red one is for me",
        "Is it in stock?",
    ],
)
def test_praise_and_questions_do_not_lose_the_pick(said):
    assert not lacks_wanted(said, "black metal")


@given(st.text(max_size=60), st.text(max_size=30))
def test_no_words_break_it(said, title):
    assert speaks_on(said, Product("p", title, "Home"), NOUNS) in (True, False)
