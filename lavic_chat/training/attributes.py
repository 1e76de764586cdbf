"""Tune-attributes: how probable each colour, shade, material, pattern and style is, from the five states of a picture.

    lavic-chat tune-attributes --catalog catalog --adapter out/tuned

A caption names one colour and one material. Where a shopper wants none of leather, the least leathery of ten is asked
for, and that takes probabilities. An ensemble of small networks (one hidden layer) learns them from the training shapes
of catalogues that know their products' looks; of each the step with the least loss on validation shapes is kept. There
captions are compared with the truth, too: that is how far they are believed.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from lavic_chat.catalog import Catalog, Product
from lavic_chat.errors import CatalogError
from lavic_chat.features.attribute_heads import AttributeHeads, save_heads
from lavic_chat.features.item import main_pictures
from lavic_chat.model.card import read_card
from lavic_chat.ranking.visual_ranker import VisualRanker, load_visual_ranker
from lavic_chat.settings import Settings
from lavic_chat.training.attribute_picks import pick_rates, type_of
from lavic_chat.training.captions import APPEARANCE
from lavic_chat.training.choices import products_of_split
from lavic_chat.training.configs import AttributesConfig
from lavic_chat.training.preparation import load_catalogs
from lavic_chat.training.run_record import StageResult, provenance, write_record

UNKNOWN = -1  # a product's value of an attribute
LEAST_STD = 1e-2  # of a state's number, below which it is taken as always the same


@dataclass(frozen=True)
class AttributesRequest:
    """settings: base, first catalogue, and the adapter that is written to. also: further catalogues."""

    settings: Settings
    config: AttributesConfig
    also: tuple[Path, ...] = ()


@dataclass(frozen=True, eq=False)
class Pictures:
    """Of n products: states [n, 5, h], captions, the place of each attribute's word [n, A], UNKNOWN where the catalogue
    does not say it, and what type of thing each is."""

    states: np.ndarray
    captions: tuple[str, ...]
    values: np.ndarray
    types: tuple[str, ...]


@dataclass(frozen=True)
class AttributeReport:
    """Of products held out, by attribute: the share whose likeliest word is right, by the heads with the caption, by
    the heads alone, and by the caption; and the mean negative log-likelihood of the right one."""

    both: Mapping[str, float]
    heads: Mapping[str, float]
    captions: Mapping[str, float]
    nll: Mapping[str, float]

    def __str__(self) -> str:
        parts = (f"{name} {self.both[name]:.3f} (caption {self.captions[name]:.3f})" for name in self.both)
        return ", ".join(parts)


def tune_attributes(request: AttributesRequest) -> StageResult:
    """Learn an adapter's attribute heads; they are kept in its folder. Raises LavicError for a request that cannot be
    met."""
    started, settings, config = time.time(), request.settings, request.config
    adapter = settings.adapter_folder
    read_card(adapter)  # refused now, not after the training
    catalogs = load_catalogs(settings.catalog, request.also)
    train, valid, test = ([products_of_split(one, split) for one in catalogs] for split in ("train", "valid", "test"))
    words = words_of(train)
    if not words or not any(knows(product, words) for some in valid for product in some):
        raise CatalogError(
            f"The catalogue {catalogs[0].folder} needs products whose looks are known, and its splits.json or titles "
            "some to train on and others to validate on."
        )
    visual_ranker = load_visual_ranker(settings)
    seen, unseen = (look_at(visual_ranker, catalogs, products, words) for products in (train, valid))
    heads = learn_heads(seen, unseen, words, config)
    heads = replace(heads, believed=captions_right(heads, unseen, words))
    report = evaluate(heads, unseen, words)
    save_heads(heads, adapter, visual_ranker.model.vision_hash)
    tested = {
        catalog.folder.name: measure_picks(heads, look_at(visual_ranker, [catalog], [some], words))
        for catalog, some in zip(catalogs, test, strict=True) if any(knows(product, words) for product in some)
    }  # fmt: skip
    record = provenance("attributes", catalogs, config, started) | {
        "products": len(seen.states), "held_out": len(unseen.states), "valid": vars(report), "test": tested,
        "words": {name: len(values) for name, values in words.items()},
    }  # fmt: skip
    write_record(adapter, record)
    summary = f"Of {len(unseen.states)} products held out the likeliest word is right: {report}; in {adapter}."
    return StageResult(record, summary)


def words_of(products: Sequence[Sequence[Product]]) -> dict[str, tuple[str, ...]]:
    """The words of each attribute that says how products look."""
    found: dict[str, set[str]] = {name: set() for name in APPEARANCE}
    for product in (one for some in products for one in some):
        for name, values in found.items():
            if value := str(product.attributes.get(name, "")).lower():
                values.add(value)
    return {name: tuple(sorted(values)) for name, values in found.items() if len(values) > 1}


def knows(product: Product, words: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether any of its attributes is one of those words."""
    return any(str(product.attributes.get(name, "")).lower() in values for name, values in words.items())


def look_at(
    visual_ranker: VisualRanker,
    catalogs: Sequence[Catalog],
    products: Sequence[Sequence[Product]],
    words: Mapping[str, tuple[str, ...]],
) -> Pictures:
    """Those products of each catalogue whose looks are known."""
    states, captions, values, types = [], [], [], []
    for catalog, some in zip(catalogs, products, strict=True):
        known = [product for product in some if knows(product, words)]
        features = visual_ranker.look_at(catalog, known)
        states += [one.states for one in features]
        captions += [one.caption for one in features]
        values += [[place_of(product, name, of) for name, of in words.items()] for product in known]
        types += [type_of(product.attributes, product.title) for product in known]
    return Pictures(main_pictures(states).float().numpy(), tuple(captions), np.array(values), tuple(types))


