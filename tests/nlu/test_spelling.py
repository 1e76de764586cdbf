"""Misspelled words are mended; words that there are stay as they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lavic_chat.nlu.english import is_spelled
from lavic_chat.nlu.spelling import Speller

USES = {"sofa": 9, "lamp": 3, "sole": 1, "wardrobe": 2, "velvet": 1}
SPELLER = Speller(USES, {"soda", "burgundy"}, {"soft", "couch", "lamb"}.__contains__)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("sofe", "sofa"), ("soaf", "sofa"), ("a sofaa, please", "a sofa please"), ("wardrobbe", "wardrobe"),
        ("burgandy VELVTE", "burgundy velvet"),
    ],
)  # fmt: skip
def test_mistakes_are_mended(said, meant):
    assert SPELLER.mend(said) == meant


def test_an_a_may_be_written_as_it_is_spoken():
    assert SPELLER.mend("sofer") == "sofa" and SPELLER.mend("vaser") == "vaser"


def test_a_long_word_may_be_a_common_one():
    speller = Speller({"convertible": 1}, (), lambda word: False, lambda: ["comfortable", "cot"])
    assert speller.mend("confortable") == "comfortable" and speller.mend("convertable") == "convertible"


def test_a_common_word_is_meant_where_it_is_nearer_than_what_products_are_called():
    speller = Speller(
        {"ulesse": 5, "motoring": 1, "radiator": 3, "towel": 1, "tool": 9},
        (),
        {"motoring", "radiator"}.__contains__,
        lambda: ["please", "morning", "radiation"],
    )
    assert speller.mend("plesse") == "please" and speller.mend("moorning") == "morning"
    assert speller.mend("raidator") == "radiator" and speller.mend("towl") == "towel"  # letters go before sounds


def test_what_is_short_for_something_stays_and_of_two_the_common_word_is_meant():
    speller = Speller({"smooth": 2, "sofa": 1}, {"budgie"}, {"budgie"}.__contains__, lambda: ["budget"])
    assert speller.mend("smth") == "smth" and speller.mend("budgit") == "budget"


def test_of_words_as_near_by_letters_the_one_that_sounds_the_same_is_meant():
    speller = Speller(
        {}, {"pick", "pink", "sporty", "spotty", "green", "greeny", "cotton", "cottony"}, lambda word: False
    )
    said = {"pinck": "pink", "spoty": "spotty", "grean": "green", "coton": "cotton"}
    assert {word: speller.mend(word) for word in said} == said
    assert Speller({}, {"purple"}, lambda word: False, lambda: ["people"]).mend("perple") == "purple"


def test_a_brand_is_meant_where_hardly_a_letter_is_wrong():
    speller = Speller({"torina": 5, "sofa": 2}, (), lambda word: False, tuple, {"torina"})
    assert speller.mend("tryna") == "tryna" and speller.mend("torinna") == "torina" and speller.mend("sofe") == "sofa"


@pytest.mark.parametrize("said", ["soft", "lamb", "sofas", "wardrobes", "zzyzx", "sof", "דלת", "couch"])
def test_words_and_what_is_near_to_nothing_stay(said):
    assert SPELLER.mend(said) == said


def test_of_two_that_are_as_near_the_more_used_one_is_meant():
    assert SPELLER.mend("sofda") == "sofa" and Speller({"soda": 2, "sofa": 1}, (), bool).words == ["soda", "sofa"]
    assert Speller({"soba": 1, "sofa": 5}, (), lambda word: False).mend("soha") == "sofa"


@given(st.text(max_size=40))
def test_anything_may_be_mended_and_once_is_enough(said):
    assert SPELLER.mend(SPELLER.mend(said)) == SPELLER.mend(said)


def test_a_text_keeps_all_but_its_mistakes():
    assert (
        SPELLER.mend_text("A Wardrobbe (soft), 2 sofaa & a Lamb: 1.20m!")
        == "A wardrobe (soft), 2 sofa & a Lamb: 1.20m!"
    )


@given(st.text(max_size=40))
def test_a_mended_text_reads_as_its_words_do(said):
    assert SPELLER.mend(SPELLER.mend_text(said)) == SPELLER.mend(said)


@pytest.mark.parametrize("word", ["plainer", "dearest", "wretched", "backrest", "settee"])
def test_rare_words_are_spelled_rightly(word):
    assert is_spelled(word)


@pytest.mark.parametrize("word", ["armchiar", "vlevet", "soffa", "dotts"])
def test_mistakes_are_not(word):
    assert not is_spelled(word)


@pytest.mark.parametrize(
    ("said", "meant"),
    [("xilofone", "xylophone"), ("scails", "scales"), ("kichen", "kitchen"), ("refridgorator", "refrigerator"),
     ("sofer", "sofer"), ("zorgle", "zorgle")],
)  # fmt: skip
def test_words_are_mended_by_how_they_sound_too(said, meant):
    words = ("xylophone", "scales", "kitchen", "refrigerator", "saver", "saxophone", "stales")
    assert Speller({}, words, frozenset().__contains__).mend(said) == meant
