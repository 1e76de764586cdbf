"""From messages that were read to what must hold of a pick, over a small shop."""

import numpy as np
import pytest
from helpers.listening import PRODUCTS, make_listener

from lavic_chat.dialogue.turns import Dialogue
from lavic_chat.nlu.conditions import given_way
from lavic_chat.nlu.intent import UNAVAILABLE, Intent, Limit

ROW = {product.id: row for row, product in enumerate(PRODUCTS)}


@pytest.fixture(scope="module")
def shop():
    return make_listener()


@pytest.fixture
def ask(shop):
    """Plays marked messages, each answered by the best product, and gives the last intent with its best products."""
    listener, tagger = shop

    def play(*messages):
        dialogue, intent, ranked = Dialogue(), Intent(), []
        for message in messages:
            text, keys = message if isinstance(message, tuple) else (message, {})
            dialogue = dialogue.say(tagger.say(text, **keys))
            intent = listener.read(dialogue)
            weights = listener.weigh(listener.conditions(intent))
            gone = intent.excluded | dialogue.rejected
            ranked = [PRODUCTS[row].id for row in np.argsort(-weights, kind="stable") if PRODUCTS[row].id not in gone]
            if intent.reference:
                ranked = [intent.reference, *(item for item in ranked if item != intent.reference)]
            shown = ranked if intent.wants_pick else []
            dialogue = dialogue.answer("words", shown)
        return intent, ranked

    return play


def test_a_kind_and_a_look_are_met(ask):
    intent, ranked = ask("a [wanted:blue] [kind:couch] please")
    assert ranked[0] == "blue-sofa" and set(ranked[:3]) == {"red-sofa", "brown-sofa", "blue-sofa"}
    assert intent.to_json() == {"act": "ask", "kinds": ["couch"], "wanted": ["blue"]}


@pytest.mark.parametrize(
    ("said", "unwanted"),
    [
        ("a [kind:sofa], no [unwanted:leather]", "brown-sofa"),
        ("a [kind:sofa] that is not [unwanted:red]", "red-sofa"),
        ("a [kind:sofa] without [unwanted:stripes]", "blue-sofa"),
        ("a [kind:rug] with no [unwanted:pattern] at all", "rug"),
        ("a [kind:rug] but not [unwanted:flowery]", "rug"),
    ],
)
def test_what_is_unwanted_comes_last_of_its_kind(ask, said, unwanted):
    intent, ranked = ask(said)
    alike = [
        item for item in ranked if PRODUCTS[ROW[item]].attributes["type"] == PRODUCTS[ROW[unwanted]].attributes["type"]
    ]
    assert ranked[: len(alike)] == alike and alike[-1] == unwanted
    assert intent.wanted == () and len(intent.unwanted) == 1


def test_what_was_wanted_can_be_turned_down_later(ask):
    intent, ranked = ask("a [wanted:red] [kind:sofa]", ("hmm no [unwanted:red] actually", {"act": "refine"}))
    assert intent.wanted == () and intent.unwanted == ("red",) and ranked[0] != "red-sofa"


def test_another_thing_starts_afresh(ask):
    intent, ranked = ask("a [wanted:brown] [kind:sofa] up to [price<:900]", "and a [kind:rug]?")
    assert intent.wanted == () and intent.limits == () and ranked[0] in ("rug", "plain-rug") and intent.since == 2


def test_to_match_means_the_same_colour(ask):
    intent, ranked = ask("a [wanted:red] [kind:sofa]", ("and a [kind:rug] to match", {"same": ["colour"]}))
    assert ranked[0] == "rug" and [one.facet for one in intent.relations] == ["colour"]


@pytest.mark.parametrize(
    ("said", "best"),
    [
        ("a [kind:sofa] under [price<:600]", "red-sofa"),
        ("a [kind:sofa], [price>:a grand] or more", "blue-sofa"),
        ("a [kind:sofa] no wider than [width<:1.70 m]", "red-sofa"),
        ("a [kind:rug] at least [length>:2.5 metres] long", "plain-rug"),
        ("a [kind:sofa] for [seats:two]", "red-sofa"),
    ],
)
def test_limits_are_kept(ask, said, best):
    assert ask(said)[1][0] == best


def test_limits_of_later_turns_join_and_can_be_lifted(ask):
    first, second = "a [kind:sofa] from [price>:400]", ("at most [price<:900]", {"act": "refine"})
    assert ask(first, second)[0].limits == (Limit("price", 400.0, 900.0),)
    lifted = ("forget the budget", {"act": "refine", "lifts": ["price"]})
    assert ask(first, second, lifted)[0].limits == ()


def test_what_nothing_meets_gives_way_and_is_named(ask, shop):
    listener, tagger = shop
    intent = listener.read(Dialogue().say(tagger.say("a [wanted:purple] [kind:lamp]")))
    conditions = listener.conditions(intent)
    best = int(listener.weigh(conditions).argmax())
    assert PRODUCTS[best].id == "lamp" and [one.said for one in given_way(conditions, best)] == ["purple"]


