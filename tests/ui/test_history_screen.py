"""The visit's history on the page, without a browser: what goes into it, what it brings, what is kept and forgotten."""

import logging
from dataclasses import replace
from pathlib import Path

import gradio as gr
import pytest
from helpers.fakes import EVIL, FakeRecommender, make_catalog

from lavic_chat.catalog import Catalog
from lavic_chat.dialogue.history import LIKED, NO_HISTORY, OPENED, TURNED_DOWN, Event, History
from lavic_chat.recommendation import Recommendation
from lavic_chat.serving.engine import Engine
from lavic_chat.ui import card_markup, history_markup
from lavic_chat.ui.browser_storage import to_storage
from lavic_chat.ui.chat_page import ChatPage
from lavic_chat.ui.history_storage import to_kept
from lavic_chat.ui.panel import inspection
from lavic_chat.ui.session import Session

LAMP = NO_HISTORY.add("red-lamp", LIKED)


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return make_catalog(tmp_path / "catalog")


@pytest.fixture
def answered(recommender: FakeRecommender) -> Session:
    return Session().ask("a red armchair").answer(recommender)


def click(act: str, product_id: str = "") -> gr.EventData:
    return gr.EventData(None, {"act": act, "id": product_id})


def signs(history: History) -> dict[str, str]:
    return {event.product_id: event.sign for event in history.events}


def test_what_is_asked_more_of_opened_and_turned_down_is_noted(page: ChatPage, answered: Session):
    other = answered.others[0].product.id
    screen = page.show_candidate(answered, click("choose", other))
    assert screen[page.history].events == (Event(other, OPENED),)
    opened, history = screen[page.session], screen[page.history]
    assert page.show_candidate(opened, click("choose"), history)[page.history] == history  # back to the pick
    assert page.show_candidate(opened, click("compare"), history)[page.history] == history
    screen = page.ask_something_else(opened, None, history)
    assert signs(screen[page.history]) == {other: TURNED_DOWN, "red-armchair": TURNED_DOWN}
    screen = page.ask_more_like_this(opened, None, history)
    assert screen[page.history].events == (Event(other, LIKED),)
    assert page.history not in page.ask_something_else(Session(), None, history)  # there was nothing to turn down


def test_an_undo_takes_back_what_was_turned_down(page: ChatPage, answered: Session, recommender: FakeRecommender):
    asked = page.ask_something_else(answered, None, LAMP)
    again = asked[page.session].answer(recommender)
    assert page.undo_last(again, None, asked[page.history])[page.history] == LAMP
    liked = page.ask_more_like_this(answered, None, LAMP)
    back = page.undo_last(liked[page.session].answer(recommender), None, liked[page.history])
    assert back[page.history] == liked[page.history]  # what came of it was not liked; the product was
    assert 'data-act="like" data-id="red-armchair" aria-pressed="true"' in back[page.card]


def test_the_heart_likes_and_takes_back(page: ChatPage, answered: Session):
    screen = page.show_candidate(answered, click("like", "red-armchair"))
    history = screen[page.history]
    assert history.liked == {"red-armchair"} and 'aria-pressed="true" aria-label="I like this"' in screen[page.card]
    assert page.session not in screen
    assert page.ask_something_else(answered, None, history)[page.history] == history  # a like is not lost by the way
    assert page.show_candidate(answered, click("like", "red-armchair"), history)[page.history] == NO_HISTORY
    assert page.show_candidate(answered, click("like", EVIL), history) == gr.skip()
    assert "heart" not in card_markup.window(answered.ask("in green"), page.links, history)


def test_the_row_leads_to_more_of_its_kind(page: ChatPage, answered: Session):
    shown = {item.product.id for item in answered.recommendation.candidates}
    row = page.show_row(answered, LAMP, None)
    assert row[page.also].count("<img") == 4 - len(shown & {f"{c}-lamp" for c in ("blue", "green", "yellow", "white")})
    screen = page.ask_alike(Session(), None, click("alike", "blue-lamp"), LAMP)
    assert screen[page.session].pending.like == "blue-lamp" and screen[page.history].liked == {"red-lamp", "blue-lamp"}
    refused = page.ask_alike(answered, None, click("alike", EVIL), LAMP)
    assert "not here any more" in refused[page.notice] and page.history not in refused


def test_without_a_history_there_is_no_row(page: ChatPage, answered: Session):
    only_down = NO_HISTORY.add("red-lamp", TURNED_DOWN)
    for history in (None, NO_HISTORY, only_down):
        assert page.show_row(answered, history, None) == {page.also: ""}
    assert page.keep(answered, NO_HISTORY, None) == {page.keeping: ""}
    assert "Forget" in page.keep(answered, only_down, None)[page.keeping]


