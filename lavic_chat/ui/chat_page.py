"""The chat's page: which click leads to which move of the session.

Every question runs in two steps: the first one, outside the queue, shows the message and says that we look; the
second one waits its turn for the model. What a visitor has is in one `gr.State`; there are no module globals.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import gradio as gr
from gradio.events import Dependency

from lavic_chat.catalog.filters import NO_FILTERS, Filters, read_price
from lavic_chat.dialogue.history import History
from lavic_chat.errors import FlagStoreError, LavicError
from lavic_chat.feedback.annotation import AnnotationStore
from lavic_chat.recommendation import Recommendation
from lavic_chat.ui import card_markup, markup
from lavic_chat.ui.browser_storage import from_storage
from lavic_chat.ui.chat_screen import box_value, sent, without_bad_photo
from lavic_chat.ui.client_moves import ClientMoves
from lavic_chat.ui.clients import Clients
from lavic_chat.ui.failures import SORRY, note_failure, sentence
from lavic_chat.ui.flag_form import NOT_STORED, THANKS, check_products, make_flag
from lavic_chat.ui.history_screen import signs_of
from lavic_chat.ui.photos import Photos
from lavic_chat.ui.replies import UNSURE
from lavic_chat.ui.session import Recommender, Session
from lavic_chat.ui.waiting import model_queue

BUSY = "The shop is very busy right now; please try again in a moment."
BACK_IN_THE_BOX = "Your message is back in the box."
# The form's button is gone, and the focus goes back to the one that opened the form.
TO_WRONG_PICK = "() => { document.getElementById('wrong-pick')?.focus({ preventScroll: true }); }"


@dataclass(frozen=True)
class ModelMoves:
    """The handlers that run the model, and how Gradio shows that one waits for them."""

    answer: Callable
    answer_blind: Callable
    progress: Literal["minimal", "hidden"]


class ChatPage(ClientMoves):
    """The handlers of the components; it holds nothing of any visitor."""

    def __init__(
        self,
        recommender: Recommender,
        annotations: AnnotationStore,
        links: markup.Links,
        clients: Clients | None = None,
        photos: Photos | None = None,
    ):
        """clients: who asks, and how much each may; without it nobody is held back. photos: of all visits."""
        super().__init__(recommender, links, clients or Clients(), photos or Photos())
        self.annotations = annotations
        self.answers: list[Dependency] = []  # the events that wait for the model

    @property
    def moves(self) -> "ModelMoves":
        """The handlers that run the model."""
        return ModelMoves(self.answer_client, self.answer_blind_client, "minimal")

    # Wiring ------------------------------------------------------------------------------------------------

    def wire(self) -> None:
        """Bind every component's event to its handler; called inside the `gr.Blocks`, after `lay_out`."""
        self.bind_question(self.box.submit, self.ask_visit, [self.box, self.storage])
        self.bind_question(self.conversation.act, self.ask_example, [self.storage])
        self.bind_question(self.conditions.act, self.ask_without, [self.storage])
        noted, known = [*self.parts, self.history], [self.storage, *self.past]
        self.bind_question(self.something_else.click, self.ask_something_else, known, noted)
        self.bind_question(self.more_like_this.click, self.ask_more_like_this, known, noted)
        self.bind_question(self.also.act, self.ask_alike, known, noted)
        fields = [self.categories, self.least, self.most]
        self.bind_question(self.apply_filters.click, self.ask_filtered, [*fields, self.storage])
        self.bind_question(self.clear_filters.click, self.ask_unfiltered, [self.storage], self.everything)
        self.bind(self.filters.expand, self.open_filters, fields, [self.categories])
        self.bind_row(self.bind(self.undo.click, self.undo_last, noted, known))
        self.wire_start_over()
        blind = self.bind_model(self.inspection.act, self.moves.answer_blind, [self.blind, self.notice])
        self.bind(blind.success, self.show_blind, [self.session, self.inspection], [self.blind])
        self.bind(blind.failure, self.show_busy, [self.notice])
        for part in (self.gallery, self.card):
            shown = [self.session, self.card, self.gallery, self.right, self.history]
            self.bind_row(self.bind(part.act, self.show_candidate, shown, self.past))
        self.wire_flag_form()
        self.wire_history()

    def wire_start_over(self) -> None:
        """A new conversation, for which the model must have answered."""
        self.bind_row(self.bind(self.start_over.click, self.reset_visit, self.everything, [self.box]))

    def wire_flag_form(self) -> None:
        """Open, close and save the "wrong pick" form; saving takes its turn in Gradio's queue."""
        self.bind(self.wrong_pick.click, self.open_form, self.flag_parts)
        closed = self.bind(self.cancel.click, self.close_form, self.flag_parts)
        saved = self.save.click(
            self.save_clients_flag, [self.session, self.right, self.quick, self.words], self.flag_parts,
            show_progress="hidden", api_visibility="private",
        )  # fmt: skip
        for done in (closed, saved):
            done.then(None, None, None, js=TO_WRONG_PICK)

    def bind_question(
        self, event: Callable, handler: Callable, inputs: list | None = None, outputs: list | None = None
    ) -> None:
        """A move that the model answers: begin at once, then wait for the model; undo if neither comes off."""
        begun = self.bind(event, handler, outputs or self.parts, inputs)
        answered = self.bind_model(begun.then, self.moves.answer, self.answer_parts, self.past)
        self.answers.append(answered)
        self.bind(answered.failure, self.refuse, self.answer_parts, self.past)
        self.bind_row(answered)

    def bind_model(self, event: Callable, handler: Callable, outputs: list, inputs: list | None = None) -> Dependency:
        """A move that runs the model."""
        return event(
            handler, [self.session, *(inputs or [])], outputs, show_progress=self.moves.progress,
            show_progress_on=self.status, api_visibility="private", **model_queue(self.recommender),
        )  # fmt: skip

    # Coming back -------------------------------------------------------------------------------------------

    def resume(self, session: Session, stored: object) -> Session:
        """The session; or what the browser kept of it, where the server has let it go while the page stood open."""
        return session if session.has_begun else from_storage(stored, self.links.catalog)[0]

    # Questions ---------------------------------------------------------------------------------------------

    def begin(self, move: Callable[[], Session], **box: Any) -> dict:
        """Show the question as asked, or the sentence that says why it cannot be; then the box stays as it is."""
        try:
            return self.screen(move(), **box)
        except Exception as error:
            return {self.notice: markup.notice(sentence(error, SORRY))}

    def begin_noted(self, session: Session, move: Callable[[], Session], history: History) -> dict:
        """The same for a move that says what the visitor likes or does not: it is in the history then."""
        screen = self.begin(move, history=history)
        if self.session in screen:
            screen[self.history] = signs_of(session, screen[self.session], history)
        return screen

    def ask(self, session: Session, message: dict | None, stored: object = None) -> dict:
        """The message box: `message` as Gradio's MultimodalTextbox gives it, with `text` and `files`."""
        text, files = (message or {}).get("text") or "", (message or {}).get("files") or []
        photo = Path(files[0]) if files else None
        return self.begin(lambda: self.resume(session, stored).ask(text, photo), value=None)

    def ask_example(self, session: Session, event: gr.EventData, stored: object = None) -> dict:
        """One of the greeting's requests, by its number, or a word that an answer has asked about."""
        if sent(event, "act") == "answer":
            return self.begin(lambda: self.resume(session, stored).ask(sent(event, "id")))
        known = {str(place): text for place, text in enumerate(self.links.examples)}
        return self.begin(lambda: session.ask(known.get(sent(event, "id"), "")))

    def ask_without(self, session: Session, stored: object, event: gr.EventData) -> dict:
        """A condition's button, by its key: the last question again without it."""
        return self.begin(lambda: self.resume(session, stored).drop(sent(event, "id")))

    def ask_something_else(self, session: Session, stored: object = None, *past: Any) -> dict:
        """The button "Something else"."""
        session = self.resume(session, stored)
        return self.begin_noted(session, session.something_else, self.recall(*past))

    def ask_more_like_this(self, session: Session, stored: object = None, *past: Any) -> dict:
        """The button "More like this"."""
        session = self.resume(session, stored)
        return self.begin_noted(session, session.more_like_this, self.recall(*past))

    def ask_alike(self, session: Session, stored: object, event: gr.EventData, *past: Any) -> dict:
        """One of the row "You may also like": more like it."""
        session, product_id = self.resume(session, stored), sent(event, "id")

        def ask() -> Session:
            if product_id not in self.links.catalog:
                raise LavicError("That product is not here any more; choose another one.")
            return session.more_like(self.links.catalog[product_id])

        return self.begin_noted(session, ask, self.recall(*past))

    def ask_filtered(
        self, session: Session, categories: list[str] | None, least: str | None, most: str | None, stored: object = None
    ) -> dict:
        """The filters' button "Apply"; prices as people write them."""
        names, session = frozenset(categories or ()), self.resume(session, stored)
        return self.begin(lambda: session.filter(Filters(names, read_price(least), read_price(most))))

    def ask_unfiltered(self, session: Session, stored: object = None) -> dict:
        """The filters' button "Clear"."""
        return self.begin(lambda: self.resume(session, stored).filter(NO_FILTERS)) | self.filters_screen(NO_FILTERS)

    def undo_last(self, session: Session, stored: object = None, *past: Any) -> dict:
        """Back to before the last question."""
        session = self.resume(session, stored)
        return self.begin_noted(session, session.undo, self.recall(*past))

    def reset(self, session: Session) -> dict:
        """A new conversation; filters belong to the old one."""
        return self.screen(Session(), value=None) | self.filters_screen(NO_FILTERS)

    def answer(self, session: Session, *past: Any) -> dict:
        """Run the model; on failure everything is as before and the message is back in the box."""
        if not session.pending:
            return gr.skip()
        known = self.recall(*past)
        try:
            session = session.answer(self.recommender, known)
        except Exception as error:
            return self.give_up(without_bad_photo(session, error), sentence(error, SORRY), known)
        self.note_if_unsure(session)
        return self.answer_screen(session, history=known)

    def note_if_unsure(self, session: Session) -> None:
        """Give the turn to the annotators; where that fails, the shopper need not know."""
        if session.recommendation and session.is_pick_newest and session.recommendation.confidence < UNSURE:
            try:
                self.annotations.add_unsure(make_flag(session, self.recommender, None, (), ""))
            except FlagStoreError:
                pass  # the store has said so in the log, once
            except Exception as error:
                note_failure(error)

    def give_up(self, session: Session, error: str, history: History) -> dict:
        """Back to before the question, its message in the box again; what a button asked leaves the box alone."""
        box = box_value(session.pending.text, session.pending.photo) if session.pending else {}
        error = f"{error} {BACK_IN_THE_BOX}" if box else error
        return self.answer_screen(session.drop_pending(), error, history, **box)

    def refuse(self, session: Session, *past: Any) -> dict:
        """The queue was full, or the connection broke before the model had its turn."""
        known = self.recall(*past)
        if session.pending:
            return self.give_up(session, BUSY, known)
        # the question was refused, or the answer did arrive and the browser has not seen it
        shown = self.answer_screen(session, history=known)
        del shown[self.notice]
        return shown

    def show_busy(self, session: Session) -> dict:
        """The queue was full; the session stays as it is."""
        return {self.notice: markup.notice(BUSY)}

    # Candidates and flags ----------------------------------------------------------------------------------

    def show_candidate(self, session: Session, event: gr.EventData, *past: Any) -> dict:
        """Put a runner-up on the card; in the flag form it becomes the right one. Or the heart of what is there."""
        if session.pending:  # writing the state now could undo the answer that is on its way
            return {self.card: card_markup.window(session, self.links)}
        act, known = sent(event, "act"), self.recall(*past)
        if act == "like":
            return self.like(session, known, sent(event, "id"))
        before, session = session, session.compare() if act == "compare" else session.choose(sent(event, "id"))
        known = signs_of(before, session, known)
        return {
            self.session: session,
            self.history: known,
            self.card: card_markup.window(session, self.links, known),
            self.gallery: markup.gallery(session, self.links),
            self.right: gr.update(value=session.chosen),
        }

    def answer_blind(self, session: Session) -> dict:
        """Judge the same candidates by their titles alone. The session is not written: it may go on meanwhile."""
        try:
            blind = session.answer_blind(self.recommender).blind
        except Exception as error:
            return {self.blind: None, self.notice: markup.notice(sentence(error, SORRY))}
        return {self.blind: (session.turn_id, blind), self.notice: ""}

    def show_blind(self, session: Session, blind: tuple[str, Recommendation] | None) -> dict:
        """Say what the titles alone would have changed, unless the session has gone on."""
        if not blind or session.pending or blind[0] != session.turn_id:
            return gr.skip()
        session = replace(session, blind=blind[1])
        return {self.session: session, **self.inspection_screen(session)}

    def open_form(self, session: Session) -> dict:
        """Show the "wrong pick" form, where there is a pick."""
        return self.flag_screen(session, is_open=session.recommendation is not None)

    def close_form(self, session: Session) -> dict:
        """Hide the form, empty."""
        return self.flag_screen(session)

    def save_flag(self, session: Session, right: str | None, quick: list[str], words: str) -> dict:
        """Store the flag and say where it went; on failure the form stays as filled in."""
        try:
            flag = make_flag(session, self.recommender, right, quick, words)
            self.annotations.add(check_products(flag, self.links.catalog))  # a browser may have made the session up
        except Exception as error:
            return {self.flag_notice: markup.notice(sentence(error, NOT_STORED))}
        return self.flag_screen(session, note=THANKS)
