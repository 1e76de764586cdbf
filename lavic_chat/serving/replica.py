"""What runs in a replica of a Ray cluster: a recommender of its own, several requests in a pass, and its health.

Ray pickles what goes in and out. What goes in brings its photo along, for a replica may be on another machine; what
comes out is an answer or an exception, returned and never raised: an exception that is raised fails the whole batch.
"""

import asyncio
import tempfile
import time
import traceback
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lavic_chat.catalog.pictures import check_file, shown_name
from lavic_chat.dialogue.history import History
from lavic_chat.dialogue.turns import Dialogue
from lavic_chat.errors import LavicError
from lavic_chat.recommendation import Recommendation, RecommendationRequest, SearchResult
from lavic_chat.serving.engine import recommend_many
from lavic_chat.settings import Settings

GROUPING = 0.01  # seconds in which requests that come together are put into one batch
FRESH = 60.0  # seconds after an answer in which a replica is healthy without a test, which costs a turn
HUNG = 120.0  # seconds after which a batch is taken to be stuck
SELF_TEST = RecommendationRequest(Dialogue().say("Hello"))
OTHER_RAY = "This version of Ray opens its replicas to other machines; pip install lavic-chat[cluster] brings another."
OTHER_CATALOG = "A replica found another catalogue than the page shows; put the same folder on every machine."


@dataclass(frozen=True)
class ReplicaConfig:
    """settings: what to load. threads: for the model. batch: requests in a pass, at most. catalog: the fingerprint of
    the one that the page shows. load: makes the recommender, as `load_recommender`. folder: what is removed when Ray is
    stopped, where it runs on one machine only, which alone may reach the replica then; None on a cluster."""

    settings: Settings
    threads: int
    batch: int
    catalog: str
    load: Callable[[Settings], Any]
    folder: str | None = None


@dataclass(frozen=True)
class ReplicaCard:
    """What a replica says of itself. fault: why it cannot answer, "" where it can."""

    device: str = ""
    model_name: str = ""
    model_hash: str = ""
    full_tokens: int = 0
    fault: str = ""


@dataclass(frozen=True)
class Question:
    """A request on its way to a replica, with the bytes of the photo that it is about."""

    request: RecommendationRequest
    photo: bytes | None = None


class ReplicaError(Exception):
    """An unexpected error in a replica: its kind and where it arose, never its message, which could quote a shopper."""


class Replica:
    """A deployment's replica. Ray calls `answer` for each request, and `check_health` from time to time."""

    def __init__(self, config: ReplicaConfig):
        """Load the recommender. A fault that people can mend is kept for `card`, so that it reaches them as it is."""
        from ray import serve

        self.answered, self.began, self.is_sound = time.monotonic(), 0.0, True
        self.recommender: Any = None
        self.folder = config.folder
        self.fault = ""
        try:
            if config.folder:
                listen_here_only()
            set_threads(config.threads)
            self.recommender = config.load(config.settings)
            if self.recommender.catalog.fingerprint != config.catalog:
                self.fault = OTHER_CATALOG
        except Exception as error:  # raised, it would have Ray load again, and hide it in a log
            self.fault = str(error) if isinstance(error, LavicError) else f"A replica met {portable(error)}."
        group = serve.batch(max_batch_size=config.batch, batch_wait_timeout_s=GROUPING if config.batch > 1 else 0.0)
        self.answer_in_batch = group(self.answer_many)

    async def card(self) -> ReplicaCard:
        """What this replica is."""
        if self.fault:
            return ReplicaCard(fault=self.fault)
        one = self.recommender
        return ReplicaCard(one.device, one.model_name, one.model_hash, one.full_tokens)

    async def answer(self, question: Question) -> Recommendation | Exception:
        """The answer to one request, computed with those that come at the same time."""
        return await self.answer_in_batch(question)

    async def also_like(self, history: History, k: int, excluded: tuple[str, ...]) -> tuple[str, ...] | Exception:
        """The recommender's own, or the exception that there is instead."""
        return await self.returned("also_like", history, k, excluded)

    async def search(self, request: RecommendationRequest, k: int) -> SearchResult | Exception:
        """The recommender's own, or the exception that there is instead; no photo comes along."""
        return await self.returned("search", request, k)

    async def captions(self, ids: tuple[str, ...]) -> tuple[str, ...] | Exception:
        """The recommender's own, or the exception that there is instead."""
        return await self.returned("captions", ids)

    async def returned(self, method: str, *values: Any) -> Any:
        """What a method of the recommender returns in a thread, or what it raises."""
        if self.fault:
            return ReplicaError(self.fault)
        try:
            return await asyncio.to_thread(getattr(self.recommender, method), *values)
        except Exception as error:
            return portable(error)

    async def answer_many(self, questions: list[Question]) -> list[Recommendation | Exception]:
        """Answers in the order of the requests, an exception in the place of each that there is none to."""
        self.began = time.monotonic()
        found: list[Recommendation | Exception] = []
        try:
            found = await asyncio.to_thread(self.compute, questions)
        except Exception as error:
            found += [portable(error)] * len(questions)
        self.began, self.answered = 0.0, time.monotonic()
        self.is_sound = not any(isinstance(answer, ReplicaError) for answer in found)
        return found

    def compute(self, questions: Sequence[Question]) -> list[Recommendation | Exception]:
        """The recommender's own answers, each fit to be sent."""
        if self.fault:
            return [ReplicaError(self.fault)] * len(questions)
        with unpacked(questions, self.folder) as requests:
            found = recommend_many(self.recommender, requests)
        getattr(self.recommender, "forget_photos", bool)()  # the photos are gone with the block
        return [portable(answer) if isinstance(answer, Exception) else answer for answer in found]

    async def check_health(self) -> None:
        """Raises ReplicaError where this replica is stuck, or after a fault or a while without work cannot answer a
        small request; Ray then puts another in its place."""
        now = time.monotonic()
        if self.began:
            if now - self.began > HUNG:
                raise ReplicaError("stuck")
            return
        if self.is_sound and not self.fault and now - self.answered < FRESH:
            return
        (found,) = await self.answer_many([Question(SELF_TEST)])
        if isinstance(found, ReplicaError):
            raise found


