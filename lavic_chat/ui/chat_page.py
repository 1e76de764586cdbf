"""The page: which click leads to which move of the visit.

Every question runs in two steps: the first one, outside the queue, shows the message and says that we look; the
second one waits its turn for the model. What a visitor has is in one `gr.State`; there are no module globals.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr

from lavic_chat.catalog.filters import NO_FILTERS, Filters, read_price, write_price
from lavic_chat.feedback.annotation import AnnotationStore
from lavic_chat.recommendation import Recommendation
from lavic_chat.ui import markup
from lavic_chat.ui.browser_storage import from_storage, to_storage
from lavic_chat.ui.chat_layout import Layout
from lavic_chat.ui.failures import note_failure, sentence
from lavic_chat.ui.flag_form import NONE_OF_THESE, THANKS, make_flag
from lavic_chat.ui.panel import looked_at
from lavic_chat.ui.replies import UNSURE
from lavic_chat.ui.session import Recommender, Session

MODEL_QUEUE = "model"  # one queue and one place in it for everything that runs the model
SORRY = "Something went wrong on our side; please try again."
BUSY = "The shop is very busy right now; please try again in a moment."
BACK_IN_THE_BOX = "Your message is back in the box."
NOT_STORED = "The flag could not be stored; please try again later."
# The form's button is gone, and the focus goes back to the one that opened the form.
TO_WRONG_PICK = "() => { document.getElementById('wrong-pick')?.focus({ preventScroll: true }); }"


class Page(Layout):
    """The handlers of the components; it holds nothing of any visitor."""

    def __init__(self, recommender: Recommender, flags: AnnotationStore, links: markup.Links):
        super().__init__(links)
        self.recommender, self.flags = recommender, flags

    # Wiring ------------------------------------------------------------------------------------------------

    def wire(self) -> None:
        self.question(self.box.submit, self.ask, [self.box, self.memory])
        self.question(self.conversation.act, self.ask_example)
        self.question(self.something_else.click, self.ask_for_else, [self.memory])
        self.question(self.more_like_this.click, self.ask_for_like, [self.memory])
        self.question(self.keep_to.click, self.ask_filtered, [self.categories, self.least, self.most, self.memory])
        self.question(self.no_filters.click, self.ask_unfiltered, [self.memory])
        self.quickly(self.undo.click, self.take_back, self.everything, [self.memory])
        self.quickly(self.start_over.click, self.begin_again, self.everything)
        away = self.modelled(self.looked.act, self.look_away, [self.blind, self.notice])
        self.quickly(away.success, self.show_blind, [self.session, self.looked], [self.blind])
        self.quickly(away.failure, self.too_busy, [self.notice])
        for part in (self.gallery, self.card):
            self.quickly(part.act, self.look_at, [self.session, self.card, self.gallery, self.right])
        self.quickly(self.wrong_pick.click, self.open_form, self.flag_parts)
        closed = self.quickly(self.cancel.click, self.close_form, self.flag_parts)
        saved = self.save.click(
            self.save_flag, [self.session, self.right, self.quick, self.words], self.flag_parts,
            show_progress="hidden", api_visibility="private",
        )  # fmt: skip
        for done in (closed, saved):
            done.then(None, None, None, js=TO_WRONG_PICK)

    @property
    def everything(self) -> list:
        screen = [self.session, self.memory, self.conversation, self.status, self.notice, self.box]
        screen += [self.start_over, self.undo, self.filters, self.categories, self.least, self.most]
        return [*screen, self.card, self.actions, self.gallery, self.looked, *self.buttons, *self.flag_parts]

    @property
    def buttons(self) -> list:
        return [self.something_else, self.more_like_this, self.wrong_pick, self.keep_to, self.no_filters]

    @property
    def flag_parts(self) -> list:
        return [self.form, self.right, self.quick, self.words, self.flag_notice]

    def quickly(self, event: Callable, move: Callable, outputs: list, inputs: list | None = None):
        """A move that needs no model: no queue, no progress bar, no public endpoint."""
        return event(
            move,
            [self.session, *(inputs or [])],
            outputs,
            queue=False,
            show_progress="hidden",
            api_visibility="private",
        )

    def question(self, event: Callable, begin: Callable, inputs: list | None = None) -> None:
        """A move that the model answers: begin at once, then wait for the model; undo if neither comes off."""
        begun = self.quickly(event, begin, self.everything, inputs)
        answered = self.modelled(begun.then, self.answer, self.everything)
        self.quickly(answered.failure, self.turned_away, self.everything)

    def modelled(self, event: Callable, move: Callable, outputs: list):
        """A move that runs the model, one at a time."""
        return event(
            move, [self.session], outputs, show_progress="minimal", show_progress_on=self.status,
            api_visibility="private", concurrency_id=MODEL_QUEUE, concurrency_limit=1,
        )  # fmt: skip

    # What is shown -----------------------------------------------------------------------------------------

    def screen(self, session: Session, error: str = "", **box: Any) -> dict:
        """Every part of the page for a visit; `box` holds what changes in the message box."""
        busy = session.pending is not None
        return {
            self.session: session,
            self.memory: to_storage(session),
            self.conversation: markup.conversation(session, self.links),
            self.status: markup.status(session),
            self.notice: markup.notice(error),
            self.box: gr.update(interactive=not busy, **box),
            self.start_over: gr.update(visible=bool(session.dialogue.turns) and not busy),
            self.undo: gr.update(visible=session.recommendation is not None and not busy),
            self.filters: gr.update(label="Filters (on)" if session.filters else "Filters"),
            self.card: markup.window(session, self.links),
            self.actions: gr.update(visible=busy or session.recommendation is not None),
            self.gallery: markup.gallery(session, self.links),
            self.looked: looked_at(session, self.links, self.recommender.full_tokens),
            **{button: gr.update(interactive=not busy) for button in self.buttons},
            **self.flag_screen(session),
        }

    def flag_screen(self, session: Session, is_open: bool = False, note: str = "", kind: str = "thanks") -> dict:
        choices = [*markup.choices(session.others), ("None of these", NONE_OF_THESE)]
        return {
            self.form: gr.update(visible=is_open),
            self.right: gr.update(choices=choices, value=session.chosen),
            self.quick: [],
            self.words: "",
            self.flag_notice: markup.notice(note, kind),
        }

    def come_back(self, session: Session, kept: object) -> dict:
        """Go on where this browser was before the page was loaded again; a message under way is back in the box."""
        if session.pending or session.recommendation:
            return gr.skip()
        session, unsent, photo = from_storage(kept, self.links.catalog)
        box = box_value(unsent, photo)
        if not (session.recommendation or session.filters or box):
            return gr.skip()
        return self.screen(session, **box) | self.filled_in(session.filters)

    def filled_in(self, filters: Filters) -> dict:
        """The filters' own fields, as the shopper would have filled them in."""
        prices = {self.least: write_price(filters.lowest), self.most: write_price(filters.highest)}
        return {self.categories: sorted(filters.categories), **prices}

    def resumed(self, session: Session, kept: object) -> Session:
        """The visit; or what the browser kept of it, where the server has let it go while the page stood open."""
        return session if session.recommendation or session.pending else from_storage(kept, self.links.catalog)[0]

    # Questions ---------------------------------------------------------------------------------------------

    def begin(self, move: Callable[[], Session], **box: Any) -> dict:
        """Show the question as asked, or the sentence that says why it cannot be; then the box stays as it is."""
        try:
            return self.screen(move(), **box)
        except Exception as error:
            return {self.notice: markup.notice(sentence(error, SORRY))}

    def ask(self, session: Session, message: dict | None, kept: object = None) -> dict:
        text, files = (message or {}).get("text") or "", (message or {}).get("files") or []
        photo = Path(files[0]) if files else None
        return self.begin(lambda: self.resumed(session, kept).ask(text, photo), value=None)

    def ask_example(self, session: Session, event: gr.EventData) -> dict:
        number = event._data.get("id") if isinstance(event._data, dict) else None
        known = {str(place): text for place, text in enumerate(markup.EXAMPLES)}
        return self.begin(lambda: session.ask(known.get(str(number), "")))

    def ask_for_else(self, session: Session, kept: object = None) -> dict:
        return self.begin(self.resumed(session, kept).something_else)

    def ask_for_like(self, session: Session, kept: object = None) -> dict:
        return self.begin(self.resumed(session, kept).more_like_this)

    def ask_filtered(
        self, session: Session, categories: list[str] | None, least: str | None, most: str | None, kept: object = None
    ) -> dict:
        names, session = frozenset(categories or ()), self.resumed(session, kept)
        return self.begin(lambda: session.filter(Filters(names, read_price(least), read_price(most))))

    def ask_unfiltered(self, session: Session, kept: object = None) -> dict:
        return self.begin(lambda: self.resumed(session, kept).filter(NO_FILTERS)) | self.filled_in(NO_FILTERS)

    def take_back(self, session: Session, kept: object = None) -> dict:
        return self.begin(self.resumed(session, kept).undo)

    def answer(self, session: Session) -> dict:
        """Run the model; on failure everything is as before and the message is back in the box."""
        if not session.pending:
            return gr.skip()
        try:
            session = session.answered(self.recommender)
        except Exception as error:
            return self.give_up(session, sentence(error, SORRY))
        self.note_if_unsure(session)
        return self.screen(session)

    def note_if_unsure(self, session: Session) -> None:
        """Put the turn on the annotators' desk; where that fails, the shopper need not know."""
        if session.recommendation.confidence < UNSURE:
            try:
                self.flags.note(make_flag(session, self.recommender, None, (), ""))
            except Exception as error:
                note_failure(error)

    def give_up(self, session: Session, error: str) -> dict:
        """Back to before the question, its message in the box again; what a button asked leaves the box alone."""
        box = box_value(session.pending.text, session.pending.photo)
        return self.screen(session.given_up(), f"{error} {BACK_IN_THE_BOX}" if box else error, **box)

    def turned_away(self, session: Session) -> dict:
        """The queue was full, or the connection broke before the model had its turn."""
        if session.pending:
            return self.give_up(session, BUSY)
        shown = self.screen(
            session
        )  # the question was refused, or the answer did arrive and the browser has not seen it
        del shown[self.notice]
        return shown

    def too_busy(self, session: Session) -> dict:
        return {self.notice: markup.notice(BUSY)}

    def begin_again(self, session: Session) -> dict:
        """A new conversation; filters belong to the old one."""
        return self.screen(Session(), value=None) | self.filled_in(NO_FILTERS)

    # Looking and flagging ----------------------------------------------------------------------------------

    def look_at(self, session: Session, event: gr.EventData) -> dict:
        """Put a runner-up on the card; in the flag form it becomes the right one."""
        if session.pending:  # writing the state now could undo the answer that is on its way
            return {self.card: markup.window(session, self.links)}
        said = event._data if isinstance(event._data, dict) else {}
        if said.get("act") == "compare":
            session = session.compare()
        else:
            session = session.choose(said.get("id") if isinstance(said.get("id"), str) else None)
        return {
            self.session: session,
            self.card: markup.window(session, self.links),
            self.gallery: markup.gallery(session, self.links),
            self.right: gr.update(value=session.chosen),
        }

    def look_away(self, session: Session) -> dict:
        """Judge the same candidates by their titles alone. The visit is not written: it may go on meanwhile."""
        try:
            away = session.look_away(self.recommender)
        except Exception as error:
            return {self.blind: None, self.notice: markup.notice(sentence(error, SORRY))}
        return {self.blind: (session.turn_id, away.blind), self.notice: ""}

    def show_blind(self, session: Session, blind: tuple[str, Recommendation] | None) -> dict:
        """Say what looking away would have changed, unless the visit has gone on."""
        if not blind or session.pending or blind[0] != session.turn_id:
            return gr.skip()
        session = replace(session, blind=blind[1])
        return {self.session: session, self.looked: looked_at(session, self.links, self.recommender.full_tokens)}

    def open_form(self, session: Session) -> dict:
        return self.flag_screen(session, is_open=session.recommendation is not None)

    def close_form(self, session: Session) -> dict:
        return self.flag_screen(session)

    def save_flag(self, session: Session, right: str | None, quick: list[str], words: str) -> dict:
        """Store the flag and say where it went; on failure the form stays as filled in."""
        try:
            self.flags.add(make_flag(session, self.recommender, right, quick, words))
        except Exception as error:
            return {self.flag_notice: markup.notice(sentence(error, NOT_STORED))}
        return self.flag_screen(session, note=THANKS)


def box_value(text: str, photo: Path | None) -> dict:
    """What puts a message back into the box; nothing where there is none, so that the box stays as it is."""
    files = [str(photo)] if photo and photo.is_file() else []
    return {"value": {"text": text, "files": files}} if text or files else {}
