"""What was asked for and not there: words of conditions, counted, and nothing about anybody."""

import threading

import pytest
from helpers.fakes import FakeRecommender, make_catalog
from hypothesis import given
from hypothesis import strategies as st

from lavic_chat.dialogue.turns import Dialogue
from lavic_chat.nlu.intent import Intent
from lavic_chat.recommendation import (
    GAVE_WAY,
    NOT_SOLD,
    OUT_OF_STOCK,
    GivenWay,
    Recommendation,
    RecommendationRequest,
    UnmetRequest,
)
from lavic_chat.serving.engine import Engine
from lavic_chat.serving.unmet import (
    LONGEST,
    MOST_KEPT,
    MOST_SAID,
    MOST_WORDS,
    PERSONAL,
    UnmetRequests,
    not_met,
    shortened,
)


def missing(words: str) -> Recommendation:
    return Recommendation((), intent=Intent(missing=(words,)))


def test_it_counts_what_for_which_reason():
    unmet = UnmetRequests()
    for _ in range(2):
        unmet.note(missing("Rowing  Boat"))
    unmet.note(Recommendation((), gave_way=(GivenWay("colour", "purple"),), out_of_stock=("Harbour sofa",)))
    assert unmet.most(2)[0] == UnmetRequest("rowing boat", NOT_SOLD, 2)
    assert {(one.words, one.why) for one in unmet.most(9)[1:]} == {
        ("something purple", GAVE_WAY),
        ("harbour sofa", OUT_OF_STOCK),
    }
    assert len(unmet.most(1)) == 1 and UnmetRequests().most(5) == ()


def way(name: str, said: str) -> GivenWay:
    return GivenWay(name, said)


@pytest.mark.parametrize(
    ("intent", "gave_way", "words"),
    [
        (Intent(kinds=("sofa",)), [way("colour", "red")], "red sofa"),
        (Intent(kinds=("sofa",)), [way("colour", "red or blue"), way("material", "velvet")], "red or blue velvet sofa"),
        (Intent(kinds=("sofa",)), [way("width", "240 to 360 cm")], "sofa of 240 to 360 cm"),
        (Intent(kinds=("sofa",)), [way("width", "at most 120 cm wide")], "sofa of at most 120 cm wide"),
        (
            Intent(kinds=("sofa",)),
            [way("colour", "red"), way("price", "priced at most 80")],
            "red sofa priced at most 80",
        ),
        (Intent(kinds=("sofa",)), [way("colour", "not red")], "sofa that is not red"),
        (Intent(kinds=("sofa",)), [way("price", "cheaper")], "cheaper sofa"),
        (Intent(kinds=("sofa",)), [way("colour", "another colour")], "sofa in another colour"),
        (Intent(kinds=("sofa",)), [way("material", "the same material")], "sofa in the same material"),
        (Intent(kinds=("desk",)), [way("seats", "for 2")], "desk for 2"),
        (Intent(kinds=("chest", "dresser")), [way("part", "drawers")], "chest or dresser with drawers"),
        (Intent(kinds=("chair",)), [way("part", "with arms")], "chair with arms"),
        (Intent(kinds=("dress",)), [way("part", "sleeveless")], "sleeveless dress"),
        (Intent(kinds=("boat",)), [way("kind", "boat"), way("colour", "red")], "boat"),
        (Intent(title="Aalto sofa"), [way("title", "Aalto sofa")], "aalto sofa"),
        (Intent(title="Aalto sofa"), [way("colour", "red")], "red aalto sofa"),
        (Intent(), [way("colour", "purple"), way("price", "priced at most 80")], "something purple priced at most 80"),
        (Intent(kinds=("lamp",)), [way("likeness", "like the Pico lamp")], "lamp like the pico lamp"),
        (Intent(kinds=("sofa",), asks="cheapest"), [way("price", "the cheapest")], ""),
        (Intent(kinds=("sofa",), asks="cheapest"), [way("price", "the cheapest"), way("colour", "red")], "red sofa"),
        (Intent(kinds=("ada@example.org",)), [way("colour", "red")], ""),
        (Intent(kinds=("sofa",)), [way("colour", "red"), way("title", "0301234567")], "sofa"),
        (Intent(kinds=("sofa",)), [way("colour", "0301234567")], ""),
        (Intent(kinds=("sofa",)), [], ""),
    ],
)
def test_what_was_asked_for_is_one_phrase_with_its_thing(intent, gave_way, words):
    assert not_met(Recommendation((), intent=intent, gave_way=tuple(gave_way))) == words


def test_one_and_many_of_a_thing_are_counted_together():
    unmet = UnmetRequests()
    for kinds in (("sofas",), ("sofa",), ("sofa",)):
        unmet.note(Recommendation((), intent=Intent(kinds=kinds), gave_way=(way("colour", "red"),)))
    unmet.note(missing("red sofa"))
    assert unmet.most(5) == (UnmetRequest("red sofa", GAVE_WAY, 3), UnmetRequest("red sofa", NOT_SOLD, 1))


@given(st.lists(st.tuples(st.sampled_from(["kind", "colour", "price", "likeness"]), st.text(max_size=90)), max_size=5))
def test_no_phrase_is_long_or_personal(ways):
    gave_way = tuple(way(*one) for one in ways)
    words = not_met(Recommendation((), intent=Intent(kinds=("sofa",)), gave_way=gave_way))
    assert len(words) <= (MOST_SAID + 1) * (LONGEST + 10) and not PERSONAL.search(words)


def test_addresses_and_numbers_of_people_are_not_kept():
    unmet = UnmetRequests()
    for words in ("ada@example.org", "call 0301234567", "http://x", "www.me", ""):
        unmet.note(missing(words))
        unmet.note(Recommendation((), gave_way=(GivenWay("colour", words),), out_of_stock=(words,)))
    assert unmet.most(9) == ()


@given(st.text(max_size=300))
def test_what_is_kept_is_short(words):
    kept = shortened(words)
    assert len(kept) <= LONGEST and len(kept.split()) <= MOST_WORDS and "@" not in kept


def test_memory_is_bounded_and_what_is_frequent_stays():
    unmet = UnmetRequests()
    for _ in range(3):
        unmet.note(missing("boat"))
    names = [f"{one}{two}" for one in map(chr, range(97, 123)) for two in map(chr, range(97, 123))]
    threads = [
        threading.Thread(target=lambda part: [unmet.note(missing(one)) for one in part], args=(names[n::4],))
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(unmet.most(10_000)) <= MOST_KEPT and unmet.most(1)[0].words == "boat"


def test_the_engine_counts_each_question_once(tmp_path):
    class Unsold(FakeRecommender):
        def recommend(self, *values, **named):
            return missing("boat")

        def without_looking(self, dialogue, shown):
            return missing("boat")

    with Engine(Unsold(make_catalog(tmp_path / "catalog"))) as engine:
        request = RecommendationRequest(Dialogue().say("a boat for Ada"))
        found = engine.ask(request)
        engine.ask(RecommendationRequest(request.dialogue, shown=found))
        engine.ask(request)  # a worker notes before it takes the next one
        counted = engine.unmet.most(5)
    assert [one.words for one in counted] == ["boat"] and counted[0].count in (1, 2)
    assert engine.unmet.most(5)[0].count == 2
