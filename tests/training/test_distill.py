"""Distill: tower and projector learn to show, the LLM stays; what is kept can be opened; stopped runs go on."""

import random
from dataclasses import replace

import pytest
import torch
from helpers.drawn import draw_catalog
from helpers.margins import amplified
from helpers.tiny import tiny_model

from lavic_chat.catalog import Catalog, Product
from lavic_chat.errors import ModelError
from lavic_chat.model.adapter import apply_adapter, save_adapter
from lavic_chat.model.card import AdapterCard
from lavic_chat.model.lora import LoraShape, add_lora
from lavic_chat.training.checkpoint import Checkpoint
from lavic_chat.training.configs import DistillConfig
from lavic_chat.training.distill import distill_model, make_examples, perplexity, rate

SHORT = DistillConfig(steps=6, batch=2, lr=5e-3, valid_every=2, dropout=0.2)


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Catalog:
    return draw_catalog(tmp_path_factory.mktemp("shop") / "catalog")


def trainee(config):
    """A LLM with weights so large that what it says depends on what it is shown."""
    model = amplified(tiny_model())
    return model, add_lora(model, "vision", LoraShape(config.rank, config.alpha, config.dropout), seed=config.seed)


def run(shop, config=SHORT, folder=None, stop_at=None):
    """(model, report) of a fresh run; with `stop_at` it stops there, at a validation that is the best so far."""

    def keep(best, curve):
        if best.step == stop_at:
            raise StopIteration

    model, _ = trainee(config)
    examples = make_examples(shop, shop.products)
    checkpoint = Checkpoint(folder / "out", config, "data") if folder else None
    return model, distill_model(model, (examples, examples[:4]), config, keep, checkpoint)


def test_tower_and_projector_learn_and_the_llm_stays(shop):
    config = DistillConfig(steps=30, batch=4, lr=1e-2, valid_every=15, dropout=0.0)
    before = trainee(config)[0].network.state_dict()
    model, report = run(shop, config)
    assert [point.step for point in report.valid] == [0, 15, 30]
    assert report.best.perplexity < 0.9 * report.valid[0].perplexity
    changed = {name for name, value in model.network.state_dict().items() if not torch.equal(value, before[name])}
    assert changed and all("lora_" in name and ".vision." in name for name in changed)
    assert any("vision_tower" in name for name in changed) and any("multi_modal_projector" in name for name in changed)


def test_words_come_first_and_the_llm_takes_no_part_in_them(shop):
    config = DistillConfig(word_steps=40, word_batch=12, word_lr=1e-2, steps=2, valid_every=42, dropout=0.0)
    _, report = run(shop, config)
    assert len(report.losses) == 42
    words = report.losses[:40]
    assert sum(words[-5:]) < 0.8 * sum(words[:5])


def test_words_and_descriptions_have_a_rise_and_a_fall_each():
    config = DistillConfig(word_steps=100, word_lr=1e-3, steps=50, lr=5e-4)
    rates = [rate(config, step) for step in range(150)]
    assert max(rates[:100]) == 2 and rates[99] < 0.01 < rates[100] and max(rates[100:]) == 1 and rates[149] < 0.01


def test_what_is_kept_shows_the_same(shop, tmp_path):
    """Projector and tower carry LoRAs while they learn; the folder holds the plain projector beside them."""
    model, _ = run(shop)
    card = AdapterCard(model.name, model.fingerprint)
    save_adapter(model, tmp_path / "kept", card)
    opened = tiny_model()
    untouched = opened.vision_hash
    apply_adapter(opened, tmp_path / "kept")
    pictures = [example.open_pictures[0]() for example in make_examples(shop, shop.products)]
    shown = [each.project(each.encode_views(each.make_views(pictures))) for each in (model, opened)]
    assert torch.allclose(*shown, atol=1e-5)
    assert opened.vision_hash != untouched  # what was seen with the other tower is not mixed in


