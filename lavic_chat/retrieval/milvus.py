"""An index that is a Milvus server, or Milvus Lite in a file: it finds the nearest vectors, and filters them.

    milvus://HOST:PORT      milvus://USER:PASSWORD@HOST:PORT      milvus+https://...      milvus:///FOLDER/FILE.db

What a query adds to each item, its bonus, no server knows. So it is asked for the similarities of the items of the
highest bonus, and for the nearest of those that may be among the best of both together, until there are no others.
Into its filters go numbers alone: ids and categories as hashes, so that no name of a catalogue is ever read as one.
"""

import contextlib
import logging
import math
from collections.abc import Collection, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import numpy as np

from lavic_chat.catalog import Product
from lavic_chat.catalog.columns import Columns, columns_of
from lavic_chat.catalog.filters import Filters
from lavic_chat.errors import LavicError
from lavic_chat.features.image_encoder import chunks
from lavic_chat.retrieval.index import Hit, QueryVectors, admitted_rows, reach
from lavic_chat.storage.files import hash_bytes, write_atomic

KEY, VERSION, PRICE, CATEGORY, STOCK, VECTOR = "key", "version", "price", "category", "stock", "vector"  # fields
SCHEMES = {"milvus": "http", "milvus+http": "http", "milvus+https": "https"}
FEW = 128  # items by their bonus, and nearest ones, that are asked for first
GROWTH = 4  # times as many are asked for next
MOST = 16_384  # items that Milvus names at once
MOST_NAMED = 8_192  # items that are named in a filter
BATCH = 1_000  # items that are sent at once
UNKNOWN_PRICE = -1.0
PAUSE = 10.0  # seconds that a server may take to answer
log = logging.getLogger("lavic_chat.retrieval")
MISSING = "An index in Milvus needs the extra `milvus`: pip install 'lavic-chat[milvus]'."


@dataclass(frozen=True)
class MilvusAddress:
    """Where Milvus is: an address or a file, and how to log in; shown: what may stand in a sentence."""

    uri: str
    token: str
    shown: str


@dataclass(frozen=True)
class MilvusChange:
    """What a collection was brought up to: how many items are new in it, changed, and gone."""

    new: int
    changed: int
    gone: int


def read_address(address: str) -> MilvusAddress:
    """Raises LavicError, without quoting it, for it may hold a login, for an address of no Milvus."""
    try:
        parts = urlsplit(address)
        port = parts.port or 19530
        if parts.scheme not in SCHEMES or parts.query or parts.fragment or not address.isprintable():
            raise ValueError("of another kind")
        if parts.scheme == "milvus" and not parts.netloc and parts.path.endswith(".db"):
            return MilvusAddress(unquote(parts.path), "", f"milvus://{parts.path}")
        if not parts.hostname or parts.path not in ("", "/"):
            raise ValueError("no host")
    except ValueError:
        raise LavicError(
            "--index and LAVIC_INDEX take an address such as milvus://127.0.0.1:19530, or milvus:///folder/index.db."
        ) from None
    token = f"{unquote(parts.username)}:{unquote(parts.password or '')}" if parts.username else ""
    return MilvusAddress(
        f"{SCHEMES[parts.scheme]}://{parts.hostname}:{port}", token, f"milvus://{parts.hostname}:{port}"
    )


def connect_milvus(address: MilvusAddress) -> Any:
    """A client. Raises LavicError where the package is missing, or Milvus cannot be reached."""
    try:
        from pymilvus import MilvusClient
    except ImportError as error:
        raise LavicError(MISSING) from error
    logging.getLogger("pymilvus").setLevel(logging.CRITICAL)  # what goes wrong is said below, in one sentence
    with failures_at(address):
        return MilvusClient(uri=address.uri, token=address.token, timeout=PAUSE)


@contextlib.contextmanager
def failures_at(address: MilvusAddress) -> Generator[None]:
    """Whatever Milvus raises becomes one sentence, which quotes neither logins nor queries."""
    try:
        yield
    except LavicError:
        raise
    except Exception as error:  # pymilvus raises its own, grpc's, and whatever its server in a file does
        raise LavicError(
            f"The index {address.shown} does not answer ({type(error).__name__}); see that Milvus runs there and takes "
            "the login, or start without --index."
        ) from error


