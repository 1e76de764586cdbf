"""Search learns to see: what only pictures tell is found, a stopped run goes on, the best is kept."""

import pytest
import torch
from helpers.toys import WordEncoder, said

from lavic_chat.dialogue.reddit_amazon import Conversation
from lavic_chat.features.item import ItemFeatures
from lavic_chat.retrieval.embedder import Embedder
from lavic_chat.retrieval.fusion import Fusion
from lavic_chat.training import retriever
from lavic_chat.training.checkpoint import Checkpoint
from lavic_chat.training.choices import products_of
from lavic_chat.training.configs import FuseConfig
from lavic_chat.training.fusion import FusionExamples, fuse_model, join, make_examples, measure
from lavic_chat.training.retriever import make_retrieval_examples

CONFIG = FuseConfig(steps=60, batch=16, lr=5e-3, hidden=32, noise=0.1, valid_every=15)
COLOURS = ("red", "green", "blue", "yellow")


@pytest.fixture
def examples(tiny_catalog) -> FusionExamples:
    """Colours are asked for; titles do not tell them, the direction of all five states does."""
    generator = torch.Generator().manual_seed(0)
    directions = {colour: torch.randn(8, generator=generator) for colour in COLOURS}
    products = tiny_catalog.products
    item_features = [
        ItemFeatures(directions[product.attributes["colour"]] + 0.1 * torch.randn(5, 8, generator=generator))
        for product in products
    ]
    ids = [product.id for product in products]
    talks = [Conversation(said(f"something {item.split('-')[1]}"), (item,), {"candidates": tuple(ids)}) for item in ids]
    return make_examples(Embedder(WordEncoder()), products, item_features, make_retrieval_examples(talks, tiny_catalog))


def learn(examples: FusionExamples, config=CONFIG, keep=lambda best, curve: None, checkpoint=None):
    torch.manual_seed(config.seed)
    fusion = Fusion(WordEncoder.size, 5 * 8, config.hidden, config.share)
    return fusion, fuse_model(fusion, ([examples], {"shop": examples}), config, keep, checkpoint)


def test_what_only_pictures_tell_is_found(examples: FusionExamples, monkeypatch):
    monkeypatch.setattr(retriever, "FOUND", 3)  # of twelve, three of each colour
    kept = []
    _, report = learn(examples, keep=lambda best, curve: kept.append((best.step, len(curve))))
    assert report.best.recall == 1.0 and report.best.by_catalog == {"shop": 1.0}
    assert kept[-1][0] == report.best.step and len(report.losses) == 60
    assert report.losses[-1] < report.losses[0]
    words = report.valid[0]
    assert words.step == 0 and words.recall < 1.0  # by words alone colours are all alike
    assert words == measure(None, {"shop": examples}, 0)


def test_what_is_no_number_finds_nothing(examples: FusionExamples):
    fusion = Fusion(WordEncoder.size, 5 * 8, 16)
    with torch.no_grad():
        fusion.product[1].weight.fill_(torch.nan)
    assert measure(fusion, {"shop": examples}, 1).recall == 0


class Stopped(Exception):
    pass


class Stopping(Checkpoint):
    """The run is killed right after half of its steps."""

    def save(self, step, *what) -> None:
        super().save(step, *what)
        if step == CONFIG.steps // 2:
            raise Stopped


def test_a_stopped_run_goes_on_to_the_same_end(examples: FusionExamples, tmp_path):
    whole, report = learn(examples)
    with pytest.raises(Stopped):
        learn(examples, checkpoint=Stopping(tmp_path / "f", CONFIG, "data"))
    resumed, again = learn(examples, checkpoint=Checkpoint(tmp_path / "f", CONFIG, "data"))
    assert again.losses == pytest.approx(report.losses) and again.valid == report.valid
    for one, other in zip(whole.parameters(), resumed.parameters(), strict=True):
        assert torch.allclose(one, other, atol=1e-6)


def test_examples_of_several_catalogues_keep_apart(examples: FusionExamples):
    both = join([examples, examples])
    assert (
        both.wanted == (*range(12), *range(12, 24)) and len(both.texts) == len(both.states) == len(both.queries) == 24
    )
    assert min(min(rows) for rows in both.others[12:]) == 12


def test_products_are_named_once(tiny_catalog):
    talk = Conversation(said("a lamp"), ("lamp-red",), {"candidates": ("lamp-red", "lamp-blue")})
    examples = make_retrieval_examples([talk, talk], tiny_catalog)
    assert [product.id for product in products_of(examples)] == ["lamp-red", "lamp-blue"]
