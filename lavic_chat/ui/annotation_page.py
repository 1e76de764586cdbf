"""The annotators' page: who is there, the next turn of the queue, and what they say of it by click or by key."""

from dataclasses import dataclass, replace

import gradio as gr

from lavic_chat.ui import annotation_markup, markup
from lavic_chat.ui.chat_layout import html
from lavic_chat.ui.sign_in import HIDDEN, SignInPage


@dataclass(frozen=True)
class Annotator:
    """Who annotates, and the turn on their screen; nobody while `annotator` is empty."""

    annotator: str = ""
    turn_id: str = ""


class AnnotationPage(SignInPage):
    """The components and handlers."""

    def lay_out(self) -> None:
        """Make all components; called inside the `gr.Blocks` of the page."""
        self.lay_out_sign_in(Annotator())
        self.task = html(annotation_markup.welcome(bool(self.annotators)), "task")

    def wire(self) -> None:
        """Bind the components' events to their handlers, none of them a public endpoint."""
        screen = self.wire_sign_in(self.task)
        self.task.act(self.act, [self.state], screen, queue=False, **HIDDEN)

    def act(self, state: Annotator, event: gr.EventData) -> dict:
        """A choice among the candidates, none of them, skip or undo; then the next turn."""
        if not state.annotator:
            return self.ask_to_sign_in()
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
