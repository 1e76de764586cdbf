"""Speaking on of the last pick, or of another thing."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lavic_chat.catalog import Catalog, Product
from lavic_chat.dialogue import Dialogue
from lavic_chat.followup import nouns_of, pick_meant, singular, speaks_on, wants_change

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
TITLE = "Corost desk lamp"


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
    ],
)
def test_a_change_of_the_pick_speaks_on_of_it(said):
    assert speaks_on(said, TITLE, NOUNS)


@pytest.mark.parametrize(
    "said",
    [
        "thanks. Now I need a red chair",
        "and two rugs",
        "some shelves for it",
        "rather a green lamp",  # any lamp
        "the same in a chair",
        "I also want something for the bath",
        "something for the bath, too",
    ],
)
def test_another_thing_or_the_kind_anew_does_not(said):
    assert not speaks_on(said, TITLE, NOUNS)


def test_where_no_kinds_are_known_a_message_must_point_back():
    assert speaks_on("that one in blue", TITLE, ()) and speaks_on("the same, please", TITLE, ())
    assert not speaks_on("a blue vase", TITLE, ())


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
        ("rug", "rug"),
    ],
)
def test_one_of_many(word, one):
    assert singular(word) == one


def test_praise_asks_for_no_change():
    assert all(wants_change(said) for said in ("the same in red", "nice, but with doors", "Darker!", "less formal"))
    assert not any(wants_change(said) for said in ("lovely, thanks", "I take it", "for the kids' room"))


@given(st.text(max_size=60), st.text(max_size=30))
def test_no_words_break_it(said, title):
    assert speaks_on(said, title, NOUNS) in (True, False)
