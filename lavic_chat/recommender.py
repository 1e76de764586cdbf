"""The pipeline on one screen: retrieve ten, look at each through five tokens, let the model choose."""

import threading
import time
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property

from torch import Tensor

from lavic_chat.cache import TextCache
from lavic_chat.catalog import Catalog, Product, load_catalog
from lavic_chat.catalog.filters import NO_FILTERS, Filters
from lavic_chat.descriptions import Descriptions, kinds_of, without_kind
from lavic_chat.dialogue import Dialogue
from lavic_chat.errors import LavicError
from lavic_chat.files import hash_bytes
from lavic_chat.followup import lacks_wish, stems_of
from lavic_chat.lent_gpu import CATALOG, Lender, owned
from lavic_chat.model import VIEWS, LavicModel, load_model
from lavic_chat.model.adapter import AdapterCard, merge_loras
from lavic_chat.ranking import Ranker
from lavic_chat.recommendation import Candidate, Recommendation, ScoredProduct
from lavic_chat.retrieval import Retriever, open_search
from lavic_chat.settings import Settings
from lavic_chat.sight import Sight, count_pictures, main_pictures
from lavic_chat.vision import Vision

CANDIDATES = 10
# In an adapter folder: the home catalogue's pictures, already looked at and described.
SHIPPED_STATES, SHIPPED_LOOKS = "states.safetensors", "descriptions.jsonl"


class Recommender:
    """Dialogue in, Recommendation out. Stateless between calls, so that every visitor can share one.

    One question at a time: tokenizers keep settings between calls and break when threads mix them.
    """

    def __init__(
        self,
        catalog: Catalog,
        model: LavicModel,
        vision: Vision,
        retriever: Retriever,
        ranker: Ranker,
        states: Sequence[Tensor],
        looks: Sequence[str],
    ):
        """states: of each product's pictures, [5, h] or [k, 5, h]. looks: what the model says of the main ones."""
        self.catalog, self.model, self.vision = catalog, model, vision
        self.retriever, self.ranker, self.states, self.looks = retriever, ranker, states, looks
        self._turn = threading.Lock()

    @property
    def main_states(self) -> Tensor:
        """[N, 5, h] of the products' main pictures."""
        return main_pictures(self.states)

    @cached_property
    def average(self) -> Tensor:
        """[5, h] of a picture that shows nothing in particular."""
        return self.main_states.mean(0)

    @property
    def pictures(self) -> int:
        """How many of a product's pictures are looked at, at most."""
        return max(count_pictures(self.states))

    @property
    def visual_tokens(self) -> int:
        """Of the whole catalogue."""
        return VIEWS * sum(count_pictures(self.states))

    @property
    def model_name(self) -> str:
        return self.model.name

    @property
    def model_hash(self) -> str:
        return hash_bytes(self.model.fingerprint, self.model.adapter_hash)

    @property
    def device(self) -> str:
        return str(self.model.device)

    @property
    def full_tokens(self) -> int:
        """Of one picture, where every token of it is read."""
        return self.model.full_tokens

    def recommend(self, dialogue: Dialogue, like: str | None = None, filters: Filters = NO_FILTERS) -> Recommendation:
        """Retrieve, look, choose. Raises LavicError for a photo that cannot be used or when nothing is left."""
        with self._turn:
            clock = Clock()
            with clock("look at photo"):
                photo = self.vision.see_photo(dialogue.photo) if dialogue.photo else None
            with clock("retrieve"):
                seen = None if photo is None else photo.numpy()
                found = self.retriever.search(dialogue, CANDIDATES, seen, like, filters, self.left_behind(dialogue))
            chosen = self.choose(dialogue, found, photo, clock)
            return replace(chosen, budget=self.retriever.budget(dialogue))

    def left_behind(self, dialogue: Dialogue) -> str | None:
        """Id of the last pick, where other looks are wished for than the model saw in it."""
        pick = self.retriever.meant(dialogue)
        if pick and lacks_wish(dialogue.turns[-1].text, self.looks[self.retriever.row[pick.id]], self.look_words):
            return pick.id
        return None

    @cached_property
    def look_words(self) -> frozenset[str]:
        """The words that the model has for looks."""
        return frozenset(word for looks in set(self.looks) for word in stems_of(looks))

    def more_like(self, dialogue: Dialogue, product_id: str, filters: Filters = NO_FILTERS) -> Recommendation:
        """Products like one of the catalogue's, which itself is left out; the dialogue ends with that wish."""
        if product_id not in self.catalog:
            raise LavicError("That product is not in this catalogue; choose one of those shown.")
        return self.recommend(dialogue, product_id, filters)

    def without_looking(self, dialogue: Dialogue, shown: Recommendation) -> Recommendation:
        """The same candidates for the same dialogue, judged by their titles alone: what the pictures had changed."""
        with self._turn:
            products = [item.product for item in shown.candidates]
            nearness = self.retriever.space.measure(dialogue, products, [Sight(self.average)] * len(products))
            found = tuple(
                Candidate(item.product, item.similarity, float(near))
                for item, near in zip(shown.candidates, nearness, strict=True)
            )
            return self.choose(dialogue, found, self.average if dialogue.photo else None, blind=True)

    def choose(
        self,
        dialogue: Dialogue,
        found: tuple[Candidate, ...],
        photo: Tensor | None = None,
        clock: "Clock | None" = None,
        blind: bool = False,
    ) -> Recommendation:
        """Rank given candidates by looking at them; blind: by their titles alone, every picture an average one."""
        clock = clock or Clock()
        products = [candidate.product for candidate in found]
        with clock("look"):
            rows = [self.retriever.row[product.id] for product in products]
            states, looks = [self.states[row] for row in rows], [self.looks[row] for row in rows]
            if blind:
                states, looks = [self.average] * len(rows), [""] * len(rows)
        with clock("choose"):
            nearness = [candidate.nearness for candidate in found]
            ranking = self.ranker.rank(dialogue, products, states, photo, looks, nearness)
        scored = [
            ScoredProduct(candidate.product, score, candidate.similarity, words)
            for candidate, score, words in zip(found, ranking.probabilities, looks, strict=True)
        ]
        scored.sort(key=lambda item: -item.score)
        return Recommendation(tuple(scored), clock.milliseconds(), ranking.visual_tokens, ranking.prompt_tokens)


