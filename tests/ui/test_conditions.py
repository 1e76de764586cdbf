"""Answers without a pick, which leave the last one as it is, and conditions that a click takes back."""

from dataclasses import replace
from pathlib import Path

import gradio as gr
import pytest
from helpers.fakes import EVIL, FakeRecommender, make_catalog

from lavic_chat.catalog import Catalog
from lavic_chat.catalog.filters import Filters
from lavic_chat.errors import LavicError
from lavic_chat.ui import card_markup, markup
from lavic_chat.ui.browser_storage import to_storage
from lavic_chat.ui.chat_page import ChatPage
from lavic_chat.ui.flag_form import make_flag
from lavic_chat.ui.panel import inspection
from lavic_chat.ui.session import Session

ARMCHAIR = {"kind armchair": "armchair", "look red": "red"}


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return make_catalog(tmp_path / "catalog")


@pytest.fixture
def picked(recommender: FakeRecommender) -> Session:
    return Session().ask("a red armchair").answer(recommender)


@pytest.fixture
def thanked(picked: Session, recommender: FakeRecommender) -> Session:
    return picked.choose(picked.others[0].product.id).ask("thanks").answer(recommender)


def said(session: Session) -> list[str]:
    return [turn.text for turn in session.dialogue.turns]


# Without a pick ----------------------------------------------------------------------------------------------


def test_an_answer_without_a_pick_only_adds_the_reply(picked: Session, thanked: Session):
    assert said(thanked) == [*said(picked), "thanks", "My pleasure."] and thanked.dialogue.last_pick == picked.pick.id
    same = ("recommendation", "turn_id", "asked", "like", "chips", "filters")
    assert all(getattr(thanked, name) == getattr(picked, name) for name in same) and thanked.chips == ARMCHAIR
    assert thanked.pending is None and thanked.shown == picked.others[0]
    assert thanked.undo().dialogue == picked.dialogue and thanked.undo().undo() == Session()


def test_the_last_pick_is_worked_on_as_before(thanked: Session, recommender: FakeRecommender):
    asked = thanked.ask("in green").answer(recommender)
    assert said(asked)[:4] == said(thanked) and asked.chips == {**ARMCHAIR, "look green": "green"}
    other = thanked.something_else().answer(recommender)
    assert said(other)[:4] == said(thanked) and other.dialogue.rejected == {thanked.pick.id, thanked.chosen}
    assert thanked.more_like_this().pending.like == thanked.chosen
    assert thanked.answer_blind(recommender).blind.pick.product != thanked.pick
    flag = make_flag(thanked, recommender, None, [], "")
    assert flag.turn_id == thanked.turn_id and flag.context == "<submission>a red armchair</submission>\n"


def test_a_question_asked_again_is_answered_below_what_was_said_since(thanked: Session, recommender: FakeRecommender):
    again = thanked.filter(Filters(frozenset({"lamp"})))
    assert again.turns == thanked.dialogue.turns and again.pending.dialogue == thanked.asked
    lamp = again.answer(recommender)
    assert said(lamp)[:-1] == said(thanked) and lamp.is_pick_newest and lamp.pick.category == "lamp"
    assert lamp.undo().dialogue == thanked.dialogue
    red = lamp.filter(Filters(frozenset({"sofa"}))).answer(recommender)  # now the pick is the newest answer
    assert len(red.dialogue.turns) == len(lamp.dialogue.turns) and red.undo().dialogue == thanked.dialogue


def test_a_greeting_leaves_the_page_in_its_first_state(
    page: ChatPage, recommender: FakeRecommender, links: markup.Links
):
    screen = page.answer(Session().ask("thanks"))
    session = screen[page.session]
    assert session.pick is None and session.shown is None and not session.chips
    assert "My pleasure." in screen[page.conversation] and "samples" in screen[page.card]
    assert screen[page.gallery] == screen[page.inspection] == screen[page.conditions] == ""
    assert screen[page.start_over]["visible"] and screen[page.undo]["visible"] and not screen[page.actions]["visible"]
    assert "My pleasure." in screen[page.status] and "Looked at" not in screen[page.status]
    assert session.undo() == Session() and session.filter(Filters(highest=9)).pending is None
    assert page.reset(session)[page.session] == Session()
    for move in (session.something_else, session.more_like_this, session.blind_request):
        with pytest.raises(LavicError):
            move()
    assert session.ask("a red armchair").answer(recommender).pick.id == "red-armchair"
    assert page.restore(Session(), to_storage(session))[page.session].dialogue == session.dialogue


