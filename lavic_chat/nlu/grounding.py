"""What a shopper's words mean in the catalogue at hand: how probably each product is of the kind, or looks as said.

Words come from the catalogue alone (titles, types, captions, and attributes where they may be read). A word meets them
by its letters, by edit distance where it is no English word, by the lexicon (other words, broader words, colours that
lie near), and by its meaning, a cosine of vectors in which names of one thing lie near each other.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from lavic_chat.catalog.columns import columns_of
from lavic_chat.catalog.product import Product
from lavic_chat.catalog.text import words_of
from lavic_chat.nlu.appearance_table import AppearanceTable
from lavic_chat.nlu.brands import Brands
from lavic_chat.nlu.catalog_words import SMALL_WORDS, in_category
from lavic_chat.nlu.lexicon import ABOUT_COLOUR, COLOUR, PART, Entry, Lexicon
from lavic_chat.nlu.picture_words import PATTERNED, PLAIN
from lavic_chat.nlu.prototypes import Prototypes, mean_prototypes
from lavic_chat.nlu.seen_words import SeenWords
from lavic_chat.nlu.spelling import Speller
from lavic_chat.nlu.terms import Encoder, nearest, room_for
from lavic_chat.nlu.thesaurus import Thesaurus
from lavic_chat.nlu.titles import Titles
from lavic_chat.nlu.word_tables import WordTables, find_entry, make_word_tables

SURE = 0.97  # that a product is as it is called, or seen
DOUBT = 0.03  # what is left for captions that are wrong
MEANT = 0.9  # at most, by meaning alone
SAME_THING, BY_HEAD, WIDER = 0.97, 0.75, 0.75  # another name of the thing; the last words of a name; a broader thing
MODIFIED = 0.2  # what the words before the last ones may add to that
OTHER_TYPE = 0.13  # less, where the catalogue's own type of a product is another thing
OTHER_NAME = 0.07  # less, where its own title names another, though its type is that
GROUPED = 0.1  # less, where it is but of the same group, "kitchen appliance"
ANOTHER_THING = 0.6  # of a meaning's similarity, where the thesaurus knows the name, and none of the products as such
HARDLY_LESS = 0.1  # than the best of a kind
DESCRIBING, POSSIBLE, MEANS = 4, 0.3, 0.5  # words of a description; its least probability, and the similarity of that
FAR_BETTER = 1.8  # times as probable
JUST_LESS = 0.999  # is what words describe, if they describe what it is of, or what is of it
SEEN = ("colour", "material", "pattern")


@dataclass(frozen=True)
class English:
    """What is known of words beyond any catalogue; is_word: whether it is a common one; is_spelled: whether at all;
    common: the commonest ones; prototypes: of the thesaurus, learned for the encoder."""

    lexicon: Lexicon
    thesaurus: Thesaurus
    is_word: Callable[[str], bool]
    is_spelled: Callable[[str], bool] = frozenset().__contains__
    common: Callable[[], Sequence[str]] = tuple
    prototypes: Prototypes | None = None


@dataclass(frozen=True, eq=False)
class Prepared:
    """What was made of a catalogue before. tables: of its products' words and captions; seen: how its pictures look,
    where more than the captions tells it; those then say nothing of it."""

    tables: WordTables | None = None
    seen: AppearanceTable | None = None


class Grounding:
    """Of one catalogue. captions: by product, "" where there is none. read_attributes: whether those of looks may be
    read, too. prepared: what need not be made anew."""

    def __init__(
        self,
        products: Sequence[Product],
        captions: Sequence[str],
        encoder: Encoder,
        english: English,
        read_attributes: bool = False,
        prepared: Prepared = Prepared(),
    ):
        self.reads_attributes, self.columns = read_attributes, columns_of(products)
        self.products, self.encoder, self.is_word = products, encoder, english.is_word
        self.row = self.columns.row
        self.lexicon, self.thesaurus = lexicon, thesaurus = english.lexicon, english.thesaurus
        known = lexicon, thesaurus
        self.tables = prepared.tables or make_word_tables(products, captions, encoder, known, read_attributes)
        self.names, self.titles = self.tables.names, Titles(self.tables, self.columns)
        self.seen = SeenWords(self.tables, lexicon, encoder, prepared.seen, read_attributes)
        self.prototypes = english.prototypes or mean_prototypes(thesaurus, encoder)
        others = lexicon.words | thesaurus.words | self.tables.others | self.seen.words
        is_word = lambda word: english.is_word(word) or english.is_spelled(word)  # noqa: E731
        self.speller = Speller(self.tables.uses, others, is_word, english.common, self.brands.names)
        self.kind = lru_cache(room_for(256, len(self.columns)))(self._kind)
        self.appearance = lru_cache(room_for(512, len(self.columns)))(self._appearance)

    # ---- kinds of things ----

    def _kind(self, said: str) -> np.ndarray:
        """[N] how near each product is to a kind of thing as it is called: 1 where its name has all the words, or the
        thesaurus knows it as such a thing; less where it is of a broader kind; else a cosine of meanings."""
        mended = self.thesaurus.unfold(self.thesaurus.measured(self.mend(said)), self.is_sold)
        (things, left), count = self.thesaurus.find(mended), len(self.names.terms)
        if things and not left:  # no meaning comes near a product that is called so
            found = self.of_kind(mended, np.zeros(count, np.float32), {})
            if found.max(initial=0.0) >= SAME_THING - OTHER_TYPE:
                return found
        vectors = self.encoder.encode(list(dict.fromkeys((said.lower(), mended))))
        near = np.clip(nearest(self.names.vectors, vectors), 0.0, MEANT)
        is_described = not things and (self.thesaurus.goes_on(mended) or len(words_of(mended)) >= DESCRIBING)
        if is_described or (things and not left):
            near = near * ANOTHER_THING
        described = self.described(vectors) if is_described else {}
        return np.maximum(self.of_kind(mended, near, described), SAME_THING * in_category(self.columns, mended))

    def of_kind(self, mended: str, near: np.ndarray, described: dict[int, float]) -> np.ndarray:
        """[N] by the words of names and the thesaurus, where they say more than meanings do: near [T], of names, which
        is changed; described: things that the words describe, and how closely."""
        words, (things, left) = self.thesaurus.head_words(mended), self.thesaurus.find(mended)
        kinds, wider_names, called = self.thesaurus.kinds, self.thesaurus.wider, self.tables.name_words
        all_things = [place for place in range(len(kinds)) if place not in self.thesaurus.groups]
        wider = frozenset().union(*(kinds[thing] for thing in things)) - things
        heads = frozenset().union(*(wider_names[thing] for thing in things))
        groups = [head for head in self.thesaurus.no_things(heads) if words[-len(head) :] != head]
        ends_so = self.tables.ending_so(words, in_order=bool(things) and not left)
        members = frozenset().union(*(self.thesaurus.members[thing] for thing in things))
        related = self.named_as(members)
        of_wider = self.named_as(wider)
        apart = self.named_as(all_things) & ~(related | of_wider) if things else np.zeros_like(related)
        so = self.named_as(thing for thing in all_things if words and words in wider_names[thing])
        so |= ends_so & ~apart  # a t-shirt is no shirt
        same = related & ~so
        broad = (of_wider | called.called_any(heads) | ends_so) & ~(so | same)
        share = called.share(words[:left])
        modified = share if (share[same] >= 1.0).any() else np.maximum(share, near)  # of double beds no single bed
        of_group = called.called_any(groups) & ~(so | same)
        added = MODIFIED * modified if left else SAME_THING - BY_HEAD
        near[same] = np.maximum(near, BY_HEAD + added)[same]
        near[broad] = np.maximum(near[broad], WIDER)
        near[so] = 1.0 if things or not self.thesaurus.goes_on(mended) else BY_HEAD  # no box is a "box for music"
        for thing, value in described.items():
            rows = self.tables.things[thing]
            near[rows] = np.maximum(near[rows], value)
        is_right = self.names.first(so) & (self.names.last(of_wider * 1.0) > 0)  # sandals of the type shoes
        is_other = (self.names.last(np.where(self.names.is_common, 1.0, near)) < MEANT) & ~is_right
        is_named_other = self.names.first(apart) & ~self.names.first(near >= MEANT)  # of the type toilets a bidet
        best, less = self.names.best(near), OTHER_TYPE * is_other + OTHER_NAME * is_named_other
        is_grouped = (self.names.best(np.where(of_group, 0.0, near)) < best) & ~self.names.first(of_group)
        return best - less - GROUPED * is_grouped

    def named_as(self, things: Iterable[int]) -> np.ndarray:
        """[T] whether a name means any of the things."""
        found = np.zeros(len(self.names.terms), bool)
        found[self.tables.things.of(list(things))] = True
        return found

    def nearest_of(self, said: str) -> float:
        """How near the nearest product is to a kind of thing as it is called; 0 in an empty catalogue."""
        return float(self.kind(said).max(initial=0.0))

    def admitted(self, kinds: Sequence[str], least: float) -> np.ndarray:
        """[N] whether a product is of any of the kinds: hardly less so than the best, and no less than `least`."""
        near = np.max([self.kind(kind) for kind in kinds], 0)
        return near >= max(least, near.max(initial=0.0) - HARDLY_LESS)

    def is_narrower(self, kinds: Sequence[str]) -> np.ndarray:
        """[N] whether a product is called by the name of a narrower thing than any of the kinds; all False where they
        are not the names of things."""
        found = [self.thesaurus.find(self.mend(kind)) for kind in kinds]
        things = frozenset().union(*(places for places, left in found if not left)) - self.thesaurus.groups
        narrower = frozenset().union(*(self.thesaurus.members[thing] for thing in things)) - things
        return self.names.first(self.named_as(narrower) & ~self.named_as(things))

    @cached_property
    def is_sold(self) -> np.ndarray:
        """Of each thing of the thesaurus whether any product is called so, or a thing that is such a thing."""
        own = self.tables.is_sold
        return np.array([own[list(members)].any() for members in self.thesaurus.members], bool)

    def described(self, vectors: np.ndarray, apart: Collection[int] = ()) -> dict[int, float]:
        """The things that words [n, d] describe by what they are for, or by another name, and how probably: from what
        may do as a meaning to what is meant. apart: things that are not."""
        probable = self.prototypes.probabilities(vectors, self.is_sold, apart)
        found: dict[int, float] = {}
        for place in np.flatnonzero(probable >= POSSIBLE):
            value = float(MEANS + (MEANT - MEANS) * probable[place])
            for thing in self.thesaurus.members[place] | self.thesaurus.kinds[place]:
                found[thing] = max(found.get(thing, 0.0), value if thing == place else JUST_LESS * value)
        return found

    def is_thing(self, said: str) -> bool:
        """Whether the thesaurus knows a kind by that very name."""
        return self.thesaurus.is_name(self.mend(said))

    def is_group(self, said: str) -> bool:
        """Whether words name but a group of things, "some storage", and nothing here is called so."""
        mended = self.mend(said)
        return self.thesaurus.is_group(mended) and not self.tables.is_sold[list(self.thesaurus.find(mended)[0])].any()

    def name_described(self, said: str) -> str:
        """The name of the thing that words describe best, where it is not sold here; "" where they describe none, or
        one that is."""
        likely = self.likely([said.lower()])
        best = int(likely.argmax())
        return self.thesaurus.things[best].names[0] if likely[best] >= POSSIBLE and not self.is_sold[best] else ""

    def describes_unsold(self, texts: Sequence[str]) -> bool:
        """Whether texts describe a thing that is not sold here far better than any that is."""
        likely = self.likely(texts)
        return bool(likely.max(initial=0.0) >= FAR_BETTER * max(likely[self.is_sold].max(initial=0.0), POSSIBLE / 2))

    def likely(self, texts: Sequence[str]) -> np.ndarray:
        """[T] how probably texts describe each thing, sold here or not."""
        vectors, nowhere = self.encoder.encode(texts), np.zeros_like(self.is_sold)
        return self.prototypes.probabilities(vectors, nowhere, sorted(self.thesaurus.groups))

    # ---- appearance ----

    def _appearance(self, said: str) -> np.ndarray:
        """[N] probability that a product looks as said."""
        mended = self.mend(said)
        if (entry := self.find(mended)) and entry.word == PLAIN:
            return otherwise(self.appearance(PATTERNED))
        whole = self.seen.probability(mended)
        words = [word for word in words_of(mended) if word not in SMALL_WORDS]
        parts = list(filter(self.lexicon.knows, words)) or words  # of "cloth-covered" the cloth
        if len(words) > 1 and not self.meant(mended):
            both = np.min([self.seen.probability(part) for part in parts], 0)
            return np.clip(np.maximum(whole, both), DOUBT, SURE)
        return np.clip(whole, DOUBT, SURE)

    @cached_property
    def brands(self) -> Brands:
        """Those of the catalogue."""
        return Brands(self.tables.brands, self.thesaurus.words | self.lexicon.words, self.is_word)

    def things_in(self, text: str) -> tuple[str, ...]:
        """Names of things that are sold here, wherever they stand in a message, spelling mended; the longest first."""
        found: list[str] = []
        for name in self.thesaurus.names_in(self.mend(text).split(), SMALL_WORDS):
            is_new = not any(name in longer for longer in found)
            if is_new and self.nearest_of(name) >= SAME_THING - OTHER_TYPE:
                found.append(name)
        return tuple(found)

    def appearance_in(self, kind: str) -> tuple[str, ...]:
        """The words for looks before a kind's own name, "brown" and "leather" of "brown leather sofa"."""
        words = self.mend(kind).split()
        things, left = self.thesaurus.find(" ".join(words))
        left = left if things else len(words) - 1
        return tuple(word for word in words[:left] if (entry := self.find(word)) and entry.facet in SEEN)

    def respell_appearance(self, said: str) -> str:
        """Words for a look, each that is no common one as the nearest that the lexicon has: "wite", "navvy blue"."""
        mend = self.appearance_speller.mend_word
        return " ".join(word if self.is_word(word) else mend(word) for word in words_of(said)) or said

    @cached_property
    def appearance_speller(self) -> Speller:
        """Of words for looks, whatever other English words there are."""
        return Speller({}, self.lexicon.words, frozenset().__contains__)

    def is_known(self, said: str) -> bool:
        """Whether the lexicon knows words for how things look, or their last one."""
        words = words_of(self.mend(said))
        return bool(self.meant(self.mend(said)) or (words and self.find(words[-1])))

    def find(self, said: str) -> Entry | None:
        """The lexicon's entry of words, or of their singular."""
        return find_entry(self.lexicon, said)

    def meant(self, said: str) -> Entry | None:
        """The lexicon's entry of words that are said of a look, also where they liken it to a thing."""
        return self.seen.meant(said)

    def facet(self, said: str) -> str:
        """Which facet words are of: by the lexicon, else by the nearest of its words."""
        mended = self.mend(said)
        if entry := self.meant(mended):
            return entry.facet
        words = words_of(mended)
        for place in range(len(words) - 1, -1, -1):
            if entry := self.find(words[place]):  # of "a red sole", the sole is red
                of_part = entry.facet == COLOUR and not set(words[place + 1 :]) <= ABOUT_COLOUR
                return PART if of_part else entry.facet
        return self.lexicon.entries[int((self._lexicon_vectors() @ self.encoder.encode([mended])[0]).argmax())].facet

    @lru_cache(maxsize=1)  # noqa: B019
    def _lexicon_vectors(self) -> np.ndarray:
        return self.encoder.encode_cached([entry.word for entry in self.lexicon.entries])

    def mend(self, said: str) -> str:
        """Words that are none, as the nearest word of catalogue and English."""
        return self.speller.mend(said)


def otherwise(probability: np.ndarray) -> np.ndarray:
    """Of the opposite; captions may be wrong either way."""
    return np.clip(1 - probability, DOUBT, SURE)
