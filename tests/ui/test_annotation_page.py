"""The annotators' page without a browser: who may sit down, what a click does, what is shown."""

import asyncio
import time
from dataclasses import replace

import gradio as gr
import pytest
from helpers.fakes import EVIL, make_catalog
from starlette.requests import Request

from lavic_chat.dialogue import to_context
from lavic_chat.dialogue.turns import Dialogue
from lavic_chat.errors import LavicError
from lavic_chat.feedback.annotation import AnnotationStore
from lavic_chat.feedback.flags import Flag
from lavic_chat.settings import read_annotators
from lavic_chat.ui import ClientLimits, Clients, markup, sign_in
from lavic_chat.ui.annotation_page import AnnotationPage, Annotator


@pytest.fixture
def annotations(tmp_path) -> AnnotationStore:
    return AnnotationStore(tmp_path / "flags.sqlite")


@pytest.fixture
def page(annotations, tmp_path, monkeypatch) -> AnnotationPage:
    """Two flagged turns about ten products each."""
    monkeypatch.setattr(sign_in, "PAUSE", 0)
    catalog = make_catalog(tmp_path / "catalog")
    ids = [product.id for product in catalog][:10]
    for number in (1, 2):
        context = to_context(Dialogue().say(f"wish {number}"))
        annotations.add(Flag(f"t{number}", context, tuple((item, 0.1) for item in ids), ids[0], reason="Wrong colour"))
    return seated(annotations, catalog)


def seated(annotations, catalog, annotators=None) -> AnnotationPage:
    with gr.Blocks():
        page = AnnotationPage(annotations, markup.Links(catalog, "m", "cpu"), annotators or {})
        page.lay_out()
    return page


def begin(page: AnnotationPage, name: str | None, password: str | None) -> dict:
    return asyncio.run(page.begin(Annotator(), name, password))


def press(page: AnnotationPage, state: Annotator, act: str, choice: str | None = None, turn: str | None = None) -> dict:
    data = {"act": act, "id": choice, "turn": state.turn_id if turn is None else turn}
    return page.act(state, gr.EventData(None, data))


def test_turn_after_turn_is_judged(page: AnnotationPage, annotations: AnnotationStore):
    screen = begin(page, " ada ", None)
    state = screen[page.state]
    assert state == Annotator("ada", "t1") and "wish 1" in screen[page.task] and "Wrong colour" in screen[page.task]
    assert screen[page.task].count('data-act="judge"') == 10 and "2 left" in screen[page.task]
    third = list(dict(annotations.task("t1").turn.candidates))[2]
    screen = press(page, state, "judge", third)
    assert screen[page.state].turn_id == "t2" and "wish 2" in screen[page.task] and "1 judged" in screen[page.task]
    assert press(page, screen[page.state], "undo")[page.state].turn_id == "t1"
    screen = press(page, press(page, state, "none")[page.state], "skip")
    assert "All done." in screen[page.task] and "1 judged, 1 skipped" in screen[page.task]
    assert [judgement.verdict for judgement in annotations.standing_judgements()] == ["retrieval", "skipped"]


def test_nothing_can_be_judged_unseen(page: AnnotationPage, annotations: AnnotationStore):
    state = begin(page, "ada", None)[page.state]
    after = press(page, state, "none")[page.state]
    assert press(page, after, "none", turn="t1") == gr.skip()  # pressed twice before the second turn was there
    for data in (
        None,
        [],
        {"act": "judge", "id": "elsewhere", "turn": "t2"},
        {"act": "judge", "id": ["x"], "turn": "t2"},
    ):
        page.act(after, gr.EventData(None, data))
    assert page.notice in press(page, Annotator(), "none", turn="")
    assert len(annotations.standing_judgements()) == 1


def test_undo_without_anything_is_told(page: AnnotationPage):
    state = begin(page, "ada", None)[page.state]
    assert "nothing to take back" in press(page, state, "undo")[page.notice]


def test_a_login_is_asked_for_where_one_is_configured(page: AnnotationPage, annotations: AnnotationStore):
    page = seated(annotations, page.links.catalog, {"ada": "secret"})
    for name, password in (("ada", "wrong"), ("ben", "secret"), ("ada", None), ("", ""), ("ben", "")):
        screen = begin(page, name, password)
        assert "do not go together" in screen[page.notice] and page.state not in screen
    assert begin(page, "ada", "secret")[page.state].annotator == "ada"
    anyone = seated(annotations, page.links.catalog)
    assert "name first" in begin(anyone, "  ", "")[anyone.notice]


