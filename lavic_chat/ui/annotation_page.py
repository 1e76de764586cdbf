"""The annotators' page: who is there, the next turn of the queue, and what they say of it by click or by key."""

import asyncio
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any
from weakref import WeakValueDictionary

import gradio as gr
from anyio import to_thread

from lavic_chat.feedback.annotation import AnnotationStore
from lavic_chat.ui import annotation_markup, markup
from lavic_chat.ui.chat_layout import html
from lavic_chat.ui.clients import Clients, LimitError
from lavic_chat.ui.failures import sentence

WRONG_PASSWORD = "That name and password do not go together; try again."
SORRY = "The desk could not store that; please try again in a moment."
PAUSE = 0.5  # seconds after a wrong password, so that guessing takes long


@dataclass(frozen=True)
class Annotator:
    """Who annotates, and the turn on their screen; nobody while `annotator` is empty."""

    annotator: str = ""
    turn_id: str = ""


class AnnotationPage:
    """The components and handlers; `annotators` are names with passwords, and where there are none any name will do."""

    def __init__(
        self,
        annotations: AnnotationStore,
        links: markup.Links,
        annotators: Mapping[str, str] = MappingProxyType({}),
        clients: Clients | None = None,
    ):
        """clients: who signs in, and how often each may be wrong; without it nobody is held back."""
        self.annotations, self.links, self.annotators = annotations, links, annotators
        self.clients = clients or Clients()
        self.sign_in_locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def lay_out(self) -> None:
        """Make all components; called inside the `gr.Blocks` of the page."""
        gr.Navbar(visible=False)
        self.state = gr.State(Annotator())
        html(markup.header(self.links, at_annotations=True), "masthead")
        with gr.Row(elem_id="sign-in") as self.sign_in:
            self.name = gr.Textbox(label="Your name at this desk", max_length=80, elem_id="annotator", min_width=180)
            self.password = gr.Textbox(
                label="Password", type="password", max_length=200, visible=bool(self.annotators), min_width=180
            )
            self.begin_button = gr.Button("Begin", variant="primary", elem_id="begin", min_width=100)
        self.notice = html("", "notice")
        self.task = html(annotation_markup.welcome(bool(self.annotators)), "task")

    def wire(self) -> None:
        """Bind the components' events to their handlers, none of them a public endpoint."""
        screen = [self.state, self.sign_in, self.notice, self.task, self.password]
        hidden: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
        for event in (self.begin_button.click, self.name.submit, self.password.submit):
            event(self.begin, [self.state, self.name, self.password], screen, **hidden)
        self.task.act(self.act, [self.state], screen, **hidden)

    async def begin(
        self, state: Annotator, name: str | None, password: str | None, request: gr.Request | None = None
    ) -> dict:
        """Sign in; with passwords configured only who knows theirs. Of each client one at a time, so that guessing
        takes long; waiting holds no thread, so that nobody else waits."""
        name, client = (name or "").strip(), self.clients.of(request)
        if self.annotators:
            async with self.sign_in_locks.setdefault(client, asyncio.Lock()):
                if refusal := await self.refuse(name, password or "", client):
                    return {self.notice: markup.notice(refusal), self.password: ""}
        return await to_thread.run_sync(self.sign_in_as, state, name)

    async def refuse(self, name: str, password: str, client: str) -> str:
        """Why somebody may not sign in, told after a pause; "" where they may."""
        try:
            self.clients.password(client)
        except LimitError as error:
            return str(error)
        if self.knows(name, password):
            return ""
        self.clients.wrong_password(client)
        await asyncio.sleep(PAUSE)
        return WRONG_PASSWORD

    def sign_in_as(self, state: Annotator, name: str) -> dict:
        """The first turn for an annotator whose password was right."""
        if not name:
            return {self.notice: markup.notice("Give a name first; corrections are kept under it.")}
        hidden = {self.sign_in: gr.update(visible=False), self.password: ""}
        return self.show_or_error(lambda: self.screen(replace(state, annotator=name)) | hidden)

    def knows(self, name: str, password: str) -> bool:
        """Whether name and password go together, in the same time whatever is wrong."""
        wanted = self.annotators.get(name, "")
        same = hmac.compare_digest(password.encode("utf-8", "replace"), wanted.encode("utf-8", "replace"))
        return same and bool(wanted)

    def show_or_error(self, move: Callable[[], dict]) -> dict:
        """What the move shows, or the sentence that says why it cannot be."""
        try:
            return move()
        except Exception as error:
            troubles = annotation_markup.troubles(self.annotations.troubles(), bool(self.annotators))
            return {self.notice: markup.notice(sentence(error, SORRY)) + troubles}

    def act(self, state: Annotator, event: gr.EventData) -> dict:
        """A choice among the candidates, none of them, skip or undo; then the next turn."""
        if not state.annotator:  # nobody has signed in, or the server has let a page go that stood open for long
            return {self.notice: markup.notice("Sign in first."), self.sign_in: gr.update(visible=True)}
        data = event._data if isinstance(event._data, dict) else {}
        act, choice = data.get("act"), data.get("id")
        if data.get("turn") != state.turn_id:  # pressed before the next turn was on the screen
            return gr.skip()
        return self.show_or_error(lambda: self.move(state, act, choice))

    def move(self, state: Annotator, act: object, choice: object) -> dict:
        """One act of the page and the turn after it; raises FlagError for what cannot be stored."""
        if act == "undo":
            back = self.annotations.undo(state.annotator)
            return self.screen(state, back, "" if back else "There is nothing to take back.")
        if act != "next" and not (act in ("judge", "none", "skip") and state.turn_id):
            return gr.skip()
        if act == "skip":
            self.annotations.skip(state.turn_id, state.annotator)
        elif act == "none":
            self.annotations.judge(state.turn_id, state.annotator, None)
        elif act == "judge" and choice in self.candidate_ids(state) and isinstance(choice, str):
            self.annotations.judge(state.turn_id, state.annotator, choice)
        return self.screen(state)

    def candidate_ids(self, state: Annotator) -> list[str]:
        """Ids of the turn on the screen; raises FlagError where it is gone."""
        return [product_id for product_id, _ in self.annotations.task(state.turn_id).turn.candidates]

    def screen(self, state: Annotator, turn_id: str | None = None, note: str = "") -> dict:
        """The turn asked for, or the next one of the queue."""
        queue = self.annotations.queue(state.annotator)
        task = next((task for task in queue if task.turn.turn_id == turn_id), queue[0] if queue else None)
        state = replace(state, turn_id=task.turn.turn_id if task else "")
        shown = annotation_markup.task(task, self.annotations.progress(state.annotator), self.links)
        troubles = annotation_markup.troubles(self.annotations.troubles(), bool(self.annotators))
        return {self.state: state, self.notice: markup.notice(note), self.task: troubles + shown}