class Clock:
    """Milliseconds by step, and their total."""

    def __init__(self):
        self.steps: dict[str, float] = {}

    @contextmanager
    def __call__(self, step: str):
        start = time.perf_counter()
        yield
        self.steps[step] = self.steps.get(step, 0.0) + 1000 * (time.perf_counter() - start)

    def milliseconds(self) -> dict[str, float]:
        steps = {step: round(value, 1) for step, value in self.steps.items()}
        return {**steps, "total": round(sum(self.steps.values()), 1)}


@dataclass(frozen=True)
class Chooser:
    """A model with its adapter, ready to look at products, at so many pictures of each, and to choose among them."""

    model: LavicModel
    vision: Vision
    descriptions: Descriptions
    ranker: Ranker
    pictures: int = 1

    def look(self, catalog: Catalog, products: Sequence[Product], progress: bool) -> tuple[list[Tensor], list[str]]:
        """The pictures' states [k, 5, h] of each product, and what the model says of the main ones, but for the kind of
        thing, which titles know better; what the caches lack is computed."""
        states = self.vision.see_pictures(catalog, products, self.pictures, progress)
        said = self.descriptions.of_states(main_pictures(states), progress)
        kinds = kinds_of(catalog) | set(self.model.card.kinds if self.model.card else ())
        return states, [without_kind(words, kinds) for words in said]

    def sights(self, catalog: Catalog, products: Sequence[Product]) -> dict[str, Sight]:
        """The same by product id."""
        seen = zip(products, *self.look(catalog, products, progress=True), strict=True)
        return {product.id: Sight(states, words) for product, states, words in seen}


def load_chooser(settings: Settings, remember: bool = False) -> Chooser:
    """Open the model; nothing of it is trained from here on, so its LoRAs are folded into its weights. remember: keep
    what it makes of every prompt, for measuring again; a shopper's words leave no trace."""
    model = load_model(settings.model, settings.adapter, settings.home)
    merge_loras(model)
    vision, descriptions = Vision(model, settings.home), Descriptions(model, settings.home)
    if settings.adapter:
        vision.adopt_states(settings.adapter / SHIPPED_STATES)
        descriptions.adopt(settings.adapter / SHIPPED_LOOKS)
    card = model.card or AdapterCard(model.name, model.fingerprint)
    memory = TextCache(settings.home / "cache" / "scores.sqlite") if remember else None
    ranker = Ranker(model, settings.decode or card.decode, card.temperature, None, card.labeling, card.trust, memory)
    return Chooser(model, vision, descriptions, ranker, card.pictures)


def load_recommender(settings: Settings, progress: bool = True, lend: Lender = owned) -> Recommender:
    """Open catalogue and model, and compute what the caches lack: sentence vectors and the pictures' states."""
    catalog = load_catalog(settings.catalog)
    if not len(catalog):
        raise LavicError(f"The catalogue {settings.catalog} has no products; import some first.")
    chooser = load_chooser(settings)
    search = open_search(settings.home, settings.adapter, chooser.model.vision_hash)
    states, looks = lend(chooser.look, CATALOG)(catalog, catalog.products, progress)
    sights = [Sight(*pair) for pair in zip(states, looks, strict=True)]
    shelf = search.shelve(catalog.products, sights, progress)
    retriever = Retriever(catalog, search, shelf, main_pictures(states).numpy())
    return Recommender(catalog, chooser.model, chooser.vision, retriever, chooser.ranker, states, looks)
