"""Words for how things look: found by any of their names, colours where an eye would see them, whole files sound."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lavic_chat.nlu.catalog_words import alike, colour_difference
from lavic_chat.nlu.english import load_lexicon, rows
from lavic_chat.nlu.lexicon import COLOUR, Entry, Lexicon, entry_from, to_lab

FACETS = {"colour", "material", "pattern", "style", "shape", "finish", "part", "feature"}


def test_a_word_goes_before_others_other_words():
    rust, red = Entry("rust", "colour", ("red",)), Entry("red", "colour", ("Scarlet",))
    assert Lexicon([rust, red]).find("red") is red and Lexicon([rust, red]).find("RUST") is rust
    assert Lexicon([rust, red]).find("scarlet") is red and Lexicon([rust, red]).find("blue") is None


def test_a_line_becomes_an_entry():
    entry = entry_from({"word": "scarlet", "facet": "colour", "also": ["vivid red"], "is": ["red"], "hex": "ff0000"})
    assert (entry.word, entry.facet, entry.also, entry.broader) == ("scarlet", "colour", ("vivid red",), {"red"})
    assert entry.lab == pytest.approx((53.2, 80.1, 67.2), abs=0.2)
    assert entry_from({"word": "velvet", "facet": "material"}).lab is None
    with pytest.raises(KeyError):
        entry_from({"word": "scarlet"})


@pytest.mark.parametrize(
    ("rgb", "lab"),
    [
        ((1, 1, 1), (100, 0, 0)),
        ((0, 0, 0), (0, 0, 0)),
        ((0.5, 0.5, 0.5), (53.4, 0, 0)),
        ((0, 0, 1), (32.3, 79.2, -107.9)),
    ],
)
def test_colours_are_where_they_are_known_to_be(rgb, lab):
    assert to_lab(np.array(rgb, float)) == pytest.approx(lab, abs=0.1)
    assert to_lab(np.array([rgb, rgb], float)).shape == (2, 3)


def test_the_file_is_sound():
    entries = load_lexicon().entries
    words = [entry.word for entry in entries]
    assert len(set(words)) == len(words) > 300 and {entry.facet for entry in entries} == FACETS
    for row in rows("appearance"):
        assert set(row) <= {"word", "facet", "also", "is", "unlike", "hex"}, row["word"]
        assert row["word"] == row["word"].lower().strip()
    assert [entry.word for entry in entries if entry.facet == "colour" and not entry.lab and not entry.broader] == []


@pytest.mark.parametrize(
    ("lighter", "darker"),
    [("white", "grey"), ("grey", "charcoal"), ("beige", "brown"), ("sky blue", "navy"), ("scarlet", "burgundy"),
     ("charcoal", "black")],
)  # fmt: skip
def test_lighter_colours_are_lighter(lighter, darker):
    find = load_lexicon().find
    assert find(lighter).lab[0] > find(darker).lab[0] + 3


# ---- things whose colour is meant ----


@pytest.mark.parametrize(
    ("said", "colour"),
    [
        ("basil leaves", "green"),
        ("the colour of ripe cherries", "red"),
        ("shade of a Fire Engine", "red"),
        ("tone like peanut butter", "brown"),
        ("raspberries", "red"),
    ],
)
def test_things_stand_for_their_colour(said, colour):
    found = load_lexicon().likeness(said)
    assert found.facet == "colour" and colour in found.broader


@pytest.mark.parametrize("said", ["", "the colour", "drawers", "bold print", "with a zip"])
def test_other_things_stand_for_none(said):
    assert load_lexicon().likeness(said) is None


def test_the_things_are_as_they_are_called():
    basic = {word: load_lexicon().find(word).lab for word in {row["is"] for row in rows("likenesses")}}
    names = [name for row in rows("likenesses") for name in (row["word"], *row["also"])]
    assert len(names) == len(set(names)) > 1000 and names == [name.lower().strip() for name in names]
    for row in rows("likenesses"):  # no colour that an eye would call quite another
        distance = np.linalg.norm(np.subtract(load_lexicon().likeness(row["word"]).lab, basic[row["is"]]))
        assert distance < 120, row


@pytest.mark.parametrize(
    ("said", "lighter", "stronger"),
    [("light violet", True, False), ("dark teal", False, False), ("vivid purple", None, True)],
)
def test_a_tone_before_a_colour_is_a_colour_of_its_own(said, lighter, stronger):
    known = load_lexicon()
    toned, plain = known.toned(said), known.find(said.split()[1])
    assert toned and plain and toned.facet == COLOUR and toned.lab[0] <= 95 and toned.lab[0] >= 8
    if lighter is not None:
        assert (toned.lab[0] > plain.lab[0]) == lighter
    assert (np.hypot(*toned.lab[1:]) > np.hypot(*plain.lab[1:])) == stronger


@pytest.mark.parametrize("said", ["violet", "light", "light sofa", "violet light", ""])
def test_what_is_no_tone_before_a_colour_is_none(said):
    assert load_lexicon().toned(said) is None


def test_words_are_known_in_either_spelling_and_as_true_of_others():
    known = load_lexicon()
    assert known.find("mid gray") is known.find("mid grey") and known.find("cream colored") is known.find(
        "cream coloured"
    )
    assert all(map(known.knows, ("neutral", "velvets", "gray"))) and not any(
        map(known.knows, ("covered", "framed", "zzyzx"))
    )


@pytest.mark.parametrize(
    ("one", "other", "least", "most"),
    [
        ("hot pink", "fuchsia", 0.3, 0.7),
        ("oatmeal", "sand", 0.4, 0.8),
        ("mocha", "chocolate", 0.1, 0.3),  # both are brown
        ("tangerine", "scarlet", 0.0, 0.05),  # near, and two colours
        ("navy", "navy", 1.0, 1.0),
    ],
)
def test_colours_are_alike_as_people_tell_them_apart(one, other, least, most):
    known = load_lexicon()
    ours, theirs = known.find(one), known.find(other)
    assert least <= alike(ours, theirs) <= most and alike(ours, theirs) == pytest.approx(alike(theirs, ours))


@given(*(st.tuples(st.floats(0, 100), st.floats(-100, 100), st.floats(-100, 100)) for _ in range(2)))
def test_differences_of_colours_are_no_larger_than_they_were(one, other):
    plain = np.linalg.norm(np.subtract(one, other))
    assert 0 <= colour_difference(one, other) <= plain + 1e-6
    assert colour_difference(one, other) == pytest.approx(colour_difference(other, one))
