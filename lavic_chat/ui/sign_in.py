"""What the pages of those who run the chat share: nobody sees them without a name, and its password where names have
passwords.
"""

import asyncio
import hmac
from collections.abc import Callable, Mapping
from dataclasses import replace
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
HIDDEN: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}  # Gradio's options of every event
PAUSE = 0.5  # seconds after a wrong password, so that guessing takes long


class SignInPage:
    """A page behind a sign-in; `annotators` are names with passwords, and where there are none any name will do. One
    that is such a page has `state`, whose `annotator` says who is there, `notice`, `password`, `sign_in` and `screen`.
    """

    state: Any
    sign_in: Any
    notice: Any
    password: Any

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

    def lay_out_sign_in(self, state: Any) -> None:
        """The masthead, name and password, and the line below them in which something may be told; state: of whoever
        has not signed in."""
        gr.Navbar(visible=False)
        self.state = gr.State(state)
        self.masthead = html(self.header(), "masthead")
        with gr.Row(elem_id="sign-in") as self.sign_in:
            self.name = gr.Textbox(label="Your name", max_length=80, elem_id="annotator", min_width=180)
            self.password = gr.Textbox(
                label="Password", type="password", max_length=200, visible=bool(self.annotators), min_width=180
            )
            self.begin_button = gr.Button("Begin", variant="primary", elem_id="begin", min_width=100)
        self.notice = html("", "notice")

    def header(self) -> str:
        """The masthead, of the catalogue as it is now."""
        return markup.header(self.links, at_annotations=True)

    def wire_sign_in(self, body: Any) -> list:
        """Bind the button and the fields; gives the components that the page shows something in, body among them."""
        screen = [self.state, self.sign_in, self.notice, body, self.password, self.masthead]
        for event in (self.begin_button.click, self.name.submit, self.password.submit):
            event(self.begin, [self.state, self.name, self.password], screen, queue=False, **HIDDEN)
        return screen

    def ask_to_sign_in(self) -> dict:
        """For whoever has not signed in, or whose page stood open for so long that the server has let it go."""
        return {self.notice: markup.notice("Sign in first."), self.sign_in: gr.update(visible=True)}

    def screen(self, state: Any) -> dict:
        """The page for somebody who has signed in; raises what keeps it from being shown."""
        raise NotImplementedError

    async def begin(
        self, state: Any, name: str | None, password: str | None, request: gr.Request | None = None
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

    def sign_in_as(self, state: Any, name: str) -> dict:
        """The page for somebody whose password was right."""
        if not name:
            return {self.notice: markup.notice("Give a name first; corrections are kept under it.")}
        hidden = {self.sign_in: gr.update(visible=False), self.password: "", self.masthead: self.header()}
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
