"""What a shopper's words mean in the catalogue at hand: how probably each product is of the kind, or looks as said.

Words come from the catalogue alone (titles, types, captions, and attributes where they may be read). A word meets them
by its letters, by edit distance where it is no English word, by the lexicon (other words, broader words, colours that
lie near), and by its meaning, a cosine of vectors in which names of one thing lie near each other.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from rapidfuzz import fuzz

from lavic_chat.catalog.product import Product
from lavic_chat.catalog.text import singular, words_of
from lavic_chat.nlu.brands import Brands
from lavic_chat.nlu.catalog_words import (
    SMALL_WORDS,
    Encoder,
    Terms,
    appearance_terms,
    broader,
    is_called,
    kind_texts,
    share,
    stems,
    title_stems,
    without_general,
)
from lavic_chat.nlu.lexicon import ABOUT_COLOUR, COLOUR, PART, PATTERN, Entry, Lexicon
from lavic_chat.nlu.spelling import Speller
from lavic_chat.nlu.thesaurus import Thesaurus, name_words

SURE, BROADER, NARROWER = 0.97, 0.93, 0.4  # that what is seen as navy is blue; that what is seen as blue is navy
DOUBT = 0.03  # what is left for captions that are wrong
MEANT = 0.9  # at most, by meaning alone
SAME_THING, BY_HEAD, WIDER = 0.97, 0.75, 0.75  # another name of the thing; the last words of a name; a broader name
MODIFIED = 0.2  # what the words before the last ones may add to that
OTHER_TYPE = 0.13  # less, where the catalogue's own type of a product is another thing
ANOTHER_THING = 0.6  # of a meaning's similarity, where the thesaurus knows the name, and none of the products as such
HARDLY_LESS = 0.1  # than the best of a kind
DESCRIBING, DESCRIBED, MEANS = 3, 12, 0.5  # words of a description; phrases it may be like, and how near at least
CALLED = 0.75  # share of a name that a title has at least
LONGEST_NAME = 4  # words of a thing's name
SEEN = ("colour", "material", "pattern")
OTHER_PATTERN = 0.25  # that it is not the one that is seen
PLAIN, PATTERNED = "plain", "patterned"  # captions say nothing of what has no pattern
COLOUR_WIDTH = 22.0  # CIE76 difference at which a colour is another


@dataclass(frozen=True)
class English:
    """What is known of words beyond any catalogue; is_word: whether it is a common one; is_spelled: whether at all."""

    lexicon: Lexicon
    thesaurus: Thesaurus
    is_word: Callable[[str], bool]
    is_spelled: Callable[[str], bool] = frozenset().__contains__


class Grounding:
    """Of one catalogue. captions: by product, "" where there is none. read_attributes: whether those of looks may be
    read, too."""

    def __init__(
        self,
        products: Sequence[Product],
        captions: Sequence[str],
        encoder: Encoder,
        english: English,
        read_attributes: bool = False,
    ):
        self.reads_attributes = read_attributes
        self.products, self.encoder, self.is_word = tuple(products), encoder, english.is_word
        self.row = {product.id: place for place, product in enumerate(self.products)}
        self.lexicon, self.thesaurus = lexicon, thesaurus = english.lexicon, english.thesaurus
        names = [kind_texts(product) for product in products]
        self.names = Terms(names, encoder)
        self.names_in_words = [name_words(name) for name in self.names.terms]
        self.phrase_vectors = encoder.encode_cached(thesaurus.phrases[0], True)
        self.things = [thesaurus.find(name)[0] for name in self.names.terms]
        self.title_words = [title_stems(product.title) for product in products]
        appearance = (appearance_terms(*pair, read_attributes) for pair in zip(products, captions, strict=True))
        self.seen = Terms([without_general(terms, self.find) for terms in appearance], encoder)
        self.entries = [self.find(term) for term in self.seen.terms]
        uses = Counter(word for texts in names for text in texts for word in words_of(text))
        for thing in frozenset().union(*self.things):
            uses.update(word for name in thesaurus.things[thing].names for word in words_of(name))
        seen = {word for term in self.seen.terms for word in words_of(term)}
        others = lexicon.words | thesaurus.words | seen
        self.speller = Speller(uses, others, lambda word: english.is_word(word) or english.is_spelled(word))
        self.kind = lru_cache(256)(self._kind)
        self.appearance = lru_cache(512)(self._appearance)

    # ---- kinds of things ----

    def _kind(self, said: str) -> np.ndarray:
        """[N] how near each product is to a kind of thing as it is called: 1 where its name has all the words, or the
        thesaurus knows it as such a thing; less where it is of a broader kind; else a cosine of meanings."""
        mended = self.mend(said)
        vectors = self.encoder.encode(list(dict.fromkeys((said.lower(), mended))))
        near = np.clip((vectors @ self.names.vectors.T).max(0), 0.0, MEANT)
        words, (things, left) = name_words(mended), self.thesaurus.find(mended)
        if things and not left:
            near = near * ANOTHER_THING
        described = self.described(vectors) if not things and len(words_of(mended)) >= DESCRIBING else {}
        wider = frozenset().union(*(self.thesaurus.kinds[thing] for thing in things)) - things
        heads = frozenset().union(*(self.thesaurus.wider[thing] for thing in things))
        for place, (name, own) in enumerate(zip(self.names_in_words, self.things, strict=True)):
            added = MODIFIED * max(share(words[:left], name), near[place]) if left else SAME_THING - BY_HEAD
            called, related = is_called(name, words), any(things & self.thesaurus.kinds[thing] for thing in own)
            apart = things and own and not related  # a t-shirt is no shirt
            if words and ((called and not apart) or any(words in self.thesaurus.wider[thing] for thing in own)):
                near[place] = 1.0
            elif related:
                near[place] = max(near[place], BY_HEAD + added)
            elif (words and called) or wider & own or any(is_called(name, head) for head in heads):
                near[place] = max(near[place], WIDER)
            for thing in own & described.keys():
                near[place] = max(near[place], described[thing])
        return self.names.best(near) - OTHER_TYPE * (self.names.last(np.where(self.names.is_common, 1.0, near)) < MEANT)

    def admitted(self, kinds: Sequence[str], least: float) -> np.ndarray:
        """[N] whether a product is of any of the kinds: hardly less so than the best, and no less than `least`."""
        near = np.max([self.kind(kind) for kind in kinds], 0)
        return near >= max(least, near.max(initial=0.0) - HARDLY_LESS)

    def described(self, vectors: np.ndarray) -> dict[int, float]:
        """The things that words [n, d] describe by what they are for, and how closely."""
        texts, places = self.thesaurus.phrases
        near = (vectors @ self.phrase_vectors.T).max(0) if texts else np.zeros(0)
        found: dict[int, float] = {}
        for place in np.argsort(-near)[:DESCRIBED]:
            if near[place] >= MEANS:
                for thing in self.thesaurus.kinds[places[place]]:
                    found[thing] = max(found.get(thing, 0.0), float(min(MEANT, near[place])))
        return found

    def is_thing(self, said: str) -> bool:
        """Whether the thesaurus knows a kind by that very name."""
        things, left = self.thesaurus.find(self.mend(said))
        return bool(things) and not left

    def name_described(self, said: str) -> str:
        """The name of the thing that words describe best by what it is for; "" where they describe none well."""
        found = self.described(self.encoder.encode([said.lower()]))
        best = max(found, key=lambda thing: found[thing], default=None)
        return "" if best is None else self.thesaurus.things[best].names[0]

    # ---- appearance ----

    def _appearance(self, said: str) -> np.ndarray:
        """[N] probability that a product looks as said."""
        mended = self.mend(said)
        if (entry := self.find(mended)) and entry.word == PLAIN:
            return otherwise(self.appearance(PATTERNED))
        whole = self.match(mended)
        parts = [word for word in words_of(mended) if word not in SMALL_WORDS]
        if len(parts) > 1 and not self.meant(mended):
            both = np.min([self.seen.best(self.match(part)) for part in parts], 0)
            return np.clip(np.maximum(self.seen.best(whole), both), DOUBT, SURE)
        return np.clip(self.seen.best(whole), DOUBT, SURE)

    def titled(self, said: str) -> np.ndarray:
        """[N] probability that a product is called so, brand and all."""
        wanted = title_stems(said)
        shares = [len(wanted & words) / max(len(wanted), 1) for words in self.title_words]
        spelled = [fuzz.token_set_ratio(said.lower(), product.title.lower()) / 100 for product in self.products]
        both = np.maximum(shares, spelled)
        best = both.max(initial=0.0)
        known = min(1.0, best / CALLED) ** 4  # nothing here may be called so
        return np.clip(known * np.exp(-(((best - both) / 0.08) ** 2)), 1e-4, SURE)

    def words_of_facet(self, row: int, facet: str) -> list[str]:
        """What a product's looks say of a facet, "scarlet" of its colour; the most special words alone."""
        terms = [(self.seen.terms[place], self.entries[place]) for place in self.seen.of[row]]
        words = [term for term, entry in terms if entry and entry.facet == facet]
        return words[-1:]

    @cached_property
    def facets(self) -> frozenset[str]:
        """Those of which the catalogue's words say anything."""
        return frozenset(entry.facet for entry in self.entries if entry)

    @cached_property
    def brands(self) -> Brands:
        """Those of the catalogue."""
        return Brands(self.products, self.thesaurus.words | self.lexicon.words, self.is_word)

    def things_in(self, text: str) -> tuple[str, ...]:
        """Names of things that are sold here, wherever they stand in a message, spelling mended; the longest first."""
        words = self.mend(text).split()
        found: list[str] = []
        for size in range(min(LONGEST_NAME, len(words)), 0, -1):
            for start in range(len(words) - size + 1):
                name = " ".join(words[start : start + size])
                last = words[start + size - 1]
                if {words[start], last} & SMALL_WORDS or not {last, singular(last)} & self.thesaurus.words:
                    continue
                places, left = self.thesaurus.find(name)
                sold = places and not left and self.kind(name).max(initial=0.0) >= SAME_THING - OTHER_TYPE
                if sold and not any(name in longer for longer in found):
                    found.append(name)
        return tuple(found)

    def appearance_in(self, kind: str) -> tuple[str, ...]:
        """The words for looks before a kind's own name, "brown" and "leather" of "brown leather sofa"."""
        words = self.mend(kind).split()
        things, left = self.thesaurus.find(" ".join(words))
        left = left if things else len(words) - 1
        return tuple(word for word in words[:left] if (entry := self.find(word)) and entry.facet in SEEN)

    def is_known(self, said: str) -> bool:
        """Whether the lexicon knows words for how things look, or their last one."""
        words = words_of(self.mend(said))
        return bool(self.meant(self.mend(said)) or (words and self.find(words[-1])))

    @lru_cache(maxsize=512)  # noqa: B019 - one grounding lives as long as its catalogue
    def match(self, said: str) -> np.ndarray:
        """[T] how probably each term of the catalogue's says what is said."""
        entry, stem = self.meant(said), stems(said)
        scores = np.array(
            [self.term_match(stem, entry, *pair) for pair in zip(self.seen.terms, self.entries, strict=True)]
        )
        near = self.seen.vectors @ self.encoder.encode([entry.word if entry else said])[0]
        return np.maximum(scores, np.clip((near - 0.62) / 0.3, 0, 0.9) * (scores == 0))

    def term_match(self, stem: frozenset[str], entry: Entry | None, term: str, other: Entry | None) -> float:
        """By letters, lexicon and colour; 0 where they say nothing."""
        if stem and stem == stems(term):
            return 1.0
        if not other:
            return 0.0
        # "dark" and "red" are both true of burgundy
        is_true = bool(stem) and stem <= broader(other) | stems(other.word)
        if is_true or (entry and entry.word in other.broader):
            return BROADER
        if not entry:
            return 0.0
        if entry.word == other.word:
            return 1.0
        if other.word in entry.broader:
            return NARROWER
        if entry.facet == other.facet == PATTERN:
            return OTHER_PATTERN
        if entry.lab and other.lab:
            distance = float(np.linalg.norm(np.subtract(entry.lab, other.lab)))
            return max(0.01, float(np.exp(-((distance / COLOUR_WIDTH) ** 2))))
        return 0.0

    def find(self, said: str) -> Entry | None:
        """The lexicon's entry of words, or of their singular."""
        words = words_of(said)
        for text in (said, " ".join(map(singular, words)), " ".join(word for word in words if word not in SMALL_WORDS)):
            if entry := self.lexicon.find(text):
                return entry
        return None

    def meant(self, said: str) -> Entry | None:
        """The lexicon's entry of words that are said of a look, also where they liken it to a thing."""
        return self.find(said) or self.lexicon.likeness(said)

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

    @lru_cache(maxsize=1)  # noqa: B019
    def lightness(self) -> np.ndarray:
        """[N] CIE L* of the colour that each product is seen in, the most special name of it; NaN where none is."""
        light = np.array([entry.lab[0] if entry and entry.lab else np.nan for entry in self.entries])
        exact = [[t for t in terms if not np.isnan(light[t])] for terms in self.seen.of]
        return np.array([light[terms[-1]] if terms else np.nan for terms in exact])

    def mend(self, said: str) -> str:
        """Words that are none, as the nearest word of catalogue and English."""
        return self.speller.mend(said)


def otherwise(probability: np.ndarray) -> np.ndarray:
    """Of the opposite; captions may be wrong either way."""
    return np.clip(1 - probability, DOUBT, SURE)
