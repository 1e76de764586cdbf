"""The entry point for everyone, a Space included: settings, load, build, launch."""

import sys

from lavic_chat.errors import LavicError
from lavic_chat.flags import FlagStore
from lavic_chat.recommender import load_recommender
from lavic_chat.settings import Settings, read_settings
from lavic_chat.ui import build_app, launch


def main(settings: Settings | None = None) -> None:
    """Load the model and the catalogue, then serve the chat until it is stopped."""
    settings = settings or read_settings()
    recommender = load_recommender(settings)
    app = build_app(recommender, FlagStore(settings.home / "flags.sqlite"))
    launch(app, recommender.catalog, settings.host, settings.port)


if __name__ == "__main__":
    try:
        main()
    except LavicError as error:
        sys.exit(f"lavic-chat: {error}")
