"""Launching: the theme, the catalogue's pictures by product id, and nothing else from the disk."""

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.routing import Route

from lavic_chat.catalog.live import LookedAgain
from lavic_chat.catalog.product import Catalog
from lavic_chat.errors import LavicError
from lavic_chat.ui.clients import Clients
from lavic_chat.ui.gate import Gate
from lavic_chat.ui.gradio_savings import SESSIONS_KEPT, save_at_queue, save_at_state, turn_analytics_off
from lavic_chat.ui.mcp_server import McpGate, as_tools, check_mcp
from lavic_chat.ui.refusals import Refusals, RefusingBlocks
from lavic_chat.ui.theme import HERE, stylesheet, theme

# Only formats that a browser shows as a picture and nothing more: an SVG, for one, could carry a script.
MEDIA_TYPES = {
    ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp", ".gif": "image/gif",
    ".bmp": "image/bmp",
}  # fmt: skip
HEADERS = {
    "Cache-Control": "public, max-age=3600",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'",
}
LARGEST_UPLOAD = "20mb"
LONGEST_QUEUE = 64  # questions waiting; the next visitor is asked to try again
MOST_EVENTS = 2 * LONGEST_QUEUE  # at once; those that wait in a recommender's line count, and hold no thread


class ChatApp(RefusingBlocks):
    """Gradio's app, and who asks it."""

    clients: Clients = Clients()
    look_again: Callable[[], LookedAgain] | None = None  # has the catalogue looked at again, where somebody watches it

    def have_looked_again(self) -> LookedAgain:
        """Have the catalogue looked at again; raises what keeps it from that."""
        return self.look_again() if self.look_again else LookedAgain.UNWATCHED

    def __setattr__(self, name: str, value: Any) -> None:
        """Gradio sets its MCP server here before anything is served: it becomes one of our tools."""
        super().__setattr__(name, as_tools(value) if name == "mcp_server_obj" and value else value)

    def session_of(self, event_id: str) -> str:
        """The session whose event it is; an event without one is its own."""
        event = self._queue.event_ids_to_events.get(event_id)
        return event.session_hash if event else event_id

    def end_stream(self, session: str, event_id: str) -> None:
        """Let go what Gradio keeps of a session whose answers have all been read: lists of messages and events, and,
        where a call of the API had no session but its own event, the whole of it. Gradio itself does so only once
        thousands more have come, with some of it never."""
        queue, states = self._queue, self.app.state_holder
        if self.clients.presence.is_open(session) or queue.pending_event_ids_session.get(session):
            return
        queue.pending_event_ids_session.pop(session, None)
        queue.pending_messages_per_session.pop(session, None)
        if session == event_id:
            states.session_data.pop(session, None)
            states.time_last_used.pop(session, None)


def launch(
    app: ChatApp, catalog: Catalog, host: str = "127.0.0.1", port: int | None = 7860, **more
) -> tuple[FastAPI, str, str]:
    """Serve the chat. `more` goes to Gradio's `launch`, for instance `prevent_thread_lock=True`.

    The disk stays closed: pictures leave by product id, `allowed_paths` is empty. `mcp_server=True` offers the
    endpoints as tools, too. Raises LavicError where nobody could listen, or a package is missing for the tools.
    """
    check_port(host, port)
    has_tools = bool(more.pop("mcp_server", False))  # whatever Gradio's own variable says
    if has_tools:
        check_mcp()
    turn_analytics_off()
    app.queue(max_size=LONGEST_QUEUE, api_open=False)
    save_at_queue(app)
    gate = Middleware(
        Gate, clients=app.clients, presence=app.clients.presence, session_of=app.session_of, end_stream=app.end_stream
    )
    tools = [Middleware(McpGate, clients=app.clients)] if has_tools else []
    launched = app.launch(
        server_name=host, server_port=port, theme=theme(), css=stylesheet(), footer_links=[], ssr_mode=False,
        favicon_path=HERE / "mark.svg", allowed_paths=[], max_file_size=LARGEST_UPLOAD, show_error=False,
        app_kwargs={"routes": [picture_route(catalog)], "middleware": [gate, *tools, Middleware(Refusals)]},
        enable_monitoring=False, mcp_server=has_tools,
        state_session_capacity=SESSIONS_KEPT, max_threads=MOST_EVENTS, **more,
    )  # fmt: skip
    save_at_state(app)
    return launched


def check_port(host: str, port: int | None) -> None:
    """Raises LavicError where nobody could listen; called before the long loading, too."""
    if port is None:
        return
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "no such address"
        raise LavicError(f"The chat cannot listen on {host}, port {port} ({reason}); choose another --port.") from error


def picture_route(catalog: Catalog) -> Route:
    """`/pictures/ID` is the main picture of a product, `?view=N` its next ones; what is not there is a 404."""

    def picture(request: Request) -> FileResponse:
        product_id = request.path_params["product_id"]
        view = request.query_params.get("view", "0")
        known = product_id in catalog and view.isascii() and view.isdigit() and len(view) < 3
        path = catalog.picture_path(catalog[product_id], int(view)) if known else None
        kind = MEDIA_TYPES.get(Path(path).suffix.lower()) if path else None
        if not path or not kind:
            raise HTTPException(404)
        return FileResponse(path, media_type=kind, headers=HEADERS)

    return Route("/pictures/{product_id:path}", picture)
