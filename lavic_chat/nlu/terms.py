"""Terms of products, and which product has which, as arrays: what a word means is asked of all products at once."""

import mmap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Protocol

import numpy as np

from lavic_chat.catalog.columns import ends_of

MOST = 0.5  # share of a catalogue
TOGETHER = 512  # vectors
FEW_OF = 8  # one term in so many, at most, has to do with a word
CACHED = 16_000_000  # bytes of each kind of answer that is remembered
Columns = Mapping[str, Any]  # by name: arrays, and lists of texts


class Encoder(Protocol):
    """Texts to unit vectors [n, d], in which names of one thing lie near each other."""

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Of what is said once: nothing is kept."""
        ...

    def encode_cached(self, texts: Sequence[str], progress: bool = False) -> np.ndarray:
        """Of what comes again."""
        ...


@dataclass(frozen=True, eq=False)
class Lists:
    """N lists of numbers, one behind the other: list i is members[starts[i] : starts[i + 1]]."""

    starts: np.ndarray
    members: np.ndarray

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, place: int) -> np.ndarray:
        return self.members[self.starts[place] : self.starts[place + 1]]

    @property
    def sizes(self) -> np.ndarray:
        """[N] how many each has."""
        return np.diff(self.starts)

    def of(self, places: np.ndarray | Sequence[int]) -> np.ndarray:
        """The members of several lists, one behind the other."""
        chosen = np.asarray(places, np.int64)
        starts = self.starts[chosen]
        sizes = self.starts[chosen + 1] - starts
        ends = ends_of(sizes)
        return self.members[np.arange(ends[-1]) + np.repeat(starts - ends[:-1], sizes)]

    def inverted(self, count: int) -> "Lists":
        """For each of so many members the lists that it is in, in their order."""
        order = np.argsort(self.members, kind="stable")
        owners = np.repeat(np.arange(len(self), dtype=np.int32), self.sizes)[order]
        return Lists(ends_of(np.bincount(self.members, minlength=count)), owners)

    def arrays(self, name: str) -> dict[str, Any]:
        """As `read_lists` finds them."""
        return {f"{name}.starts": self.starts, f"{name}.members": self.members}


def nearest(vectors: np.ndarray, queries: np.ndarray) -> np.ndarray:
    """[T] how near each of the vectors [T, d] is to the nearest of the queries [n, d]. What is asked for is remembered
    as an answer, so of a file that is mapped the pages are given back: they would stay in memory unread."""
    rows = np.asarray(vectors)
    found = np.empty(len(rows), np.result_type(rows, queries))
    for start in range(0, len(rows), TOGETHER):  # all queries of rows that are still in the processor's cache
        part = rows[start : start + TOGETHER]
        found[start : start + TOGETHER] = np.max([np.einsum("ij,j->i", part, query) for query in queries], 0)
    mapped = getattr(vectors, "_mmap", None)
    if mapped is not None and hasattr(mmap, "MADV_DONTNEED"):
        mapped.madvise(mmap.MADV_DONTNEED)
    return found


def remember_sparse(call: Callable[[str], np.ndarray], length: int) -> Callable[[str], np.ndarray]:
    """The same call, whose answers [length] are remembered, of each the numbers alone that are not 0: of many terms few
    have to do with a word, so that many more words can be remembered in the same room."""

    def read(said: str) -> tuple[np.ndarray, np.ndarray]:
        numbers = call(said)
        places = np.flatnonzero(numbers).astype(np.int32)
        return places, numbers[places]

    remembered = lru_cache(room_for(512, length // FEW_OF))(read)

    def answer(said: str) -> np.ndarray:
        places, numbers = remembered(said)
        found = np.zeros(length, numbers.dtype)
        found[places] = numbers
        return found

    return answer


def make_lists(rows: Iterable[Iterable[int]]) -> Lists:
    """Of lists of numbers."""
    members: list[int] = []
    sizes = []
    for row in rows:
        before = len(members)
        members.extend(row)
        sizes.append(len(members) - before)
    return Lists(ends_of(sizes), np.array(members, np.int32))


def read_lists(columns: Columns, name: str) -> Lists:
    """As `arrays` has them; plain arrays, for a mapped one takes ten times as long to give a few of its numbers."""
    return Lists(np.asarray(columns[f"{name}.starts"]), np.asarray(columns[f"{name}.members"]))


class Terms:
    """The distinct terms of all products, and which each product has. vectors: [T, d], of the terms; of, owners: the
    terms of each product, and the products of each term."""

    def __init__(self, terms: Sequence[str], vectors: np.ndarray, of: Lists, owners: Lists):
        self.terms, self.vectors, self.of, self.owners = terms, vectors, of, owners

    @cached_property
    def is_common(self) -> np.ndarray:
        """[T] whether a term is the last one of most products, and so tells no two apart: "clothing"."""
        lasts = self.of.members[self.of.starts[1:][self.of.sizes > 0] - 1]
        return np.bincount(lasts, minlength=len(self.terms)) > MOST * len(self.of)

    def first(self, truths: np.ndarray) -> np.ndarray:
        """Of the terms [T], whether each holds -> whether that of each product's first term does [N]; not where it has
        none."""
        found = np.zeros(len(self.of), bool)
        has_any = self.of.sizes > 0
        found[has_any] = truths[self.of.members[self.of.starts[:-1][has_any]]]
        return found

    def last(self, scores: np.ndarray) -> np.ndarray:
        """Scores of the terms [T] -> that of each product's last term [N]; 1 where it has none."""
        found = np.ones(len(self.of), scores.dtype)
        has_any = self.of.sizes > 0
        found[has_any] = scores[self.of.members[self.of.starts[1:][has_any] - 1]]
        return found

    def best(self, scores: np.ndarray) -> np.ndarray:
        """Scores of the terms [T], none below 0 -> the highest of each product [N]; 0 where it has none."""
        found = np.zeros(len(self.of), scores.dtype)
        positive = np.flatnonzero(scores > 0)
        places = positive[np.argsort(scores[positive], kind="stable")]  # the highest is written last
        sizes = self.owners.sizes[places]
        if 2 * sizes.sum() > len(self.of.members):  # nearly all are positive: as quick without the order
            has_any = self.of.sizes > 0
            found[has_any] = np.maximum.reduceat(scores[self.of.members], self.of.starts[:-1][has_any])
            return found
        inside = np.arange(sizes.sum()) - np.repeat(ends_of(sizes)[:-1], sizes)
        found[self.owners.members[np.repeat(self.owners.starts[places], sizes) + inside]] = np.repeat(
            scores[places], sizes
        )
        return found

    def arrays(self, name: str) -> dict[str, Any]:
        """As `read_terms` finds them."""
        lists = self.of.arrays(f"{name}.of") | self.owners.arrays(f"{name}.owners")
        return {f"{name}.terms": self.terms, f"{name}.vectors": self.vectors, **lists}


