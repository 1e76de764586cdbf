"""The chat from settings to a served page: load, build, launch."""

import sys

from lavic_chat.journal import open_desk, told
from lavic_chat.lent_gpu import Lender, LentRecommender, owned
from lavic_chat.recommender import load_recommender
from lavic_chat.settings import Settings
from lavic_chat.ui import build_app, check_port, launch

AT_HOME = ("127.0.0.1", "localhost", "::1")
OPEN_DESK = (
    "Whoever reaches this page can open the annotators' desk and read what shoppers wrote; give names and passwords in "
    "LAVIC_ANNOTATOR_AUTH to close it."
)


def serve_chat(settings: Settings, lend: Lender = owned) -> None:
    """Load the model and the catalogue, then serve the chat until it is stopped; lend: where the GPU comes from."""
    check_port(settings.host, settings.port)  # told now, not after minutes of loading
    desk = open_desk(settings.home / "flags.sqlite", settings.flags_repo, settings.hub_token)
    print(told(settings.flags_repo), file=sys.stderr)
    if settings.host not in AT_HOME and not settings.annotators:
        print(OPEN_DESK, file=sys.stderr)
    recommender = LentRecommender(load_recommender(settings, lend=lend), lend)
    app = build_app(recommender, desk, settings.currency, settings.annotators)
    launch(app, recommender.catalog, settings.host, settings.port)
