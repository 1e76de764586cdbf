"""How much of a history is needed, and how much it says: the item that each user had last, by what is like the newest
few of those before.

It is what the shop's row "You may also like" does, which learns nothing of anybody else. All lengths are measured with
the same users, those who had as many items as the longest, so that a length is compared with another, not with other
people. The weight of an item against the next newer one is chosen on the items before the last, with each user's whole
history.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from lavic_chat.errors import ModelError
from lavic_chat.sda import evaluation as e
from lavic_chat.sda.evaluation import Measured
from lavic_chat.sda.features import BOTH, FeatureMaker
from lavic_chat.sda.interactions import load_histories, split_last
from lavic_chat.sda.interactions.histories import Split
from lavic_chat.sda.prior import CANDIDATES, Prior, fit_prior
from lavic_chat.sda.recommenders.content import ContentRecommender, comparable_rows
from lavic_chat.sda.recommenders.registry import CONTENT
from lavic_chat.settings import Settings
from lavic_chat.storage.files import write_json

LENGTHS = tuple(range(1, 11))
LENGTHS_FILE = "lengths.json"
LEAST_USERS = 30


@dataclass(frozen=True)
class LengthsRequest:
    """settings: base, adapter, and the catalogue with its interactions. features: one set, by name. size: of principal
    components of each modality; 0: as they are."""

    settings: Settings
    out: Path
    features: str = "tower"
    size: int = 128


@dataclass(frozen=True)
class OfLength:
    """length: of the newest items that are known. found: H@10 among 100 others; full: among all items."""

    length: int
    found: Measured
    full: Measured


@dataclass(frozen=True)
class Lengths:
    """users: who had as many items as the longest. decay: the weight of an item against the next newer one. prior: what
    the whole history says of ten candidates of one kind."""

    features: str
    users: int
    decay: float
    prior: Prior
    rows: tuple[OfLength, ...]

    def __str__(self) -> str:
        lines = [f"{self.features}, {self.users:,} users, an item weighs {self.decay:g} of the next newer one",
                 f"{'last':>4} {'H@10':>7} {'95 %':>16} {'among all':>10}"]  # fmt: skip
        for one in self.rows:
            ends = f"{one.found.low:.3f} to {one.found.high:.3f}"
            lines.append(f"{one.length:4} {one.found.value:7.3f} {ends:>16} {one.full.value:10.3f}")
        first, gain = self.prior.first, self.prior.gain
        lines.append(
            f"Among {CANDIDATES} of one kind: weight {self.prior.weight:g}, {gain.value:+.3f} nats against chance "
            f"({gain.low:+.3f} to {gain.high:+.3f}), the nearest {first.value:.3f} ({first.n:,} users)"
        )
        return "\n".join(lines)


@dataclass(frozen=True, eq=False)
class Newest:
    """A recommender that knows only so many of each user's newest items."""

    recommender: ContentRecommender
    split: Split
    length: int

    def score(self, users: np.ndarray, asked: str) -> np.ndarray:
        """[B] -> [B, items]"""
        histories = (self.split.known(int(user), asked)[-self.length :] for user in users)
        return np.array([self.recommender.score_history(history) for history in histories])


def measure_lengths(request: LengthsRequest) -> Lengths:
    """Measure, and write it beside the comparisons; raises LavicError for features that are none, and where too few
    users have had enough."""
    catalog, histories = load_histories(request.settings.catalog)
    made = FeatureMaker(request.settings, catalog).make(request.features).reduced(request.size)
    if (features := made.joined(BOTH)) is None:
        raise ModelError("Ids alone say nothing of what is like an item; choose other --features.")
    split = split_last(histories)
    asked = np.array([len(split.known(user)) >= LENGTHS[-1] for user in range(len(split.test))])
    if asked.sum() < LEAST_USERS:
        raise ModelError(f"Only {asked.sum()} users have had {LENGTHS[-1]} items or more; at least {LEAST_USERS} must.")
    rows = comparable_rows(features)
    decays = [config.decay for config in CONTENT]
    decay = max(decays, key=lambda one: e.judge(ContentRecommender(rows, split, one), histories, split))
    recommender = ContentRecommender(rows, split, decay)
    ranks = [e.rank_items(Newest(recommender, split, length), histories, split) for length in LENGTHS]
    prior = fit_prior(recommender, histories, [product.category for product in catalog.products])
    found = Lengths(made.name, int(asked.sum()), decay, prior, summarize(ranks, asked))
    write_json(Path(request.out) / LENGTHS_FILE, asdict(found))
    return found


def summarize(ranks: Sequence[e.Ranks], asked: np.ndarray) -> tuple[OfLength, ...]:
    """asked [u]: whether a user counts."""
    return tuple(
        OfLength(length, *(e.interval(e.hits(values[asked])) for values in (one.sampled, one.full)))
        for length, one in zip(LENGTHS, ranks, strict=True)
    )
