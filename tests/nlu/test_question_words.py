"""What messages ask in so many words, and what they do not."""

import pytest

from lavic_chat.nlu import reading as r
from lavic_chat.nlu.question_words import PRICE_OF, assents, is_question, question_in

ASKED = {
    r.SPEAKER: ("are you a robot?", "r u human", "who are you?", "Is this a real person?",
                "am I talking to a machine?"),
    r.ASSORTMENT: ("what do you sell?", "what can I buy here", "what kind of things do you have?", "what is in stock?",
                   "what have you got?"),
    r.FAVOURITE: ("which one do you like best?", "Which would you take?", "what would you recommend?",
                  "what's your favourite of these?", "which is the nicest one?", "do you like it?"),
    r.SAME: ("is it the same colour as the crib?", "does it match the sofa?", "would this go well with the rug"),
    r.DIFFERENCE: ("what's the difference between the first and the third?", "how do they differ?", "compare 1 and 2",
                   "is it the same as the second one?"),
    r.LIGHTEST: ("Which are the lightest in colour?", "which one is palest"),
    r.DARKEST: ("what is the darkest of these?",),
    r.TOTAL: ("whats the total price for a bench and two cushions?", "how much for 6?", "what would six of them cost?",
              "how much are the chair and the table together?"),
    r.STOCK: ("is the sand one in 450 ml in stock?", "is it sold out?"),
    r.OF_THOSE: ("which of them is made of wood?", "with of these are blue", "which ones are under 600?",
                 "are any of these white?", "how many of them are blue?"),
    r.ELSE: ("what else is made of wood?", "what do you have in blue?"),
}  # fmt: skip
NOT_ASKED = (
    "a sofa", "which is the cheapest?", "which is cheaper, the first or the second?", "how much is number 3?",
    "how much is the 90 cm one?", "how much are these two?", "which colour is it?", "what are you looking at, a vase",
    "do you have one in the same colour as the crib?", "what would you recommend for a small hall?", "how wide is it?",
    "I like the lightest", "what is it made of?", "in white please", "a robot for my son",
)  # fmt: skip


@pytest.mark.parametrize(("asks", "text"), [(asks, text) for asks, texts in ASKED.items() for text in texts])
def test_what_is_asked_in_so_many_words_is_heard(asks, text):
    assert question_in(text) == asks


@pytest.mark.parametrize("text", NOT_ASKED)
def test_other_messages_ask_nothing_so(text):
    assert question_in(text) == ""


def test_nothing_is_asked_of_what_was_shown_before_anything_was():
    assert is_question("are you a robot?", opens=True) and is_question("what do you sell?", opens=True)
    assert not is_question("which do you like best?", opens=True) and is_question(
        "which do you like best?", opens=False
    )


@pytest.mark.parametrize("text", ["what do double beds cost?", "ok then what do beds cost", "how much are your rugs?"])
def test_what_things_cost_is_a_question(text):
    assert PRICE_OF.match(text)


@pytest.mark.parametrize("text", ["yes", "Yes please!", "sure, go on", "show me some", "oh yes, show them", "why not"])
def test_a_yes_is_heard(text):
    assert assents(text)


@pytest.mark.parametrize("text", ["thanks", "ok", "great, thanks", "no", "yes, in red", "show me a sofa", ""])
def test_thanks_and_wishes_are_no_yes(text):
    assert not assents(text)
