"""The recommender as replicas of a Ray Serve deployment, and a client of them that stands in for it.

    Engine's workers --> ClusterRecommender --> Ray Serve --> replicas, each with a recommender (`replica.py`)

Ray is an extra: `ray_runtime.py` imports, starts and stops it where it is asked for.
"""

import importlib
import logging
from collections.abc import Callable, Collection, Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

from lavic_chat.catalog import Catalog
from lavic_chat.catalog.stored import open_catalog
from lavic_chat.dialogue.history import History
from lavic_chat.errors import LavicError
from lavic_chat.recommendation import BatchRecommender, Recommendation, RecommendationRequest, SearchResult
from lavic_chat.serving.engine import CPU_BATCH, GPU_BATCH, LOST
from lavic_chat.serving.ray_runtime import QUIET_SERVE, death_errors, import_ray, started
from lavic_chat.serving.replica import Question, Replica, ReplicaCard, ReplicaConfig, ReplicaError, pack
from lavic_chat.settings import Settings

NOT_LOADED = "The replicas could not be started; see that every machine has the same lavic-chat[cluster]."
NAME, DEPLOYMENT = "lavic-chat", "recommender"
PATIENCE = 180.0  # seconds for an answer, in which dead replicas are replaced
ROW_PATIENCE = 15.0  # seconds for what goes without where every replica is at an answer
log = logging.getLogger("lavic_chat.serving")


@dataclass(frozen=True)
class ClusterConfig:
    """replicas: how many. threads: of each. batch: requests that one answers in a pass; as many as suit where it is
    None, which is one on a processor."""

    replicas: int = 2
    threads: int = 1
    batch: int | None = None


class ClusterRecommender(BatchRecommender):
    """All that the engine needs of a recommender; the replicas answer. Any number of threads may ask at once."""

    def __init__(self, handle: Any, catalog: Catalog, card: ReplicaCard, deaths: tuple[type[Exception], ...]):
        """handle: Ray Serve's, of the deployment. deaths: what it raises where the replica that was asked has died."""
        self.handle, self.catalog, self.deaths = handle, catalog, deaths
        self.device, self.model_name, self.model_hash = card.device, card.model_name, card.model_hash
        self.full_tokens = card.full_tokens

    def recommend_many(self, requests: Sequence[RecommendationRequest]) -> list[Recommendation | Exception]:
        """Answers in the order of the requests, all of them asked at once and each of whichever replica is free."""
        pending = [self.send(request) for request in requests]
        return [one if isinstance(one, Exception) else self.wait_for(*one) for one in pending]

    def send(self, request: RecommendationRequest) -> tuple[Question, Any] | Exception:
        """A request on its way and what will bring its answer, or why it cannot be sent."""
        try:
            question = pack(request)
            return question, self.handle.answer.remote(question)
        except LavicError as error:
            return error
        except Exception as error:
            return lost(error)

    def wait_for(self, question: Question, response: Any) -> Recommendation | Exception:
        """The answer. Where the replica dies at it, another is asked, once: a request that kills its replica must not
        kill them all."""
        try:
            return received(response)
        except self.deaths:
            log.warning("A replica died at a request, which goes to another one.")
        except Exception as error:
            return lost(error)
        try:
            return received(self.handle.answer.remote(question))
        except Exception as error:
            return lost(error)

    def also_like(self, history: History, k: int, excluded: Collection[str] = ()) -> tuple[str, ...]:
        """See `RequestRecommender.also_like`; a replica knows, between two answers. Raises LavicError where none has
        the time."""
        return self.ask_one("also_like", history, k, tuple(excluded))

    def search(self, request: RecommendationRequest, k: int) -> SearchResult:
        """See `RequestRecommender.search`; a replica searches, between two answers. Raises LavicError also where none
        has the time."""
        return self.ask_one("search", request, k)

    def captions(self, ids: Sequence[str]) -> tuple[str, ...]:
        """See `RequestRecommender.captions`; raises as `also_like`."""
        return self.ask_one("captions", tuple(ids))

    def ask_one(self, method: str, *values: Any) -> Any:
        """What a replica's method returns; raises LavicError."""
        try:
            answer = received(getattr(self.handle, method).remote(*values), ROW_PATIENCE)
        except Exception as error:
            raise lost(error) from error
        if isinstance(answer, Exception):
            raise answer
        return answer


