"""The chat from settings to a served page: load, build, launch."""

from lavic_chat.desk import Desk
from lavic_chat.recommender import load_recommender
from lavic_chat.settings import Settings
from lavic_chat.ui import build_app, check_port, launch


def serve_chat(settings: Settings) -> None:
    """Load the model and the catalogue, then serve the chat until it is stopped."""
    check_port(settings.host, settings.port)  # told now, not after minutes of loading
    recommender = load_recommender(settings)
    app = build_app(recommender, Desk(settings.home / "flags.sqlite"), settings.currency, settings.annotators)
    launch(app, recommender.catalog, settings.host, settings.port)
