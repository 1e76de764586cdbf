"""What of Gradio is replaced: that it is still what was replaced, and that the chat sleeps when nobody asks."""

import time
from pathlib import Path

import gradio as gr
import pytest
from gradio.queueing import Queue
from gradio_client import Client
from helpers.fakes import FakeRecommender, make_catalog

from lavic_chat.feedback.annotation import AnnotationStore
from lavic_chat.ui import build_app, gradio_savings, launch
from lavic_chat.ui.gradio_savings import QUEUE_CODE, STATE_CODE, EventDrivenQueue, LeanStateHolder, is_known


def test_gradio_is_the_one_that_the_replacements_were_written_for():
    """Fails with a new Gradio: compare its classes with the replacements, mend these, then note the new hashes."""
    assert is_known(QUEUE_CODE) and is_known(STATE_CODE)


def test_another_gradio_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture):
    monkeypatch.setattr(gradio_savings, "QUEUE_CODE", {Queue: "another"})
    with gr.Blocks() as app:
        pass
    app.queue()
    gradio_savings.save_at_queue(app)
    assert type(app._queue) is Queue and "another Queue" in caplog.text


def test_the_lenders_queue_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SPACES_ZERO_GPU", "1")
    assert not is_known(QUEUE_CODE)


@pytest.fixture
def served(tmp_path: Path):
    catalog = make_catalog(tmp_path / "catalog")
    app = build_app(FakeRecommender(catalog), AnnotationStore(tmp_path / "flags.sqlite"))
    _, address, _ = launch(app, catalog, port=None, prevent_thread_lock=True, quiet=True)
    yield app, address
    app.close(verbose=False)


def ask(client: Client, message: str) -> dict:
    return client.predict(message, None, [], "", "", api_name="/ask")


def test_the_queue_sleeps_until_something_happens(served, monkeypatch: pytest.MonkeyPatch):
    app, address = served
    assert type(app._queue) is EventDrivenQueue
    looked = []
    start_next = EventDrivenQueue.start_next

    async def count(self) -> bool:
        looked.append(time.monotonic())
        return await start_next(self)

    monkeypatch.setattr(EventDrivenQueue, "start_next", count)
    monkeypatch.setattr(gradio_savings, "LONGEST_SLEEP", 60.0)  # so that only an event can wake it
    client = Client(address, verbose=False)
    time.sleep(1.5)  # the sleep under way when this began
    idle = len(looked)
    for message in ("a red lamp", "a blue lamp"):
        assert ask(client, message)["pick"]["id"].endswith("-lamp")
    assert idle <= 3 and len(looked) <= idle + 12  # Gradio's own would have looked a thousand times a second


def test_more_events_than_may_run_at_once_all_run(served):
    app, address = served
    client = Client(address, verbose=False)
    jobs = [client.submit("a red lamp", None, [], "", "", api_name="/ask") for _ in range(12)]
    assert {job.result(timeout=60)["pick"]["id"] for job in jobs} == {"red-lamp"}
    assert len(app._queue.event_analytics) <= 1


def test_a_visitors_state_is_lean_and_kept_apart(served):
    app, address = served
    holder = app.app.state_holder
    assert type(holder) is LeanStateHolder and holder.capacity == gradio_savings.SESSIONS_KEPT
    ask(Client(address, verbose=False), "a red lamp")
    first, second = holder["one"], holder["two"]
    key = next(key for key, block in app.blocks.items() if isinstance(block, gr.State))
    first[key] = "of the first"
    assert first[key] == "of the first" and second[key] != "of the first"
    assert not any(session.config_values for session in holder.session_data.values())
    assert [value for _, value, _ in first.state_components] == ["of the first"]
