"""Taggers that read marks, or nothing, in place of a network, and a small shop to talk about."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from helpers.toys import WordEncoder
from lavic_chat.catalog.product import Catalog, Product
from lavic_chat.catalog.text import words_of
from lavic_chat.model.base import TORCH
from lavic_chat.model.turn_batch import TurnScores
from lavic_chat.nlu.english import load_lexicon, load_thesaurus
from lavic_chat.nlu.grounding import English, Grounding
from lavic_chat.nlu.listener import Listener
from lavic_chat.nlu.prototypes import Prototypes, mean_prototypes
from lavic_chat.nlu.reading import ACTS, REFINE, Reading
from lavic_chat.nlu.tagging import ABOUT, TOKEN_SCORES, head_scores
from lavic_chat.training.marked_turns import turn_from

SMALL = "a the in that one black red couch please thanks what how wide is it under no not"
ENGLISH = frozenset(words_of(" ".join((SMALL, *load_thesaurus().phrases[0]))))
SHOP = (
    ("red-sofa", "Bella two-seat sofa", "sofa", "red (scarlet) velvet", 500.0, "160 x 80 x 80 cm"),
    ("brown-sofa", "Bella two-seat sofa", "sofa", "brown (cognac) leather", 800.0, "160 x 80 x 80 cm"),
    ("blue-sofa", "Marlo corner sofa", "sofa", "blue (navy) cotton, striped", 1200.0, "260 x 180 x 80 cm"),
    ("armchair", "Ostra wing armchair", "armchair", "green (sage) linen", 300.0, "80 x 80 x 100 cm"),
    ("rug", "Tessa round rug", "rug", "red (burgundy) wool, floral", 150.0, "200 x 200 x 2 cm"),
    ("plain-rug", "Tessa hall rug", "rug", "beige (sand) wool", 90.0, "80 x 300 x 2 cm"),
    ("lamp", "Pico table lamp", "table lamp", "black (jet) metal", 40.0, "20 x 20 x 45 cm"),
)
PRODUCTS = tuple(
    Product(name, title, "Home", attributes={"type": kind, "size": size}, price=price)
    for name, title, kind, _, price, size in SHOP
)
CAPTIONS = tuple(row[3] for row in SHOP)


class MarkedTagger:
    """Reads what `say` has been told of a message; every other one is a wish in no words that it knows, so that the
    message itself is searched for and read by the model."""

    def __init__(self):
        self.known: dict[str, Reading] = {}
        self.english = set(ENGLISH)  # and the words of what it has been told

    def say(self, marked: str, **keys: object) -> str:
        """The plain text of a marked message, which will be read so."""
        turn = turn_from({"text": marked, "act": "ask", **keys}, "test")
        self.known[turn.text] = turn.reading
        self.english.update(words_of(turn.text))
        return turn.text

    def read(self, before: Sequence[str], text: str) -> Reading:
        return self.known.get(text, Reading(REFINE))


class SilentScorer:
    """In the place of a tagger's network: finds no words in any message, and the same act in all."""

    runtime = TORCH

    def __init__(self, act: str = REFINE):
        self.about = np.full(ABOUT, -9.0, np.float32)
        head_scores(self.about)["act"][ACTS.index(act)] = 9

    def score(self, before: str, text: str) -> TurnScores:
        return TurnScores((), np.zeros((0, TOKEN_SCORES), np.float32), self.about)

    def is_word(self, word: str) -> bool:
        return word in ENGLISH


def use_silent_tagger(monkeypatch, act: str = REFINE) -> None:
    """Let `load_recommender` open no network to read messages with."""
    monkeypatch.setattr("lavic_chat.serving.listener.open_tagger", lambda source: SilentScorer(act))


def make_grounding(
    products: Sequence[Product] = PRODUCTS, captions: Sequence[str] = CAPTIONS, english: Collection[str] = ENGLISH
) -> Grounding:
    """Of a catalogue, in words alone."""
    known = English(load_lexicon(), load_thesaurus(), english.__contains__, prototypes=word_prototypes())
    return Grounding(products, captions, WordEncoder(), known)


@cache
def word_prototypes() -> Prototypes:
    """Of the English thesaurus, in words alone."""
    return mean_prototypes(load_thesaurus(), WordEncoder())


def make_listener(
    products: Sequence[Product] = PRODUCTS, captions: Sequence[str] = CAPTIONS
) -> tuple[Listener, MarkedTagger]:
    """A listener over a catalogue, and the tagger that tells it what messages say."""
    tagger = MarkedTagger()
    return Listener(tagger, make_grounding(products, captions, tagger.english), captions), tagger


def make_shop() -> Catalog:
    """The small shop as a catalogue."""
    return Catalog(Path("nowhere"), tuple(replace(product) for product in PRODUCTS))
