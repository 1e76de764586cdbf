"""What `lavic-chat app` and a Space start: the chat from settings to a served page."""

import sys

from lavic_chat.feedback.hub_backup import open_annotations, storage_notice
from lavic_chat.serving.recommender import load_recommender
from lavic_chat.serving.zero_gpu import Lender, ZeroGpuRecommender, owned
from lavic_chat.settings import Settings
from lavic_chat.ui import build_app, check_port, launch

LOCAL_HOSTS = ("127.0.0.1", "localhost", "::1")
OPEN_ANNOTATIONS = (
    "Whoever reaches this page can open the annotators' desk and read what shoppers wrote; give names and passwords in "
    "LAVIC_ANNOTATOR_AUTH to close it."
)


def serve_chat(settings: Settings, lend: Lender = owned) -> None:
    """Load the model and the catalogue, then serve the chat until it is stopped; lend: where the GPU comes from."""
    check_port(settings.host, settings.port)  # told now, not after minutes of loading
    annotations = open_annotations(settings.home / "flags.sqlite", settings.flags_repo, settings.hub_token)
    print(storage_notice(settings.flags_repo), file=sys.stderr)
    if settings.host not in LOCAL_HOSTS and not settings.annotators:
        print(OPEN_ANNOTATIONS, file=sys.stderr)
    recommender = ZeroGpuRecommender(load_recommender(settings, lend=lend), lend)
    app = build_app(recommender, annotations, settings.currency, settings.annotators)
    launch(app, recommender.catalog, settings.host, settings.port)