def test_layers_below_the_first_stay_plain():
    model = tiny_model()
    add_lora(model, "vision", LoraShape(2, 4, 0.0), first_layer=1)
    names = [name for name, _ in model.network.named_parameters() if "lora_" in name and "vision_tower" in name]
    assert names and all(".layer.1." in name for name in names)
    with pytest.raises(ModelError, match="The tower has 2 layers, so none from 2 on"):
        add_lora(tiny_model(), "vision", LoraShape(2, 4, 0.0), first_layer=2)


def test_a_clip_tower_takes_its_lora_too():
    model = tiny_model("clip")
    add_lora(model, "vision", LoraShape(2, 4, 0.0))
    names = {name.split(".")[-4] for name, p in model.network.named_parameters() if p.requires_grad}
    assert {"q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2", "linear_1", "linear_2"} <= names


@pytest.mark.parametrize("config", [SHORT, replace(SHORT, word_steps=3, word_batch=4, steps=5)])
def test_a_stopped_run_goes_on_as_if_it_had_not_been_stopped(shop, tmp_path, config):
    model, whole = run(shop, config, folder=tmp_path / "whole")
    steps = [point.step for point in whole.valid if point.step and point is min(
        (p for p in whole.valid if p.step <= point.step), key=lambda p: p.perplexity)]  # fmt: skip
    assert steps, "no validation was a best one; the test needs another seed"
    with pytest.raises((StopIteration, RuntimeError)):
        run(shop, config, folder=tmp_path / "cut", stop_at=steps[-1])
    again, resumed = run(shop, config, folder=tmp_path / "cut")
    assert resumed == whole
    weights = model.network.state_dict()
    assert all(torch.equal(weights[name], value) for name, value in again.network.state_dict().items())


def test_an_example_has_all_pictures_and_products_without_any_have_none(shop):
    bare = Product("bare", "Bare", "Sofas")
    examples = make_examples(shop, [*shop.products[:2], bare])
    assert len(examples) == 2
    assert [len(example.open_pictures) for example in examples] == [1, 1]
    assert examples[0].open_pictures[0]().size == (96, 96) and examples[0].texts[0].startswith("red")
    assert set(examples[0].words.split()) <= set(examples[0].texts[0].split())


def test_perplexity_is_of_the_pictures_as_they_are(shop):
    model = tiny_model()
    examples = make_examples(shop, shop.products)
    assert perplexity(model, examples, 20, batch=12) == pytest.approx(perplexity(model, examples, 20, batch=12))
    assert 1 < perplexity(model, examples, 20) < 2 * len(model.tokenizer)


def test_no_more_pictures_are_looked_at_than_validation_may_cost(shop, monkeypatch):
    looked_at = []

    def look(_model, valid, *_):
        looked_at.append(len(valid))
        return 2.0

    monkeypatch.setattr("lavic_chat.training.distill.perplexity", look)
    model, _ = trainee(SHORT)
    examples = make_examples(shop, shop.products)
    config = replace(SHORT, steps=1, valid_every=1, valid_pictures=3)
    distill_model(model, (examples, examples[:5]), config, lambda *_: None)
    assert set(looked_at) == {3}


def test_what_a_teacher_wrote_is_learned_in_place_of_what_is_known(shop):
    first, second = shop.products[:2]
    examples = make_examples(shop, [first, second], {(first.id, 0): "a small red thing with legs"})
    assert examples[0].texts == ("a small red thing with legs",) and examples[1].texts[0] != examples[0].texts[0]
    assert examples[0].draw(random.Random(0))[1] == "a small red thing with legs"
    model = tiny_model()
    assert perplexity(model, examples[:1], longest=2) != perplexity(model, examples[:1], longest=20)


def test_where_a_teacher_wrote_a_picture_that_nobody_described_is_left_out(shop):
    plain = replace(shop.products[0], attributes={})
    assert make_examples(shop, [plain])[0].texts == (plain.category.lower(),)
    assert make_examples(shop, [plain], {("another", 0): "a lamp"}) == []