def measure_picks(heads: AttributeHeads, pictures: Pictures) -> dict[str, dict]:
    """See `pick_rates`, of products that nothing was learned from or chosen by."""
    seen = heads.see(pictures.states, pictures.captions)
    return pick_rates(seen, pictures.captions, pictures.values, pictures.types, heads)


def place_of(product: Product, attribute: str, words: Sequence[str]) -> int:
    """Of a product's word among those of its attribute; UNKNOWN where it has none of them."""
    value = str(product.attributes.get(attribute, "")).lower()
    return words.index(value) if value in words else UNKNOWN


def learn_heads(
    train: Pictures, valid: Pictures, words: Mapping[str, tuple[str, ...]], config: AttributesConfig
) -> AttributeHeads:
    """An ensemble, of each member the best by validation."""
    flat = train.states.reshape(len(train.states), -1)
    mean, std = flat.mean(0), np.maximum(flat.std(0), LEAST_STD)
    inputs, unseen = (
        torch.from_numpy((one.states.reshape(len(one.states), -1) - mean) / std).float() for one in (train, valid)
    )
    data = inputs, torch.from_numpy(train.values), unseen, torch.from_numpy(valid.values)
    bounds = list(pairwise(accumulate(map(len, words.values()), initial=0)))
    members = [learn_member(data, bounds, config, config.seed + number) for number in range(config.members)]
    layers = (np.stack([one[place].numpy().astype(np.float16) for one in members]) for place in range(4))
    names = tuple(name for name, values in words.items() for _ in values)
    flat_words = tuple(word for values in words.values() for word in values)
    return AttributeHeads(flat_words, names, {}, mean.astype(np.float16), std.astype(np.float16), *layers)


def learn_member(
    data: tuple[Tensor, Tensor, Tensor, Tensor], bounds: Sequence[tuple[int, int]], config: AttributesConfig, seed: int
) -> tuple[Tensor, ...]:
    """One network: its weights w1, b1, w2, b2 at the step with the least loss on what is held out."""
    inputs, values, unseen, unseen_values = data
    torch.manual_seed(seed)
    first, second = torch.nn.Linear(inputs.shape[1], config.hidden), torch.nn.Linear(config.hidden, bounds[-1][1])
    drop = torch.nn.Dropout(config.dropout)
    network = torch.nn.Sequential(drop, first, torch.nn.ReLU(), drop, second)
    optimizer = torch.optim.AdamW(network.parameters(), config.lr, weight_decay=config.weight_decay)
    best, least = None, float("inf")
    for step in range(1, config.steps + 1):
        rows = torch.randint(len(inputs), (config.batch,))
        loss = attribute_loss(network.train()(inputs[rows]), values[rows], bounds)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % config.valid_every and step != config.steps:
            continue
        with torch.no_grad():
            now = float(attribute_loss(network.eval()(unseen), unseen_values, bounds))
        if best is None or now < least:
            least = now
            best = tuple(one.detach().clone() for one in (first.weight.T, first.bias, second.weight.T, second.bias))
    assert best is not None  # there is a step, and the last one validates
    return best


def attribute_loss(scores: Tensor, values: Tensor, bounds: Sequence[tuple[int, int]]) -> Tensor:
    """Scores [n, V] and words [n, A] -> the sum of the attributes' cross-entropies, each over those that are known."""
    losses = [
        functional.cross_entropy(scores[:, start:end], values[:, place], ignore_index=UNKNOWN)
        for place, (start, end) in enumerate(bounds)
        if (values[:, place] != UNKNOWN).any()
    ]
    return torch.stack(losses).sum()


def captions_right(heads: AttributeHeads, pictures: Pictures, words: Mapping[str, tuple[str, ...]]) -> dict[str, float]:
    """Of each attribute the share of captions that name it and are right; 0 where none does."""
    said = [heads.values_in(caption) for caption in pictures.captions]
    found = {}
    for place, name in enumerate(words):
        start = int(heads.places[name][0])
        pairs = [
            (row[name] - start, value)
            for row, value in zip(said, pictures.values[:, place], strict=True)
            if name in row and value != UNKNOWN
        ]
        found[name] = float(np.mean([own == right for own, right in pairs])) if pairs else 0.0
    return found


def evaluate(heads: AttributeHeads, pictures: Pictures, words: Mapping[str, tuple[str, ...]]) -> AttributeReport:
    """How products that nobody learned from are seen."""
    alone = heads.predict(pictures.states)
    both = heads.see(pictures.states, pictures.captions).astype(np.float32)
    shares: list[dict[str, float]] = [{}, {}, {}]
    for place, name in enumerate(words):
        places, values = heads.places[name], pictures.values[:, place]
        known = np.flatnonzero(values != UNKNOWN)
        if not known.size:
            continue
        for found, share in zip((both, alone), shares, strict=False):
            share[name] = round(float((found[known][:, places].argmax(1) == values[known]).mean()), 4)
        right = both[known, places[values[known]]]
        shares[2][name] = round(float(-np.log(np.maximum(right, 1e-6)).mean()), 4)
    captions = {name: round(heads.believed.get(name, 0.0), 4) for name in shares[0]}
    return AttributeReport(shares[0], shares[1], captions, shares[2])
