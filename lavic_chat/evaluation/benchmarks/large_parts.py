"""What parts of it cost alone: a search among so many vectors, in process or in Milvus, and an import of so many rows.

lavic-chat bench --vectors 1000000
lavic-chat bench --vectors 100000 --index milvus:///tmp/index.db
lavic-chat bench --rows 100000
"""

import csv
import statistics
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from lavic_chat.catalog import load_catalog
from lavic_chat.catalog.columns import Columns
from lavic_chat.catalog.filters import NO_FILTERS
from lavic_chat.catalog.importing.importers import import_catalog
from lavic_chat.evaluation.benchmarks.large_catalog import make_twins
from lavic_chat.features.vectors import unit
from lavic_chat.retrieval.index import ExactIndex, Index, QueryVectors
from lavic_chat.retrieval.milvus import MilvusIndex
from lavic_chat.retrieval.milvus_client import connect_milvus, failures_at, read_address
from lavic_chat.settings import Settings
from lavic_chat.storage.files import hash_bytes
from lavic_chat.storage.tables import ColumnFile

WIDTH = 768  # numbers of an item's text vector
PART = 10_000  # vectors that are made at once
SEARCHES = 20
LIKE_IT = 0.05  # share of the items that a condition lets through, such as a kind
COLUMNS = ("id", "title", "category", "description", "price", "currency", "link", "image")


@dataclass(frozen=True)
class Figures:
    """What was measured."""

    def to_row(self) -> dict:
        """As the command line answers it in JSON."""
        return asdict(self)

    def to_text(self) -> str:
        """A line a figure."""
        rows = self.to_row().items()
        return "\n".join(f"{key:<16} {value if isinstance(value, str) else f'{value:,}'}" for key, value in rows)


@dataclass(frozen=True)
class VectorFigures(Figures):
    """Medians of milliseconds among so many random vectors that are mapped from a file, or lie in Milvus: with
    conditions that one in twenty meets, and with none, when every vector is read. same: of all these searches the share
    in which the index found the ten that are found in process."""

    vectors: int
    index: str
    conditions_ms: float
    all_ms: float
    same: float


@dataclass(frozen=True)
class ImportFigures(Figures):
    """Seconds in which a CSV file of so many rows became a catalogue, and in which the same file did once more."""

    rows: int
    products: int
    seconds: float
    again_seconds: float


def measure_vectors(settings: Settings, count: int) -> VectorFigures:
    """Make so many random vectors in a file, and search among them; raises LavicError where Milvus cannot."""
    with tempfile.TemporaryDirectory(dir=settings.home, prefix="vectors-") as name:
        rng, column = np.random.default_rng(0), ColumnFile(name, "text", count)
        for start in tqdm(range(0, count, PART), desc="Making vectors"):
            shape = (min(PART, count - start), WIDTH)
            column.append(unit(rng.standard_normal(shape, np.float32)))
        ids = tuple(map(str, range(count)))
        numbers = np.full(count, np.nan), np.zeros(count, np.int32)
        columns = Columns(ids, ids, ids, *numbers, ("Things",), np.ones(count, bool))
        vectors, pictures = column.read(), np.zeros((count, 0), np.float32)
        exact = ExactIndex(Described(columns), vectors, pictures)
        if not settings.index:
            return search_vectors(exact, exact, rng, count)
        with milvus_of(settings.index, columns, vectors, pictures) as index:
            return search_vectors(index, exact, rng, count)


def search_vectors(index: Index, exact: ExactIndex, rng: np.random.Generator, count: int) -> VectorFigures:
    """Time searches of an index, and compare what it finds with what is found in process."""
    bonus = np.where(rng.random(count) < LIKE_IT, 0.0, -1.5)
    times: dict[bool, list[float]] = {True: [], False: []}
    same = []
    for _ in tqdm(range(SEARCHES), desc="Searching"):
        text = unit(rng.standard_normal(WIDTH, np.float32))
        for has_bonus in times:
            query = QueryVectors(text, bonus=bonus if has_bonus else None)
            start = time.perf_counter()
            found = index.search(query, NO_FILTERS, (), 10)
            times[has_bonus].append(1000 * (time.perf_counter() - start))
            expected = found if index is exact else exact.search(query, NO_FILTERS, (), 10)
            same.append([hit.id for hit in found] == [hit.id for hit in expected])
    met, all_read = (round(statistics.median(times[one]), 1) for one in (True, False))
    return VectorFigures(count, "in process" if index is exact else "Milvus", met, all_read, float(np.mean(same)))


@contextmanager
def milvus_of(address: str, columns: Columns, vectors: np.ndarray, pictures: np.ndarray) -> Generator[MilvusIndex]:
    """The vectors in a collection of its own, which is gone afterwards; raises LavicError."""
    place = read_address(address)
    client = connect_milvus(place)
    index = MilvusIndex(client, place, f"lavic_bench_{hash_bytes(str(time.time()))[:12]}", columns)
    try:
        index.open(vectors, pictures)
        index.update(vectors, pictures)
        yield index
    finally:
        with failures_at(place):
            client.drop_collection(index.name)


def measure_import(settings: Settings, count: int) -> ImportFigures:
    """Write a CSV file of so many made-up products, without pictures, and import it twice."""
    with tempfile.TemporaryDirectory(dir=settings.home, prefix="rows-") as name:
        source, folder = Path(name) / "products.csv", Path(name) / "catalog"
        write_rows(source, settings, count)
        seconds = []
        for _ in range(2):
            start = time.perf_counter()
            report = import_catalog(source, folder)
            seconds.append(round(time.perf_counter() - start, 1))
        return ImportFigures(count, report.products, *seconds)


def write_rows(path: Path, settings: Settings, count: int) -> None:
    """Products like those of the catalogue at hand, as a shop would write them."""
    products = load_catalog(settings.catalog).products
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        for twin in make_twins(products, count, 0):
            one = twin.product
            price = "" if one.price is None else f"{one.price:,.2f}"
            link = f"https://shop.example/{one.id}"
            rows.writerow((one.id, one.title, one.category, one.description, price, "EUR", link, ""))


class Described(list):
    """In the place of products, of which there are columns alone."""

    def __init__(self, columns: Columns):
        super().__init__()
        self.columns = columns
