"""What `lavic-chat app`, `lavic-chat serve` and a Space start: the chat from settings to a served page."""

import signal
import sys
import threading
import time
from collections.abc import Callable

from lavic_chat.catalog.live import LookedAgain
from lavic_chat.feedback.annotation import AnnotationStore
from lavic_chat.feedback.hub_backup import open_annotations, storage_notice
from lavic_chat.serving.cluster import ClusterConfig, open_cluster
from lavic_chat.serving.engine import Engine, EngineConfig
from lavic_chat.serving.preparation import heal_in_background, replace_when_ready
from lavic_chat.serving.recommender import load_recommender
from lavic_chat.serving.watch import CatalogWatch, WatchConfig
from lavic_chat.serving.zero_gpu import Lender, ZeroGpuRecommender, owned
from lavic_chat.settings import Settings
from lavic_chat.ui import ClientLimits, Clients, Presence, build_app, check_mcp, check_port, launch, photo_folder

FAREWELL = 1.0  # seconds in which the last answers and sentences reach their pages
LOCAL_HOSTS = ("127.0.0.1", "localhost", "::1")
OPEN_ANNOTATIONS = (
    "Whoever reaches this page can open the annotators' desk and read what shoppers wrote; give names and passwords in "
    "LAVIC_ANNOTATOR_AUTH to close it."
)


def serve_chat(settings: Settings, lend: Lender = owned) -> None:
    """Load the model and the catalogue, then serve the chat until it is stopped; lend: where the GPU comes from."""
    annotations = open_store(settings)
    loaded = load_recommender(settings, lend=lend)
    if lend is not owned:  # its queue is the lender's, who asks Gradio whose turn it is
        recommender, clients = ZeroGpuRecommender(loaded, lend), make_clients(settings)
        with photo_folder(loaded.forget_photos) as photos:
            app = build_app(recommender, annotations, settings.currency, settings.annotators, clients, photos)
            launch(app, loaded.catalog, settings.host, settings.port, mcp_server=settings.mcp)
        return
    engine = Engine(loaded)
    del loaded  # it goes when another takes its place
    replace_when_ready(engine, settings)
    heal_in_background(engine, settings)
    watch = CatalogWatch(engine, settings, WatchConfig(say=lambda line: print(line, file=sys.stderr))).start()
    try:
        serve_engine(engine, annotations, settings, watch.look_again)
    finally:
        watch.close()


def serve_cluster(settings: Settings, config: ClusterConfig) -> None:
    """Start the replicas of a Ray cluster, then serve the chat in front of them until it is stopped.

    The engine hands each request over alone, and as many at once as there is room for: the replicas make the batches.
    Raises LavicError as `open_cluster`.
    """
    annotations = open_store(settings)
    with open_cluster(settings, config, load_recommender) as (recommender, at_once):
        serve_engine(Engine(recommender, EngineConfig(workers=at_once, batch=1)), annotations, settings)


def open_store(settings: Settings) -> AnnotationStore:
    """The flags' store, and what is told before anything is loaded; raises LavicError where nobody could listen."""
    check_port(settings.host, settings.port)  # told now, not after minutes of loading
    if settings.mcp:
        check_mcp()
    annotations = open_annotations(settings.home / "flags.sqlite", settings.flags_repo, settings.hub_token)
    print(storage_notice(settings.flags_repo), file=sys.stderr)
    if settings.host not in LOCAL_HOSTS and not settings.annotators:
        print(OPEN_ANNOTATIONS, file=sys.stderr)
    return annotations


def make_clients(settings: Settings) -> Clients:
    """Who asks, and how much each may."""
    return Clients(ClientLimits(**settings.limits), settings.client_header, Presence())


def serve_engine(
    engine: Engine,
    annotations: AnnotationStore,
    settings: Settings,
    look_again: Callable[[], LookedAgain] | None = None,
) -> None:
    """Serve the chat until it is stopped, then finish what is being answered. look_again: has the catalogue looked at
    again, at an owner's word."""
    clients = make_clients(settings)
    with photo_folder(lambda: forget_photos(engine)) as photos:
        with engine:
            app = build_app(engine, annotations, settings.currency, settings.annotators, clients, photos)
            app.look_again = look_again
            more = {"prevent_thread_lock": True, "mcp_server": settings.mcp}
            launch(app, engine.catalog, settings.host, settings.port, **more)
            wait_for_stop()
            print("Closing: what is being answered is finished; stop again to leave at once.", file=sys.stderr)
        time.sleep(FAREWELL)
        app.close(verbose=False)


def forget_photos(engine: Engine) -> None:
    """Photos were deleted: whoever answers forgets what was seen in them. A replica does so itself."""
    getattr(engine.recommender, "forget_photos", bool)()


def wait_for_stop() -> None:
    """Until Ctrl-C or SIGTERM; from then on they end the process as ever."""
    stop = threading.Event()
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda *_: stop.set()) for number in numbers]
    try:
        while not stop.wait(1.0):  # Windows handles no signal during a wait without end
            pass
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
