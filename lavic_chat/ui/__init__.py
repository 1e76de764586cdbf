"""The chat in the browser: `build_app` lays it out, `launch` serves it. Free of torch."""

from lavic_chat.ui.clients import NO_LIMITS, ClientLimits, Clients
from lavic_chat.ui.mcp_server import check_mcp
from lavic_chat.ui.pages import build_app
from lavic_chat.ui.photos import photo_folder
from lavic_chat.ui.presence import Presence
from lavic_chat.ui.serve import check_port, launch
from lavic_chat.ui.session import Recommender

__all__ = [
    "NO_LIMITS",
    "ClientLimits",
    "Clients",
    "Presence",
    "Recommender",
    "build_app",
    "check_mcp",
    "check_port",
    "launch",
    "photo_folder",
]
