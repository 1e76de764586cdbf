"""The page: which click leads to which move of the visit.

Every question runs in two steps: the first one, outside the queue, shows the message and says that we look; the
second one waits its turn for the model. What a visitor has is in one `gr.State`; there are no module globals.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import gradio as gr

from lavic_chat.catalog.filters import NO_FILTERS, Filters, read_price, write_price
from lavic_chat.desk import Desk
from lavic_chat.errors import FlagStoreError, LavicError
from lavic_chat.ui import markup
from lavic_chat.ui.api import Api
from lavic_chat.ui.desk_page import DeskPage
from lavic_chat.ui.failures import note_failure
from lavic_chat.ui.flagging import NONE_OF_THESE, THANKS, make_flag
from lavic_chat.ui.layout import Layout
from lavic_chat.ui.memory import from_memory, to_memory
from lavic_chat.ui.panel import looked_at
from lavic_chat.ui.speech import UNSURE
from lavic_chat.ui.visit import Recommender, Visit

MODEL_QUEUE = "model"  # one queue and one place in it for everything that runs the model
SORRY = "Something went wrong on our side; your message is back in the box, please try again."
BUSY = "The shop is very busy right now; your message is back in the box, please try again in a moment."
KEEP_UPLOADS = (3_600, 86_400)  # seconds: look every hour, delete what is older than a day


def build_app(
    recommender: Recommender,
    flags: Desk,
    currency: str = "$",
    annotators: Mapping[str, str] = MappingProxyType({}),
) -> gr.Blocks:
    """The chat around a recommender, and the annotators' page at /desk, with a login where `annotators` has names with
    passwords; serve it with `launch`, which brings the theme and the pictures."""
    shop = markup.Shop(recommender.catalog, recommender.model_name, recommender.device, currency)
    with gr.Blocks(title="LaViC Chat", analytics_enabled=False, fill_width=True, delete_cache=KEEP_UPLOADS) as app:
        page = Page(recommender, flags, shop)
        page.lay_out()
        Api(recommender, flags).lay_out(MODEL_QUEUE)  # first, for an endpoint's name belongs to who comes first
        page.wire()
        page.quickly(app.load, page.come_back, page.everything, [page.memory])
    with app.route("Desk", "desk"):
        desk = DeskPage(flags, shop, annotators)
        desk.lay_out()
        desk.wire()
    return app


class Page(Layout):
    """The handlers of the components; it holds nothing of any visitor."""

    def __init__(self, recommender: Recommender, flags: Desk, shop: markup.Shop):
        super().__init__(shop)
        self.recommender, self.flags = recommender, flags

    # Wiring ------------------------------------------------------------------------------------------------

    def wire(self) -> None:
        self.question(self.box.submit, self.ask, [self.box])
        self.question(self.conversation.act, self.ask_example)
        self.question(self.something_else.click, self.ask_for_else)
        self.question(self.more_like_this.click, self.ask_for_like)
        self.question(self.keep_to.click, self.ask_filtered, [self.categories, self.least, self.most])
        self.question(self.no_filters.click, self.ask_unfiltered)
        self.quickly(self.undo.click, self.take_back, self.everything)
        self.quickly(self.start_over.click, self.begin_again, self.everything)
        self.looked.act(
            self.look_away, [self.visit], [self.visit, self.looked, self.notice], show_progress="hidden",
            api_visibility="private", concurrency_id=MODEL_QUEUE, concurrency_limit=1,
        )  # fmt: skip
        for shelf in (self.gallery, self.card):
            self.quickly(shelf.act, self.look_at, [self.visit, self.card, self.gallery, self.right])
        self.quickly(self.wrong_pick.click, self.open_form, self.flag_parts)
        self.quickly(self.cancel.click, self.close_form, self.flag_parts)
        self.save.click(
            self.save_flag, [self.visit, self.right, self.quick, self.words], self.flag_parts,
            show_progress="hidden", api_visibility="private",
        )  # fmt: skip

    @property
    def everything(self) -> list:
        screen = [self.visit, self.memory, self.conversation, self.status, self.notice, self.box]
        screen += [self.start_over, self.undo, self.categories, self.least, self.most]
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
            [self.visit, *(inputs or [])],
            outputs,
            queue=False,
            show_progress="hidden",
            api_visibility="private",
        )

    def question(self, event: Callable, begin: Callable, inputs: list | None = None) -> None:
        """A move that the model answers: begin at once, then wait for the model; undo if neither comes off."""
        begun = self.quickly(event, begin, self.everything, inputs)
        answered = begun.then(
            self.answer, [self.visit], self.everything, show_progress="minimal",
            show_progress_on=self.status, api_visibility="private",
            concurrency_id=MODEL_QUEUE, concurrency_limit=1,
        )  # fmt: skip
        self.quickly(answered.failure, self.turned_away, self.everything)

    # What is shown -----------------------------------------------------------------------------------------

    def screen(self, visit: Visit, error: str = "", **box: Any) -> dict:
        """Every part of the page for a visit; `box` holds what changes in the message box."""
        busy = visit.pending is not None
        return {
            self.visit: visit,
            self.memory: to_memory(visit),
            self.conversation: markup.conversation(visit, self.shop),
            self.status: markup.status(visit),
            self.notice: markup.notice(error),
            self.box: gr.update(interactive=not busy, **box),
            self.start_over: gr.update(visible=bool(visit.dialogue.turns) and not busy),
            self.undo: gr.update(visible=visit.recommendation is not None and not busy),
            self.card: markup.window(visit, self.shop),
            self.actions: gr.update(visible=busy or visit.recommendation is not None),
            self.gallery: markup.gallery(visit, self.shop),
            self.looked: looked_at(visit, self.shop, self.recommender.full_tokens),
            **{button: gr.update(interactive=not busy) for button in self.buttons},
            **self.flag_screen(visit),
        }

    def flag_screen(self, visit: Visit, is_open: bool = False, note: str = "", kind: str = "thanks") -> dict:
        choices = [*markup.choices(visit.others), ("None of these", NONE_OF_THESE)]
        return {
            self.form: gr.update(visible=is_open),
            self.right: gr.update(choices=choices, value=visit.chosen),
            self.quick: [],
            self.words: "",
            self.flag_notice: markup.notice(note, kind),
        }

    def come_back(self, visit: Visit, kept: object) -> dict:
        """Go on where this browser was before the page was loaded again; a message under way is back in the box."""
        if visit.pending or visit.recommendation:
            return gr.skip()
        visit, unsent = from_memory(kept, self.shop.catalog)
        if not (visit.recommendation or visit.filters or unsent):
            return gr.skip()
        kept_to = visit.filters
        shown = {self.categories: sorted(kept_to.categories)}
        shown |= {self.least: write_price(kept_to.lowest), self.most: write_price(kept_to.highest)}
        return self.screen(visit, **({"value": {"text": unsent, "files": []}} if unsent else {})) | shown

    # Questions ---------------------------------------------------------------------------------------------

    def begin(self, visit: Visit, move: Callable[[], Visit], **box: Any) -> dict:
        """Show the question as asked, or the sentence that says why it cannot be; then the box stays as it is."""
        try:
            return self.screen(move(), **box)
        except LavicError as error:
            return {self.notice: markup.notice(str(error))}
        except Exception as error:
            note_failure(error)
            return {self.notice: markup.notice(SORRY)}

    def ask(self, visit: Visit, message: dict | None) -> dict:
        text, files = (message or {}).get("text") or "", (message or {}).get("files") or []
        photo = Path(files[0]) if files else None
        return self.begin(visit, lambda: visit.ask(text, photo), value=None)

    def ask_example(self, visit: Visit, event: gr.EventData) -> dict:
        number = event._data.get("id") if isinstance(event._data, dict) else None
        known = {str(place): text for place, text in enumerate(markup.EXAMPLES)}
        return self.begin(visit, lambda: visit.ask(known.get(str(number), "")))

    def ask_for_else(self, visit: Visit) -> dict:
        return self.begin(visit, visit.something_else)

    def ask_for_like(self, visit: Visit) -> dict:
        return self.begin(visit, visit.more_like_this)

    def ask_filtered(self, visit: Visit, categories: list[str] | None, least: str | None, most: str | None) -> dict:
        names = frozenset(categories or ())
        return self.begin(visit, lambda: visit.filter(Filters(names, read_price(least), read_price(most))))

    def ask_unfiltered(self, visit: Visit) -> dict:
        empty = {self.categories: [], self.least: "", self.most: ""}
        return self.begin(visit, lambda: visit.filter(NO_FILTERS)) | empty

    def take_back(self, visit: Visit) -> dict:
        return self.begin(visit, visit.undo)

    def answer(self, visit: Visit) -> dict:
        """Run the model; on failure everything is as before and the message is back in the box."""
        if not visit.pending:
            return {self.visit: visit}
        try:
            visit = visit.answered(self.recommender)
        except LavicError as error:
            return self.give_up(visit, str(error))
        except Exception as error:
            note_failure(error)
            return self.give_up(visit)
        self.note_if_unsure(visit)
        return self.screen(visit)

    def note_if_unsure(self, visit: Visit) -> None:
        """Put the turn on the annotators' desk; where that fails, the shopper need not know."""
        if visit.recommendation.confidence < UNSURE:
            try:
                self.flags.note(make_flag(visit, self.recommender, None, (), ""))
            except Exception as error:
                note_failure(error)

    def give_up(self, visit: Visit, error: str = SORRY) -> dict:
        pending = visit.pending
        if not pending:  # the answer did arrive, only the browser has not seen it
            return self.screen(visit, error)
        files = [str(pending.photo)] if pending.photo and pending.photo.is_file() else []
        return self.screen(visit.given_up(), error, value={"text": pending.text, "files": files})

    def turned_away(self, visit: Visit) -> dict:
        """The queue was full, or the connection broke before the model had its turn."""
        return self.give_up(visit, BUSY)

    def begin_again(self, visit: Visit) -> dict:
        """A new conversation; filters belong to the old one."""
        return self.screen(Visit(), value=None) | {self.categories: [], self.least: "", self.most: ""}

    # Looking and flagging ----------------------------------------------------------------------------------

    def look_at(self, visit: Visit, event: gr.EventData) -> dict:
        """Put a runner-up on the card; in the flag form it becomes the right one."""
        if visit.pending:  # writing the state now could undo the answer that is on its way
            return {self.card: markup.window(visit, self.shop)}
        said = event._data if isinstance(event._data, dict) else {}
        if said.get("act") == "compare":
            visit = visit.compare()
        else:
            visit = visit.choose(said.get("id") if isinstance(said.get("id"), str) else None)
        return {
            self.visit: visit,
            self.card: markup.window(visit, self.shop),
            self.gallery: markup.gallery(visit, self.shop),
            self.right: gr.update(value=visit.chosen),
        }

    def look_away(self, visit: Visit) -> dict:
        """Judge the same candidates by their titles alone, and say what that changes."""
        try:
            visit = visit.look_away(self.recommender)
        except LavicError as error:
            return {self.notice: markup.notice(str(error))}
        except Exception as error:
            note_failure(error)
            return {self.notice: markup.notice(SORRY)}
        return {self.visit: visit, self.looked: looked_at(visit, self.shop, self.recommender.full_tokens)}

    def open_form(self, visit: Visit) -> dict:
        return self.flag_screen(visit, is_open=visit.recommendation is not None)

    def close_form(self, visit: Visit) -> dict:
        return self.flag_screen(visit)

    def save_flag(self, visit: Visit, right: str | None, quick: list[str], words: str) -> dict:
        """Store the flag and say where it went; on failure the form stays as filled in."""
        try:
            self.flags.add(make_flag(visit, self.recommender, right, quick, words))
        except Exception as error:
            if isinstance(error, LavicError) and not isinstance(error, FlagStoreError):
                return {self.flag_notice: markup.notice(str(error))}
            note_failure(error)
            return {self.flag_notice: markup.notice("The flag could not be stored; please try again later.")}
        return self.flag_screen(visit, note=THANKS)
