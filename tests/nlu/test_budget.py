"""Words about money become a range of prices; vague ones, sizes and ages do not."""

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lavic_chat.catalog import Product, load_catalog
from lavic_chat.catalog.filters import NO_FILTERS, NO_LIMITS, PriceRange
from lavic_chat.dialogue.reddit_amazon import read_conversations
from lavic_chat.dialogue.turns import MORE_LIKE, Dialogue
from lavic_chat.nlu.budget import read_budget

HOME = Path(__file__).parents[2] / "catalog"
PRICES = {"sofa": 659.0, "lamp": 40.0, "free": 0.0}


def range_of(*messages: str, pick: str = "sofa") -> tuple[float | None, float | None]:
    """(lowest, highest) after these messages, the first of which was answered with the pick."""
    talk = Dialogue().say(messages[0])
    for message in messages[1:]:
        talk = talk.answer("My pick is this.", [pick, "another"]).say(message)
    budget = read_budget(talk, PRICES.get)
    return budget.lowest, budget.highest


@pytest.mark.parametrize(
    ("said", "lowest", "highest"),
    [
        ("a sofa under $300", None, 300),
        ("a sofa under 500", None, 500),
        ("sofa, less than 1,200 dollars", None, 1200),
        ("not over €300 please", None, 300),
        ("no more than 90, if possible", None, 90),
        ("I don't want to spend more than 450", None, 450),
        ("I can't pay over 200 bucks", None, 200),
        ("nothing above $80.50", None, 80.5),
        ("300 dollars or less", None, 300),
        ("my budget is 500", None, 500),
        ("Max 150.", None, 150),
        ("I have $250 to spend", None, 250),
        ("a 2-3 seater under $900", None, 900),
        ("at least $100", 100, None),
        ("nothing under $50", 50, None),
        ("I'd spend more than 400", 400, None),
        ("between $200 and $400", 200, 400),
        ("from 400 to 200 euros", 200, 400),
        ("$200-$400", 200, 400),
        ("$100 or more, but under $300", 100, 300),
        ("I want to spend less than $300", None, 300),  # "want" is no "n't"
        ("a plant for my apartment under $30", None, 30),
        ("I can't afford more than $300", None, 300),
        ("no lamps above $200", None, 200),
        ("nothing that costs more than $100", None, 100),
        ("without spending more than $300", None, 300),
        ("anything over $300 is too much", None, 300),
        ("not too big, but over $100", 100, None),
        ("under $2k", None, 2000),
        ("my budget is $500-600", 500, 600),
        ("I have $300-$400", 300, 400),
        ("min. $100 max. $300", 100, 300),
        ("is there a sofa under $300?", None, 300),
    ],
)
def test_what_is_said_of_money_is_a_range(said, lowest, highest):
    assert range_of(said) == (lowest, highest)


@pytest.mark.parametrize(
    "said",
    [
        "a green sofa",
        "My budget is about 450.",
        "The budget is flexible, within reason.",
        "budget for 4 people",
        "Cheaper is better, within reason",
        "something cheaper",  # than what?
        "under 150 cm wide",
        "under 200 wide",
        "for kids under 12",
        "under 12, both of them",
        "over 50",
        "a round table for 4 to 6 people",
        "a sofa from the 1960s to 1970s",
        "max 80 cm",
        "it doesn't have to be under $300",
        "I don't mind spending more than $300",
        "a budget 2-seater sofa",
        "a rug, max 200 x 300",
        "max 30 kg",
        "max 2 drawers",
        "under $1 000",  # rather unread than misread
        "I spend up to 12 hours a day at my desk",
        "a shelf that holds up to 250 pounds",
        "its depth should be less than 40.",
        "for someone under 25, please",
        "I paid over $1000 for my sofa",
    ],
)
def test_vague_words_sizes_and_ages_are_none(said):
    assert range_of(said) == (None, None)


@pytest.mark.parametrize(
    "said", ["cheaper than that, and bigger", "too expensive", "it costs too much", "over my budget"]
)
def test_cheaper_means_than_the_pick(said):
    assert range_of("a sofa", said) == (None, 658.99)
    assert range_of("a sofa", said, pick="without price") == (None, None)


