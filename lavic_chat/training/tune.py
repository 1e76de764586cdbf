"""Tune: the LLM learns to choose (LaViC, section 4.3); LoRA on the LLM, the tower frozen, its states precomputed.

    lavic-chat tune --catalog catalog --dialogues catalog/dialogues/train.jsonl --from out/aligned --out out/tuned

Every candidate is scored by the forward path that chat uses, and the loss is the cross-entropy of a softmax over
the candidates, so that all of them teach in every step. The best adapter by validation HR@1 is kept.
"""

import random
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional
from tqdm import trange

from lavic_chat.model import LavicModel
from lavic_chat.ranking import Ranker
from lavic_chat.ranking.ranker import join_states
from lavic_chat.ranking.scores import score_prompts
from lavic_chat.training.configs import TuneConfig
from lavic_chat.training.examples import Choice, shuffle_choice

TEMPERATURES = tuple(round(0.3 + 0.05 * step, 2) for step in range(75))  # 0.3 to 4.0


@dataclass(frozen=True)
class TuneReport:
    """Loss of every step, every validation, and the one whose adapter was kept."""

    losses: tuple[float, ...]
    valid: tuple["Validation", ...]
    best: "Validation"


def tune(
    model: LavicModel,
    choices: Sequence[Choice],
    valid: Sequence[Choice],
    states: dict[str, Tensor],
    config: TuneConfig,
    keep: Callable[["Validation", tuple["Validation", ...]], None],
) -> TuneReport:
    """Train on choices with the products' tower states [5, h] by id; `keep(best, all so far)` at every best."""
    rng = random.Random(config.seed)
    torch.manual_seed(config.seed)
    groups = parameter_groups(model, config)
    optimizer = torch.optim.AdamW(groups, weight_decay=config.weight_decay)
    rates = [group["lr"] for group in groups]
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rates, max(config.steps, 2), pct_start=0.1)
    spread = torch.stack(list(states.values())).std((0, 1))
    losses, measured, best = [], [], None
    bar = trange(config.steps, desc="tune", unit="step")
    for step in bar:
        share = min(1.0, 2 * step / config.steps)
        batch = [draw(choices, share, config, rng) for _ in range(config.batch)]
        losses.append(train_step(model, batch, states, spread, config))
        nn.utils.clip_grad_norm_([p for group in groups for p in group["params"]], 1.0)
        optimizer.step()
        optimizer.zero_grad()
        schedule.step()
        bar.set_postfix(loss=f"{recent(losses):.3f}")
        if (step + 1) % config.valid_every == 0 or step + 1 == config.steps:
            now = validate(model, valid, states, config, step + 1)
            measured.append(now)
            bar.write(
                f"step {now.step}: loss {recent(losses):.3f}, validation HR@1 {now.hit:.3f}, nll {now.surprise:.3f}",
                file=sys.stderr,  # standard output belongs to the answer
            )
            if best is None or (now.hit, -now.surprise) > (best.hit, -best.surprise):
                best = now
                keep(now, tuple(measured))
    return TuneReport(tuple(losses), tuple(measured), best)


def recent(losses: Sequence[float]) -> float:
    return sum(losses[-25:]) / len(losses[-25:])


def parameter_groups(model: LavicModel, config: TuneConfig) -> list[dict]:
    lora = [tensor for name, tensor in model.network.named_parameters() if "lora_" in name and tensor.requires_grad]
    groups = [{"params": lora, "lr": config.lr}]
    if config.projector_lr:
        model.projector.requires_grad_(True)
        groups.append({"params": list(model.projector.parameters()), "lr": config.projector_lr})
    return groups


def draw(choices: Sequence[Choice], share: float, config: TuneConfig, rng: random.Random) -> Choice:
    """A choice with its candidates shuffled; few at first, all from the middle of the training on."""
    choice = rng.choice(choices)
    most = len(choice.products)
    few = min(config.fewest, most)
    return shuffle_choice(choice, rng, few + round(share * (most - few)))


def train_step(
    model: LavicModel, batch: Sequence[Choice], states: dict[str, Tensor], spread: Tensor, config: TuneConfig
) -> float:
    """One gradient of a batch, each choice passed alone (lengths differ); returns the mean loss."""
    model.network.train()
    ranker = Ranker(model, config.decode)
    total = 0.0
    for choice in batch:
        seen = torch.stack([states[product.id] for product in choice.products])
        seen = seen + config.noise * spread * torch.randn_like(seen)
        prompt = ranker.make_prompt(choice.dialogue, choice.products)
        logits = score_prompts(model, [prompt], [model.project(join_states(seen))], config.decode)[0]
        loss = functional.cross_entropy(logits[None], torch.tensor([choice.answer], device=logits.device))
        (loss / len(batch)).backward()
        total += loss.item() / len(batch)
    return total


@dataclass(frozen=True)
class Validation:
    """HR@1, mean negative log-likelihood of the right candidate, and the temperature that would make it least."""

    step: int
    hit: float
    surprise: float
    temperature: float


def validate(
    model: LavicModel, choices: Sequence[Choice], states: dict[str, Tensor], config: TuneConfig, step: int
) -> Validation:
    """Rank the validation choices as chat would."""
    model.network.eval()
    ranker = Ranker(model, config.decode)
    logs = []
    for choice in choices:
        seen = torch.stack([states[product.id] for product in choice.products])
        chances = torch.tensor(ranker.rank(choice.dialogue, choice.products, seen).probabilities)
        logs.append(chances.clamp_min(1e-9).log())
    hits = sum(int(row.argmax()) == choice.answer for row, choice in zip(logs, choices, strict=True))
    answers = [choice.answer for choice in choices]
    temperature = min(TEMPERATURES, key=lambda value: mean_surprise(logs, answers, value))
    return Validation(step, hits / len(choices), mean_surprise(logs, answers, 1.0), temperature)


def mean_surprise(logs: Sequence[Tensor], answers: Sequence[int], temperature: float) -> float:
    """Mean negative log-likelihood of the answers after dividing the log-probabilities by a temperature."""
    rows = zip(logs, answers, strict=True)
    return -sum(float((row / temperature).log_softmax(-1)[answer]) for row, answer in rows) / len(answers)
