"""What a browser keeps of a history: it comes back as it was, and nothing hostile comes back at all."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lavic_chat.catalog import Catalog, Product
from lavic_chat.dialogue.history import LIKED, MOST_EVENTS, NO_HISTORY, SIGNS, Event, History
from lavic_chat.ui.browser_storage import LONGEST
from lavic_chat.ui.history_storage import FORMAT, from_kept, to_kept

CATALOG = Catalog(Path("nowhere"), tuple(Product(f"p{n}", f"Thing {n}", "Things") for n in range(MOST_EVENTS + 5)))
EVENTS = st.lists(
    st.builds(Event, st.sampled_from([item.id for item in CATALOG]), st.sampled_from(SIGNS)),
    unique_by=lambda event: event.product_id,
    max_size=MOST_EVENTS,
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def carried(history: History) -> dict:
    return json.loads(json.dumps(to_kept(history)))


@settings(deadline=None)
@given(events=EVENTS)
def test_a_history_comes_back_as_it_was(events):
    history = History(tuple(events))
    assert from_kept(carried(history), CATALOG) == history


@settings(deadline=None)
@given(events=EVENTS, data=st.data())
def test_whatever_is_changed_in_it_does_no_harm(events, data):
    kept, new = carried(History(tuple(events))), data.draw(JSON)
    where = data.draw(st.sampled_from(["all", "format", "events", "row", "id", "sign"]))
    if where == "all":
        kept = new
    elif where in kept:
        kept[where] = new
    elif not events:
        kept["events"] = [new]
    elif where == "row":
        kept["events"][0] = new
    else:
        kept["events"][0][("id", "sign").index(where)] = new
    read = from_kept(kept, CATALOG)
    assert read is None or all(one.product_id in CATALOG and one.sign in SIGNS for one in read.events)
    assert read is None or from_kept(carried(read), CATALOG) == read


def test_products_that_are_gone_are_dropped_and_the_consent_stays():
    kept = carried(NO_HISTORY.add("gone", LIKED).add("p1", LIKED))
    assert from_kept(kept, CATALOG) == NO_HISTORY.add("p1", LIKED)
    assert from_kept(carried(NO_HISTORY), CATALOG) == NO_HISTORY


@pytest.mark.parametrize(
    "kept",
    [
        None,
        {},
        [],
        "liked",
        {"format": FORMAT},
        {"format": FORMAT + 1, "events": []},
        {"format": FORMAT, "events": {}},
        {"format": FORMAT, "events": [["p1", "liked", 1]]},
        {"format": FORMAT, "events": [["p1", "hated"]]},
        {"format": FORMAT, "events": [[["p1"], "liked"]]},
        {"format": FORMAT, "events": [["x" * (LONGEST + 1), "liked"]]},
        {"format": FORMAT, "events": [["p1", "liked"]] * (MOST_EVENTS + 1)},
    ],
)
def test_garbage_is_no_history_and_no_consent(kept: object):
    assert from_kept(kept, CATALOG) is None