def test_comparatives_are_relations_to_what_was_shown(ask):
    start = "a [wanted:red] [kind:sofa]"
    assert ask(start, ("a dearer one", {"act": "refine", "compare": ["price+"]}))[1][0] in ("brown-sofa", "blue-sofa")
    assert ask(start, ("wider", {"act": "refine", "compare": ["width+"]}))[1][0] == "blue-sofa"
    assert ask("a [kind:rug]", ("plainer", {"act": "refine", "compare": ["pattern-"]}))[1][0] == "plain-rug"
    darker = ask(
        "a [wanted:red] [kind:sofa]", ("less light", {"act": "refine", "compare": ["light-"], "lifts": ["colour"]})
    )
    assert darker[1][0] == "blue-sofa"


def test_what_was_shown_comes_back(ask):
    first = "a [kind:sofa]"
    shown = ask(first)[1]
    assert ask(first, ("[ref:the second one]", {"act": "recall", "place": 2}))[0].reference == shown[1]
    back = ("the very [ref:first] again", {"act": "recall", "which": "first"})
    assert ask(first, "a [kind:lamp]", back)[0].reference == shown[0]
    named = ("back to the [kind:sofa]", {"act": "recall", "which": "named"})
    assert ask(first, "a [kind:lamp]", named)[0].reference == shown[0]
    assert ask(first, ("the [wanted:blue] one", {"act": "recall"}))[0].reference == "blue-sofa"
    assert ask("the [title:Marlo corner sofa]")[1][0] == "blue-sofa"


def test_the_same_in_another_colour(ask):
    again = ("[ref:that one] in [wanted:brown]", {"act": "recall"})
    intent, ranked = ask("a [wanted:red] [kind:sofa]", again)
    assert ranked[0] == "brown-sofa" and intent.reference in (None, "brown-sofa")


def test_what_is_turned_down_stays_away(ask):
    first, no = "a [kind:sofa]", ("not that one", {"act": "reject"})
    intent, ranked = ask(first, no)
    assert intent.excluded == {ask(first)[1][0]} and ranked[0] not in intent.excluded
    assert ask(first, ("none of these", {"act": "reject"}))[1] == []


def test_talk_and_questions_want_no_pick(ask):
    for text, keys in (("thanks!", {"act": "small_talk"}), ("how wide is it", {"act": "question", "asks": "width"})):
        intent, _ = ask("a [wanted:red] [kind:sofa]", (text, keys))
        assert not intent.wants_pick and intent.kinds == ("sofa",)
    assert not ask(("do you deliver?", {"act": "service"}))[0].wants_pick


def test_what_is_not_sold_is_said_so(ask):
    intent, _ = ask("a [kind:sofa]", "four [kind:winter tyres]")
    assert intent.act == UNAVAILABLE and intent.missing == ("winter tyres",) and intent.kinds == ("sofa",)


def test_a_condition_can_be_taken_back_and_said_again(shop):
    listener, tagger = shop
    asked = Dialogue().say(tagger.say("a [wanted:red] [kind:sofa] under [price<:600]"))
    assert listener.read(asked).chips == {
        "kind sofa": "sofa", "look red": "red", "limit price": "at most 600",
    }  # fmt: skip
    less = listener.read(asked.answer("words", ["red-sofa"]).drop("look red"))
    assert list(less.chips) == ["kind sofa", "limit price"]
    again = asked.answer("words", ["red-sofa"]).drop("look red").say(tagger.say("[wanted:red] please", act="refine"))
    assert "look red" in listener.read(again).chips


@pytest.mark.parametrize(
    ("said", "kind"),
    [("coutch", "sofa"), ("sofe", "sofa"), ("settee", "sofa"), ("carpet", "rug"), ("easy chair", "armchair")],
)
def test_other_names_and_misspellings(shop, said, kind):
    near = shop[0].grounding.kind(said)
    assert {PRODUCTS[row].attributes["type"] for row in np.flatnonzero(near >= near.max() - 1e-6)} == {kind}


def test_two_kinds_are_alternatives_or_one_after_the_other(ask):
    both = ask("a [kind:sofa] or an [kind:armchair]")[0]
    assert both.kinds == ("sofa", "armchair") and both.later == ()
    after = ask("a [kind:sofa] and a [kind:table lamp]")[0]
    assert after.kinds == ("sofa",) and after.later == ("table lamp",)


def test_titles_in_words_alone_are_what_was_shown(shop):
    listener, tagger = shop
    dialogue = Dialogue().say(tagger.say("a [wanted:red] [kind:sofa]")).answer("My pick is the Bella two-seat sofa.")
    intent = listener.read(dialogue.say(tagger.say("something else please", act="reject")))
    assert intent.excluded == {"red-sofa", "brown-sofa"}


def test_an_answer_in_words_shows_nothing_new(shop):
    """A reply that names the pick is no list of its own."""
    listener, tagger = shop
    dialogue = Dialogue().say(tagger.say("a [kind:sofa]")).answer("My pick.", ["red-sofa", "blue-sofa", "brown-sofa"])
    asked = dialogue.say(tagger.say("how wide is it?", act="question", asks="width"))
    told = asked.answer(listener.reply(asked, listener.read(asked)))
    assert "Bella two-seat sofa" in told.turns[-1].text
    second = told.say(tagger.say("[ref:the second one]", act="recall", place=2))
    assert listener.read(second).reference == "blue-sofa"
    assert listener.read(told.say(tagger.say("no", act="reject"))).excluded == {"red-sofa"}
