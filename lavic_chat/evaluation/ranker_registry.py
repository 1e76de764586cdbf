"""Rankers by name, each made from the same inputs: a new one is a function here and its name in `config.RANKERS`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from lavic_chat.catalog import Catalog, Product
from lavic_chat.dialogue.reddit_amazon import Conversation
from lavic_chat.evaluation import config as names
from lavic_chat.evaluation.all_tokens import make_all_tokens
from lavic_chat.evaluation.cases import Case
from lavic_chat.evaluation.rankers import Rank, make_bm25, make_model, make_random, make_search, rank_first
from lavic_chat.evaluation.two_tower import make_two_tower
from lavic_chat.features import text_encoder
from lavic_chat.model import TORCH
from lavic_chat.model.runtimes import ensure_exports
from lavic_chat.ranking import BRANCH
from lavic_chat.ranking.visual_ranker import VisualRanker, load_visual_ranker, source_of
from lavic_chat.retrieval.embedder import Embedder, load_embedder
from lavic_chat.settings import Settings


@dataclass(frozen=True)
class RankerInputs:
    """What a ranker may be made from; training: the conversations that it learns from, if it learns."""

    config: names.EvaluationConfig
    settings: Settings
    catalog: Catalog  # an empty one for a ranker that needs none
    cases: tuple[Case, ...]
    training: tuple[Conversation, ...] = ()

    @property
    def products(self) -> list[Product]:
        """What the cases offer and the training conversations want, by id: no other product has to be looked at."""
        wanted = {item for one in self.training for item in one.gt_items if item in self.catalog}
        return [self.catalog[item] for item in sorted(wanted.union(*(case.ids for case in self.cases)))]


@dataclass(frozen=True)
class ReadyRanker:
    """A ranker, how it decodes and in which runtime its model ran, where it does and has one."""

    rank: Rank
    decode: str | None = None
    runtime: str | None = None


def make_ranker(name: str, inputs: RankerInputs) -> ReadyRanker:
    """One of `config.RANKERS`. Raises LavicError where its model, or what it learns from, cannot be used."""
    return MAKERS[name](inputs)


def prepare_first(inputs: RankerInputs) -> ReadyRanker:
    """The candidates as they are listed."""
    return ReadyRanker(rank_first)


def prepare_random(inputs: RankerInputs) -> ReadyRanker:
    """A pick at random, by the seed."""
    return ReadyRanker(make_random(inputs.config.seed))


def prepare_bm25(inputs: RankerInputs) -> ReadyRanker:
    """BM25 over the catalogue's texts."""
    return ReadyRanker(make_bm25(inputs.catalog))


def prepare_sbert(inputs: RankerInputs) -> ReadyRanker:
    """Sentence vectors of the catalogue's texts, as they are before any training."""
    return ReadyRanker(
        make_search(
            inputs.catalog, Embedder(text_encoder.TextEncoder(inputs.settings.home, None, inputs.settings.runtime))
        )
    )


def prepare_two_tower(inputs: RankerInputs) -> ReadyRanker:
    """Two small networks over the same tower's states, trained now."""
    products = inputs.products
    states = open_model(inputs).image_encoder.encode_products(inputs.catalog, products, progress=True)
    encoder = text_encoder.TextEncoder(inputs.settings.home, None, inputs.settings.runtime)
    return ReadyRanker(make_two_tower(products, encoder, states, inputs.training, inputs.config.seed))


def prepare_search(inputs: RankerInputs) -> ReadyRanker:
    """The adapter's retrieval alone."""
    visual_ranker = open_model(inputs)
    item_features = visual_ranker.features_by_id(inputs.catalog, inputs.products)
    return ReadyRanker(make_search(inputs.catalog, open_embedder(inputs, visual_ranker), item_features))


def prepare_model(inputs: RankerInputs) -> ReadyRanker:
    """The model, with retrieval's opinion where its adapter weighs that, and without what the ablation takes away."""
    visual_ranker, ablate = open_model(inputs), inputs.config.ablate
    item_features = visual_ranker.features_by_id(inputs.catalog, inputs.products)
    ranker = visual_ranker.ranker
    weighs_search = ranker.config.retrieval_weight and ablate != names.NO_SEARCH
    embedder = open_embedder(inputs, visual_ranker) if weighs_search else None
    if ablate == names.ALL_TOKENS:
        return ReadyRanker(make_all_tokens(inputs.catalog, ranker, item_features, embedder), BRANCH, TORCH)
    rank = make_model(inputs.catalog, ranker, item_features, ablate, inputs.config.seed, embedder)
    return ReadyRanker(rank, ranker.config.decode, visual_ranker.model.runtime)


def open_model(inputs: RankerInputs) -> VisualRanker:
    """The model of the settings, with as many pictures of each product as the config asks for."""
    settings = inputs.settings
    if inputs.config.ablate == names.ALL_TOKENS:
        settings = replace(settings, runtime=TORCH)
    ensure_exports(source_of(settings))
    visual_ranker = load_visual_ranker(settings, keep_scores=True)
    return replace(visual_ranker, pictures=inputs.config.pictures or visual_ranker.pictures)


def open_embedder(inputs: RankerInputs, visual_ranker: VisualRanker) -> Embedder:
    """The retrieval space of the settings' adapter."""
    settings = inputs.settings
    return load_embedder(settings.home, settings.adapter, visual_ranker.model.vision_hash, settings.runtime)


MAKERS: Mapping[str, Callable[[RankerInputs], ReadyRanker]] = {
    names.MODEL: prepare_model,
    names.SEARCH: prepare_search,
    names.TWO_TOWER: prepare_two_tower,
    "bm25": prepare_bm25,
    "sbert": prepare_sbert,
    "first": prepare_first,
    "random": prepare_random,
}
