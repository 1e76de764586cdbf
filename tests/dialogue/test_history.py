"""What a visitor did with products: the newest last, one event a product, fifty at most."""

from hypothesis import given
from hypothesis import strategies as st

from lavic_chat.dialogue.history import LIKED, MOST_EVENTS, NO_HISTORY, OPENED, SIGNS, TURNED_DOWN, Event, History

EVENTS = st.lists(st.tuples(st.integers(0, 70).map(str), st.sampled_from(SIGNS)), max_size=90)


def history_of(events: list[tuple[str, str]]) -> History:
    history = NO_HISTORY
    for product_id, sign in events:
        history = history.add(product_id, sign)
    return history


@given(events=EVENTS)
def test_the_newest_event_of_each_product_is_kept_in_order(events):
    kept = history_of(events).events
    newest = {product_id: place for place, (product_id, _) in enumerate(events)}
    expected = [events[place] for place in sorted(newest.values())][-MOST_EVENTS:]
    assert [(event.product_id, event.sign) for event in kept] == expected


@given(events=EVENTS, product=st.integers(0, 70).map(str))
def test_what_is_liked_stays_liked_until_it_is_taken_back(events, product):
    history = history_of(events).add(product, LIKED)
    assert history.note(product, TURNED_DOWN) == history == history.note(product, OPENED)
    gone = history.without([product])
    assert product not in gone.liked and gone.note(product, OPENED).events[-1] == Event(product, OPENED)


def test_an_empty_history_is_false_and_the_old_one_stays_as_it_was():
    one = NO_HISTORY.add("a", LIKED)
    two = one.add("b", OPENED)
    assert not NO_HISTORY and one and one.events == (Event("a", LIKED),)
    assert two.liked == {"a"} and two.without(["a", "b"]) == NO_HISTORY
