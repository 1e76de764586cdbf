"""The chat page's moves that cost something, within what the visitor's client may do."""

from abc import ABC, abstractmethod
from typing import Any

import gradio as gr

from lavic_chat.dialogue.history import History
from lavic_chat.ui import markup
from lavic_chat.ui.clients import Clients, LimitError
from lavic_chat.ui.history_screen import HistoryScreen
from lavic_chat.ui.session import Recommender, Session


class ClientMoves(HistoryScreen, ABC):
    """Handlers that refuse a move in a sentence where it is one too many."""

    def __init__(self, recommender: Recommender, links: markup.Links, clients: Clients):
        super().__init__(recommender, links)
        self.clients = clients

    @abstractmethod
    def answer(self, session: Session, *past: Any) -> dict:
        """Run the model."""

    @abstractmethod
    def answer_blind(self, session: Session) -> dict:
        """Judge the same candidates by their titles alone."""

    @abstractmethod
    def save_flag(self, session: Session, right: str | None, quick: list[str], words: str) -> dict:
        """Store a flag."""

    @abstractmethod
    def give_up(self, session: Session, error: str, history: History) -> dict:
        """Back to before the question."""

    def answer_client(self, session: Session, request: gr.Request, *past: Any) -> dict:
        """`answer`, within what the visitor's client may ask."""
        try:
            with self.clients.question(self.clients.of(request)):
                return self.answer(session, *past)
        except LimitError as error:
            return self.give_up(session, str(error), self.recall(*past))

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
