"""What nobody foresaw in a request is refused plainly, and costs one line of the log and no trace."""

from typing import Any

import gradio as gr
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lavic_chat.ui.failures import note_failure

REFUSED = "That request cannot be answered."
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
    trace, and with it what was sent."""

    async def process_api(self, *given: Any, **named: Any) -> Any:
        """See Gradio; raises `gr.Error`."""
        try:
            return await super().process_api(*given, **named)
        except gr.Error as error:
            error.print_exception = False
            raise
        except Exception as error:
            note_failure(error)
            raise gr.Error(UNREADABLE, print_exception=False) from None
