"""What each part of the chat's page shows for a session: the updates that a handler returns."""

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr

from lavic_chat.catalog.filters import Filters, categories_of, write_price
from lavic_chat.dialogue.history import NO_HISTORY, History
from lavic_chat.errors import PictureError
from lavic_chat.ui import card_markup, markup
from lavic_chat.ui.browser_storage import to_storage
from lavic_chat.ui.chat_layout import ChatLayout
from lavic_chat.ui.flag_form import NONE_OF_THESE
from lavic_chat.ui.panel import inspection
from lavic_chat.ui.session import Recommender, Session


class ChatScreen(ChatLayout):
    """The components with what they show; an update is a dict from component to value or `gr.update`."""

    def __init__(self, recommender: Recommender, links: markup.Links):
        super().__init__(links)
        self.recommender = recommender

    @property
    def everything(self) -> list:
        """The components of `screen`, and the filters' fields."""
        return [*self.parts, self.categories, self.least, self.most]

    @property
    def parts(self) -> list:
        """The components of `screen`. An event names as few as it can: Gradio spends a millisecond on each, changed or
        not."""
        return [*self.answer_parts, self.filters, self.form, self.quick, self.words, self.flag_notice]

    @property
    def answer_parts(self) -> list:
        """What changes between a question and its answer."""
        said: list = [self.session, self.storage, self.conversation, self.status, self.notice, self.box]
        shown = [self.conditions, self.card, self.gallery, self.inspection, self.right]
        moves = [self.start_over, self.undo, self.actions, *self.buttons]
        return [*said, *shown, *moves]

    @property
    def buttons(self) -> list:
        """What cannot be pressed while the model answers."""
        return [self.something_else, self.more_like_this, self.wrong_pick, self.apply_filters, self.clear_filters]

    @property
    def flag_parts(self) -> list:
        """The components of `flag_screen`."""
        return [self.form, self.right, self.quick, self.words, self.flag_notice]

    def screen(self, session: Session, error: str = "", history: History = NO_HISTORY, **box: Any) -> dict:
        """Every part of the page for a session; `box` holds what changes in the message box."""
        busy = session.pending is not None
        return {
            self.session: session,
            self.storage: to_storage(session),
            self.conversation: markup.conversation(session, self.links),
            self.conditions: markup.conditions(session, self.links),
            self.status: markup.status(session),
            self.notice: markup.notice(error),
            self.box: gr.update(interactive=not busy, **box),
            self.start_over: gr.update(visible=bool(session.dialogue.turns) and not busy),
            self.undo: gr.update(visible=bool(session.dialogue.turns) and not busy),
            self.filters: gr.update(label="Filters (on)" if session.filters else "Filters"),
            self.card: card_markup.window(session, self.links, history),
            self.actions: gr.update(visible=busy or session.recommendation is not None),
            self.gallery: markup.gallery(session, self.links),
            **self.inspection_screen(session),
            **{button: gr.update(interactive=not busy) for button in self.buttons},
            **self.flag_screen(session),
        }

    def answer_screen(self, session: Session, error: str = "", history: History = NO_HISTORY, **box: Any) -> dict:
        """The `answer_parts` of the page for a session."""
        screen = self.screen(session, error, history, **box)
        return {part: screen[part] for part in self.answer_parts}

    def is_of_before(self) -> bool:
        """Whether another catalogue was taken up since the page was laid out."""
        return self.links.catalog.columns is not self.laid_out()

    def fresh_screen(self, session: Session) -> dict:
        """What the page was laid out with and a catalogue that was taken up since has made wrong: how many products
        there are, what filters there are, and before the first question the requests to start from and the window."""
        if not self.is_of_before():
            return {}
        screen = {self.masthead: markup.header(self.links), **self.fresh_filters(session.filters.categories)}
        if session.has_begun:
            return screen
        start = {self.conversation: markup.greeting(self.links), self.card: card_markup.samples(self.links)}
        return screen | start

    def fresh_filters(self, chosen: Collection[str]) -> dict:
        """The categories that there are and the currency, where they may be others than the page was laid out with.
        What is chosen can still be taken back, though it is there no more."""
        if not self.is_of_before():
            return {}
        names = categories_of(self.links.catalog)
        prices = zip((self.least, self.most), self.price_labels(), strict=True)
        choices = [*names, *sorted(set(chosen) - set(names))]
        return {self.categories: gr.update(choices=choices)} | {part: gr.update(label=label) for part, label in prices}

    def open_filters(self, session: Session, chosen: list[str] | None) -> dict:
        """The filters' fields for whoever opens them on a page that was loaded before the catalogue changed."""
        return self.fresh_filters({*(chosen or ()), *session.filters.categories}) or gr.skip()

    def inspection_screen(self, session: Session) -> dict:
        """What the model looked at."""
        return {self.inspection: inspection(session, self.links, self.recommender.full_tokens)}

    def flag_screen(self, session: Session, is_open: bool = False, note: str = "", kind: str = "thanks") -> dict:
        """The "wrong pick" form, empty, and a sentence below it; kind: the notice's CSS class."""
        choices = [*markup.choices(session.others), ("None of these", NONE_OF_THESE)]
        return {
            self.form: gr.update(visible=is_open),
            self.right: gr.update(choices=choices, value=session.chosen),
            self.quick: [],
            self.words: "",
            self.flag_notice: markup.notice(note, kind),
        }

    def filters_screen(self, filters: Filters) -> dict:
        """The filters' own fields, as the shopper would have filled them in."""
        prices = {self.least: write_price(filters.lowest), self.most: write_price(filters.highest)}
        values = {self.categories: sorted(filters.categories), **prices}
        fresh = self.fresh_filters(filters.categories)
        return values | {part: update | {"value": values[part]} for part, update in fresh.items()}


def box_value(text: str, photo: Path | None) -> dict:
    """What puts a message back into the box; nothing where there is none, so that the box stays as it is."""
    files = [str(photo)] if photo and photo.is_file() else []
    return {"value": {"text": text, "files": files}} if text or files else {}


def without_bad_photo(session: Session, error: Exception) -> Session:
    """A session whose question has failed, without its photo where that was of no use: it is not put back."""
    if not isinstance(error, PictureError) or not session.pending:
        return session
    return replace(session, pending=replace(session.pending, photo=None))


def sent(event: gr.EventData, name: str) -> str:
    """What the browser says of what was clicked, its data-id or data-act by name; "" where it says none."""
    value = event._data.get(name) if isinstance(event._data, dict) else None
    return value if isinstance(value, str) else ""
