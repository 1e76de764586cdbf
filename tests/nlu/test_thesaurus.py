"""Names of things: found whatever stands around them, whole files sound."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lavic_chat.catalog.text import words_of
from lavic_chat.nlu.english import load_thesaurus, rows
from lavic_chat.nlu.thesaurus import Thesaurus, Thing, name_words, thing_from, with_groups

FEW = Thesaurus(
    map(
        thing_from,
        [
            {"thing": "sofa", "also": ["couch"], "broader": ["seating"], "by_use": ["somewhere to lie in the evening"]},
            {"thing": "corner sofa", "broader": ["sofa"]},
            {"thing": "bar stool", "broader": ["stool", "seating"]},
            {"thing": "stool", "also": ["ottoman"]},
            {"thing": "footrest", "also": ["ottoman"]},
        ],
    )
)
SOFA, CORNER, BAR, STOOL, FOOTREST = range(5)


@pytest.mark.parametrize(
    ("said", "things", "left"),
    [
        ("sofa", {SOFA}, 0),
        ("a couch", {SOFA}, 0),
        ("Couches", {SOFA}, 0),
        ("two bar stools with backs", {BAR}, 1),
        ("small stool for the bar", {STOOL}, 1),
        ("red velvet corner sofa", {CORNER}, 2),
        ("ottoman", {STOOL, FOOTREST}, 0),
        ("sofa corner", set(), 2),
        ("lamp", set(), 1),
        ("", set(), 0),
    ],
)
def test_the_longest_name_at_the_end_is_the_thing(said, things, left):
    assert FEW.find(said) == (things, left)


@pytest.mark.parametrize(
    ("said", "unfolded"),
    [
        ("box for bread", "bread box"),
        ("house for the dog", "dog house"),
        ("brush for my hair", "hair brush"),
        ("machine for my coffee", "coffee machine"),
        ("case for papers", "case for papers"),
        ("something for the kitchen", "something for the kitchen"),
        ("oak chest of drawers with brass handles", "oak chest of drawers with brass handles"),
        ("sofa", "sofa"),
        ("for", "for"),
        ("", ""),
    ],
)
def test_a_use_behind_a_joint_makes_the_name_that_everybody_knows(said, unfolded):
    known = load_thesaurus()
    assert known.unfold(said, np.ones(len(known.things), bool)) == unfolded
    assert known.unfold(said, np.zeros(len(known.things), bool)) == said


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("pieces of kitchenware", "kitchenware"),
        ("white piece of sports gear", "white sports gear"),
        ("pair of curtains", "curtains"),
        ("piece of furniture", "piece of furniture"),  # a name as a whole
        ("chest of drawers", "chest of drawers"),
    ],
)
def test_a_piece_of_something_is_that(said, name):
    known = load_thesaurus()
    assert known.measured(said) == name
    assert known.find(said) == known.find(name)


def test_a_box_of_chocolates_makes_no_box_a_sweet():
    known = load_thesaurus()
    names = {known.things[place].names[0] for word in ("box", "bottle", "book") for place in known.find(word)[0]}
    assert not names & {"box of chocolates", "red wine", "cookbook"}
    assert {known.things[place].names[0] for place in known.find("chest")[0]} >= {"chest of drawers"}
    assert {known.things[place].names[0] for place in known.find("box of chocolates")[0]} == {"box of chocolates"}


def test_things_are_of_the_kinds_that_their_broader_names_mean():
    assert FEW.kinds[CORNER] == {CORNER, SOFA} and FEW.kinds[BAR] == {BAR, STOOL}
    assert FEW.wider[CORNER] == {("sofa",)} and FEW.words >= {"couch", "bar", "ottoman"}


def test_phrases_belong_to_their_things():
    texts, places, described = FEW.phrases
    pairs = dict(zip(texts, zip(places.tolist(), described.tolist(), strict=True), strict=True))
    assert pairs["sofa"] == (SOFA, False) and pairs["somewhere to lie in the evening"] == (SOFA, True)
    assert pairs["couch"] == (SOFA, False) and len(texts) == len(places) == len(described)
    empty = Thesaurus(())
    assert empty.phrases[0] == () and not len(empty.phrases[1]) and empty.find("sofa") == (frozenset(), 1)
    assert len({empty.key, FEW.key, Thesaurus(FEW.things[1:]).key}) == 3 and FEW.key == Thesaurus(FEW.things).key


def test_what_a_thing_is_for_is_no_name():
    assert FEW.find("to put by the sofa") == (frozenset(), 2) and FEW.find("for sofas")[0] == frozenset()


def test_things_are_found_anywhere_in_a_text():
    assert FEW.named_in("Two corner sofas, please, and a lamp") == {CORNER, SOFA}
    assert FEW.named_in("") == FEW.named_in("what a day") == frozenset()


@given(st.text(max_size=60))
def test_anything_may_be_asked(said):
    assert isinstance(FEW.unfold(said, np.ones(5, bool)), str) and isinstance(FEW.measured(said), str)
    things, left = load_thesaurus().find(said)
    assert bool(things) <= (left < len(name_words(said))) and left <= len(name_words(said))


def test_the_file_is_sound():
    thesaurus = load_thesaurus()
    known = [thing.names[0] for thing in thesaurus.things]
    assert len(set(known)) == len(known) > 500
    for row in rows("things"):
        assert set(row) <= {"thing", "also", "broader", "by_use"}, row["thing"]
        assert row["thing"] == row["thing"].strip() and words_of(row["thing"])
        assert all(words_of(name) for name in (*row.get("also", ()), *row.get("broader", ())))
    missed = [name for name in known if thesaurus.find(name)[1] or not thesaurus.find(name)[0]]
    assert missed == [], "each is found by its own name"


@pytest.mark.parametrize(
    ("one", "other"), [("couch", "sofa"), ("settee", "sofa"), ("trainers", "sneakers"), ("mobile phone", "cell phone")]
)
def test_names_that_everybody_uses_mean_one_thing(one, other):
    find = load_thesaurus().find
    assert find(one)[0] & find(other)[0]


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        ("houseplant", "cactus"), ("potted plant", "orchid"), ("bedstead", "bunk bed"), ("kitchen unit", "base unit"),
        ("light fitting", "chandelier"), ("garden chair", "deckchair"), ("sports gear", "skis"), ("bin", "pedal bin"),
        ("spatula", "fish slice"), ("window blind", "roller blind"), ("clock", "alarm clock"), ("bag", "tote"),
        ("landline phone", "cordless phone"), ("outdoor toy", "swing"), ("towel", "beach towel"), ("hat", "beret"),
    ],
)  # fmt: skip
def test_everyday_names_cover_what_they_cover_in_english(wide, narrow):
    thesaurus = load_thesaurus()
    named, words = thesaurus.find(wide)[0], name_words(wide)
    covered = frozenset().union(*(thesaurus.members[thing] for thing in named))
    assert any(thing in covered or words in thesaurus.wider[thing] for thing in thesaurus.find(narrow)[0])


@pytest.mark.parametrize(
    ("said", "other"),
    [
        ("tote", "storage box"), ("window blind", "shower curtain"), ("desk lamp", "floor lamp"), ("top hat", "beret"),
        ("landline phone", "smartphone"), ("bag", "bean bag"), ("ball", "disco ball"), ("axe", "electric guitar"),
        ("oboe", "clarinet"), ("clock", "watch"), ("plant", "plant pot"), ("dressing table", "vanity unit"),
    ],
)  # fmt: skip
def test_asking_for_one_thing_brings_no_other(said, other):
    thesaurus = load_thesaurus()
    covered = frozenset().union(*(thesaurus.members[thing] for thing in thesaurus.find(said)[0]))
    assert covered and not covered & thesaurus.find(other)[0]


# ---- groups ----

GROUPED = Thesaurus(
    with_groups(
        FEW.things,
        [
            {"group": "seating", "also": ["something to sit on"], "by_use": ["my legs hurt"],
             "things": ["sofa", "corner sofa", "bar stool", "stool"]},
            {"group": "something for the bar", "also": ["bar thing"], "by_use": [], "things": ["bar stool"]},
        ],
    )
)  # fmt: skip
SEATING, FOR_BAR = 5, 6


@pytest.mark.parametrize(
    ("said", "things"),
    [
        ("seating", {SEATING}), ("something to sit on", {SEATING}), ("Something for a bar", {FOR_BAR}),
        ("bar thing", {FOR_BAR}), ("something for the garden", set()), ("sofa to sit on", {SOFA}),
    ],
)  # fmt: skip
def test_groups_are_found_by_all_words_of_their_names(said, things):
    found, left = GROUPED.find(said)
    assert found == things and (not things or left == 0)


def test_groups_have_members_and_are_no_kinds_of_them():
    assert GROUPED.members[SEATING] == {SEATING, SOFA, CORNER, BAR, STOOL} and GROUPED.members[SOFA] == {SOFA, CORNER}
    assert GROUPED.kinds[CORNER] == {CORNER, SOFA} and GROUPED.groups == {SEATING, FOR_BAR}
    assert ("something",) not in GROUPED.wider[BAR]
    assert GROUPED.is_group("a seating") and not GROUPED.is_group("sofa") and not GROUPED.is_group("lamp")


def test_the_groups_of_the_file_are_of_things_that_there_are():
    things = {row["thing"] for row in rows("things")}
    names = {name for row in rows("things") for name in (row["thing"], *row.get("also", ()))}
    grouped, groups = set(), {row["group"] for row in rows("groups")}
    for row in rows("groups"):
        assert set(row) - {"groups"} == {"group", "also", "by_use", "things"} and set(row["things"]) <= things
        assert {row["group"]}.isdisjoint(row.get("groups", ())) and set(row.get("groups", ())) <= groups
        assert not names & {row["group"], *row["also"]} and len(set(row["things"])) == len(row["things"])
        grouped |= set(row["things"])
    assert grouped == things


def test_no_group_is_named_like_a_thing_up_to_a_joint():
    thesaurus = load_thesaurus()
    named = {name_words(name) for thing in thesaurus.things if not thing.is_group for name in thing.names}
    assert not {name_words(name) for name in thesaurus.group_names} & named, "its members would be such things"


def test_hyphens_keep_a_name_whole():
    assert name_words("slip-on sandals") == ("slip", "on", "sandal")
    assert name_words("a table-on-wheels in oak") == ("table", "on", "wheel")
    assert name_words("a lamp on wheels") == ("lamp",)
    thesaurus = Thesaurus([Thing(("sliders", "slip-on sandals"))])
    assert thesaurus.find("Lorlen slip-on sandals") == (frozenset({0}), 1)
    assert thesaurus.is_name("slip on sandals")  # as they are mended


def test_a_group_has_all_of_its_groups():
    rows_of = [
        {"group": "for the home", "also": [], "by_use": [], "things": ["bin"], "groups": ["seating"]},
        {"group": "seating", "also": [], "by_use": [], "things": ["sofa"]},
    ]
    found = with_groups([Thing(("bin",)), Thing(("sofa",))], rows_of)
    assert [thing.broader for thing in found[:2]] == [("for the home",), ("for the home", "seating")]
