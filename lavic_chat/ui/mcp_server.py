"""The page's endpoints as tools of an MCP server: Gradio's own, which offers those of TOOLS alone and answers in JSON.

Nothing is kept between two calls, and no tool takes files. A tool that waits in Gradio's queue is called by the server
itself over HTTP, with the headers of whoever asked; `McpGate` has added to them who that is.
"""

import json
import logging
from pathlib import Path
from typing import Any

from gradio.mcp import GradioMCPServer
from pydantic import BaseModel
from starlette.types import ASGIApp, Receive, Scope, Send

from lavic_chat.errors import LavicError
from lavic_chat.ui.clients import SEALED, Clients
from lavic_chat.ui.gate import address_of, headers_of, length_of, refuse

TOOLS = ("find_products", "recommend", "compare", "product", "flag")  # endpoints, which the tools are called after
MISSING = "The MCP server needs a package that is not installed; install it with: pip install 'lavic-chat[mcp]'"
PATH, PLACES = "/gradio_api/mcp", ("", "/", "/http", "/http/")
SCHEMA = ("/schema", "/schema/")
LONGEST_CALL = 512_000  # bytes: a conversation of the longest, and ten candidates
NOT_HERE = "There is nothing here; the MCP server is at /gradio_api/mcp/."
FOR_PROGRAMS = (
    "This is the address of an MCP server, for agents and programs; give it to one of them (streamable HTTP)."
)
NOT_FROM_THERE = "Pages of other sites may not ask this server."
UNREAD = "The MCP server was sent something that it cannot read."
TOO_LONG = "That call is too long, or does not say how long it is."


class ToolServer(GradioMCPServer):
    """Gradio's MCP server, made of one by `as_tools`."""

    def get_tool_to_endpoint(self) -> dict[str, str]:
        """Tool -> endpoint, of TOOLS alone: what takes files is no tool."""
        known = self.api_info["named_endpoints"]
        return {self.tool_prefix + name: f"/{name}" for name in TOOLS if f"/{name}" in known}

    def postprocess_output_data(self, data: Any, root_url: str) -> list:
        """The answer as JSON; Gradio would write it as Python does, and open files that it names."""
        return [self.types.TextContent(type="text", text=written(one)) for one in data]


def written(answer: Any) -> str:
    """An answer as JSON, as it came over HTTP or in Gradio's own wrapping."""
    return json.dumps(answer.model_dump() if isinstance(answer, BaseModel) else answer, ensure_ascii=False)


def as_tools(server: GradioMCPServer) -> GradioMCPServer:
    """Make a server of Gradio's one of ours, before it serves anything."""
    server.__class__ = ToolServer
    quiet_package()
    server.tool_to_endpoint = server.get_tool_to_endpoint()
    return server


class WithoutQuotes(logging.Filter):
    """Of what the package `mcp` logs at the root, that it could not read something, and not what."""

    def filter(self, record: logging.LogRecord) -> bool:
        """See logging; every record goes on."""
        if "mcp" in Path(record.pathname).parts:
            record.msg, record.args, record.exc_info = UNREAD, (), None
        return True


WITHOUT_QUOTES = WithoutQuotes()


def quiet_package() -> None:
    """Keep what agents send out of the log: the package quotes what it cannot read."""
    logging.getLogger().addFilter(WITHOUT_QUOTES)  # once, however often it is added
    logging.getLogger("mcp").setLevel(logging.CRITICAL)


def check_mcp() -> None:
    """Raises LavicError where the package is missing that Gradio's MCP server needs, or is another one."""
    if not hasattr(GradioMCPServer, "StreamableHTTPSessionManager"):
        raise LavicError(MISSING)


class McpGate:
    """ASGI middleware in front of the MCP server: calls alone, of bounded length, not from other sites' pages, and each
    with its client's name under seal. Streams that stand open, and Gradio's page for browsers, are closed."""

    def __init__(self, app: ASGIApp, clients: Clients):
        self.app, self.clients = app, clients

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or PATH not in scope["path"]:
            await self.app(scope, receive, send)
            return
        headers = headers_of(scope)
        if refusal := refusal_of(scope["method"], scope["path"].partition(PATH)[2], headers):
            await refuse(receive, send, *refusal)
            return
        client = self.clients.name(address_of(scope), headers)
        kept = [(name, value) for name, value in scope["headers"] if name.lower() != SEALED.encode()]
        sealed = (SEALED.encode(), self.clients.seal(client).encode())
        await self.app({**scope, "headers": [*kept, sealed]}, receive, send)


def refusal_of(method: str, rest: str, headers: dict[str, str]) -> tuple[int, str] | None:
    """Status and sentence for a request that is no call; rest: of the path, behind PATH."""
    origin = headers.get("origin", "")
    if origin and origin.partition("://")[2] != headers.get("host", ""):
        return 403, NOT_FROM_THERE
    if rest in SCHEMA and method == "GET":
        return None
    if rest not in PLACES:
        return 404, NOT_HERE
    if method != "POST":
        return 405, FOR_PROGRAMS
    length = length_of(headers)
    if length is None or length > LONGEST_CALL:
        return 413, TOO_LONG
    return None
