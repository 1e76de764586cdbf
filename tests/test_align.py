"""Align: the losses fall, the same seed gives the same run, and the projector alone is changed."""

import pytest
import torch
from tiny import tiny_model

from lavic_chat.training.align import align, caption_loss, caption_perplexity
from lavic_chat.training.configs import AlignConfig
from lavic_chat.vision import Vision

SHORT = AlignConfig(word_steps=25, caption_steps=25, batch=8, word_lr=5e-3, caption_lr=5e-3, noise=0.05)


def aligned(catalog, home, config=SHORT, valid=0):
    """(model, report, states) after a run on the drawn catalogue."""
    model = tiny_model()
    states = Vision(model, home).see_products(catalog, catalog.products)
    held_out = catalog.products[:valid], states[:valid]
    return model, align(model, catalog.products, states, held_out, config), states


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """One run for the tests that only look at it; with what the model and the states were before."""
    from conftest import COLOURS, SHAPES, make_product

    from lavic_chat.catalog import Catalog

    folder = tmp_path_factory.mktemp("aligned")
    (folder / "images").mkdir()
    catalog = Catalog(folder, tuple(make_product(folder, shape, colour) for shape in SHAPES for colour in COLOURS))
    return catalog, *aligned(catalog, folder / "home", valid=12)


def mean(losses) -> float:
    return sum(losses) / len(losses)


def test_both_losses_fall(run):
    _, _, report, _ = run
    assert len(report.word_losses) == len(report.caption_losses) == 25
    assert mean(report.word_losses[-5:]) < 0.7 * mean(report.word_losses[:5])
    assert mean(report.caption_losses[-5:]) < mean(report.caption_losses[:5]) - 0.02


def test_only_the_projector_is_changed_and_none_stays_trainable(run):
    _, model, _, _ = run
    before = tiny_model().network.state_dict()
    changed = {name for name, value in model.network.state_dict().items() if not torch.equal(value, before[name])}
    assert changed == {name for name in before if "multi_modal_projector" in name}
    assert not any(p.requires_grad for p in model.network.parameters())
    assert not model.network.training


def test_the_states_are_left_as_they_were(run):
    catalog, model, _, states = run
    assert torch.allclose(Vision(model, catalog.folder / "home").see_products(catalog, catalog.products), states)


def test_perplexity_is_measured_on_what_it_is_given(run):
    catalog, model, report, states = run
    again = caption_perplexity(model, catalog.products, states, seed=SHORT.seed)
    assert report.valid_perplexity == pytest.approx(again, rel=1e-4)
    assert 1 < again < len(model.tokenizer)


def test_a_seeded_run_can_be_repeated(tiny_catalog, tmp_path):
    few = AlignConfig(word_steps=4, caption_steps=4, batch=4)
    first, second = (aligned(tiny_catalog, tmp_path, few)[1] for _ in range(2))
    assert first == second
    other = aligned(tiny_catalog, tmp_path, AlignConfig(word_steps=4, caption_steps=4, batch=4, seed=1))[1]
    assert other.word_losses != first.word_losses and other.caption_losses != first.caption_losses


def test_nothing_held_out_nothing_measured(tiny_catalog, tmp_path):
    assert aligned(tiny_catalog, tmp_path, AlignConfig(1, 1, 2))[1].valid_perplexity is None


def test_the_projector_starts_near_the_words(tiny_catalog, tmp_path):
    model = tiny_model()
    states = 50 + 9 * Vision(model, tmp_path).see_products(tiny_catalog, tiny_catalog.products)  # far from 0 and 1
    model.start_projector(states, seed=0)
    tokens = model.project(states)
    words = model.core.get_input_embeddings().weight
    assert tokens.pow(2).mean().sqrt() == pytest.approx(float(words.pow(2).mean().sqrt()), rel=0.1)
    assert tokens.flatten(0, 1).std(0).mean() > 0.3 * words.std()  # pictures differ, not all one token


@torch.no_grad()
def test_padding_does_not_count_in_the_caption_loss():
    """A batch's loss is the mean over all caption tokens, each scored as if its caption were alone."""
    model = tiny_model()
    states = torch.randn(3, 5, model.state_size)
    texts = ["red sofa", "a rather long caption about a green chair", "lamp"]
    lengths = [len(model.words_to_ids(text)) + 1 for text in texts]  # with the end token
    alone = [float(caption_loss(model, states[row : row + 1], [text])) for row, text in enumerate(texts)]
    wanted = sum(loss * length for loss, length in zip(alone, lengths, strict=True)) / sum(lengths)
    assert float(caption_loss(model, states, texts)) == pytest.approx(wanted, abs=1e-4)


@torch.no_grad()
def test_a_caption_is_scored_as_the_network_itself_would():
    model = tiny_model()
    states = torch.randn(1, 5, model.state_size)
    before, after = model.chat_frame()
    head = [*before, *model.words_to_ids("Product: "), *[model.image_token_id] * 5, *after]
    caption = [*model.words_to_ids("red sofa"), model.tokenizer.eos_token_id]
    ids = torch.tensor(head + caption)
    embeddings = model.embed(ids, model.project(states)[0])
    labels = torch.tensor([[-100] * len(head) + caption])
    wanted = float(model.network(inputs_embeds=embeddings[None], labels=labels).loss)
    assert float(caption_loss(model, states, ["red sofa"])) == pytest.approx(wanted, abs=1e-4)
