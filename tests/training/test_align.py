"""Align: the losses fall, the same seed gives the same run, and the projector alone is changed."""

import json
from dataclasses import replace

import pytest
import torch
from click.testing import CliRunner
from helpers.drawn import draw_catalog
from helpers.tiny import tiny_model
from helpers.toys import with_dialogues

from lavic_chat.cli import main
from lavic_chat.features.image_encoder import ImageEncoder
from lavic_chat.model import VIEWS
from lavic_chat.model.lora import LoraShape, add_lora
from lavic_chat.training.align_phases import AlignExamples, align_model, caption_perplexity, reading
from lavic_chat.training.augment import hide
from lavic_chat.training.checkpoint import Checkpoint
from lavic_chat.training.configs import AlignConfig
from lavic_chat.training.losses import caption_loss
from lavic_chat.training.trainer import one_cycle_momentum, one_cycle_rate

SHORT = AlignConfig(
    word_steps=25, caption_steps=25, batch=8, caption_batch=8, word_lr=5e-3, caption_lr=5e-3, llm_lr=5e-3, noise=0.05
)


def aligned(catalog, home, config=SHORT, valid=0, checkpoints=(None, None)):
    """(model, report, states) after a run on the drawn catalogue."""
    model = tiny_model()
    states = ImageEncoder(model, home).encode_products(catalog, catalog.products)
    add_lora(model, "llm", LoraShape(config.rank, config.alpha, 0.0), seed=config.seed)
    examples = AlignExamples(catalog.products, states), AlignExamples(catalog.products[:valid], states[:valid])
    return model, align_model(model, examples, config, checkpoints=checkpoints), states


def on_all(catalog, states):
    """All products to learn from, none held out."""
    return AlignExamples(catalog.products, states), AlignExamples((), states[:0])


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """One run for the tests that only look at it; with what the model and the states were before."""
    catalog = draw_catalog(tmp_path_factory.mktemp("aligned") / "catalog")
    return catalog, *aligned(catalog, catalog.folder / "home", valid=12)


def mean(losses) -> float:
    return sum(losses) / len(losses)


def test_both_losses_fall(run):
    _, _, report, _ = run
    assert len(report.word_losses) == len(report.caption_losses) == 25
    assert mean(report.word_losses[-5:]) < 0.7 * mean(report.word_losses[:5])
    assert mean(report.caption_losses[-5:]) < mean(report.caption_losses[:5]) - 0.02


def test_only_projector_and_lora_are_changed_and_none_stays_trainable(run):
    _, model, _, _ = run
    untrained = tiny_model()
    add_lora(untrained, "llm", LoraShape(SHORT.rank, SHORT.alpha, 0.0), seed=SHORT.seed)
    before = untrained.network.state_dict()
    changed = {name for name, value in model.network.state_dict().items() if not torch.equal(value, before[name])}
    learned = {name for name in before if "multi_modal_projector" in name or "lora_" in name}
    assert changed == learned
    assert not any(p.requires_grad for p in model.network.parameters())
    assert not model.network.training


def test_the_states_are_left_as_they_were(run):
    catalog, model, _, states = run
    assert torch.allclose(
        ImageEncoder(model, catalog.folder / "home").encode_products(catalog, catalog.products), states
    )


def test_perplexity_is_measured_on_what_it_is_given(run):
    catalog, model, report, states = run
    again = caption_perplexity(model, catalog.products, states)
    assert report.valid.perplexity == pytest.approx(again, rel=1e-4)
    assert 1 < again < len(model.tokenizer)


def test_a_seeded_run_can_be_repeated(tiny_catalog, tmp_path):
    few = AlignConfig(word_steps=4, caption_steps=4, batch=4, caption_batch=4)
    first, second = (aligned(tiny_catalog, tmp_path, few)[1] for _ in range(2))
    assert first == second
    other = aligned(tiny_catalog, tmp_path, replace(few, seed=1))[1]
    assert other.word_losses != first.word_losses and other.caption_losses != first.caption_losses


def test_nothing_held_out_nothing_measured(tiny_catalog, tmp_path):
    assert aligned(tiny_catalog, tmp_path, AlignConfig(1, 1, 2))[1].valid.perplexity is None


