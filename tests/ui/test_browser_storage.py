"""What the browser keeps of a visit: it comes back as it was, and nothing hostile comes back at all."""

import copy
import json
from dataclasses import replace
from pathlib import Path

import pytest
from gradio.utils import get_upload_folder
from helpers.fakes import FakeRecommender, make_catalog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from lavic_chat.catalog import Catalog
from lavic_chat.catalog.filters import Filters
from lavic_chat.nlu.intent import Intent
from lavic_chat.ui.browser_storage import A_PHOTO, MOST_ANSWERS, from_storage, to_storage
from lavic_chat.ui.session import Session


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return make_catalog(tmp_path_factory.mktemp("memory") / "catalog")


@pytest.fixture(scope="module")
def recommender(catalog: Catalog) -> FakeRecommender:
    return FakeRecommender(catalog)


@pytest.fixture(scope="module")
def long_session(recommender: FakeRecommender) -> Session:
    session = Session().ask("a red armchair, <b>please</b>").answer(recommender)
    session = session.filter(Filters(frozenset({"armchair", "sofa"}), 10, 200.5)).answer(recommender)
    session = session.ask("thanks").answer(recommender)
    session = session.something_else().answer(recommender).drop("look red").answer(recommender)
    session = session.more_like_this().answer(recommender)
    return same(session.ask("thanks a lot").answer(recommender))


def carried(session: Session) -> object:
    return json.loads(json.dumps(to_storage(session)))


def same(session: Session) -> Session:
    """But for the turns' ids, which are given anew, for nobody may name another's, and for intents, which are not kept
    but for their chips."""
    found = session.recommendation and replace(session.recommendation, intent=Intent())
    return replace(session, turn_id="", recommendation=found, previous=session.previous and same(session.previous))


def back(session: Session, catalog: Catalog) -> tuple[Session, str, Path | None]:
    stored, *unsent = from_storage(carried(session), catalog)
    assert not stored.turn_id or stored.turn_id != session.turn_id
    return same(stored), *unsent


def test_what_was_chosen_before_a_message_comes_back(recommender: FakeRecommender, catalog: Catalog):
    session = Session().ask("a red armchair").answer(recommender)
    chosen = session.others[2].product.id
    said = same(session.choose(chosen).ask("thanks").answer(recommender))
    assert said.dialogue.turns[2].about == chosen
    restored = back(said, catalog)[0]
    assert restored.dialogue == said.dialogue and restored.dialogue.turns[0].about is None
    stored: dict = json.loads(json.dumps(to_storage(said)))
    stored["turns"][2][4] = "no such product"
    assert from_storage(stored, catalog)[0] == Session()


def test_a_visit_comes_back_as_it_was(long_session: Session, catalog: Catalog):
    assert back(long_session, catalog) == (long_session, "", None)
    undone = same(long_session.undo())
    assert back(undone, catalog) == (undone, "", None)
    assert back(Session(), catalog) == (Session(), "", None)
    only_filters = Session().filter(Filters(highest=50))
    assert back(only_filters, catalog) == (only_filters, "", None)


def test_what_was_kept_before_there_were_conditions_is_read(recommender: FakeRecommender, catalog: Catalog):
    session = Session().ask("a red armchair").answer(recommender).ask("in green").answer(recommender)
    stored = carried(session)
    for row in stored["answers"]:
        for name in ("asked", "reply", "dropped", "chips"):
            del row[name]
    read, *_ = from_storage(stored, catalog)
    assert same(read) == same(without_chips(session)) and read.undo().pick == session.undo().pick


def without_chips(session: Session) -> Session:
    return replace(session, chips={}, previous=session.previous and without_chips(session.previous))


def test_answers_without_a_pick_and_conditions_come_back(recommender: FakeRecommender, catalog: Catalog):
    greeted = same(Session().ask("thanks").answer(recommender))
    assert back(greeted, catalog) == (greeted, "", None) and greeted.recommendation is None
    picked = same(greeted.ask("a red armchair under 500").answer(recommender))
    dropped = same(picked.drop("look red").answer(recommender))
    thanked = same(dropped.ask("thanks").answer(recommender))
    for session in (picked, dropped, thanked, same(thanked.undo()), same(thanked.undo().undo())):
        assert back(session, catalog) == (session, "", None)
    read, *_ = from_storage(carried(thanked), catalog)
    assert read.chips == {"kind armchair": "armchair", "limit price": "at most 500"}
    again = read.drop("limit price").answer(recommender)
    assert again.dialogue.dropped == {(2, "look red"), (2, "limit price")} and again.chips == {
        "kind armchair": "armchair"
    }


