"""Interactions of any format -> `interactions.csv` of a catalogue: only its products, only users with enough of them.

    lavic-chat sda interactions reviews_Beauty.json.gz --to CATALOG

Users are numbered, for nobody needs their names. Items are never dropped for being rare: those are the tail that is
measured.
"""

import csv
import io
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from lavic_chat.catalog import load_catalog
from lavic_chat.sda.interactions.formats import Interaction, InteractionError, read_interactions
from lavic_chat.storage.files import hash_file, write_atomic, write_json

INTERACTIONS, REPORT = "interactions.csv", "interactions.json"
FEWEST = 5  # different items of a user, as is usual


@dataclass(frozen=True)
class JoinRequest:
    """source: a file of interactions. catalog: the folder whose products they are about, and that they are written to.
    fewest: different items that a user must have. stars: of a rating, below which an interaction says no liking."""

    source: str | Path
    catalog: str | Path
    fewest: int = FEWEST
    stars: float = 0.0


@dataclass(frozen=True)
class JoinReport:
    """What was kept, and what was dropped and why. format: of the file; source: its SHA-256."""

    format: str
    source: str
    read: int
    users: int
    items: int
    interactions: int
    items_without: int
    unknown_items: int
    few_stars: int
    repeated: int
    of_rare_users: int
    rare_users: int

    def __str__(self) -> str:
        dropped = {
            "of items that the catalogue does not have": self.unknown_items,
            "with too few stars": self.few_stars,
            "that a user had had before": self.repeated,
            f"of {self.rare_users:,} users with too few": self.of_rare_users,
        }
        lost = "; ".join(f"{count:,} {why}" for why, count in dropped.items() if count)
        return (
            f"{self.interactions:,} interactions of {self.users:,} users with {self.items:,} items ({self.format}); "
            f"{self.items_without:,} products of the catalogue have none. "
            + (f"Left out of {self.read:,} that were read: {lost}." if lost else "Nothing was left out.")
        )


def join_interactions(request: JoinRequest) -> JoinReport:
    """Write interactions.csv, and what was dropped into interactions.json beside it; raises LavicError for what cannot
    be read, or where nothing is left, and then writes nothing."""
    catalog = load_catalog(request.catalog)
    names = frozenset(product.id for product in catalog.products)
    form, rows = read_interactions(request.source, names)
    kept, counts = keep(rows, Known(names), request)
    if not kept:
        raise InteractionError(nothing_left(request, counts))
    items = {one.item for history in kept.values() for one in history}
    report = JoinReport(
        format=form.name, source=hash_file(request.source), users=len(kept), items=len(items),
        interactions=sum(map(len, kept.values())), items_without=len(names) - len(items), **counts,
    )  # fmt: skip
    folder = Path(request.catalog)
    write_atomic(folder / INTERACTIONS, to_csv(kept))
    write_json(folder / REPORT, asdict(report))
    return report


class Known:
    """The catalogue's ids, also where a table has lost the zeros at their front, as spreadsheets lose them."""

    def __init__(self, ids: Collection[str]):
        self.ids, numbers = ids, [name for name in ids if name.isdecimal()]
        bare = {name.lstrip("0"): name for name in numbers}
        self.bare = bare if len(bare) == len(numbers) else {}

    def get(self, item: str) -> str | None:
        """The catalogue's id of an item; None where it has none."""
        return item if item in self.ids else self.bare.get(item.lstrip("0")) if item.isdecimal() else None


def keep(
    rows: Iterable[Interaction], known: Known, request: JoinRequest
) -> tuple[dict[str, list[Interaction]], dict[str, int]]:
    """The interactions of each user with enough, the earliest of each item; and how many were read and left out."""
    counts = dict.fromkeys(("read", "unknown_items", "few_stars", "repeated", "of_rare_users", "rare_users"), 0)
    histories: dict[str, dict[str, Interaction]] = defaultdict(dict)
    for row in rows:
        counts["read"] += 1
        item = known.get(row.item)
        if item is None:
            counts["unknown_items"] += 1
        elif row.rating is not None and row.rating < request.stars:
            counts["few_stars"] += 1
        else:
            earlier = histories[row.user].get(item)
            counts["repeated"] += earlier is not None
            if earlier is None or (row.time, row.order) < (earlier.time, earlier.order):
                histories[row.user][item] = Interaction(row.user, item, row.time, row.rating, row.order)
    kept = {}
    for user, history in histories.items():
        if len(history) >= request.fewest:
            kept[user] = sorted(history.values(), key=lambda one: (one.time, one.order))
        else:
            counts["rare_users"] += 1
            counts["of_rare_users"] += len(history)
    return kept, counts


def nothing_left(request: JoinRequest, counts: Mapping[str, int]) -> str:
    """Why no interaction is left, and what to do."""
    if not counts["read"]:
        return f"{request.source} holds no interactions."
    if counts["unknown_items"] == counts["read"]:
        return (
            f"None of the {counts['read']:,} interactions of {request.source} is with a product of {request.catalog}; "
            "import the products that they are about first."
        )
    return (
        f"No user of {request.source} has {request.fewest} products of {request.catalog} that may be kept; ask for "
        "fewer with --fewest."
    )


def to_csv(kept: Mapping[str, list[Interaction]]) -> str:
    """user, item, timestamp, order; users numbered in the order in which they come."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(("user", "item", "timestamp", "order"))
    for number, history in enumerate(kept.values()):
        for one in history:
            writer.writerow((f"u{number:06}", one.item, f"{one.time:.3f}".removesuffix(".000"), f"{one.order:g}"))
    return file.getvalue()
