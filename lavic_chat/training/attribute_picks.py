"""How often the right product is picked by its look: of up to ten of one type, by attribute heads and by captions."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from lavic_chat.features.attribute_heads import AttributeHeads

TEN = 10  # products that are chosen among
FEWEST = 3
TIE = 1e-3  # what is as probable is chosen among by chance


@dataclass
class PickRates:
    """Of one attribute, by who picks: "heads", "captions" or "chance", whether each pick was right where a look was
    wanted, and where it was unwanted."""

    wanted: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    unwanted: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def to_row(self) -> dict[str, dict[str, float]]:
        """Shares of right picks, and how many there were."""
        parts = {"wanted": self.wanted, "unwanted": self.unwanted}
        shares = {part: {by: round(float(np.mean(of)), 4) for by, of in rates.items()} for part, rates in parts.items()}
        return shares | {"n": {"picks": len(self.wanted["chance"])}}


def pick_rates(
    seen: np.ndarray, captions: Sequence[str], values: np.ndarray, types: Sequence[str], heads: AttributeHeads
) -> dict[str, dict]:
    """seen [n, V] of n products, with their captions, the place of each attribute's true word among its words [n, A],
    below 0 where nobody knows it, and their types. By attribute, see `PickRates.to_row`."""
    said = [heads.values_in(caption) for caption in captions]
    found = {}
    for column, (name, places) in enumerate(heads.places.items()):
        truth = values[:, column]
        named = np.array([row.get(name, -1) - places[0] for row in said])
        rates = PickRates()
        for rows, noise in tens_of(types, truth, np.random.default_rng(0)):
            for value in np.unique(truth[rows]):
                is_so = truth[rows] == value
                if is_so.all():
                    continue
                by = {"heads": seen[rows, places[value]].astype(np.float32), "captions": (named[rows] == value) * 1.0}
                for who, scores in by.items():
                    rates.wanted[who].append(float(is_so[(scores + noise).argmax()]))
                    rates.unwanted[who].append(float(not is_so[(scores - noise).argmin()]))
                rates.wanted["chance"].append(float(is_so.mean()))
                rates.unwanted["chance"].append(float(1 - is_so.mean()))
        if rates.wanted:
            found[name] = rates.to_row()
    return found


def tens_of(
    types: Sequence[str], truth: np.ndarray, rng: np.random.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Rows of up to ten products of one type whose truth is known, one draw for every ten that there are, and for each
    row a little chance."""
    groups: dict[str, list[int]] = defaultdict(list)
    for row, name in enumerate(types):
        if truth[row] >= 0:
            groups[name].append(row)
    for _, rows in sorted(groups.items()):
        for _ in range(max(1, len(rows) // TEN)):
            drawn = rng.choice(rows, min(TEN, len(rows)), replace=False)
            if len(drawn) >= FEWEST:
                yield drawn, TIE * rng.random(len(drawn))


def type_of(attributes: Mapping[str, object], title: str) -> str:
    """What products are compared within."""
    return str(attributes.get("type") or title)