def test_the_page_shows_the_last_pick_beside_the_reply(page: ChatPage, picked: Session, links: markup.Links):
    screen = page.answer(picked.ask("thanks"))
    assert screen[page.card] == card_markup.window(picked, links)
    assert screen[page.gallery] == markup.gallery(picked, links)
    assert screen[page.inspection] == inspection(picked, links, 1312)
    assert "My pleasure." in screen[page.status] and "Looked at" not in screen[page.status]
    assert screen[page.actions]["visible"] and screen[page.box]["interactive"]


def test_who_was_unsure_is_not_unsure_once_more(page: ChatPage, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("lavic_chat.ui.chat_page.UNSURE", 1.1)
    session = page.answer(Session().ask("a red armchair"))[page.session]
    monkeypatch.setattr(page.annotations, "add_unsure", lambda turn: pytest.fail("noted again"))
    assert page.answer(session.ask("thanks"))[page.session].pick == session.pick


# Conditions --------------------------------------------------------------------------------------------------


def test_a_condition_is_taken_back(picked: Session, recommender: FakeRecommender):
    asking = picked.drop("look red")
    assert asking.turns == asking.pending.dialogue.turns == picked.asked.turns and asking.chips == ARMCHAIR
    free = asking.answer(recommender)
    assert recommender.calls[-1].dropped == free.dialogue.dropped == {(0, "look red")}
    assert free.chips == {"kind armchair": "armchair"} and len(free.dialogue.turns) == 2
    assert free.undo() == picked and asking.drop_pending() == picked
    bare = free.drop("kind armchair").answer(recommender)
    assert bare.chips == {} and bare.ask("thanks").answer(recommender).chips == {}
    assert bare.ask("in green").answer(recommender).dialogue.dropped == bare.dialogue.dropped


def test_a_condition_is_taken_back_of_the_pick_and_not_of_what_was_said_since(
    thanked: Session, recommender: FakeRecommender
):
    free = thanked.drop("look red").answer(recommender)
    assert recommender.calls[-1].turns == thanked.asked.turns and said(free)[:-1] == said(thanked)
    assert free.is_pick_newest and free.undo().chips == ARMCHAIR


@pytest.mark.parametrize("key", ["", "look blue", "red", EVIL])
def test_only_what_is_shown_can_be_taken_back(page: ChatPage, picked: Session, key: str):
    with pytest.raises(LavicError, match="no longer among your conditions"):
        picked.drop(key)
    screen = page.ask_without(picked, None, gr.EventData(None, {"act": "drop", "id": key}))
    assert "no longer" in screen[page.notice] and page.session not in screen


@pytest.mark.parametrize("data", [None, [], {}, {"id": 7}, {"id": ["look red"]}, "look red"])
def test_clicks_with_odd_data_take_nothing_back(page: ChatPage, picked: Session, data: object):
    assert page.session not in page.ask_without(picked, None, gr.EventData(None, data))


def test_nothing_is_taken_back_while_an_answer_is_awaited(page: ChatPage, picked: Session):
    with pytest.raises(LavicError, match="One moment"):
        picked.ask("in green").drop("look red")
    click = gr.EventData(None, {"act": "drop", "id": "look red"})
    screen = page.ask_without(Session(), to_storage(picked), click)  # the server has let the session go
    assert screen[page.session].pending.dialogue.dropped == {(0, "look red")}
    assert screen[page.conditions].count("<button") == screen[page.conditions].count(" disabled ") == 2
    shown = page.answer(screen[page.session])
    assert 'data-id="look red"' not in shown[page.conditions] and " disabled" not in shown[page.conditions]


def test_a_failure_brings_the_condition_back(page: ChatPage, picked: Session, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(FakeRecommender, "recommend", None)
    screen = page.answer(picked.drop("look red"))
    assert screen[page.session] == picked and 'data-id="look red"' in screen[page.conditions]
    assert "value" not in screen[page.box]  # a draft stays


def test_conditions_are_buttons_with_names(links: markup.Links, recommender: FakeRecommender):
    session = Session().ask("a sofa, not red, under 1500").answer(recommender)
    html = markup.conditions(session, links)
    assert (
        html.count("<button type=") == 3 and 'data-act="drop" data-id="look red" aria-label="Remove: not red"' in html
    )
    assert ">at most $1,500<" in html and 'aria-label="Remove: sofa"' in html
    assert links.chip("limit price", "49.5 to 1e+06") == "$49.50 to $1,000,000"
    assert links.chip("limit width", "at most 120 cm wide") == "at most 120 cm wide"
    assert markup.conditions(Session(), links) == ""
    hostile = markup.conditions(replace(session, chips={EVIL: EVIL * 9}), links)
    assert "<script" not in hostile and "<img" not in hostile and "'" not in hostile.replace("&#x27;", "")
