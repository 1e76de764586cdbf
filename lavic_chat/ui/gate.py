"""What every request passes before Gradio sees it, and every response before it leaves: uploads within a client's
limits, whose stream of events is open, and the headers that tell browsers what a page of ours may do.
"""

import re
import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lavic_chat.ui.clients import Clients, LimitError
from lavic_chat.ui.presence import Presence

CLOSED = re.compile(r"/process_recording/?\Z")  # of Gradio's, which the chat has no use for, and which takes files
EVENTS_OF_SESSION, EVENTS_OF_CALL = re.compile(r"/queue/data/?\Z"), re.compile(r"/call/(?:v2/)?[^/]+/([^/]+)/?\Z")
SCRIPT = re.compile(rb"<script(?=[\s>])")
LARGEST_DRAINED = 32 * 10**6  # bytes: more than any upload may have
NO_LENGTH = "The upload does not say how long it is; send it as a browser does."
# A Space shows the page in a frame of huggingface.co. Gradio makes functions of texts ('unsafe-eval') and writes styles
# into the page; scripts are the server's own files, and those in the page that carry the response's own number.
POLICY = {
    "default-src": "'self'",
    "script-src": "'self' 'unsafe-eval' 'nonce-{nonce}'",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "media-src": "'self' blob:",
    "worker-src": "'self' blob:",
    "connect-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'self' https://huggingface.co https://*.huggingface.co https://*.hf.space",
}
HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"same-origin",
    b"cross-origin-opener-policy": b"same-origin-allow-popups",
    b"permissions-policy": b"camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}


class Gate:
    """ASGI middleware around Gradio's app. session_of: the session whose event it is, by the event's id; end_stream:
    told of the session and the event, "" of all of the session's, whose stream has ended."""

    def __init__(
        self,
        app: ASGIApp,
        clients: Clients,
        presence: Presence,
        session_of: Callable[[str], str],
        end_stream: Callable[[str, str], None],
    ):
        self.app, self.clients, self.presence = app, clients, presence
        self.session_of, self.end_stream = session_of, end_stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        guarded = GuardedSend(send)
        path, method = scope["path"], scope["method"]
        if method == "POST" and (refusal := self.refuse_upload(path, headers_of(scope), address_of(scope))):
            await refuse(receive, guarded, *refusal)
            return
        session, event_id = self.stream_of(scope)
        if not session:
            await self.app(scope, receive, guarded)
            return
        try:
            with self.presence.stream(session):
                await self.app(scope, receive, guarded)
        finally:
            self.end_stream(session, event_id)

    def refuse_upload(self, path: str, headers: dict[str, str], address: str) -> tuple[int, str, int] | None:
        """Status, sentence and seconds to wait, where a request sends files that are too many, or to where none go."""
        if CLOSED.search(path):
            return 404, "There is nothing here.", 0
        if not headers.get("content-type", "").strip().lower().startswith("multipart/"):
            return None
        if (length := length_of(headers)) is None:
            return 411, NO_LENGTH, 0
        try:
            self.clients.upload(self.clients.name(address, headers), length)
        except LimitError as error:
            return 429, str(error), error.seconds
        return None

    def stream_of(self, scope: Scope) -> tuple[str, str]:
        """The session whose stream of events a request opens, and the event that it names; "" where there is none."""
        if scope["method"] != "GET":
            return "", ""
        if EVENTS_OF_SESSION.search(scope["path"]):
            return parse_qs(scope["query_string"].decode("latin-1")).get("session_hash", [""])[0], ""
        event = EVENTS_OF_CALL.search(scope["path"])
        return (self.session_of(event[1]), event[1]) if event else ("", "")


class GuardedSend:
    """Sends a response with the headers of ours that it lacks; a page's scripts get the response's number."""

    def __init__(self, send: Send):
        self.send, self.nonce = send, secrets.token_urlsafe(16)
        self.start: Message | None = None  # of a page, until the whole of it is here
        self.page = bytearray()

    async def __call__(self, message: Message) -> None:
        """One ASGI message of the response."""
        if message["type"] == "http.response.start":
            message = {**message, "headers": with_headers(message.get("headers", ()), self.nonce)}
            if is_page(message["headers"]):
                self.start = message
                return
        elif self.start is not None and message["type"] == "http.response.body":
            self.page += message.get("body", b"")
            if not message.get("more_body"):
                await self.send_page(self.start)
            return
        await self.send(message)

    async def send_page(self, start: Message) -> None:
        """A page as a whole."""
        page = SCRIPT.sub(f'<script nonce="{self.nonce}"'.encode(), bytes(self.page))
        headers = [(name, value) for name, value in start["headers"] if name.lower() != b"content-length"]
        await self.send({**start, "headers": [*headers, (b"content-length", str(len(page)).encode())]})
        await self.send({"type": "http.response.body", "body": page})


def with_headers(given: Any, nonce: str) -> list[tuple[bytes, bytes]]:
    """A response's headers, and those of ours that it does not set itself."""
    policy = "; ".join(f"{name} {value}" for name, value in POLICY.items()).format(nonce=nonce).encode()
    ours = {**HEADERS, b"content-security-policy": policy}
    set_already = {name.lower() for name, _ in given}
    return [*given, *((name, value) for name, value in ours.items() if name not in set_already)]


def is_page(headers: Any) -> bool:
    """Whether a response is a page of HTML."""
    return any(name.lower() == b"content-type" and value.startswith(b"text/html") for name, value in headers)


async def drain(receive: Receive) -> None:
    """Take what is being sent, and drop it, so that whoever sends gets to read the answer."""
    taken = 0
    while taken < LARGEST_DRAINED:
        message = await receive()
        taken += len(message.get("body", b""))
        if not message.get("more_body"):
            return


async def refuse(receive: Receive, send: Send, status: int, sentence: str, seconds: int = 0) -> None:
    """A sentence in place of what was asked for; seconds: to wait."""
    await drain(receive)
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
    headers += [(b"retry-after", str(seconds).encode())] if seconds else []
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": sentence.encode()})


def headers_of(scope: Scope) -> dict[str, str]:
    """A request's headers, by names in lower case; of one that is there several times the last."""
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def length_of(headers: dict[str, str]) -> int | None:
    """Bytes that a request says it has; None where it says nothing."""
    length = headers.get("content-length", "")
    return int(length) if length.isascii() and length.isdigit() else None


def address_of(scope: Scope) -> str:
    """Of whoever is at the other end of the connection, "" where that is not known."""
    return (scope.get("client") or ("",))[0]
