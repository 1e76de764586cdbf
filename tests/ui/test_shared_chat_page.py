"""Many shoppers on one page's server: the place in line, leaving it, and that a full shop says so."""

import asyncio
import http.client
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import gradio as gr
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from helpers.fakes import FakeRecommender, make_catalog
from helpers.gated import PATIENCE, Gated

from lavic_chat.dialogue.turns import Dialogue
from lavic_chat.feedback.annotation import AnnotationStore
from lavic_chat.recommendation import Place, RecommendationRequest
from lavic_chat.serving.engine import CLOSING, FULL, Engine, EngineConfig
from lavic_chat.ui import build_app, launch, markup, waiting
from lavic_chat.ui.chat_page import BACK_IN_THE_BOX, ChatPage
from lavic_chat.ui.session import Session
from lavic_chat.ui.shared_chat_page import SharedChatPage


@pytest.fixture
def gated(tmp_path: Path) -> Gated:
    return Gated(make_catalog(tmp_path / "catalog"))


@pytest.fixture
def engine(gated: Gated) -> Iterator[Engine]:
    engine = Engine(gated, EngineConfig(batch=1, longest=3, patience=PATIENCE))
    yield engine
    gated.let(1000)
    engine.close()


@pytest.fixture
def page(engine: Engine, tmp_path: Path) -> SharedChatPage:
    with gr.Blocks():
        links = markup.Links(engine.catalog, "fake-model", "cpu")
        page = SharedChatPage(engine, AnnotationStore(tmp_path / "flags.sqlite"), links)
        page.lay_out()
    return page


@pytest.fixture
def served(engine: Engine, tmp_path: Path) -> Iterator[tuple[gr.Blocks, str]]:
    app = build_app(engine, AnnotationStore(tmp_path / "flags.sqlite"))
    _, address, _ = launch(app, engine.catalog, port=None, prevent_thread_lock=True, quiet=True)
    yield app, address
    app.close(verbose=False)


def hold(engine: Engine, gated: Gated) -> None:
    """Somebody is being answered, so that whoever asks now waits."""
    engine.submit(RecommendationRequest(Dialogue().say("a red lamp")), "first")
    gated.wait_until_asked()


def shopper(name: str) -> gr.Request:
    return gr.Request(session_hash=name)


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


async def collect(steps) -> list:
    return [step async for step in steps]


# The line in words -----------------------------------------------------------------------------------------------


def test_who_waits_is_told_how_many_come_before_and_how_long_it_takes():
    asked = Session().ask("a lamp")
    assert "Retrieving" in markup.status(asked) and "Retrieving" in markup.status(asked, Place(0, 3.0))
    assert "One shopper is served before you…" in markup.status(asked, Place(1))
    told = markup.status(asked, Place(3, 4.2))
    assert "Three shoppers are served before you, your answer takes about 5 s…" in told
    assert 'data-ahead="3"' in told and 'role="status"' in told and "looking" in told
    assert "about 2 minutes" in markup.status(asked, Place(12, 100.0))
    assert "data-ahead" not in markup.status(Session(), Place(3))


def test_the_page_goes_with_the_recommender(engine: Engine, gated: Gated, tmp_path: Path):
    limits = {}
    for name, recommender in (("shared", engine), ("alone", FakeRecommender(gated.catalog))):
        app = build_app(recommender, AnnotationStore(tmp_path / "flags.sqlite"))
        model = [fn for fn in app.fns.values() if fn.concurrency_id == waiting.MODEL_QUEUE]
        limits[name] = {fn.concurrency_limit for fn in model}
        named = {"/ask", "/recommend", "/flag", "/find_products", "/product", "/compare"}
        assert len(model) == 11 and app.get_api_info()["named_endpoints"].keys() == named
        assert not app.get_api_info()["unnamed_endpoints"]
    assert limits == {"shared": {None}, "alone": {1}}


# Handlers --------------------------------------------------------------------------------------------------------


