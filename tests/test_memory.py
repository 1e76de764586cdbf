"""What the browser keeps of a visit: it comes back as it was, and nothing hostile comes back at all."""

import copy
import json
from dataclasses import replace
from pathlib import Path

import pytest
from fakes import FakeRecommender, make_catalog
from gradio.utils import get_upload_folder
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from lavic_chat.catalog import Catalog
from lavic_chat.catalog.filters import Filters
from lavic_chat.ui.memory import A_PHOTO, MOST_ANSWERS, from_memory, to_memory
from lavic_chat.ui.visit import Visit


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return make_catalog(tmp_path_factory.mktemp("memory") / "catalog")


@pytest.fixture(scope="module")
def recommender(catalog: Catalog) -> FakeRecommender:
    return FakeRecommender(catalog)


@pytest.fixture(scope="module")
def long_visit(recommender: FakeRecommender) -> Visit:
    visit = Visit().ask("a red armchair, <b>please</b>").answered(recommender)
    visit = visit.filter(Filters(frozenset({"armchair", "sofa"}), 10, 200.5)).answered(recommender)
    visit = visit.something_else().answered(recommender)
    return same(visit.more_like_this().answered(recommender))


def carried(visit: Visit) -> object:
    return json.loads(json.dumps(to_memory(visit)))


def same(visit: Visit) -> Visit:
    """But for the turns' ids, which are given anew: nobody may name another's."""
    return replace(visit, turn_id="", before=visit.before and same(visit.before))


def back(visit: Visit, catalog: Catalog) -> tuple[Visit, str, Path | None]:
    kept, *unsent = from_memory(carried(visit), catalog)
    assert not kept.turn_id or kept.turn_id != visit.turn_id
    return same(kept), *unsent


def test_a_visit_comes_back_as_it_was(long_visit: Visit, catalog: Catalog):
    assert back(long_visit, catalog) == (long_visit, "", None)
    undone = same(long_visit.undo())
    assert back(undone, catalog) == (undone, "", None)
    assert back(Visit(), catalog) == (Visit(), "", None)
    only_filters = Visit().filter(Filters(highest=50))
    assert back(only_filters, catalog) == (only_filters, "", None)


def test_a_message_on_its_way_comes_back_unsent(long_visit: Visit, catalog: Catalog):
    asking = long_visit.ask("in green, too")
    assert back(asking, catalog) == (long_visit, "in green, too", None)


def test_a_long_conversation_keeps_its_turns_and_its_last_answers(recommender: FakeRecommender, catalog: Catalog):
    visit = Visit()
    for number in range(MOST_ANSWERS + 5):
        visit = visit.ask(f"a lamp, number {number}").answered(recommender)
    back, *_ = from_memory(carried(visit), catalog)
    assert back.dialogue == visit.dialogue and back.recommendation == visit.recommendation
    for _ in range(MOST_ANSWERS - 1):
        back, visit = back.undo(), visit.undo()
        assert back.asked == visit.asked


def test_a_photo_comes_back_only_from_the_uploads(recommender: FakeRecommender, catalog: Catalog, tmp_path: Path):
    folder = Path(get_upload_folder()) / "0123"
    folder.mkdir(parents=True, exist_ok=True)
    here, elsewhere = folder / "chair.png", tmp_path / "chair.png"
    for path in (here, elsewhere):
        Image.new("RGB", (30, 20)).save(path)
    shown = Visit().ask("like this", here).answered(recommender)
    assert from_memory(carried(shown), catalog)[0].dialogue.photo == here.resolve()
    assert back(Visit().ask("", here), catalog) == (Visit(), "", here.resolve())
    here.unlink()
    assert from_memory(carried(shown), catalog)[0].dialogue.photo is None
    alone = Visit().ask("", elsewhere).answered(recommender)
    kept, *_ = back(alone, catalog)
    assert kept.dialogue.photo is None and kept.dialogue.turns[0].text == A_PHOTO
    assert back(Visit().ask("", elsewhere), catalog) == (Visit(), "", None)


def paths(value: object, here: tuple = ()) -> list[tuple]:
    """Where every value inside a JSON value stands."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [here, *(path for key, inner in pairs for path in paths(inner, (*here, key)))]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_whatever_is_changed_in_it_does_no_harm(long_visit: Visit, catalog: Catalog, data: st.DataObject):
    kept = copy.deepcopy(carried(long_visit))
    path = data.draw(st.sampled_from(paths(kept)))
    new = data.draw(JSON)
    if path:
        holder = kept
        for key in path[:-1]:
            holder = holder[key]
        holder[path[-1]] = new
    else:
        kept = new
    visit, unsent, _ = from_memory(kept, catalog)
    assert isinstance(unsent, str)
    assert all(item.product.id in catalog for item in visit.recommendation.candidates) if visit.recommendation else True
    assert back(visit, catalog)[0] == same(visit)


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("answers", 0, "candidates", 0, 0), "../../etc/passwd"),
        (("answers", 0, "candidates", 0, 1), 7),
        (("answers", 0, "candidates", 0, 2), float("nan")),
        (("answers", 0, "tokens", 0), 10**400),
        (("answers", 0, "candidates"), []),
        (("answers", 0, "turns"), 99),
        (("answers", 0, "turns"), 1),
        (("filters", 0), ["no such category"]),
        (("filters", 1), -5),
        (("turns", 0, 0), "system"),
        (("turns", 0, 1), "x" * 5_000),
        (("format",), 0),
    ],
)
def test_what_we_did_not_write_is_a_new_visit(long_visit: Visit, catalog: Catalog, where: tuple, value: object):
    kept = carried(long_visit)
    holder = kept
    for key in where[:-1]:
        holder = holder[key]
    holder[where[-1]] = value
    assert from_memory(kept, catalog) == (Visit(), "", None)


def test_another_catalogue_begins_anew(long_visit: Visit, tmp_path: Path):
    other = make_catalog(tmp_path / "other")
    smaller = replace(other, products=tuple(item for item in other if item.id != long_visit.pick.id))
    assert from_memory(carried(long_visit), smaller) == (Visit(), "", None)
