"""What nobody foresaw in a request is refused plainly, and costs one line of the log and no trace."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from secrets import token_hex
from typing import Any

import gradio as gr
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lavic_chat.catalog.pictures import shown_name, unreadable
from lavic_chat.ui.failures import note_failure, note_unread
from lavic_chat.ui.photos import Photos

REFUSED = "That request cannot be answered."
WRONG_NAME = "Invalid file type"  # how Gradio's sentence begins for a file that is not named as a picture
SAY_WHICH = "Its name must say which, as photo.jpg does."
ADDED_LATER = frozenset(("about",))  # names of parameters
UNREADABLE = "What was sent cannot be read; load the page again, or look at how the API is called."


class Refusals:
    """ASGI middleware around the whole app: an exception that comes out of it becomes a refusal, unless the answer has
    begun; then it ends there."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        has_begun = has_ended = False

        async def note_and_send(message: Message) -> None:
            nonlocal has_begun, has_ended
            has_begun = True
            has_ended = message["type"] == "http.response.body" and not message.get("more_body")
            await send(message)

        try:
            await self.app(scope, receive, note_and_send)
        except Exception as error:
            note_failure(error)
            if not has_begun:
                await PlainTextResponse(REFUSED, 400)(scope, receive, send)
            elif not has_ended:
                await send({"type": "http.response.body", "body": b""})


class RefusingBlocks(gr.Blocks):
    """Gradio's blocks, but what is sent to a handler and cannot be read is refused in a sentence; Gradio would print a
    trace, and with it what was sent. Photos that come along with a call of the API go with its answer, whatever that
    is, and those of a refused move of the page too, unless they are of somebody's visit."""

    photos: Photos | None = None  # where uploads lie; without it nothing is deleted

    async def process_api(self, block_fn: Any, inputs: list[Any], *given: Any, **named: Any) -> Any:
        """See Gradio; raises `gr.Error`."""
        function = self.fns.get(block_fn) if isinstance(block_fn, int) else block_fn
        call = token_hex() if is_public(function) else ""
        sent = list(paths_in(inputs))  # before Gradio has had its hands on it
        if call:
            inputs = with_later_values(function, inputs)
        if call and (wrong := wrong_value(function, inputs)):
            if self.photos:
                self.photos.forget(call, sent)
            raise gr.Error(wrong, print_exception=False)
        is_over = bool(call)
        if call and sent and self.photos:
            self.photos.keep(call, sent)  # as long as it waits for its answer
        try:
            return await super().process_api(block_fn, inputs, *given, **named)
        except gr.Error as error:
            is_over = True
            error.print_exception = False
            if not str(error.message).startswith(WRONG_NAME):
                raise
            name = shown_name(Path(sent[0])) if sent else "The photo"
            raise gr.Error(f"{unreadable(name)} {SAY_WHICH}", print_exception=False) from None
        except Exception as error:
            is_over = True
            note_unread(error)
            raise gr.Error(UNREADABLE, print_exception=False) from None
        finally:
            if is_over and sent and self.photos:
                self.photos.forget(call, sent)


def with_later_values(function: Any, inputs: Sequence[Any]) -> list[Any]:
    """The values of a call, with those of parameters that came after programs had been written which do not name
    them."""
    missing = getattr(function, "inputs", ())[len(inputs) :]
    is_later = all(getattr(component, "label", "") in ADDED_LATER for component in missing)
    return [*inputs, *(component.value for component in missing if is_later)]


def wrong_value(function: Any, inputs: Sequence[Any]) -> str:
    """What is wrong with the first value of a call that Gradio would make something else of, in a sentence: a list into
    a text, 2.5 into 2; "" where nothing is."""
    for component, value in zip(getattr(function, "inputs", ()), inputs, strict=False):
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if isinstance(component, gr.Textbox) and not (value is None or is_number or isinstance(value, str)):
            return f"The value of {component.label} must be a text."
        is_whole = is_number and value == value // 1
        if isinstance(component, gr.Number) and component.precision == 0 and value is not None and not is_whole:
            return f"The value of {component.label} must be a whole number."
    return ""


def is_public(function: Any) -> bool:
    """Whether a function of Gradio's is an endpoint of the API, rather than a move of a page."""
    return getattr(function, "api_visibility", "private") != "private"


def paths_in(value: Any) -> Iterator[str]:
    """The paths of all files that are named anywhere in what was sent, in Gradio's way."""
    left = [value]
    while left:
        value = left.pop()
        if isinstance(value, dict):
            if isinstance(path := value.get("path"), str):
                yield path
            left.extend(value.values())
        elif isinstance(value, list | tuple):
            left.extend(value)
