"""The annotators' page: who is there, the next turn of the queue, and what they say of it by click or by key."""

import asyncio
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import gradio as gr
from anyio import to_thread

from lavic_chat.feedback.annotation import AnnotationStore
from lavic_chat.ui import annotation_markup, markup
from lavic_chat.ui.chat_layout import html
from lavic_chat.ui.failures import sentence

WRONG = "That name and password do not go together; try again."
SORRY = "The desk could not store that; please try again in a moment."
PAUSE = 0.5  # seconds after a wrong password, so that guessing takes long


@dataclass(frozen=True)
class Seat:
    """An annotator at the desk, and the turn before them; nobody while `annotator` is empty."""

    annotator: str = ""
    turn_id: str = ""


class AnnotationPage:
    """The components and handlers; `annotators` are names with passwords, and where there are none any name will do."""

    def __init__(
        self, annotations: AnnotationStore, links: markup.Links, annotators: Mapping[str, str] = MappingProxyType({})
    ):
        self.annotations, self.links, self.annotators = annotations, links, annotators
        self.door = asyncio.Lock()

    def lay_out(self) -> None:
        gr.Navbar(visible=False)
        self.seat = gr.State(Seat())
        html(markup.header(self.links, at_annotations=True), "masthead")
        with gr.Row(elem_id="sign-in") as self.sign_in:
            self.name = gr.Textbox(label="Your name at this desk", max_length=80, elem_id="annotator", min_width=180)
            self.password = gr.Textbox(
                label="Password", type="password", max_length=200, visible=bool(self.annotators), min_width=180
            )
            self.enter = gr.Button("Begin", variant="primary", elem_id="begin", min_width=100)
        self.notice = html("", "notice")
        self.task = html(annotation_markup.welcome(bool(self.annotators)), "task")

    def wire(self) -> None:
        screen = [self.seat, self.sign_in, self.notice, self.task, self.password]
        hidden = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
        for event in (self.enter.click, self.name.submit, self.password.submit):
            event(self.begin, [self.seat, self.name, self.password], screen, **hidden)
        self.task.act(self.act, [self.seat], screen, **hidden)

    async def begin(self, seat: Seat, name: str | None, password: str | None) -> dict:
        """Sit down; with passwords configured only who knows theirs. One at a time, so that guessing takes long;
        waiting holds no thread, so that nobody else waits."""
        name = (name or "").strip()
        async with self.door:
            if self.annotators and not self.knows(name, password or ""):
                await asyncio.sleep(PAUSE)
                return {self.notice: markup.notice(WRONG), self.password: ""}
        return await to_thread.run_sync(self.sit_down, seat, name)

    def sit_down(self, seat: Seat, name: str) -> dict:
        if not name:
            return {self.notice: markup.notice("Give a name first; corrections are kept under it.")}
        hidden = {self.sign_in: gr.update(visible=False), self.password: ""}
        return self.show_or_error(lambda: self.screen(replace(seat, annotator=name)) | hidden)

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
            return {self.notice: markup.notice(sentence(error, SORRY))}

    def act(self, seat: Seat, event: gr.EventData) -> dict:
        """A choice among the candidates, none of them, skip or undo; then the next turn."""
        if not seat.annotator:  # nobody has signed in, or the server has let a page go that stood open for long
            return {self.notice: markup.notice("Sign in first."), self.sign_in: gr.update(visible=True)}
        said = event._data if isinstance(event._data, dict) else {}
        act, choice = said.get("act"), said.get("id")
        if said.get("turn") != seat.turn_id:  # pressed before the next turn was on the screen
            return gr.skip()
        return self.show_or_error(lambda: self.move(seat, act, choice))

    def move(self, seat: Seat, act: object, choice: object) -> dict:
        if act == "undo":
            back = self.annotations.undo(seat.annotator)
            return self.screen(seat, back, "" if back else "There is nothing to take back.")
        if act != "next" and not (act in ("judge", "none", "skip") and seat.turn_id):
            return gr.skip()
        if act == "skip":
            self.annotations.skip(seat.turn_id, seat.annotator)
        elif act == "none":
            self.annotations.judge(seat.turn_id, seat.annotator, None)
        elif act == "judge" and choice in self.offered(seat):
            self.annotations.judge(seat.turn_id, seat.annotator, choice)
        return self.screen(seat)

    def offered(self, seat: Seat) -> list[str]:
        return [product_id for product_id, _ in self.annotations.task(seat.turn_id).turn.candidates]

    def screen(self, seat: Seat, turn_id: str | None = None, note: str = "") -> dict:
        """The turn asked for, or the next one of the queue."""
        queue = self.annotations.queue(seat.annotator)
        task = next((task for task in queue if task.turn.turn_id == turn_id), queue[0] if queue else None)
        seat = replace(seat, turn_id=task.turn.turn_id if task else "")
        show_or_error = annotation_markup.task(task, self.annotations.progress(seat.annotator), self.links)
        return {self.seat: seat, self.notice: markup.notice(note), self.task: show_or_error}