def test_a_desk_that_fails_is_told_politely(page: AnnotationPage, annotations: AnnotationStore, monkeypatch, caplog):
    state = begin(page, "ada", None)[page.state]
    annotations.path.write_bytes(b"not a database at all, really")
    assert "could not store" in press(page, state, "none")[page.notice]
    monkeypatch.setattr(annotations, "judge", lambda *a: 1 / 0)
    monkeypatch.setattr(annotations, "task", lambda turn: None)
    assert "could not store" in press(page, state, "none")[page.notice]
    assert "ZeroDivisionError" in caplog.text
    screen = begin(page, "ada", None)
    assert "could not store" in screen[page.notice] and page.sign_in not in screen


def test_looking_again_finds_what_was_flagged_meanwhile(page: AnnotationPage, annotations: AnnotationStore):
    state = begin(page, "ada", None)[page.state]
    for _ in range(2):
        state = press(page, state, "none")[page.state]
    turn = annotations.task("t1").turn
    annotations.add(replace(turn, turn_id="t3", id=None, context="<submission></submission>"))
    screen = press(page, state, "next")
    assert screen[page.state].turn_id == "t3" and "only a photo" in screen[page.task]


def asker(address: str) -> gr.Request:
    """A request of Gradio's from an address."""
    http = Request({"type": "http", "client": (address, 1), "headers": []})
    return gr.Request(http, session_hash=address)


def test_a_right_password_does_not_wait_behind_wrong_ones_of_others(annotations, tmp_path, monkeypatch):
    monkeypatch.setattr(sign_in, "PAUSE", 0.05)
    with gr.Blocks():
        links = markup.Links(make_catalog(tmp_path / "catalog"), "m", "cpu")
        page = AnnotationPage(annotations, links, {"ada": "secret"}, Clients(ClientLimits()))
        page.lay_out()

    async def knock() -> tuple[float, list[dict], dict]:
        wrong = [
            asyncio.create_task(page.begin(Annotator(), "ada", f"guess {n}", asker("192.0.2.1"))) for n in range(60)
        ]
        await asyncio.sleep(0)
        start = time.monotonic()
        right = await page.begin(Annotator(), "ada", "secret", asker("192.0.2.2"))
        took = time.monotonic() - start
        assert not all(task.done() for task in wrong)
        return took, await asyncio.gather(*wrong), right

    took, wrong, right = asyncio.run(knock())
    assert right[page.state].annotator == "ada" and took < 0.5
    told = [screen[page.notice] for screen in wrong]
    assert sum("do not go together" in one for one in told) == ClientLimits().wrong_passwords_a_minute
    assert all("too many wrong passwords in a minute; please try again in" in one for one in told[10:])
    refused = asyncio.run(page.begin(Annotator(), "ada", "secret", asker("192.0.2.1")))
    assert "too many wrong passwords" in refused[page.notice] and page.state not in refused
    assert not page.sign_in_locks


def test_wrong_passwords_come_one_at_a_time_and_hold_no_thread(
    page: AnnotationPage, annotations: AnnotationStore, monkeypatch
):
    page = seated(annotations, page.links.catalog, {"ada": "secret"})
    monkeypatch.setattr(sign_in, "PAUSE", 0.05)

    async def guess() -> float:
        start = time.monotonic()
        screens = await asyncio.gather(*(page.begin(Annotator(), "ada", word) for word in ("a", "\ud800", "c", "d")))
        assert all("do not go together" in screen[page.notice] for screen in screens)
        return time.monotonic() - start

    assert asyncio.run(guess()) >= 0.2


def test_markup_of_visitors_is_inert(page: AnnotationPage, annotations: AnnotationStore):
    turn = annotations.task("t1").turn
    evil = replace(turn, turn_id=EVIL, context=to_context(Dialogue().say(EVIL)), reason=EVIL, pick=EVIL, correct=EVIL)
    annotations.add(replace(evil, candidates=((EVIL, 0.5), *turn.candidates)))
    for _ in range(3):
        told = page.screen(Annotator("ada"), EVIL)[page.task]
        assert "<script" not in told and "<img src=x" not in told and "not in the catalogue" in told


def test_names_and_passwords_are_read_without_being_told():
    assert (
        read_annotators("ada:secret, ben:o:ther,") == {"ada": "secret", "ben": "o:ther"} and read_annotators("") == {}
    )
    for text in ("hunter2", "ada:", ":hunter2"):
        with pytest.raises(LavicError) as told:
            read_annotators(text)
        assert "hunter2" not in str(told.value)
