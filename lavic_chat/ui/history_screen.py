"""The visitor's history on the chat's page: what moves write into it, the row that it brings, how it is kept.

It lies in a `gr.State` of its own, None until it is known, and with the visitor's consent in their browser. It is no
part of the session, so that neither a flag nor what the browser keeps of a session has anything of it.
"""

from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr
from gradio.events import Dependency

from lavic_chat.catalog.product import Product
from lavic_chat.dialogue.history import LIKED, NO_HISTORY, OPENED, TURNED_DOWN, History
from lavic_chat.ui import card_markup, history_markup
from lavic_chat.ui.browser_storage import from_storage
from lavic_chat.ui.chat_screen import ChatScreen, box_value, sent
from lavic_chat.ui.failures import note_failure
from lavic_chat.ui.history_storage import STORAGE_KEY, from_kept, to_kept
from lavic_chat.ui.session import Session

SUGGESTIONS = 6  # products in the row
# Gradio never takes out of a browser what it has put there.
CLEAN_UP = f"(kept) => {{ if (!kept) localStorage.removeItem('{STORAGE_KEY}'); }}"


class HistoryScreen(ChatScreen):
    """The handlers that only the history is about, and what the others need of it."""

    @property
    def past(self) -> list:
        """The inputs that `recall` needs, which handlers take as `past`."""
        return [self.history, self.kept]

    def wire_history(self) -> None:
        """Keeping and forgetting; called inside the `gr.Blocks`."""
        parts = [self.history, self.kept, self.keeping, self.also, self.card]
        done = self.bind_row(self.bind(self.keeping.act, self.keep_or_forget, parts, self.past))
        done.then(None, [self.kept], None, js=CLEAN_UP)

    def bind(self, event: Callable, handler: Callable, outputs: list, inputs: list | None = None) -> Dependency:
        """A move that needs no model: no queue, no progress bar, no public endpoint."""
        return event(
            handler,
            [self.session, *(inputs or [])],
            outputs,
            queue=False,
            show_progress="hidden",
            api_visibility="private",
        )

    def bind_row(self, done: Dependency) -> Dependency:
        """After a move that may have changed the history or what is on the screen: keep it as agreed, then show the row
        that it brings. Two steps, for a recommender in another process takes its time over the row, and an answer that
        comes late must not keep what was meanwhile forgotten."""
        kept = self.bind(done.then, self.keep, [self.keeping, self.kept], self.past)
        self.bind(kept.then, self.show_row, [self.also], self.past)
        return kept

    def recall(self, history: History | None = None, kept: object = None) -> History:
        """The history; or what the browser keeps of it, where the page has just come or the server has let it go."""
        if history is not None:
            return history
        return from_kept(kept, self.links.catalog) or NO_HISTORY

    def restore(self, session: Session, stored: object, kept: object = None) -> dict:
        """Go on where this browser was before the page was loaded again; a message under way is back in the box."""
        if session.has_begun:
            return gr.skip()
        session, unsent, photo = from_storage(stored, self.links.catalog)
        history, box = self.recall(kept=kept), box_value(unsent, photo)
        if not (session.has_begun or session.filters or box):
            return {self.history: history} if history else gr.skip()
        screen = self.screen(session, history=history, **box) | self.filters_screen(session.filters)
        return screen | {self.history: history}

    def keep(self, session: Session, history: History | None, kept: object) -> dict:
        """Say what becomes of the history; where the visitor has agreed, the browser keeps it as it is now."""
        known, stored = self.recall(history, kept), from_kept(kept, self.links.catalog)
        screen = {self.keeping: history_markup.keeping(known, stored is not None)}
        return screen if stored is None or stored == known else screen | {self.kept: to_kept(known)}

    def show_row(self, session: Session, history: History | None, kept: object) -> dict:
        """What one may also like, by the history as it is now."""
        return {self.also: history_markup.also_like(self.suggest(session, self.recall(history, kept)), self.links)}

    def suggest(self, session: Session, history: History) -> Sequence[Product]:
        """What the visitor may also like, beside what is on the screen; nothing where that cannot be known."""
        if not history:
            return ()
        shown = [item.product.id for item in session.recommendation.candidates] if session.recommendation else []
        try:
            found = self.recommender.also_like(history, SUGGESTIONS, shown)
        except Exception as error:  # the page is whole without the row
            note_failure(error)
            return ()
        return [self.links.catalog[name] for name in found if name in self.links.catalog]

    def keep_or_forget(self, session: Session, event: gr.EventData, *past: Any) -> dict:
        """One click keeps the history in the browser from now on; one forgets it, there and here."""
        known, act = self.recall(*past), sent(event, "act")
        if act == "remember":
            return {self.history: known, self.kept: to_kept(known), self.keeping: history_markup.keeping(known, True)}
        if act != "forget":
            return gr.skip()
        card = card_markup.window(session, self.links)
        return {self.history: NO_HISTORY, self.kept: None, self.keeping: "", self.also: "", self.card: card}

    def like(self, session: Session, history: History, product_id: str) -> dict:
        """The heart on the card: like a product, or take that back."""
        if product_id not in self.links.catalog:
            return gr.skip()
        is_liked = product_id in history.liked
        history = history.without([product_id]) if is_liked else history.add(product_id, LIKED)
        return {self.history: history, self.card: card_markup.window(session, self.links, history)}


def signs_of(before: Session, after: Session, history: History) -> History:
    """The history after a move: what more is asked of is liked, what is turned down or opened is noted so; what an undo
    takes back was never turned down."""
    asked = after.pending.dialogue if after.pending else after.dialogue
    rejected = before.dialogue.rejected
    if after.pending and after.pending.like:
        history = history.add(after.pending.like, LIKED)
    if after.chosen not in (None, before.chosen) and after.recommendation is before.recommendation:
        history = history.note(after.chosen, OPENED)
    for product_id in sorted(asked.rejected - rejected):
        history = history.note(product_id, TURNED_DOWN)
    return history.without((rejected - asked.rejected) - history.liked)
