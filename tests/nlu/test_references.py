"""Messages that point at what was shown: it comes back, its like is asked for, or it is turned down."""

from lavic_chat.dialogue.turns import Dialogue
from lavic_chat.nlu.intent import Limit


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


def test_the_runner_up_is_the_second(ask):
    shown = ask("a [kind:sofa]")[1]
    back = ("[ref:the runner]-[ref:up], please", {"act": "recall"})
    assert ask("a [kind:sofa]", back)[0].reference == shown[1]


def test_the_first_list_is_pointed_at_by_its_name(ask):
    shown = ask("a [kind:sofa]")[1]
    back = ("[ref:the runner-up] of your first lot", {"act": "recall"})
    assert ask("a [kind:sofa]", "a [kind:rug]", back)[0].reference == shown[1]
    better = ("the first one was better, bring it back", {"act": "recall", "place": 1})
    assert ask("a [kind:sofa]", "a [kind:rug]", better)[0].reference == shown[0]


def test_what_is_dismissed_is_not_what_comes_back(ask):
    first = "a [kind:sofa]"
    picked = ask(first)[1][0]
    back = ("okay, no [kind:lamp]. Back to [ref:the seating]", {"act": "recall"})
    assert ask(first, "a [kind:lamp]", back)[0].reference == picked


def test_a_broad_name_points_at_what_was_picked(ask):
    first = "a [kind:sofa]"
    picked = ask(first)[1][0]
    assert ask(first, "a [kind:lamp]", ("back to [ref:the seating]", {"act": "recall"}))[0].reference == picked


def test_an_earlier_pick_is_meant_by_a_word_of_its_title(ask):
    first = "a [kind:sofa]"
    picked = ask(first)[1][0]
    back = ("go to the [ref:bella]", {"act": "recall"})
    assert ask(first, "a [kind:rug]", "a [kind:lamp]", back)[0].reference == picked
    here = ("the [ref:table lamp] it is", {"act": "recall"})
    assert ask(first, "a [kind:lamp]", here)[0].reference == "lamp"


def test_the_same_in_another_colour(ask):
    again = ("[ref:that one] in [wanted:brown]", {"act": "recall"})
    intent, ranked = ask("a [wanted:red] [kind:sofa]", again)
    assert ranked[0] == "brown-sofa" and intent.reference in (None, "brown-sofa")


def test_what_is_turned_down_stays_away(ask):
    first, no = "a [kind:sofa]", ("not that one", {"act": "reject"})
    intent, ranked = ask(first, no)
    assert intent.excluded == {ask(first)[1][0]} and ranked[0] not in intent.excluded
    assert ask(first, ("none of these", {"act": "reject"}))[1] == []


def test_titles_in_words_alone_are_what_was_shown(shop):
    listener, tagger = shop
    dialogue = Dialogue().say(tagger.say("a [wanted:red] [kind:sofa]")).answer("My pick is the Bella two-seat sofa.")
    intent = listener.read(dialogue.say(tagger.say("something else please", act="reject")))
    assert intent.excluded == {"red-sofa", "brown-sofa"}


def test_what_is_shown_again_brings_its_wish_back(ask):
    first = "a [wanted:red] [kind:sofa] under [price<:600]"
    again = ("[ref:the first thing] again", {"act": "recall", "which": "first"})
    intent, _ = ask(first, "a [wanted:black] [kind:lamp]", again)
    assert (intent.kinds, intent.wanted, intent.reference) == (("sofa",), ("red",), "red-sofa")
    assert intent.limit("price") == Limit("price", most=600)
    intent, ranked = ask(first, "a [kind:lamp]", again, ("in [wanted:blue] at any [price<:1500]", {"act": "refine"}))
    assert (intent.kinds, intent.wanted, ranked[0]) == (("sofa",), ("blue",), "blue-sofa")


def test_a_thing_that_is_named_in_passing_is_found_again(ask):
    back = ("go back to [ref:the rug]", {"act": "recall", "which": "named"})
    assert ask("a [kind:rug]", "a [kind:lamp]", "a [kind:sofa]", back)[0].reference in ("rug", "plain-rug")