def test_the_pick_outlives_any_number_of_answers_without_one(recommender: FakeRecommender, catalog: Catalog):
    session = picked = Session().ask("a red armchair").answer(recommender)
    for _ in range(MOST_ANSWERS + 3):
        session = session.ask("thanks").answer(recommender)
    stored = carried(session)
    assert sum(bool(row["candidates"]) for row in stored["answers"]) == 1  # once is enough
    read, *_ = from_storage(stored, catalog)
    assert read.dialogue == session.dialogue and read.pick == picked.pick and read.asked == picked.asked


def test_a_message_on_its_way_comes_back_unsent(long_session: Session, catalog: Catalog):
    asking = long_session.ask("in green, too")
    assert back(asking, catalog) == (long_session, "in green, too", None)


def test_a_long_conversation_keeps_its_turns_and_its_last_answers(recommender: FakeRecommender, catalog: Catalog):
    session = Session()
    for number in range(MOST_ANSWERS + 5):
        session = session.ask(f"a lamp, number {number}").answer(recommender)
    back, *_ = from_storage(carried(session), catalog)
    assert back.dialogue == session.dialogue and back.recommendation == same(session).recommendation
    for _ in range(MOST_ANSWERS - 1):
        back, session = back.undo(), session.undo()
        assert back.asked == session.asked


def test_a_photo_comes_back_only_from_the_uploads(recommender: FakeRecommender, catalog: Catalog, tmp_path: Path):
    folder = Path(get_upload_folder()) / "0123"
    folder.mkdir(parents=True, exist_ok=True)
    here, elsewhere = folder / "chair.png", tmp_path / "chair.png"
    for path in (here, elsewhere):
        Image.new("RGB", (30, 20)).save(path)
    shown = Session().ask("like this", here).answer(recommender)
    assert from_storage(carried(shown), catalog)[0].dialogue.photo == here.resolve()
    assert back(Session().ask("", here), catalog) == (Session(), "", here.resolve())
    here.unlink()
    assert from_storage(carried(shown), catalog)[0].dialogue.photo is None
    alone = Session().ask("", elsewhere).answer(recommender)
    stored, *_ = back(alone, catalog)
    assert stored.dialogue.photo is None and stored.dialogue.turns[0].text == A_PHOTO
    assert back(Session().ask("", elsewhere), catalog) == (Session(), "", None)


def paths(value: object, here: tuple = ()) -> list[tuple]:
    """Where every value inside a JSON value stands."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [here, *(path for key, inner in pairs for path in paths(inner, (*here, key)))]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)
@given(data=st.data())
def test_whatever_is_changed_in_it_does_no_harm(long_session: Session, catalog: Catalog, data: st.DataObject):
    stored = copy.deepcopy(carried(long_session))
    path = data.draw(st.sampled_from(paths(stored)))
    new = data.draw(JSON)
    if path:
        holder = stored
        for key in path[:-1]:
            holder = holder[key]
        holder[path[-1]] = new
    else:
        stored = new
    session, unsent, _ = from_storage(stored, catalog)
    assert isinstance(unsent, str)
    assert (
        all(item.product.id in catalog for item in session.recommendation.candidates)
        if session.recommendation
        else True
    )
    assert back(session, catalog)[0] == same(session)


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
        (("answers", 0, "asked"), 2),
        (("answers", 0, "asked"), 0),
        (("answers", 0, "dropped"), [[0.5, "look red"]]),
        (("answers", 0, "dropped"), [[0, 7]]),
        (("answers", 0, "chips"), {"look red": 7}),
        (("answers", 0, "chips"), ["look red"]),
        (("answers", 0, "reply"), ["seeker", "a lamp", "", []]),
        (("filters", 0), ["no such category"]),
        (("filters", 1), -5),
        (("turns", 0, 0), "system"),
        (("turns", 0, 1), "x" * 5_000),
        (("format",), 0),
    ],
)
def test_what_we_did_not_write_is_a_new_visit(long_session: Session, catalog: Catalog, where: tuple, value: object):
    stored = carried(long_session)
    holder = stored
    for key in where[:-1]:
        holder = holder[key]
    holder[where[-1]] = value
    assert from_storage(stored, catalog) == (Session(), "", None)


def test_another_catalogue_begins_anew(long_session: Session, tmp_path: Path):
    other = make_catalog(tmp_path / "other")
    smaller = replace(other, products=tuple(item for item in other if item.id != long_session.pick.id))
    assert from_storage(carried(long_session), smaller) == (Session(), "", None)
