"""An index that is a Milvus server, or Milvus Lite in a file: it finds the nearest vectors, and filters them.

    milvus://HOST:PORT      milvus://USER:PASSWORD@HOST:PORT      milvus+https://...      milvus:///FOLDER/FILE.db

What a query adds to each item, its bonus, no server knows. So the items of the highest bonus are compared here, with
the vectors that were sent, and Milvus is asked for the nearest of all where more than these may be among the best of
both together: once, as a rule. Into its filters go numbers alone: ids and categories as hashes, so that no name of a
catalogue is ever read as one.
"""

import logging
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lavic_chat.catalog import Product
from lavic_chat.catalog.columns import Columns, columns_of
from lavic_chat.catalog.filters import Filters
from lavic_chat.errors import LavicError
from lavic_chat.features.image_encoder import chunks
from lavic_chat.retrieval.index import Hit, QueryVectors, admitted_rows, best_hits, kth_highest, reach, similarities
from lavic_chat.retrieval.milvus_client import MilvusAddress, connect_milvus, failures_at, read_address
from lavic_chat.storage.files import hash_bytes, write_atomic

KEY, VERSION, PRICE, CATEGORY, STOCK, VECTOR = "key", "version", "price", "category", "stock", "vector"  # fields
FEW = 128  # items of the highest bonus, which are compared here in any case
MOST_COMPARED = 32_768  # items that are compared here, in a dozen milliseconds, where they are no more than half of all
EXPECTED = 2  # times as many are asked for as should be enough
GROWTH = 4  # times as many are asked for next
MOST = 16_384  # items that Milvus names at once
PRECISION = 1e-5  # of a similarity as Milvus computes it
BATCH = 1_000  # items that are sent at once
UNKNOWN_PRICE = -1.0
ONE_LIST = {"params": {"nlist": 1}}  # of all vectors; Milvus Lite reads it here alone, where pymilvus puts it as it is
READ_IT = {"params": {"nprobe": 1}}
log = logging.getLogger("lavic_chat.retrieval")


@dataclass(frozen=True)
class MilvusChange:
    """What a collection was brought up to: how many items are new in it, changed, and gone."""

    new: int
    changed: int
    gone: int


class MilvusIndex:
    """The items of one catalogue in one collection. text [N, d], picture [N, h]: their vectors, known once it was
    opened."""

    def __init__(self, client: Any, address: MilvusAddress, name: str, columns: Columns):
        self.client, self.address, self.name, self.columns = client, address, name, columns
        self.text = self.picture = np.zeros((len(columns), 0), np.float32)
        self.keys = keys_of(columns.ids)
        self.row: Mapping[int, int] = {int(key): place for place, key in enumerate(self.keys)}
        if len(self.row) < len(columns):
            raise LavicError("Two products' ids have one hash, which Milvus cannot tell apart; rename one of them.")

    def search(self, vectors: QueryVectors, filters: Filters, excluded: Collection[str], k: int) -> list[Hit]:
        """See `Index.search`; exact where Milvus is. Raises LavicError where it does not answer."""
        if not k:
            return []
        condition = expression(filters, keys_of(excluded).tolist())
        if vectors.bonus is None:
            rows = np.sort(self.nearest(vectors, condition, k)[0])
            return best_hits(self.columns.ids, rows, self.compare(vectors, rows), k)
        rows, found = self.with_bonus(vectors, condition, admitted_rows(self.columns, filters, excluded), k)
        return best_hits(self.columns.ids, rows, found, k)

    def with_bonus(
        self, vectors: QueryVectors, condition: str, rows: np.ndarray, k: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Those of the rows that the condition admits, [n] in their order, among which the k best are, and their
        similarities. The best that is known tells which items may still be better: an answer names the nearest of all,
        and no other is nearer than the last one named."""
        bonus = np.zeros(0) if vectors.bonus is None else vectors.bonus
        seen, left = split_highest(rows, bonus, max(FEW, k))
        found, furthest, asked = self.compare(vectors, seen), reach(vectors), 0
        few = min(MOST_COMPARED, len(rows) // 2)
        while len(left := left[bonus[left] >= kth_best(found, k) - furthest]) > few and asked < MOST:
            expected = EXPECTED * k * len(rows) / (len(seen) + len(left))
            asked = min(MOST, GROWTH * asked or math.ceil(expected))
            near, furthest = self.nearest(vectors, condition, asked)
            new = np.setdiff1d(near, seen)
            seen, found = np.append(seen, new), np.append(found, self.compare(vectors, new))
            left = np.setdiff1d(left, near)
        seen, found = np.append(seen, left), np.append(found, self.compare(vectors, left))
        order = np.argsort(seen)
        return seen[order], found[order]

    def compare(self, vectors: QueryVectors, rows: np.ndarray) -> np.ndarray:
        """[n] similarities of these items, bonus and all."""
        return similarities((self.text, self.picture), vectors, rows)

    def nearest(self, vectors: QueryVectors, condition: str, limit: int) -> tuple[np.ndarray, float]:
        """Rows of the nearest items that the condition admits, and the highest similarity that others may have."""
        params = {"metric_type": "IP"} | (READ_IT if self.address.is_file else {})
        query = joined_query(vectors, self.text.shape[1] + self.picture.shape[1]).tolist()
        with failures_at(self.address):
            (hits,) = self.client.search(
                self.name, data=[query], anns_field=VECTOR, filter=condition, limit=limit,
                output_fields=[KEY], search_params=params,
            )  # fmt: skip
        known = (self.row.get(int(hit[KEY])) for hit in hits)  # another process may have sent what is not known here
        rows = np.array([row for row in known if row is not None], np.int64)
        return rows, min(float(hit["distance"]) for hit in hits) + PRECISION if len(hits) == limit else -math.inf

    # ---- keeping it up to date ----

    def open(self, text: np.ndarray, picture: np.ndarray) -> int:
        """Make the collection of such vectors, [N, d] and [N, h], where there is none; how many items it has."""
        self.text, self.picture = text, picture
        with failures_at(self.address):
            if not self.client.has_collection(self.name):
                self.create(text.shape[1] + picture.shape[1])
            elif self.address.is_file and self.client.describe_index(self.name, VECTOR)["index_type"] == "FLAT":
                self.client.release_collection(self.name)  # a file of before
                self.client.drop_index(self.name, VECTOR)
                self.client.create_index(self.name, self.exact())
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
        self.client.create_collection(self.name, schema=schema, index_params=self.exact(), consistency_level="Strong")

    def exact(self) -> Any:
        """How vectors are compared: all of them, so that no candidate is lost. Milvus Lite copies them at each search
        where its index is FLAT, and has the other one searched in compiled code."""
        index = self.client.prepare_index_params()
        if self.address.is_file:
            index.add_index(VECTOR, index_type="IVF_FLAT", metric_type="IP", params=ONE_LIST)
        else:
            index.add_index(VECTOR, index_type="FLAT", metric_type="IP")
        return index

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


def split_highest(rows: np.ndarray, bonus: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """So many of the rows, those of the highest bonus, and the others."""
    if len(rows) <= count:
        return rows, rows[:0]
    order = np.argpartition(-bonus[rows], count)
    return rows[order[:count]], rows[order[count:]]


def kth_best(found: np.ndarray, k: int) -> float:
    """The k-th highest number, k > 0; as low as can be where there are fewer."""
    return kth_highest(found, k) if k <= len(found) else -math.inf


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