def test_the_like_of_one_that_was_shown_is_not_that_one(ask):
    intent, _ = ask("a [kind:sofa]", ("[ref:number one], but in [wanted:blue]", {"act": "recall", "place": 1}))
    assert intent.reference is None and intent.act == "refine" and [one.facet for one in intent.relations] == ["shape"]
    intent, _ = ask(
        "a [kind:sofa]", ("like [ref:the second], but cheaper", {"act": "recall", "place": 2, "compare": ["price-"]})
    )
    assert intent.reference is None and [(one.facet, one.sign) for one in intent.relations] == [("price", "-")]


def test_the_one_that_is_pointed_at_is_turned_down(ask):
    first, shown = "a [kind:sofa]", ask("a [kind:sofa]")[1]
    assert ask(first, ("not [ref:the second]", {"act": "reject", "place": 2}))[0].excluded == {shown[1]}
    assert len(ask(first, ("I don't like these", {"act": "reject"}))[0].excluded) == len(shown)
    assert ask(first, ("those legs are ugly", {"act": "reject"}))[0].excluded == {shown[0]}


def test_what_is_asked_for_again_is_not_turned_down_any_longer(ask):
    shown = ask("a [kind:sofa]")[1]
    again = ("[ref:the first] again", {"act": "recall", "which": "first"})
    intent, _ = ask("a [kind:sofa]", ("no", {"act": "reject"}), again)
    assert intent.reference == shown[0] and shown[0] not in intent.excluded


def test_one_that_is_denied_is_turned_down_whatever_else_is_said(ask):
    shown = ask("a [kind:sofa]")[1]
    for said in ("not [ref:that one], and no [unwanted:stripes]", "not that one, and no [unwanted:stripes]"):
        for act in ("refine", "recall"):
            intent, ranked = ask("a [kind:sofa]", (said, {"act": act}))
            assert intent.excluded == {shown[0]} and intent.unwanted == ("stripes",) and ranked[0] != shown[0]
    assert ask("a [kind:sofa]", ("not that [unwanted:dark]", {"act": "refine"}))[0].excluded == set()


def test_the_older_one_of_a_look_comes_back_with_its_wish(ask):
    first, second = "a [wanted:brown] [kind:sofa]", ("and in [wanted:red]?", {"act": "refine"})
    back = ("let me see [ref:the brown one] again", {"act": "recall", "which": "named"})
    intent, ranked = ask(first, second, back)
    assert (intent.act, intent.reference, intent.wanted, ranked[0]) == (
        "recall",
        "brown-sofa",
        ("brown",),
        "brown-sofa",
    )
    before = ("previous, before I said [wanted:red]", {"act": "recall", "which": "previous"})
    assert ask(first, second, before)[0].reference == "brown-sofa"


def test_one_that_is_called_by_its_name_comes_back(ask):
    back = ("the [title:Marlo] again", {"act": "recall", "which": "named"})
    intent, _ = ask("a [wanted:blue] [kind:sofa]", "a [kind:lamp]", back)
    assert intent.reference == "blue-sofa"
    assert ask("a [kind:lamp]", back)[0].reference in (None, "blue-sofa")


def test_a_thing_that_was_taken_for_a_title_is_none(ask):
    back = ("the [wanted:black] [title:lamp] again", {"act": "recall", "which": "named"})
    intent, _ = ask("a [wanted:black] [kind:lamp]", "a [kind:sofa]", back)
    assert (intent.reference, intent.title) == ("lamp", "")


def test_the_one_right_behind_the_pick_is_the_second(ask):
    shown = ask("a [kind:sofa]")[1]
    for said in ("not the top one, whichever you put right after it", "the one just below that"):
        assert ask("a [kind:sofa]", (said, {"act": "recall"}))[0].reference == shown[1]


def test_the_very_first_of_a_kind_comes_back_after_refusals(ask):
    first = "a [kind:sofa]"
    back = ("the very first [kind:sofa] you showed me", {"act": "recall", "which": "first"})
    intent, ranked = ask("a [kind:rug]", first, ("no", {"act": "reject"}), ("no", {"act": "reject"}), back)
    assert intent.reference == ranked[0] == ask("a [kind:rug]", first)[1][0]