def test_a_recommender_that_fails_costs_the_row_alone(page: ChatPage, recommender, monkeypatch, caplog):
    monkeypatch.setattr(recommender, "also_like", lambda *_: 1 / 0)
    with caplog.at_level(logging.ERROR):
        assert page.show_row(Session(), LAMP, None) == {page.also: ""}
    assert "ZeroDivisionError" in caplog.text and "red-lamp" not in caplog.text


def test_nothing_is_kept_without_consent_and_everything_until_it_is_withdrawn(page: ChatPage, answered: Session):
    assert page.kept not in page.keep(answered, LAMP, None)
    agreed = page.keep_or_forget(answered, click("remember"), LAMP, None)
    assert agreed[page.kept] == to_kept(LAMP) and "in this browser only" in agreed[page.keeping]
    more = LAMP.add("blue-sofa", OPENED)
    assert page.keep(answered, more, agreed[page.kept])[page.kept] == to_kept(more)
    emptied = page.keep(answered, NO_HISTORY, agreed[page.kept])
    assert emptied[page.kept] == to_kept(NO_HISTORY) and "Forget" in emptied[page.keeping]  # still agreed
    gone = page.keep_or_forget(answered, click("forget"), more, agreed[page.kept])
    assert gone[page.history] == NO_HISTORY and gone[page.kept] is None and gone[page.also] == gone[page.keeping] == ""
    assert page.kept not in page.keep(answered, LAMP, gone[page.kept])
    for data in (None, [], {}, {"act": "like"}):
        assert page.keep_or_forget(answered, gr.EventData(None, data), more, None) == gr.skip()


def test_a_kept_history_is_back_after_loading_with_or_without_a_conversation(page: ChatPage, answered: Session):
    assert page.restore(Session(), None, to_kept(LAMP)) == {page.history: LAMP}
    liked = NO_HISTORY.add("red-armchair", LIKED)
    screen = page.restore(Session(), to_storage(answered), to_kept(liked))
    assert screen[page.history] == liked and 'aria-pressed="true" aria-label="I like this"' in screen[page.card]
    assert page.restore(Session(), None, {"format": 1, "events": "x"}) == gr.skip()


def test_a_history_that_the_server_has_let_go_goes_on(page: ChatPage, answered: Session):
    kept = to_kept(LAMP)
    screen = page.show_candidate(answered, click("like", "red-armchair"), None, kept)
    assert screen[page.history].liked == {"red-lamp", "red-armchair"}
    assert page.show_candidate(answered, click("like", "red-armchair"), NO_HISTORY, kept)[page.history].liked == {
        "red-armchair"
    }


def test_starting_over_keeps_the_history_and_the_session_has_nothing_of_it(page: ChatPage, answered: Session):
    assert page.history not in page.reset(answered)
    asked = page.ask_more_like_this(answered, None, LAMP)
    assert to_storage(asked[page.session]) == to_storage(answered.more_like_this())


def test_a_question_brings_the_history_to_the_recommender(page: ChatPage, answered: Session, catalog: Catalog):
    seen = []

    class Noting(FakeRecommender):
        def recommend_many(self, requests):
            seen.extend(request.history for request in requests)
            return [self.recommend(request.dialogue) for request in requests]

    with Engine(Noting(catalog)) as engine:
        page.recommender = engine
        page.answer(Session().ask("a lamp"), LAMP, None)
        page.answer(Session().ask("a lamp"), None, to_kept(LAMP))
        page.answer(Session().ask("a lamp"))
    assert seen == [LAMP, LAMP, NO_HISTORY]


def test_the_panel_says_what_the_history_did(answered: Session, page: ChatPage):
    assert "your history" not in inspection(answered, page.links, 1312)
    first, *rest = answered.recommendation.candidates
    led = Recommendation((replace(first, prior=0.3), *(replace(one, prior=-0.1) for one in rest)))
    panel = inspection(replace(answered, recommendation=led), page.links, 1312)
    assert "<th>your history</th><th>score</th>" in panel and "<td>×1.35</td>" in panel and "<td>×0.90</td>" in panel


def test_the_row_is_inert_whatever_a_catalogue_says(page: ChatPage, catalog: Catalog):
    product = replace(catalog["red-lamp"], id=EVIL, title=EVIL)
    for html in (history_markup.also_like([product], page.links), history_markup.heart(product, NO_HISTORY)):
        assert "<script" not in html and "<img src=x" not in html
