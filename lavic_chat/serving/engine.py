"""Many shoppers, one recommender: a bounded, fair queue of requests, and workers that answer several in one pass.

    submit --> FairQueue --> worker: takes up to `batch` requests --> Recommender.recommend_many --> tickets' futures

A request is cancelled through its ticket's future, or with all others of its shopper by `leave`; a worker skips it.
"""

import logging
import threading
import time
import traceback
from collections.abc import Collection, Sequence
from concurrent.futures import InvalidStateError
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lavic_chat.catalog.product import Catalog
from lavic_chat.dialogue.history import History
from lavic_chat.errors import BusyError, LavicError
from lavic_chat.recommendation import (
    Place,
    Recommendation,
    RecommendationRequest,
    RequestRecommender,
    SearchResult,
    Ticket,
    ask_recommender,
)
from lavic_chat.serving.fair_queue import FairQueue
from lavic_chat.serving.unmet import UnmetRequests

FULL = "The shop is very busy right now; please try again in a moment."
CLOSING = "The shop is closing for a moment; please ask again when it is back."
LOST = "The answer was lost through a fault on our side; please ask again."
# Turns in a pass. A GPU reads eight prompts hardly slower than one; a processor has no room left over, and whoever is
# first in a pass waits for the last.
GPU_BATCH, CPU_BATCH = 8, 1
INERTIA = 0.8  # of the estimated pace, against each new measurement
log = logging.getLogger("lavic_chat.serving")


@dataclass(frozen=True)
class EngineConfig:
    """workers: threads that answer. batch: requests that one of them takes at once, as many as suit the recommender's
    device where it is None. longest: requests that may wait. patience: seconds that closing waits for what runs."""

    workers: int = 1
    batch: int | None = None
    longest: int = 64
    patience: float = 60.0


