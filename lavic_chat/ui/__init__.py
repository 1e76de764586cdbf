"""The chat in the browser: `build_app` lays it out, `launch` serves it. Free of torch."""

from lavic_chat.ui.pages import build_app
from lavic_chat.ui.serve import check_port, launch
from lavic_chat.ui.session import Recommender

__all__ = ["Recommender", "build_app", "check_port", "launch"]