class MilvusIndex:
    """The items of one catalogue in one collection. width: numbers of a vector, known once it was opened."""

    def __init__(self, client: Any, address: MilvusAddress, name: str, columns: Columns):
        self.client, self.address, self.name, self.columns = client, address, name, columns
        self.keys, self.width = keys_of(columns.ids), 0
        self.row: Mapping[int, int] = {int(key): place for place, key in enumerate(self.keys)}
        if len(self.row) < len(columns):
            raise LavicError("Two products' ids have one hash, which Milvus cannot tell apart; rename one of them.")

    def search(self, vectors: QueryVectors, filters: Filters, excluded: Collection[str], k: int) -> list[Hit]:
        """See `Index.search`; exact where Milvus is. Raises LavicError where it does not answer."""
        query = joined_query(vectors, self.width)
        condition = expression(filters, keys_of(excluded).tolist())
        if vectors.bonus is None:
            found = self.nearest(query, condition, k)
        else:
            found = self.with_bonus(query, condition, admitted_rows(self.columns, filters, excluded), vectors, k)
        best = sorted(found, key=lambda row: (-found[row], row))[:k]
        return [Hit(self.columns.ids[row], found[row]) for row in best]

    def with_bonus(
        self, query: np.ndarray, condition: str, rows: np.ndarray, vectors: QueryVectors, k: int
    ) -> dict[int, float]:
        """Row -> similarity with its bonus of the k best of the rows that the condition admits, and of others. The best
        that is known tells which items may still be better: each answer names the nearest of these, and no other is
        nearer than the last one named."""
        bonus = np.zeros(0) if vectors.bonus is None else vectors.bonus
        order = rows[np.argsort(-bonus[rows], kind="stable")] if k else rows[:0]
        found = self.similarities(query, condition, order[:FEW], bonus)
        left, furthest, limit = order[FEW:], reach(vectors), max(FEW, 4 * k)
        while len(left := left[bonus[left] >= kth_best(found, k) - furthest]) > limit and limit <= MOST:
            named = f"({condition}) and {KEY} in {self.keys[left].tolist()}" if len(left) <= MOST_NAMED else condition
            near = self.nearest(query, named, limit)
            found.update((row, near[row] + float(bonus[row])) for row in near)
            furthest = min(near.values()) if len(near) == limit else -math.inf
            left, limit = left[~np.isin(left, list(near))], GROWTH * limit
        found.update(self.similarities(query, condition, left, bonus))
        return found

    def similarities(self, query: np.ndarray, condition: str, rows: np.ndarray, bonus: np.ndarray) -> dict[int, float]:
        """Those of items in these rows that the condition admits, with their bonus."""
        found: dict[int, float] = {}
        for part in chunks(rows, BATCH):
            own = f"{KEY} in {self.keys[part].tolist()}"
            near = self.nearest(query, f"({condition}) and {own}" if condition else own, len(part))
            found.update((row, near[row] + float(bonus[row])) for row in near)
        return found

    def nearest(self, query: np.ndarray, condition: str, limit: int) -> dict[int, float]:
        """Row -> similarity of the nearest items that the condition admits."""
        with failures_at(self.address):
            (hits,) = self.client.search(
                self.name, data=[query.tolist()], anns_field=VECTOR, filter=condition, limit=limit,
                output_fields=[KEY], search_params={"metric_type": "IP"},
            )  # fmt: skip
        pairs = ((self.row.get(int(hit[KEY])), float(hit["distance"])) for hit in hits)
        return {row: distance for row, distance in pairs if row is not None}

    # ---- keeping it up to date ----

    def open(self, text: np.ndarray, picture: np.ndarray) -> int:
        """Make the collection of such vectors, [N, d] and [N, h], where there is none; how many items it has."""
        self.width = text.shape[1] + picture.shape[1]
        with failures_at(self.address):
            if not self.client.has_collection(self.name):
                self.create(self.width)
            self.client.load_collection(self.name)
            return int(self.client.get_collection_stats(self.name)["row_count"])

    def update(self, text: np.ndarray, picture: np.ndarray) -> MilvusChange:
        """Bring an opened collection up to the vectors of the columns' items: what is new is added, what is another is
        changed, what is gone is deleted, and all else is left as it is."""
        versions = [self.version(row, text[row], picture[row]) for row in range(len(self.columns))]
        rows = list(enumerate(self.keys.tolist()))
        with failures_at(self.address):
            there = dict(self.versions())
            new = [row for row, key in rows if key not in there]
            changed = [row for row, key in rows if there.get(key, versions[row]) != versions[row]]
            gone = [key for key in there if key not in self.row]
            for part in chunks([*new, *changed], BATCH):
                self.client.upsert(self.name, [self.entity(row, versions[row], text, picture) for row in part])
            for part in chunks(gone, BATCH):
                self.client.delete(self.name, ids=part)
            if new or changed or gone:
                self.client.flush(self.name)
        return MilvusChange(len(new), len(changed), len(gone))

    def create(self, width: int) -> None:
        """An empty collection for vectors of so many numbers."""
        from pymilvus import DataType

        schema = self.client.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field(KEY, DataType.INT64, is_primary=True)
        schema.add_field(PRICE, DataType.DOUBLE)
        for name in (VERSION, CATEGORY, STOCK):
            schema.add_field(name, DataType.INT64)
        schema.add_field(VECTOR, DataType.FLOAT_VECTOR, dim=width)
        index = self.client.prepare_index_params()
        index.add_index(VECTOR, index_type="FLAT", metric_type="IP")  # exact: no candidate is lost
        self.client.create_collection(self.name, schema=schema, index_params=index, consistency_level="Strong")

    def versions(self) -> Iterable[tuple[int, int]]:
        """Key and version of all items that are there."""
        rows = self.client.query_iterator(self.name, batch_size=MOST // 2, output_fields=[KEY, VERSION])
        try:
            while part := rows.next():
                yield from ((int(row[KEY]), int(row[VERSION])) for row in part)
        finally:
            rows.close()

    def version(self, row: int, text: np.ndarray, picture: np.ndarray) -> int:
        """A number that is another when anything of an item is."""
        about = f"{self.columns.prices[row]} {self.category(row)} {self.columns.in_stock[row]}"
        return key_of(text.tobytes(), picture.tobytes(), about.encode())

    def category(self, row: int) -> int:
        """The hash of an item's category."""
        return key_of(self.columns.category_names[self.columns.categories[row]].encode())

    def entity(self, row: int, version: int, text: np.ndarray, picture: np.ndarray) -> dict[str, Any]:
        """An item as Milvus takes it."""
        price = float(self.columns.prices[row])
        vector = np.concatenate([text[row], picture[row]]).astype(np.float32)
        known = UNKNOWN_PRICE if math.isnan(price) else price
        own = {KEY: int(self.keys[row]), VERSION: version, PRICE: known, CATEGORY: self.category(row)}
        return {**own, STOCK: int(self.columns.in_stock[row]), VECTOR: vector.tolist()}


def key_of(*parts: bytes) -> int:
    """63 bits of a hash."""
    return int(hash_bytes(*parts)[:16], 16) >> 1


def keys_of(names: Iterable[str]) -> np.ndarray:
    """[n] of ids."""
    return np.array([key_of(name.encode()) for name in names], np.int64)


def joined_query(vectors: QueryVectors, width: int) -> np.ndarray:
    """[width] a query as items' vectors are joined; zeros where no picture is searched by."""
    joined = np.zeros(width, np.float32)
    joined[: len(vectors.text)] = vectors.text
    if vectors.picture is not None:
        joined[len(vectors.text) :] = vectors.picture
    return joined


def expression(filters: Filters, left_out: Sequence[int]) -> str:
    """What Milvus admits items by, in numbers alone."""
    parts = [f"{STOCK} == 1"]
    if filters.categories:
        parts.append(f"{CATEGORY} in {sorted(key_of(name.encode()) for name in filters.categories)}")
    if filters.lowest is not None or filters.highest is not None:
        parts.append(f"{PRICE} >= {float(filters.lowest or 0)!r}")
    if filters.highest is not None:
        parts.append(f"{PRICE} <= {float(filters.highest)!r}")
    if left_out:
        parts.append(f"{KEY} not in {list(left_out)}")
    return " and ".join(parts)


def kth_best(found: Mapping[int, float], k: int) -> float:
    """The k-th highest number; as low as can be where there are fewer."""
    return sorted(found.values(), reverse=True)[k - 1] if 0 < k <= len(found) else -math.inf


@dataclass(frozen=True)
class MilvusPlace:
    """Where a catalogue's items are to be found. address: see `read_address`; name: of the catalogue and of what its
    vectors are made with; mark: of the very vectors; record: a file that keeps the mark of what was last sent."""

    address: str
    name: str
    mark: str
    record: Path

    def __call__(self, products: Sequence[Product], text: np.ndarray, picture: np.ndarray) -> MilvusIndex:
        """The index, its collection brought up to these items where it is not yet; raises LavicError."""
        place = read_address(self.address)
        index = MilvusIndex(connect_milvus(place), place, f"lavic_{self.name}", columns_of(products))
        count, mark = index.open(text, picture), hash_bytes(place.uri, self.name, self.mark)
        if count != len(products) or self.read_mark() != mark:
            change = index.update(text, picture)
            write_atomic(self.record, mark)
            log.info("%s: %d items are new, %d changed, %d gone.", place.shown, change.new, change.changed, change.gone)
        return index

    def read_mark(self) -> str:
        """Of what was last sent; "" where nothing was."""
        try:
            return self.record.read_text("utf-8")
        except (OSError, ValueError):
            return ""
