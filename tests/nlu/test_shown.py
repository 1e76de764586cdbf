"""What "it" is in the talk about what was shown: the pick, what was chosen in its place, what an answer has named."""

import pytest
from helpers.listening import PRODUCTS, MarkedTagger, make_grounding, make_listener

from lavic_chat.dialogue.turns import Dialogue
from lavic_chat.nlu import reading as r
from lavic_chat.nlu.intent import Intent
from lavic_chat.nlu.listener import Listener
from lavic_chat.nlu.pointing import points, said_anew
from lavic_chat.nlu.reader import IntentReader
from lavic_chat.nlu.reading import Reading
from lavic_chat.nlu.shown import Shown

TEN = ("red-sofa", "blue-sofa", "brown-sofa", "armchair")
HOW_WIDE = ("how wide is [ref:it]", {"act": "question", "asks": "width"})


@pytest.fixture(scope="module")
def shop() -> tuple[Listener, MarkedTagger]:
    return make_listener()


def read(shop, dialogue: Dialogue, marked: str, about: str | None = None, **keys) -> tuple[Intent, Dialogue]:
    listener, tagger = shop
    asked = dialogue.say(tagger.say(marked, **keys), about=about)
    return listener.read(asked), asked


def sofas(shop) -> Dialogue:
    """A list of them, as an answer to a wish."""
    return Dialogue().say(shop[1].say("a [kind:sofa]")).answer("My pick is the Bella.", TEN)


def test_what_was_taken_is_it_and_its_old_place_is_none():
    class Carrying(MarkedTagger):
        """Counts the place of the message before once more, as the network does."""

        def read(self, before, text):
            one = super().read(before, text)
            return Reading(one.act, one.spans, one.asks, place=3) if before and one.act == r.QUESTION else one

    tagger = Carrying()
    reader = IntentReader(tagger, make_grounding(english=tagger.english))
    dialogue = Dialogue().say(tagger.say("a [kind:sofa]")).answer("words", TEN)
    dialogue = dialogue.say(tagger.say("take [ref:the third]", act="recall", place=3))
    assert reader.read(dialogue).reference == "brown-sofa"
    dialogue = dialogue.answer("words", ("brown-sofa", "red-sofa", "blue-sofa", "armchair"))
    question, keys = HOW_WIDE
    assert reader.read(dialogue.say(tagger.say(question, **keys))).reference == "brown-sofa"


def test_only_what_a_message_itself_says_points():
    carried, alone = Reading(place=2, which=r.PREVIOUS), Reading()
    assert points(carried) and points(Reading(which=r.FIRST)) and not points(alone)
    assert (said_anew(carried, alone).place, said_anew(carried, alone).which) == (0, r.LAST)
    assert said_anew(carried, carried) == carried and said_anew(alone, Reading(place=4)).place == 4
    none, doubtful = (tuple(share if place == 0 else 0.1 for place in r.PLACES) for share in (0.95, 0.4))
    assert points(Reading(place_shares=doubtful)) and not points(Reading(place_shares=none))


def test_what_was_chosen_in_the_picks_place_is_it(shop):
    question, keys = HOW_WIDE
    assert read(shop, sofas(shop), question, "armchair", **keys)[0].reference == "armchair"
    assert read(shop, sofas(shop), question, **keys)[0].reference == "red-sofa"
    assert read(shop, sofas(shop), question, "sold no more", **keys)[0].reference == "red-sofa"
    taken = read(shop, sofas(shop), "ok, [ref:this one]", "blue-sofa", act="recall")[0]
    assert (taken.act, taken.reference) == (r.RECALL, "blue-sofa")
    no = read(shop, sofas(shop), "not [ref:this one]", "blue-sofa", act="reject")[0]
    assert no.excluded == {"red-sofa", "blue-sofa"}  # as the button does


def test_places_count_in_the_list_whatever_was_chosen_of_it(shop):
    third = ("how wide is [ref:the third]", {"act": "question", "asks": "width", "place": 3})
    assert read(shop, sofas(shop), third[0], "armchair", **third[1])[0].reference == "brown-sofa"
    dearer = read(shop, sofas(shop), "is this one cheaper than the 1st?", "brown-sofa", act="question", asks="price")[0]
    assert (dearer.asks, dearer.subjects) == ("price-", ("brown-sofa", "red-sofa"))
    which = read(shop, sofas(shop), "which is cheaper?", "armchair", act="question", asks="price")[0]
    assert set(which.subjects) == {"armchair", "red-sofa"}


@pytest.mark.parametrize(
    ("asked", "keys", "named"),
    [
        ("which is the cheapest of those?", {"asks": "cheapest"}, "armchair"),
        ("which is the widest?", {"asks": "widest"}, "blue-sofa"),
        ("how wide is [ref:the second]?", {"asks": "width", "place": 2}, "blue-sofa"),
        ("is the 2nd dearer than the 3rd?", {"asks": "price"}, "blue-sofa"),
        ("how much is the Tessa hall rug?", {"asks": "price"}, "plain-rug"),
    ],
)
def test_what_an_answer_in_words_has_named_is_it(shop, asked, keys, named):
    found, dialogue = read(shop, sofas(shop), asked, act="question", **keys)
    assert found.reference == named
    dialogue = dialogue.answer("The one is so.")
    assert read(shop, dialogue, "i'll take [ref:that one]", act="recall")[0].reference == named
    question, keys = HOW_WIDE
    assert read(shop, dialogue, question, **keys)[0].reference == named
    bought = read(shop, dialogue, "ok i buy it", act="small_talk")[0]
    assert (bought.act, bought.reference) == (r.RECALL, named)


