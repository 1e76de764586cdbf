"""The chat page's moves that cost something, within what the visitor's client may do."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import gradio as gr

from lavic_chat.dialogue.history import History
from lavic_chat.ui import markup, tabs
from lavic_chat.ui.clients import Clients, LimitError
from lavic_chat.ui.history_screen import HistoryScreen
from lavic_chat.ui.photos import Photos
from lavic_chat.ui.session import Recommender, Session, photos_of
from lavic_chat.ui.waiting import visitor_of


class ClientMoves(HistoryScreen, ABC):
    """Handlers that refuse a move in a sentence where it is one too many."""

    def __init__(self, recommender: Recommender, links: markup.Links, clients: Clients, photos: Photos):
        super().__init__(recommender, links)
        self.clients, self.photos = clients, photos

    @abstractmethod
    def ask(self, session: Session, message: dict | None, stored: object = None) -> dict:
        """Begin what the message box says."""

    @abstractmethod
    def answer(self, session: Session, *past: Any) -> dict:
        """Run the model."""

    @abstractmethod
    def reset(self, session: Session) -> dict:
        """A new conversation."""

    @abstractmethod
    def answer_blind(self, session: Session) -> dict:
        """Judge the same candidates by their titles alone."""

    @abstractmethod
    def save_flag(self, session: Session, right: str | None, quick: list[str], words: str) -> dict:
        """Store a flag."""

    @abstractmethod
    def give_up(self, session: Session, error: str, history: History) -> dict:
        """Back to before the question."""

    def wire_load(self, load: Callable) -> None:
        """Whoever loads the page goes on where they were."""
        shown = load(
            self.restore_visit, [self.session, self.storage, self.kept],
            [*self.everything, self.history, self.masthead],
            queue=False, show_progress="hidden", api_visibility="private", js=tabs.FIND_OWN,
        )  # fmt: skip
        shown.then(None, [self.storage], None, js=tabs.BEGIN)
        self.storage.change(None, [self.storage], None, js=tabs.NOTE)
        self.bind_row(shown)

    def ask_visit(self, session: Session, message: dict | None, stored: object, request: gr.Request) -> dict:
        """`ask`; what is sent belongs to the visit from now on, however long it then waits for its answer."""
        self.photos.keep(visitor_of(request), files_of(message))
        return self.ask(session, message, stored)

    def answer_client(self, session: Session, request: gr.Request, *past: Any) -> dict:
        """`answer`, within what the visitor's client may ask."""
        try:
            self.photos.keep(visitor_of(request), photos_of(session))
            with self.clients.question(self.clients.of(request)):
                return self.answer(session, *past)
        except LimitError as error:
            return self.give_up(session, str(error), self.recall(*past))

    def reset_visit(self, session: Session, message: dict | None, request: gr.Request) -> dict:
        """A new conversation; the photos of the old one are deleted, and one that was not sent yet."""
        self.photos.forget(visitor_of(request), [*photos_of(session), *files_of(message)])
        return self.reset(session)

    def restore_visit(self, session: Session, stored: object, kept: object, request: gr.Request) -> dict:
        """`restore`; photos that are still there belong to the visit that goes on."""
        screen = self.restore(session, stored, kept)
        restored = screen.get(self.session, session)
        unsent = files_of(screen.get(self.box, {}).get("value"))
        self.photos.keep(visitor_of(request), [*photos_of(restored), *unsent])
        fresh = self.fresh_screen(restored)
        if self.session in screen:
            return fresh | screen
        if session.has_begun:
            return fresh or screen
        # the browser's storage holds what another tab is at: that is not gone on with here
        known = {self.history: screen[self.history]} if self.history in screen else {}
        return fresh | {self.storage: None} | known

    def leave(self, request: gr.Request) -> None:
        """A page was closed."""
        self.photos.leave(visitor_of(request))

    def answer_blind_client(self, session: Session, request: gr.Request) -> dict:
        """`answer_blind`, within what the visitor's client may ask."""
        try:
            with self.clients.question(self.clients.of(request)):
                return self.answer_blind(session)
        except LimitError as error:
            return {self.blind: None, self.notice: markup.notice(str(error))}

    def save_clients_flag(
        self, session: Session, right: str | None, quick: list[str], words: str, request: gr.Request
    ) -> dict:
        """`save_flag`, within what the visitor's client may flag."""
        try:
            self.clients.flag(self.clients.of(request))
        except LimitError as error:
            return {self.flag_notice: markup.notice(str(error))}
        return self.save_flag(session, right, quick, words)


def files_of(message: dict | None) -> list[str]:
    """The photos in the message box, as Gradio gives what is there."""
    return (message or {}).get("files") or []