def make_terms(by_product: Iterable[Sequence[str]], encoder: Encoder) -> Terms:
    """Of each product's terms."""
    row: dict[str, int] = {}
    of = make_lists([row.setdefault(term, len(row)) for term in terms] for terms in by_product)
    terms = tuple(row)
    return Terms(terms, encoder.encode_cached(terms, True), of, of.inverted(len(terms)))


def read_terms(columns: Columns, name: str) -> Terms:
    """As `arrays` has them."""
    lists = read_lists(columns, f"{name}.of"), read_lists(columns, f"{name}.owners")
    return Terms(columns[f"{name}.terms"], columns[f"{name}.vectors"], *lists)


class Postings:
    """Which rows have which words. last [n]: the number of each row's last word, -1 of one without any. sizes [n]: how
    many words each has."""

    def __init__(self, words: Sequence[str], rows: Lists, last: np.ndarray, sizes: np.ndarray):
        self.words, self.rows, self.last, self.sizes = words, rows, last, sizes
        self.number: Mapping[str, int] = {word: place for place, word in enumerate(words)}

    def having(self, words: Iterable[str]) -> np.ndarray:
        """[n] how many of the distinct words a row has."""
        found = np.zeros(len(self.last), np.int32)
        for word in set(words):
            if word in self.number:
                found[self.rows[self.number[word]]] += 1
        return found

    def called(self, words: Sequence[str]) -> np.ndarray:
        """[n] whether a row has all of the words, and ends with the same one."""
        if not words:
            return self.last < 0
        ends = self.last == self.number.get(words[-1], -2)
        return ends & (self.having(words) == len(set(words))) if ends.any() else ends

    def called_any(self, names: Iterable[Sequence[str]]) -> np.ndarray:
        """[n] the same of any of several names."""
        return np.logical_or.reduce([np.zeros(len(self.last), bool), *map(self.called, names)])

    def equal(self, words: Iterable[str]) -> np.ndarray:
        """[n] whether a row has these words and no other."""
        count = len(set(words))
        return (self.having(words) == count) & (self.sizes == count)

    def share(self, words: Sequence[str]) -> np.ndarray:
        """[n] how many of the words a row has."""
        return self.having(words) / max(len(words), 1)

    def arrays(self, name: str) -> dict[str, Any]:
        """As `read_postings` finds them."""
        rows = self.rows.arrays(f"{name}.rows")
        return {f"{name}.words": self.words, **rows, f"{name}.last": self.last, f"{name}.sizes": self.sizes}


def make_postings(by_row: Iterable[Iterable[str]]) -> Postings:
    """Of each row's words, each of which counts once."""
    number: dict[str, int] = {}
    last = []

    def numbered(words: Iterable[str]) -> dict[int, None]:
        own = [number.setdefault(word, len(number)) for word in words]
        last.append(own[-1] if own else -1)
        return dict.fromkeys(own)

    words = make_lists(map(numbered, by_row))
    return Postings(tuple(number), words.inverted(len(number)), np.array(last, np.int32), words.sizes)


def read_postings(columns: Columns, name: str) -> Postings:
    """As `arrays` has them."""
    words = tuple(columns[f"{name}.words"])
    return Postings(words, read_lists(columns, f"{name}.rows"), columns[f"{name}.last"], columns[f"{name}.sizes"])


def room_for(most: int, length: int) -> int:
    """How many arrays of this length are remembered: at most so many, and no more than CACHED bytes."""
    return max(8, min(most, CACHED // (8 * max(length, 1))))