def test_a_question_that_waits_says_so_from_the_start(page: SharedChatPage, engine: Engine, gated: Gated):
    assert "Retrieving" in page.ask(Session(), {"text": "a lamp"})[page.status]
    hold(engine, gated)
    screen = page.ask(Session(), {"text": "a lamp"})
    assert 'data-ahead="1"' in screen[page.status] and screen[page.start_over]["visible"]


def test_the_place_is_shown_as_it_moves_and_then_the_answer(
    page: SharedChatPage, engine: Engine, gated: Gated, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(waiting.follow, "__defaults__", (0.01,))
    hold(engine, gated)
    engine.submit(RecommendationRequest(Dialogue().say("a blue lamp")), "second")

    async def shop() -> list[str]:
        asyncio.get_running_loop().call_later(0.1, gated.let, 1)  # the one before the one before
        shown = []
        async for step in page.answer_in_line(Session().ask("a green sofa"), shopper("third")):
            shown.append(step[page.status])
            gated.let(1)
        assert step[page.session].pick.id == "green-sofa" and step.keys() == set(page.answer_parts)
        return shown

    shown = asyncio.run(shop())
    assert 'data-ahead="1"' in shown[0] and "Retrieving" in shown[1] and "Looked at 10" in shown[-1]


def test_a_failure_brings_the_message_back(page: SharedChatPage, engine: Engine, gated: Gated):
    gated.let(1000)
    asked = Session().ask("sorry about that")
    (screen,) = asyncio.run(collect(page.answer_in_line(asked, shopper("one"))))
    assert "Nothing on the shelves" in screen[page.notice] and screen[page.session] == Session()
    assert asyncio.run(collect(page.answer_in_line(Session(), shopper("one")))) == [gr.skip()]


def test_a_full_shop_and_a_closing_one_say_so(page: SharedChatPage, engine: Engine, gated: Gated):
    hold(engine, gated)
    for name in "abc":
        engine.submit(RecommendationRequest(Dialogue().say("a lamp")), name)
    (screen,) = asyncio.run(collect(page.answer_in_line(Session().ask("a sofa"), shopper("late"))))
    assert f"{FULL} {BACK_IN_THE_BOX}" in screen[page.notice] and screen[page.box]["value"]["text"] == "a sofa"
    engine.closing = True
    (screen,) = asyncio.run(collect(page.answer_in_line(Session().ask("a sofa"), shopper("late"))))
    assert CLOSING in screen[page.notice]
    engine.closing = False


@pytest.mark.parametrize("is_running", [False, True])
def test_starting_over_gives_the_place_up(page: SharedChatPage, engine: Engine, gated: Gated, is_running: bool):
    if not is_running:
        hold(engine, gated)

    async def shop() -> list:
        answer = asyncio.create_task(collect(page.answer_in_line(Session().ask("a sofa"), shopper("one"))))
        await asyncio.sleep(0)
        if is_running:
            await asyncio.to_thread(gated.wait_until_asked)
        assert page.give_up_and_reset(Session().ask("a sofa"), shopper("one"))[page.session] == Session()
        gated.let(1000)
        return await answer

    assert asyncio.run(shop()) == [gr.skip()]  # it overwrites nothing
    assert len(engine.queue) == 0


def test_a_page_that_gradio_gives_up_leaves_the_line(page: SharedChatPage, engine: Engine, gated: Gated):
    hold(engine, gated)

    async def shop() -> None:
        answer = asyncio.create_task(collect(page.answer_in_line(Session().ask("a sofa"), shopper("one"))))
        await asyncio.sleep(0.05)
        assert len(engine.queue) == 1
        answer.cancel()
        with pytest.raises(asyncio.CancelledError):
            await answer

    asyncio.run(shop())
    assert len(engine.queue) == 0
    gated.let(1000)


def test_looking_away_waits_in_line_too(page: SharedChatPage, engine: Engine, gated: Gated):
    gated.let(1000)
    answered = Session().ask("a red armchair").answer(engine)
    shown = asyncio.run(page.answer_blind_in_line(answered, shopper("one")))
    assert shown[page.blind][0] == answered.turn_id
    assert "Without looking" in page.show_blind(answered, shown[page.blind])[page.inspection]
    assert "no pick yet" in asyncio.run(page.answer_blind_in_line(Session(), shopper("one")))[page.notice]


# Served ----------------------------------------------------------------------------------------------------------


def test_all_who_ask_at_once_wait_in_the_engines_line(served, engine: Engine, gated: Gated):
    clients = [Client(served[1], verbose=False) for _ in range(4)]
    hold(engine, gated)
    jobs = [client.submit("a red sofa", None, [], "", "", api_name="/ask") for client in clients[:3]]
    wait_for(lambda: len(engine.queue) == 3)
    with pytest.raises(AppError, match="very busy"):
        clients[3].predict("a red sofa", None, [], "", "", api_name="/ask")
    gated.let(1000)
    assert [job.result(PATIENCE)["pick"]["id"] for job in jobs] == ["red-sofa"] * 3


def test_a_client_that_cancels_or_goes_is_not_answered(served, engine: Engine, gated: Gated):
    hold(engine, gated)
    for give_up in (lambda client, job: job.cancel(), lambda client, job: client.close()):
        client = Client(served[1], verbose=False)
        job = client.submit("a red sofa", None, [], "", "", api_name="/ask")
        wait_for(lambda: len(engine.queue) == 1)
        give_up(client, job)
        wait_for(lambda: len(engine.queue) == 0)
    gated.let(1000)
    assert gated.batches == [["a red lamp"]]


def test_whose_connection_breaks_is_not_answered(served, engine: Engine, gated: Gated):
    """A page as the browser shows it, but for its heartbeat; it asks, and is gone."""
    hold(engine, gated)
    place = urlsplit(served[1]).netloc
    config = json.loads(fetch(place, "GET", "/config"))
    box = next(part["id"] for part in config["components"] if part["props"].get("elem_id") == "box")
    asking = next(fn for fn in config["dependencies"] if [box, "submit"] in [list(to) for to in fn["targets"]])
    answering = next(fn for fn in config["dependencies"] if fn["trigger_after"] == asking["id"])
    begun = fetch(place, "POST", "/gradio_api/run/predict", asking, [None, {"text": "a red sofa", "files": []}, None])
    assert 'data-ahead=\\"1\\"' in begun
    fetch(place, "POST", "/gradio_api/queue/join", answering, [None] * len(answering["inputs"]))
    events = http.client.HTTPConnection(place, timeout=PATIENCE)
    events.request("GET", "/gradio_api/queue/data?session_hash=gone")
    stream = events.getresponse()
    wait_for(lambda: len(engine.queue) == 1)
    stream.close()
    events.close()
    wait_for(lambda: len(engine.queue) == 0)


def fetch(place: str, method: str, path: str, fn: dict | None = None, data: list | None = None) -> str:
    connection = http.client.HTTPConnection(place, timeout=PATIENCE)
    body = fn and json.dumps({"data": data, "fn_index": fn["id"], "session_hash": "gone", "event_data": None})
    connection.request(method, path, body, {"Content-Type": "application/json"})
    reply = connection.getresponse()
    text = reply.read().decode()
    assert reply.status == 200, text
    return text


def test_a_page_without_a_line_is_as_before(gated: Gated, tmp_path: Path):
    with gr.Blocks():
        links = markup.Links(gated.catalog, "fake-model", "cpu")
        page = ChatPage(FakeRecommender(gated.catalog), AnnotationStore(tmp_path / "flags.sqlite"), links)
        page.lay_out()
    assert page.answer(Session().ask("a red sofa"))[page.session].pick.id == "red-sofa"
    assert not page.ask(Session(), {"text": "a lamp"})[page.start_over]["visible"]