@pytest.mark.parametrize("said", ["something pricier", "a more expensive one", "that looks too cheap"])
def test_dearer_means_than_the_pick(said):
    assert range_of("a sofa", said) == (659.01, None)


@pytest.mark.parametrize(
    "said",
    [
        "it doesn't need to be cheaper",
        "that's not too expensive",
        "in green, please",
        "more expensive is fine",
        "why is it more expensive?",
        "I don't want it to look too cheap",
    ],
)
def test_no_wish_for_another_price_is_none(said):
    assert range_of("a sofa", said) == (None, None)


def test_later_words_stand_above_earlier_ones():
    assert range_of("a sofa under $300", "up to $900 then") == (None, 900)
    assert range_of("a sofa under $700", "cheaper", "in green") == (None, 658.99)
    assert range_of("a sofa under $300", "at least $400") == (400, None)
    assert range_of("between $200 and $400", "any price") == (None, None)
    assert range_of("a sofa under $300", "over $300 is fine") == (None, None)
    assert range_of("a sofa under $300", "price isn't important") == (None, None)
    assert range_of("a gift", "cheaper", pick="free") == (None, 0)


def test_what_the_shop_says_of_money_bounds_nothing():
    talk = Dialogue().say("a sofa").answer("I have one under $300.").say("in red")
    assert read_budget(talk, PRICES.get) == NO_LIMITS


def test_another_thing_has_a_budget_of_its_own():
    talk = Dialogue().say("a lamp under $50").answer("This.", ["lamp"]).say("now a sofa").answer("This.", ["sofa"])
    assert read_budget(talk, PRICES.get).highest == 50
    assert read_budget(talk, PRICES.get, lambda text, pick: "sofa" in text) == NO_LIMITS
    again = talk.say("too expensive")
    assert read_budget(again, PRICES.get, lambda text, pick: "now" in text).highest == 658.99


def test_the_title_in_a_buttons_words_is_no_budget():
    talk = Dialogue().say("a gift").answer("This.", ["lamp"]).say(f"{MORE_LIKE} Gift set under $25.")
    assert read_budget(talk, PRICES.get) == NO_LIMITS


@pytest.mark.parametrize("said", ["9" * 4000, "$1" + ",111" * 900, "a bit " * 660, "n't " * 900, "under $1 " * 440])
def test_long_nonsense_is_read_at_once(said):
    start = time.process_time()  # of this process alone, however busy the machine is
    assert all(amount is None or amount < 1e10 for amount in range_of("a sofa", said))
    assert time.process_time() - start < 1


def test_what_has_no_price_stays_in():
    budget = NO_FILTERS.within(PriceRange(highest=300))
    prices = {299.0: True, 301.0: False, None: True}
    assert {price: budget.admits(Product("p", "A sofa", "Sofas", price=price)) for price in prices} == prices


MONEY_WORDS = ("under", "$", "300", "1,200", "not", "cheaper", "budget", "between", "and", "€", "-", "or", "more", ".")


@given(
    st.lists(
        st.lists(st.sampled_from(MONEY_WORDS) | st.text(max_size=6), min_size=1, max_size=12), min_size=1, max_size=4
    )
)
def test_no_words_break_it(messages):
    said = [" ".join(words).strip() or "sofa" for words in messages]
    lowest, highest = range_of(*(text if text.isprintable() else "sofa" for text in said))
    assert lowest is None or lowest >= 0
    assert highest is None or highest >= (lowest or 0)


def test_what_the_made_dialogues_want_is_never_too_dear():
    catalog = load_catalog(HOME)
    prices = {product.id: product.price for product in catalog}
    bounded = 0
    for name in ("valid", "test"):
        for talk in read_conversations(HOME / "dialogues" / f"{name}.jsonl"):
            budget = read_budget(talk.dialogue, prices.get)
            bounded += bool(budget)
            assert all(NO_FILTERS.within(budget).admits(catalog[item]) for item in talk.gt_items), talk.where
    assert bounded > 40