def test_what_was_chosen_after_the_answer_is_it_and_before_it_no_longer(shop):
    asked = ("how wide is [ref:the second]?", {"act": "question", "asks": "width", "place": 2})
    question, keys = HOW_WIDE
    dialogue = read(shop, sofas(shop), asked[0], "armchair", **asked[1])[1].answer("It is so wide.")
    assert read(shop, dialogue, question, "armchair", **keys)[0].reference == "blue-sofa"
    assert read(shop, dialogue, question, "brown-sofa", **keys)[0].reference == "brown-sofa"
    assert read(shop, dialogue, question, **keys)[0].reference == "red-sofa"  # back to the pick


def test_who_takes_the_pick_itself_is_but_thanked(shop):
    assert read(shop, sofas(shop), "ok, i'll take it", act="small_talk")[0].act == r.CHATTER
    assert read(shop, sofas(shop), "i take it", "armchair", act="reject")[0].reference == "armchair"


def test_the_one_before_is_another_than_the_one_on_the_card(shop):
    tagger = shop[1]
    dialogue = Dialogue().say(tagger.say("an [kind:armchair]")).answer("words", ("armchair",))
    for text in ("a [kind:sofa]", "without drawers"):  # the second brings the same once more
        dialogue = dialogue.say(tagger.say(text)).answer("words", TEN)
    back = ("[ref:the one before] was nicer", {"act": "recall", "which": "previous"})
    assert read(shop, dialogue, back[0], **back[1])[0].reference == "armchair"
    assert read(shop, dialogue, back[0], "brown-sofa", **back[1])[0].reference == "red-sofa"
    other = read(shop, dialogue, "no, [ref:the other one]", "brown-sofa", act="recall")[0]
    assert other.reference == "red-sofa"


def test_the_first_one_is_that_of_the_list_before_others_were_taken(shop):
    tagger = shop[1]
    dialogue = sofas(shop).say(tagger.say("the [ref:second]", act="recall", place=2))
    dialogue = dialogue.answer("words", ("blue-sofa", "red-sofa", "brown-sofa", "armchair"))
    first = read(shop, dialogue, "no, [ref:the first one]", act="recall", place=1)[0]
    assert first.reference == "red-sofa"


def test_what_came_nearest_to_a_look_is_called_by_that_look(shop):
    tagger = shop[1]
    dialogue = sofas(shop).say(tagger.say("in [wanted:mustard]")).answer("Nearest.", ("brown-sofa", "red-sofa"))
    liked = ("no, I liked the [wanted:mustard] one more. go back", {"act": "recall", "which": "named"})
    found = read(shop, dialogue, liked[0], "red-sofa", **liked[1])[0]
    assert (found.act, found.reference, found.wanted) == (r.RECALL, "brown-sofa", ("mustard",))
    assert read(shop, dialogue, liked[0], **liked[1])[0].reference == "brown-sofa"
    dialogue = dialogue.say(tagger.say("rather in [wanted:red]")).answer("words", ("red-sofa", "brown-sofa"))
    assert read(shop, dialogue, liked[0], **liked[1])[0].reference == "brown-sofa"


@pytest.mark.parametrize("act", ["recall", "refine"])
def test_it_in_another_look_is_the_same_thing(shop, act):
    found = read(shop, sofas(shop), "ok. do you have it in [wanted:green]", "blue-sofa", act=act)[0]
    assert found.reference is None and found.wanted == ("green",)
    assert [(one.facet, one.sign, one.product) for one in found.relations] == [("shape", "=", "blue-sofa")]


@pytest.mark.parametrize("act", ["refine", "question", "reject"])
def test_products_to_compare_are_a_wish(shop, act):
    found = read(shop, sofas(shop), "two different ones to compare please", act=act)[0]
    assert (found.act, found.asks, found.kinds) == (r.REFINE, r.COMPARE, ("sofa",))
    beside = read(shop, sofas(shop), "can i see two [wanted:side] by side?", act="refine")[0]
    assert (beside.asks, beside.wanted) == (r.COMPARE, ())
    assert read(shop, sofas(shop), "in [wanted:red]")[0].asks == ""


def test_an_answer_that_names_nothing_leaves_the_talk_where_it_is():
    shown = Shown()
    assert shown.current is shown.on_card is None and shown.newest_intent == Intent()
    shown.add(tuple(one.id for one in PRODUCTS), Intent(), "something")
    shown.speak_of("lamp")
    shown.speak_of(None)
    assert (shown.current, shown.on_card) == ("lamp", "red-sofa")
    shown.add(("rug",), Intent(), "a rug")
    assert shown.current == shown.on_card == "rug" and shown.intent_for("lamp") == Intent()
