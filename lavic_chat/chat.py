"""The chat from settings to a served page: load, build, launch."""

import sys

from lavic_chat.journal import open_desk, told
from lavic_chat.recommender import load_recommender
from lavic_chat.settings import Settings
from lavic_chat.ui import build_app, check_port, launch


def serve_chat(settings: Settings) -> None:
    """Load the model and the catalogue, then serve the chat until it is stopped."""
    check_port(settings.host, settings.port)  # told now, not after minutes of loading
    desk = open_desk(settings.home / "flags.sqlite", settings.flags_repo, settings.hub_token)
    print(told(settings.flags_repo), file=sys.stderr)
    recommender = load_recommender(settings)
    app = build_app(recommender, desk, settings.currency, settings.annotators)
    launch(app, recommender.catalog, settings.host, settings.port)