class Engine(RequestRecommender):
    """A recommender for many shoppers at once: it answers as the one behind it, and takes its requests in fair order.

    Also a context manager, which closes it.
    """

    def __init__(self, recommender: Any, config: EngineConfig = EngineConfig()):
        """recommender: with all that the chat needs of one; its `recommend_many` is used where it has one."""
        self.recommender, self.config = recommender, config
        self.catalog: Catalog = recommender.catalog
        self.device: str = recommender.device
        self.model_name: str = recommender.model_name
        self.model_hash: str = recommender.model_hash
        self.full_tokens: int = recommender.full_tokens
        self.batch = config.batch or (CPU_BATCH if self.device == "cpu" else GPU_BATCH)
        self.queue: FairQueue[Ticket] = FairQueue(config.longest)
        self.changed = threading.Condition(threading.RLock())  # guards everything below and the queue
        self.running: set[Ticket] = set()
        self.pace: float | None = None  # seconds between two answers of a busy engine
        self.busy = 0.0  # seconds that workers were answering, all of them together
        self.closing = False
        self.renewing = threading.Lock()  # held by whoever loads a recommender to put it in the place of this one
        self.unmet = UnmetRequests()
        self.workers: set[threading.Thread] = set()
        for _ in range(config.workers):
            self.hire()

    def __enter__(self) -> "Engine":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def replace(self, recommender: Any) -> None:
        """Another recommender of the same model, and of the catalogue that is shown, answers from the next request
        on. Whoever loads it holds `renewing` from before: of two, the later one is of the newest catalogue."""
        self.recommender, self.device = recommender, recommender.device

    # ---- asking ----

    def submit(self, request: RecommendationRequest, shopper: str = "", client: str = "") -> Ticket:
        """Put a request in line. client: who takes turns with others, else each shopper does; without either the
        request is a shopper of its own.

        Raises BusyError where too many wait or the engine is closing.
        """
        ticket = Ticket(request, shopper, client=client)
        with self.changed:
            if self.closing:
                raise BusyError(CLOSING)
            refused = self.queue.push(ticket.owner, ticket)
            self.changed.notify()
        if refused is ticket:
            raise BusyError(FULL)
        if refused:
            fail(refused, BusyError(FULL))
        ticket.future.add_done_callback(lambda future: self.forget(ticket) if future.cancelled() else None)
        return ticket

    def forget(self, ticket: Ticket) -> None:
        """Take a cancelled request out of the line."""
        with self.changed:
            self.queue.remove(ticket.owner, ticket)

    def place(self, ticket: Ticket) -> Place | None:
        """Where a request is in line; None once it is being answered, or is done with."""
        with self.changed:
            ahead = self.queue.ahead(ticket.owner, ticket)
            if ahead is None:
                return None
            return self.place_behind(ahead + len(self.running))

    def next_place(self) -> Place:
        """Where a request of somebody who waits for nothing yet would be; more may come before it is there."""
        with self.changed:
            return self.place_behind(len(self.queue.waiting) + len(self.running))

    def place_behind(self, ahead: int) -> Place:
        """The place behind so many others, with an estimate once it is known how long answers take."""
        return Place(ahead, None if self.pace is None else self.pace * (ahead + 1))

    def leave(self, shopper: str) -> None:
        """A shopper has gone: what waits of theirs is not answered any more, and what is being answered is marked as
        wanted by nobody."""
        with self.changed:
            tickets = [*self.queue.items(), *self.running] if shopper else []
        for ticket in tickets:
            if ticket.shopper == shopper:
                ticket.left.set()
                ticket.future.cancel()

    def ask(self, request: RecommendationRequest) -> Recommendation:
        """As the recommender's own, after those before in line; also raises BusyError."""
        return self.submit(request).future.result()

    def also_like(self, history: History, k: int, excluded: Collection[str] = ()) -> tuple[str, ...]:
        """As the recommender's own, past the line: it takes no pass of the model."""
        return self.recommender.also_like(history, k, excluded)

    def search(self, request: RecommendationRequest, k: int) -> SearchResult:
        """As the recommender's own, past the line."""
        return self.recommender.search(request, k)

    def captions(self, ids: Sequence[str]) -> tuple[str, ...]:
        """As the recommender's own, past the line."""
        return self.recommender.captions(ids)

    def close(self) -> None:
        """Finish what runs, tell those who wait, and end the workers; returns when they have ended, or after the
        config's patience."""
        with self.changed:
            self.closing = True
            waiting, workers = self.queue.clear(), list(self.workers)
            self.changed.notify_all()
        for ticket in waiting:
            fail(ticket, BusyError(CLOSING))
        until = time.monotonic() + self.config.patience
        for worker in workers:
            worker.join(max(0.0, until - time.monotonic()))

    # ---- answering ----

    def hire(self) -> None:
        """Start a worker."""
        worker = threading.Thread(target=self.work, name="lavic-chat worker", daemon=True)
        with self.changed:
            self.workers.add(worker)
        worker.start()

    def work(self) -> None:
        """Answer until the engine closes. Whatever goes wrong beyond a request costs this worker its place, which
        another one takes, and the requests that it was at their answer."""
        tickets: list[Ticket] = []
        try:
            while tickets := self.take():
                self.answer(tickets)
        except BaseException as error:  # even SystemExit: nobody else would tell those who wait
            # where it arose, and no message: that could quote what a shopper wrote
            frames = [
                f"{Path(frame.filename).name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)
            ]
            log.error("A worker died of %s at %s; another takes its place.", type(error).__name__, frames[-1])
            for ticket in tickets:
                fail(ticket, LavicError(LOST))
        with self.changed:
            self.workers.discard(threading.current_thread())
            is_missing = not self.closing
        if is_missing:
            self.hire()

    def take(self) -> list[Ticket]:
        """Wait for requests, and take up to a batch of them, each of which runs from here on; empty when closing."""
        with self.changed:
            while not self.closing:
                tickets = [self.queue.pop() for _ in range(min(self.batch, len(self.queue)))]
                tickets = [ticket for ticket in tickets if ticket.future.set_running_or_notify_cancel()]
                if tickets:
                    self.running.update(tickets)
                    return tickets
                if not len(self.queue):
                    self.changed.wait()
        return []

    def answer(self, tickets: Sequence[Ticket]) -> None:
        """Answer requests in one call of the recommender, and tell how long it took."""
        start = time.monotonic()
        try:
            found = recommend_many(self.recommender, [ticket.request for ticket in tickets])
            for ticket, answer in zip(tickets, found, strict=True):
                if isinstance(answer, Exception):
                    fail(ticket, answer)
                    continue
                ticket.future.set_result(answer)
                if not ticket.request.shown:  # else the same was asked before
                    self.unmet.note(answer)
        finally:
            took = time.monotonic() - start
            seconds = took / len(tickets) / self.config.workers
            with self.changed:
                self.busy += took
                self.running.difference_update(tickets)
                self.pace = seconds if self.pace is None else INERTIA * self.pace + (1 - INERTIA) * seconds


def recommend_many(recommender: Any, requests: Sequence[RecommendationRequest]) -> Sequence[Recommendation | Exception]:
    """The recommender's own answer to several requests, or one call for each where it takes no more at a time."""
    if hasattr(recommender, "recommend_many"):
        return recommender.recommend_many(requests)
    return [recommend_one(recommender, request) for request in requests]


def recommend_one(recommender: Any, request: RecommendationRequest) -> Recommendation | Exception:
    """A recommender's answer to one request, or what it raises."""
    try:
        return ask_recommender(recommender, request)
    except Exception as error:
        return error


def fail(ticket: Ticket, error: Exception) -> None:
    """Tell whoever holds the ticket; not those who have cancelled it or have their answer."""
    with suppress(InvalidStateError):
        ticket.future.set_exception(error)