def test_the_projector_starts_near_the_words(tiny_catalog, tmp_path):
    model = tiny_model()
    states = 50 + 9 * ImageEncoder(model, tmp_path).encode_products(
        tiny_catalog, tiny_catalog.products
    )  # far from 0 and 1
    model.start_projector(states, seed=0)
    tokens = model.project(states)
    words = model.core.get_input_embeddings().weight
    assert tokens.pow(2).mean().sqrt() == pytest.approx(float(words.pow(2).mean().sqrt()), rel=0.1)
    assert tokens.flatten(0, 1).std(0).mean() > 0.3 * words.std()  # pictures differ, not all one token


@torch.no_grad()
def test_descriptions_are_scored_together_as_each_alone():
    """A batch's loss is the mean over all tokens that are said, each scored as if its picture were alone."""
    model = tiny_model()
    states = torch.randn(3, 5, model.state_size)
    texts = ["red sofa", "a green chair", "lamp"]
    lengths = [len(model.words_to_ids(" " + text)) + 1 for text in texts]  # with the end mark
    alone = [float(caption_loss(model, states[row : row + 1], [text])) for row, text in enumerate(texts)]
    wanted = sum(loss * length for loss, length in zip(alone, lengths, strict=True)) / sum(lengths)
    assert float(caption_loss(model, states, texts)) == pytest.approx(wanted, abs=1e-4)


@torch.no_grad()
def test_a_description_is_scored_as_the_network_itself_would():
    model = tiny_model()
    states = torch.randn(1, 5, model.state_size)
    before, after = model.chat_frame()
    head = [*before, *model.words_to_ids("Say how each product looks.\n"), *after, *model.words_to_ids("Product: ")]
    head += [*[model.image_token_id] * 5, *model.words_to_ids(" looks:")]
    said = model.words_to_ids(" red sofa") + model.words_to_ids(";")
    embeddings = model.embed(torch.tensor(head + said), model.project(states)[0])
    labels = torch.tensor([[-100] * len(head) + said])
    wanted = float(model.network(inputs_embeds=embeddings[None], labels=labels).loss)
    assert float(caption_loss(model, states, ["red sofa"])) == pytest.approx(wanted, abs=1e-4)


def test_reading_counts_what_is_said_rightly(tiny_catalog, monkeypatch):
    said = ["red lamp"] * len(tiny_catalog)
    monkeypatch.setattr("lavic_chat.training.align_phases.generate_captions", lambda model, states: said)
    assert reading(None, tiny_catalog.products, torch.empty(0)) == {"colour": 0.25}


def test_a_projector_that_is_kept_teaches_the_llm_alone(tiny_catalog, tmp_path):
    model = tiny_model()
    states = ImageEncoder(model, tmp_path).encode_products(tiny_catalog, tiny_catalog.products)
    add_lora(model, "llm", LoraShape(SHORT.rank, SHORT.alpha, 0.0), seed=SHORT.seed)
    before = {name: value.clone() for name, value in model.network.state_dict().items()}
    report = align_model(model, on_all(tiny_catalog, states), SHORT, kept="projector")
    changed = {name for name, value in model.network.state_dict().items() if not torch.equal(value, before[name])}
    assert changed and all("lora_" in name for name in changed)
    assert report.word_losses == () and mean(report.caption_losses[-5:]) < mean(report.caption_losses[:5])


def test_projector_and_llm_go_on_from_where_they_are(tiny_catalog, tmp_path):
    """The first step's loss is what the last run ended with, not what a fresh projector starts with."""
    model, first, states = aligned(tiny_catalog, tmp_path)
    for name, weight in model.network.named_parameters():
        weight.requires_grad_("lora_" in name)
    before = {name: value.clone() for name, value in model.network.state_dict().items()}
    again = align_model(model, on_all(tiny_catalog, states), SHORT, kept="all")
    changed = {name for name, value in model.network.state_dict().items() if not torch.equal(value, before[name])}
    assert any("lora_" in name for name in changed) and any("projector" in name for name in changed)
    assert again.word_losses == () and again.caption_losses[0] < mean(first.caption_losses[:3])


