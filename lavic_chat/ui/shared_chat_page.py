"""The chat's page for a recommender with a line: many wait at once, see how the line moves, and may leave it."""

from collections.abc import AsyncIterator
from typing import Any

import gradio as gr
from anyio import to_thread

from lavic_chat.dialogue.history import NO_HISTORY, History
from lavic_chat.feedback.annotation import AnnotationStore
from lavic_chat.ui import markup
from lavic_chat.ui.chat_page import ChatPage, ModelMoves
from lavic_chat.ui.chat_screen import without_bad_photo
from lavic_chat.ui.clients import Clients, LimitError
from lavic_chat.ui.failures import SORRY, sentence
from lavic_chat.ui.photos import Photos
from lavic_chat.ui.session import Session, photos_of
from lavic_chat.ui.waiting import LeftError, SharedRecommender, follow, result, visitor_of


class SharedChatPage(ChatPage):
    """The handlers that run the model wait in the recommender's line, in no thread."""

    def __init__(
        self,
        recommender: SharedRecommender,
        annotations: AnnotationStore,
        links: markup.Links,
        clients: Clients | None = None,
        photos: Photos | None = None,
    ):
        super().__init__(recommender, annotations, links, clients, photos)
        self.line = recommender

    @property
    def moves(self) -> ModelMoves:
        """Gradio's own word of its queue is hidden: the place in line is the recommender's."""
        return ModelMoves(self.answer_in_line, self.answer_blind_in_line, "hidden")

    def wire_start_over(self) -> None:
        """A new conversation at any time; what is waited for is given up."""
        self.bind_row(self.bind(self.start_over.click, self.give_up_and_reset, self.everything, [self.box]))
        waits: list[Any] = self.answers
        self.start_over.click(None, None, None, cancels=waits, api_visibility="private")

    def screen(self, session: Session, error: str = "", history: History = NO_HISTORY, **box: Any) -> dict:
        """Every part of the page for a session; who waits sees how many are served first, and may start over."""
        screen = super().screen(session, error, history, **box)
        if session.pending:
            screen[self.status] = markup.status(session, self.line.next_place())
            screen[self.start_over] = gr.update(visible=True)
        return screen

    async def answer_in_line(self, session: Session, request: gr.Request, *past: Any) -> AsyncIterator[dict]:
        """`answer`, and before it the place in line as it moves; given up when the page closes or starts over."""
        if not session.pending:
            yield gr.skip()
            return
        known, client = self.recall(*past), self.clients.of(request)
        self.photos.keep(visitor_of(request), photos_of(session))
        try:
            with self.clients.question(client):
                async for screen in self.wait_in_line(session, known, visitor_of(request), client):
                    yield screen
        except LimitError as error:
            yield self.give_up(session, str(error), known)

    async def wait_in_line(self, session: Session, known: History, shopper: str, client: str) -> AsyncIterator[dict]:
        """The place in line as it moves, then the answer; nothing for a page that is not there to see it."""
        if not await self.clients.presence.wait_for(shopper):
            yield gr.skip()
            return
        try:
            ticket = self.line.submit(session.pending_request(known), shopper, client)
        except Exception as error:
            yield self.give_up(without_bad_photo(session, error), sentence(error, SORRY), known)
            return
        try:
            async for place in follow(self.line, ticket):
                yield {self.status: markup.status(session, place)}
            session = session.answered(await result(ticket))
        except LeftError:
            yield gr.skip()
            return
        except Exception as error:
            yield self.give_up(without_bad_photo(session, error), sentence(error, SORRY), known)
            return
        finally:  # Gradio closes the generator of a page that has gone, at one of its places in line
            ticket.future.cancel()
        await to_thread.run_sync(self.note_if_unsure, session)
        yield self.answer_screen(session, history=known)

    async def answer_blind_in_line(self, session: Session, request: gr.Request) -> dict:
        """`answer_blind`, after those before in line."""
        shopper, client = visitor_of(request), self.clients.of(request)
        try:
            with self.clients.question(client):
                blind = await result(self.line.submit(session.blind_request(), shopper, client))
        except LeftError:
            return {self.blind: None}
        except Exception as error:
            return {self.blind: None, self.notice: markup.notice(sentence(error, SORRY))}
        return {self.blind: (session.turn_id, blind), self.notice: ""}

    def give_up_and_reset(self, session: Session, request: gr.Request, message: dict | None = None) -> dict:
        """A new conversation; nobody wants the answer that the old one waits for."""
        self.line.leave(visitor_of(request))
        return self.reset_visit(session, message, request)

    def leave(self, request: gr.Request) -> None:
        """A page was closed: nobody reads what it still waits for."""
        self.line.leave(visitor_of(request))
        super().leave(request)
