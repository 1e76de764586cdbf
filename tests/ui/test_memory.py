"""What the server keeps has bounds: of calls without a session nothing, of visits and conversations so much."""

import http.client
import json
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from helpers.fakes import FakeRecommender, make_catalog

from lavic_chat.catalog import Catalog
from lavic_chat.errors import LavicError
from lavic_chat.feedback.annotation import AnnotationStore
from lavic_chat.serving.engine import Engine
from lavic_chat.ui import Clients, Presence, build_app, gradio_savings, launch
from lavic_chat.ui.browser_storage import from_storage, to_storage
from lavic_chat.ui.serve import ChatApp
from lavic_chat.ui.session import MOST_ANSWERS, MOST_TURNS, Session


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return make_catalog(tmp_path / "catalog")


@pytest.fixture
def served(catalog: Catalog, tmp_path: Path) -> Iterator[tuple[ChatApp, str]]:
    with Engine(FakeRecommender(catalog)) as engine:
        clients = Clients(presence=Presence(patience=0.2))
        app = build_app(engine, AnnotationStore(tmp_path / "flags.sqlite"), clients=clients)
        _, address, _ = launch(app, catalog, port=None, prevent_thread_lock=True, quiet=True)
        yield app, urlsplit(address).netloc
        app.close(verbose=False)


def fetch(place: str, method: str, path: str, body: dict | None = None) -> str:
    connection = http.client.HTTPConnection(place, timeout=60)
    data = None if body is None else json.dumps(body)
    connection.request(method, f"/gradio_api{path}", data, {"Content-Type": "application/json"})
    text = connection.getresponse().read().decode()
    connection.close()
    return text


def begin(place: str, **more: str) -> str:
    body = {"data": ["a red sofa", None, [], "", ""], **more}
    return json.loads(fetch(place, "POST", "/call/ask", body))["event_id"]


def kept(app: ChatApp) -> dict[str, int]:
    """What Gradio has of sessions and events, by the names that it has for it."""
    names = ("pending_messages_per_session", "pending_event_ids_session", "event_ids_to_events")
    states = app.app.state_holder
    found = {name: len(getattr(app._queue, name)) for name in names}
    return {**found, "states": len(states.session_data), "times": len(states.time_last_used)}


def test_nothing_stays_of_a_call_without_a_session(served):
    app, place = served
    for _ in range(40):
        assert "red-sofa" in fetch(place, "GET", f"/call/ask/{begin(place)}")
    wait_for(lambda: not any(kept(app).values()), kept(app))


def test_a_session_of_a_programs_own_keeps_its_state_and_no_lists(served):
    app, place = served
    for _ in range(10):
        assert "red-sofa" in fetch(place, "GET", f"/call/ask/{begin(place, session_hash='mine')}")
    wait_for(lambda: sum(kept(app).values()) == 2, kept(app))
    assert kept(app)["states"] == kept(app)["times"] == 1


def test_calls_that_were_given_up_have_a_bound(served, monkeypatch):
    monkeypatch.setattr(gradio_savings, "SESSIONS_KEPT", 5)
    app, place = served
    app.app.state_holder.capacity = 5
    for _ in range(20):
        begin(place)
    wait_for(lambda: not app._queue.event_ids_to_events, kept(app))
    begin(place)
    assert kept(app)["pending_event_ids_session"] <= 6 and kept(app)["states"] <= 5


def wait_for(condition, told: object) -> None:
    until = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < until, told
        time.sleep(0.05)


# ---- one conversation ----


def answered(session: Session, recommender: FakeRecommender, text: str) -> Session:
    return session.ask(text).answer(recommender)


def test_a_conversation_can_be_taken_back_so_far_and_no_farther(catalog: Catalog):
    recommender, session = FakeRecommender(catalog), Session()
    for number in range(MOST_ANSWERS + 10):
        session = answered(session, recommender, "thanks" if number % 3 == 2 else "a red lamp")
    depth, each = 0, session
    while each := each.previous:
        depth += 1
    assert depth <= MOST_ANSWERS
    for _ in range(depth):
        session = session.undo()
        assert session.dialogue.turns
    with pytest.raises(LavicError, match="as far back as it goes"):
        session.undo()
    assert answered(session, recommender, "a blue lamp").is_pick_newest


def test_a_short_conversation_can_be_taken_back_to_its_beginning(catalog: Catalog):
    session, recommender = Session(), FakeRecommender(catalog)
    for _ in range(MOST_ANSWERS - 1):
        session = answered(session, recommender, "a red lamp")
    for _ in range(MOST_ANSWERS - 1):
        session = session.undo()
    assert session == Session()


def test_a_conversation_has_an_end(catalog: Catalog):
    recommender = FakeRecommender(catalog)
    session = Session()
    while len(session.dialogue.turns) < MOST_TURNS:
        session = answered(session, recommender, "a red lamp")
    for move in (lambda: session.ask("more"), session.something_else, session.more_like_this):
        with pytest.raises(LavicError, match="too long to go on; start over"):
            move()
    stored = json.loads(json.dumps(to_storage(session)))
    assert len(from_storage(stored, catalog)[0].dialogue.turns) == MOST_TURNS
    assert session.undo().ask("something in green").pending