def test_what_is_hidden_becomes_the_usual():
    torch.manual_seed(0)
    states, usual = torch.ones(400, VIEWS, 8), torch.zeros(VIEWS, 8)
    assert hide(states, usual, AlignConfig()).equal(states)
    views = hide(states, usual, AlignConfig(hidden_views=0.25))
    assert 0.2 < 1 - views.mean() < 0.3 and set(views.mean(-1).unique().tolist()) == {0.0, 1.0}
    values = hide(states, usual, AlignConfig(hidden_values=0.5))
    assert 0.45 < values.mean() < 0.55 and len(values.mean(-1).unique()) > 2


def test_words_alone_need_no_lora(tiny_catalog, tmp_path):
    report = aligned(tiny_catalog, tmp_path, AlignConfig(word_steps=3, caption_steps=0, batch=4), valid=4)[1]
    assert report.caption_losses == () and report.valid.reading == {}


class Killed(Exception):
    pass


class Killing(Checkpoint):
    """The run is killed right after its progress was written so many times."""

    left = 0

    def save(self, step, *what) -> None:
        super().save(step, *what)
        self.left -= 1
        if not self.left:
            raise Killed


@pytest.mark.parametrize(("phase", "writings"), [(0, 1), (0, 2), (1, 1), (1, 2)])
def test_a_stopped_run_goes_on_to_the_same_end(tiny_catalog, tmp_path, monkeypatch, phase, writings):
    """In the first phase or in the second, in its midst or right at its end."""
    monkeypatch.setattr("lavic_chat.training.align_phases.SAVE_EVERY", 4)
    few = AlignConfig(word_steps=6, caption_steps=6, batch=4, caption_batch=4, hidden_values=0.2)
    model, whole, _ = aligned(tiny_catalog, tmp_path, few, valid=4)

    def checkpoints(kind) -> list[Checkpoint]:
        return [kind(tmp_path / "out", few, "data", name) for name in ("words", "")]

    killing = checkpoints(Killing)
    killing[phase].left = writings
    with pytest.raises(Killed):
        aligned(tiny_catalog, tmp_path, few, valid=4, checkpoints=killing)
    again, resumed, _ = aligned(tiny_catalog, tmp_path, few, valid=4, checkpoints=checkpoints(Checkpoint))
    assert resumed == whole and len(resumed.word_losses) == len(resumed.caption_losses) == 6
    weights = model.network.state_dict()
    assert all(torch.equal(weights[name], value) for name, value in again.network.state_dict().items())


def test_the_pace_is_that_of_one_cycle():
    """Rate and momentum as torch's own schedule has them."""
    for steps in (2, 30, 360):
        optimizer = torch.optim.AdamW([torch.zeros(1, requires_grad=True)], lr=0.1)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, steps, pct_start=0.1)
        for step in range(steps):
            (group,) = optimizer.param_groups
            assert one_cycle_rate(step, steps) == pytest.approx(group["lr"] / 0.1)
            assert one_cycle_momentum(step, steps) == pytest.approx(group["betas"][0])
            optimizer.step()
            if step + 1 < steps:
                schedule.step()


def test_the_command_goes_on_where_it_was_killed(base, tiny_catalog_folder, tmp_path, monkeypatch):
    monkeypatch.setenv("LAVIC_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("lavic_chat.training.align_phases.SAVE_EVERY", 3)
    with_dialogues(tiny_catalog_folder)  # and splits
    words = ["align", "--catalog", tiny_catalog_folder, "--model", base, "--json"]
    words += ["--word-steps", 4, "--caption-steps", 6, "--batch", 4, "--caption-batch", 4]

    def run(out: str):
        return CliRunner().invoke(main, [*map(str, words), "--out", str(tmp_path / out)])

    whole = json.loads(run("whole").stdout)
    save, progress = Checkpoint.save, tmp_path / "cut.progress"

    def die(self, step, *state) -> None:
        save(self, step, *state)
        if self.path == progress:
            raise KeyboardInterrupt

    monkeypatch.setattr(Checkpoint, "save", die)
    assert run("cut").exit_code and progress.is_file() and not (tmp_path / "cut").exists()
    monkeypatch.setattr(Checkpoint, "save", save)
    again = json.loads(run("cut").stdout)
    same = ("losses", "word_loss", "caption_loss", "valid_perplexity", "valid_reading")
    assert [again[key] for key in same] == [whole[key] for key in same] and again["valid_perplexity"] > 1
    assert not list(tmp_path.glob("*.progress"))
    for name in ("projector.safetensors", "llm/adapter_model.safetensors"):
        assert (tmp_path / "cut" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
