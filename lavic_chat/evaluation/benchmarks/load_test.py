"""Many shoppers at once: each asks, refines and flags through the API of a served chat, for so many seconds.

    lavic-chat bench --shoppers 20 --seconds 180

What would be wrong is found by marks: every message carries its shopper's number, and an answer whose conversation
carries another's is a mix-up; every flag carries a reason that nobody else gives, and all of them must be in the
database afterwards, once each.
"""

import random
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from gradio_client import Client
from tqdm import tqdm

from lavic_chat.catalog.filters import categories_of
from lavic_chat.feedback.annotation import AnnotationStore
from lavic_chat.ui import build_app, launch
from lavic_chat.ui.session import Recommender

ASK, REFINE, FLAG = "ask", "refine", "flag"
COLOURS = ("red", "blue", "green", "white", "black", "brown", "yellow", "grey")
FLAG_SHARE = 0.5  # of the answers
PATIENCE = 120  # seconds that a shopper waits for a reply: that the machine is busy is no fault of the chat's
PERCENTILES = (50, 90, 99)


@dataclass(frozen=True)
class Reply:
    """How long a request took, in seconds, and what was wrong with its answer, "" where nothing was."""

    kind: str
    seconds: float
    fault: str = ""


@dataclass(frozen=True)
class Latency:
    """Of one kind of request, in seconds."""

    requests: int
    p50: float
    p90: float
    p99: float


@dataclass(frozen=True)
class LoadReport:
    """What all shoppers met. faults: sentences with how often; flags: confirmed ones, and those not stored once."""

    device: str
    shoppers: int
    seconds: float
    answers_a_minute: float
    latency: dict[str, Latency]
    faults: dict[str, int]
    flags: int
    flags_lost: int

    def to_row(self) -> dict:
        """As the command line answers it in JSON."""
        return asdict(self)


class Shopper:
    """One of them; `replies` and `flagged` grow while it runs."""

    def __init__(self, number: int, address: str, kinds: Sequence[str]):
        self.number, self.kinds = number, kinds
        self.client = Client(address, verbose=False, httpx_kwargs={"timeout": PATIENCE})
        self.draw = random.Random(number)
        self.replies: list[Reply] = []
        self.flagged: list[str] = []

    @property
    def mark(self) -> str:
        """What every message of this shopper ends with."""
        return f"for room {self.number}."

    def run(self, until: float) -> None:
        """Ask, refine and flag, over and over, until a time of the monotonic clock."""
        while time.monotonic() < until:
            example = f"A {self.draw.choice(COLOURS)} {self.draw.choice(self.kinds)}, {self.mark}"
            answer = self.request(ASK, example, None, [], "", "", api_name="/ask")
            if answer and time.monotonic() < until:
                more = f"<comment>This one?</comment>\n<submission>Rather {self.draw.choice(COLOURS)}.</submission>"
                answer = self.request(REFINE, answer["context"] + more, api_name="/recommend") or answer
            if answer and self.draw.random() < FLAG_SHARE:
                self.flag(answer)

    def flag(self, answer: dict) -> None:
        """Say which candidate would have been right, for a reason that nobody else gives."""
        reason = f"shopper {self.number}, flag {len(self.flagged)}"
        shown = [[item["id"], item["score"]] for item in answer["candidates"]]
        right = self.draw.choice(shown)[0]
        if self.request(FLAG, answer["context"], shown, answer["pick"]["id"], right, reason, api_name="/flag"):
            self.flagged.append(reason)

    def request(self, kind: str, *values: object, api_name: str) -> dict | None:
        """The answer, or None where there is none; what is wrong is noted."""
        start = time.monotonic()
        try:
            answer, fault = self.client.predict(*values, api_name=api_name), ""
        except Exception as error:  # any error is one that the shopper would have met
            answer, fault = None, f"{type(error).__name__}: {error}"
        seconds = time.monotonic() - start
        if answer and kind != FLAG:
            fault = self.fault_of(answer)
        self.replies.append(Reply(kind, seconds, fault))
        return answer

    def fault_of(self, answer: dict) -> str:
        """What is wrong with an answer, "" where nothing is."""
        rooms = answer["context"].count("for room ")
        if not rooms or rooms != answer["context"].count(self.mark):
            return "an answer to another shopper"
        scores = [item["score"] for item in answer["candidates"]]
        if answer["pick"] != answer["candidates"][0] or scores != sorted(scores, reverse=True):
            return "a pick that is not the best candidate"
        return ""


def run_load_test(recommender: Recommender, count: int, seconds: float) -> LoadReport:
    """Serve the chat with a database of its own on a free port, to so many shoppers at once."""
    with tempfile.TemporaryDirectory() as folder:
        annotations = AnnotationStore(Path(folder) / "flags.sqlite")
        app = build_app(recommender, annotations)
        _, address, _ = launch(app, recommender.catalog, port=None, prevent_thread_lock=True, quiet=True)
        try:
            kinds = categories_of(recommender.catalog)[:20]
            shoppers = [Shopper(number, address, kinds) for number in range(count)]
            start = time.monotonic()
            run_shoppers(shoppers, start + seconds)
            duration = time.monotonic() - start
        finally:
            app.close(verbose=False)
        stored = Counter(flag.reason for flag in annotations.list())
        return summarize(recommender.device, shoppers, duration, stored)


def run_shoppers(shoppers: Sequence[Shopper], until: float) -> None:
    """All at once; returns when the last one has its last answer."""
    threads = [threading.Thread(target=shopper.run, args=(until,), daemon=True) for shopper in shoppers]
    for thread in threads:
        thread.start()
    with tqdm(desc="Load test", unit="answer") as bar:
        while any(thread.is_alive() for thread in threads):
            time.sleep(0.5)
            bar.update(sum(len(shopper.replies) for shopper in shoppers) - bar.n)


def summarize(device: str, shoppers: Sequence[Shopper], seconds: float, stored: Counter) -> LoadReport:
    """What the shoppers met in so many seconds; stored: how often the database holds each flag's reason."""
    replies = [reply for shopper in shoppers for reply in shopper.replies]
    by_kind = {kind: [reply.seconds for reply in replies if reply.kind == kind] for kind in (ASK, REFINE, FLAG)}
    flagged = [reason for shopper in shoppers for reason in shopper.flagged]
    return LoadReport(
        device=device,
        shoppers=len(shoppers),
        seconds=round(seconds, 1),
        answers_a_minute=round(60 * (len(by_kind[ASK]) + len(by_kind[REFINE])) / seconds, 1),
        latency={
            kind: Latency(len(times), *(round(float(np.percentile(times, p)), 3) for p in PERCENTILES))
            for kind, times in by_kind.items()
            if times
        },
        faults=dict(Counter(reply.fault for reply in replies if reply.fault)),
        flags=len(flagged),
        flags_lost=sum(stored[reason] != 1 for reason in flagged),
    )
