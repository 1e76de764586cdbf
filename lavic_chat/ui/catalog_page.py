"""The owner's page: the catalogue in figures, what shoppers missed in it, its pictures beside what the model sees."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

import gradio as gr
from anyio import to_thread

from lavic_chat.catalog.checks.background import CatalogChecker
from lavic_chat.catalog.live import LookedAgain
from lavic_chat.catalog.overview import overview_of
from lavic_chat.recommendation import UnmetRequest
from lavic_chat.ui import catalog_markup, markup
from lavic_chat.ui.chat_layout import html
from lavic_chat.ui.chat_screen import sent
from lavic_chat.ui.session import Recommender
from lavic_chat.ui.sign_in import HIDDEN, SignInPage

ON_A_SHEET = 24  # products
MOST_UNMET = 20
ASKED_AGAIN = "The catalogue has changed and is being taken up while the chat goes on; refresh to see it."
NOTHING_NEW = "Nothing has changed: the chat answers from the catalogue as its files are now."
DOES_NOT_WATCH = "This chat does not watch its catalogue; start it again to take up a change."
SAID: Mapping[LookedAgain, str] = {
    LookedAgain.CHANGED: ASKED_AGAIN, LookedAgain.UNCHANGED: NOTHING_NEW, LookedAgain.UNWATCHED: DOES_NOT_WATCH,
}  # fmt: skip
OWNERS_AT_ONCE = 8  # whose clicks are answered; a check may take minutes


@runtime_checkable
class CountsUnmet(Protocol):
    """A recommender that counts what was asked for and was not there."""

    @property
    def unmet(self) -> "UnmetCounts":
        """The counts."""
        ...


class UnmetCounts(Protocol):
    """What was asked for and was not there."""

    def most(self, count: int) -> Sequence[UnmetRequest]:
        """The most frequent."""
        ...


@dataclass(frozen=True)
class Owner:
    """Who looks, and which sheet of the pictures, from 0; nobody while `annotator` is empty."""

    annotator: str = ""
    sheet: int = 0


class CatalogPage(SignInPage):
    """The components and handlers."""

    recommender: Recommender
    look_again: Callable[[], LookedAgain]

    def serve(self, recommender: Recommender, look_again: Callable[[], LookedAgain]) -> "CatalogPage":
        """Of whose catalogue, and what has it looked at again."""
        self.recommender, self.look_again = recommender, look_again
        self.checker = CatalogChecker(recommender.catalog)
        return self

    def lay_out(self) -> None:
        """Make all components; called inside the `gr.Blocks` of the page."""
        self.lay_out_sign_in(Owner())
        self.body = html(catalog_markup.welcome(bool(self.annotators)), "catalogue")

    def wire(self) -> None:
        """Bind the components' events to their handlers, none of them a public endpoint."""
        screen = self.wire_sign_in(self.body)
        limits: dict[str, Any] = {"concurrency_limit": OWNERS_AT_ONCE, "concurrency_id": "owners"}
        self.body.act(self.act, [self.state], screen, **limits, **HIDDEN)

    async def act(self, state: Owner, event: gr.EventData) -> AsyncIterator[dict]:
        """Another sheet, refresh, check, look again."""
        if not state.annotator:
            yield self.ask_to_sign_in()
            return
        act = sent(event, "act")
        if act == "sheet":
            state = replace(state, sheet=number_in(sent(event, "id")))
        if act in ("check", "check-again"):
            check = self.checker.check_again if act == "check-again" else self.checker.check
            yield await self.shown(lambda: self.screen(state, checking=True))
            yield await self.shown(lambda: self.checked(state, check))
        elif act == "again":
            yield await self.shown(lambda: self.screen(state, SAID[self.look_again()]))
        elif act in ("sheet", "refresh"):
            yield await self.shown(lambda: self.screen(state))

    async def shown(self, move: Callable[[], dict]) -> dict:
        """What the move shows, made in a thread."""
        return await to_thread.run_sync(self.show_or_error, move)

    def checked(self, state: Owner, check: Callable[[], object]) -> dict:
        """The page after a check; raises as `CatalogChecker.check`."""
        check()
        return self.screen(state)

    def screen(self, state: Owner, note: str = "", checking: bool = False) -> dict:
        """All of it, as it is now. checking: a check of the pictures has begun."""
        catalog = self.recommender.catalog
        sheets = max(1, -(-len(catalog) // ON_A_SHEET))
        state = replace(state, sheet=min(max(0, state.sheet), sheets - 1))
        first = state.sheet * ON_A_SHEET
        products = list(catalog.products[first : first + ON_A_SHEET])
        captions = self.recommender.captions([one.id for one in products])
        unmet = self.recommender.unmet.most(MOST_UNMET) if isinstance(self.recommender, CountsUnmet) else ()
        result = self.checker.known()
        problems = None if result is None else result.problems
        parts = (
            catalog_markup.figures(overview_of(catalog.columns), self.links),
            catalog_markup.unmet(unmet),
            catalog_markup.pictures(problems, checking),
            catalog_markup.sheet(list(zip(products, captions, strict=True)), (state.sheet, sheets), self.links),
        )
        shown = f'<div class="owner">{"".join(parts)}</div>'
        return {
            self.state: state,
            self.notice: markup.notice(note, "thanks"),
            self.body: shown,
            self.masthead: self.header(),
        }


def number_in(choice: str) -> int:
    """A sheet's number as a button says it; 0 for anything else."""
    return int(choice) if choice.isascii() and choice.isdigit() and len(choice) < 8 else 0