def pack(request: RecommendationRequest) -> Question:
    """A request with its photo's bytes; raises PictureError for a photo that cannot be read."""
    photo = request.dialogue.photo
    if photo is None:
        return Question(request)
    check_file(photo, shown_name(photo))
    return Question(request, photo.read_bytes())


@contextmanager
def unpacked(questions: Sequence[Question], within: str | None = None) -> Generator[list[RecommendationRequest]]:
    """The requests, their photos lying in files of this machine as long as the block lasts. within: a folder for them,
    for a replica that is killed leaves them behind."""
    if all(question.photo is None for question in questions):
        yield [question.request for question in questions]
        return
    with tempfile.TemporaryDirectory(prefix="lavic-photos-", dir=within) as folder:
        yield [unpack(question, Path(folder) / str(place)) for place, question in enumerate(questions)]


def unpack(question: Question, folder: Path) -> RecommendationRequest:
    """A request whose photo is written into a folder that is made for it."""
    photo, dialogue = question.request.dialogue.photo, question.request.dialogue
    if photo is None or question.photo is None:
        return question.request
    folder.mkdir()
    path = folder / photo.name
    path.write_bytes(question.photo)
    turns = tuple(replace(turn, photo=path if turn.photo == photo else None) for turn in dialogue.turns)
    return replace(question.request, dialogue=replace(dialogue, turns=turns))


def portable(error: Exception) -> Exception:
    """Our own errors as they are; of others, which perhaps cannot be pickled, the kind and the place."""
    if isinstance(error, LavicError | ReplicaError):
        return error
    frames = traceback.extract_tb(error.__traceback__)[-1:]
    where = "".join(f" at {Path(frame.filename).name}:{frame.lineno}" for frame in frames)
    return ReplicaError(f"{type(error).__name__}{where}")


def set_threads(threads: int) -> None:
    """How many threads the model takes, in torch and in the runtimes that ask torch."""
    import torch

    torch.set_num_threads(threads)


def listen_here_only() -> None:
    """Have this replica listen on 127.0.0.1 only.

    Ray Serve opens a port in each replica, on all addresses of the machine, and has no option for it. Called before
    it does, in the replica's own process. Raises LavicError where Ray Serve is not as it was when this was written.
    """
    from ray.serve._private import replica as serve_replica

    bind = getattr(serve_replica, "add_port_to_grpc_server", None)
    if bind is None:
        raise LavicError(OTHER_RAY)

    def bind_here(server: Any, address: str) -> int:
        return bind(server, address.replace("[::]", "127.0.0.1"))

    serve_replica.add_port_to_grpc_server = bind_here