def received(response: Any, patience: float = PATIENCE) -> Any:
    """What a replica has answered, or the exception that it sent; raises what Ray does where it has not."""
    try:
        answer = response.result(timeout_s=patience)
    except TimeoutError:
        response.cancel()  # else it would be answered for nobody
        raise
    if isinstance(answer, ReplicaError):
        log.error("A replica met %s.", answer)
    return answer


def lost(error: Exception) -> LavicError:
    """The sentence for a shopper; the log gets the kind of error, whose message could quote what a shopper wrote."""
    log.error("An answer was lost on its way to or from a replica: %s.", type(error).__name__)
    return LavicError(LOST)


@contextmanager
def open_cluster(
    settings: Settings, config: ClusterConfig, load: Callable[[Settings], Any]
) -> Generator[tuple[ClusterRecommender, int]]:
    """The deployment's client, and how many requests may be asked of it at once, as long as the block lasts.

    Starts Ray on this machine, out of reach for others, or joins the cluster that RAY_ADDRESS names. load: makes a
    replica's recommender. Raises LavicError where Ray is missing or the replicas cannot be started.
    """
    catalog = open_catalog(settings.catalog, settings.home)
    if not len(catalog):
        raise LavicError(f"The catalogue {settings.catalog} has no products; import some first.")
    ray = import_ray()
    with started(ray, config.replicas * config.threads) as folder:
        gpus = ray.cluster_resources().get("GPU", 0.0)
        batch = config.batch or (GPU_BATCH if gpus else CPU_BATCH)
        replica = ReplicaConfig(
            settings_of_replicas(settings), config.threads, batch, catalog.fingerprint, load, folder
        )
        options = {"num_cpus": config.threads, "num_gpus": min(1.0, gpus / config.replicas)}
        handle = deploy(replica, config.replicas, options)
        try:
            card: ReplicaCard = handle.card.remote().result(timeout_s=PATIENCE)
            if card.fault:
                raise LavicError(card.fault)
            yield ClusterRecommender(handle, catalog, card, death_errors()), config.replicas * batch
        finally:
            with suppress(Exception):  # Ray is stopped whatever becomes of this
                importlib.import_module("ray.serve").delete(NAME)


def settings_of_replicas(settings: Settings) -> Settings:
    """The settings with whole paths, without what only the page's process needs."""
    adapter = settings.adapter.resolve() if settings.adapter else None
    return replace(
        settings, home=settings.home.resolve(), catalog=settings.catalog.resolve(), adapter=adapter, flags_repo="",
        hub_token="", annotators={},
    )  # fmt: skip


def deploy(config: ReplicaConfig, replicas: int, options: dict[str, float]) -> Any:
    """Start the replicas and wait until they have loaded; returns the deployment's handle."""
    serve = importlib.import_module("ray.serve")
    deployment = serve.deployment(
        Replica, name=DEPLOYMENT, num_replicas=replicas, ray_actor_options=options, max_ongoing_requests=config.batch,
        health_check_period_s=5.0, health_check_timeout_s=60.0, graceful_shutdown_wait_loop_s=0.1,
        graceful_shutdown_timeout_s=5.0, max_constructor_retry_count=replicas, logging_config=QUIET_SERVE,
    )  # fmt: skip
    try:
        return serve.run(deployment.bind(config), name=NAME, route_prefix=None)
    except RuntimeError as error:
        raise LavicError(NOT_LOADED) from error
