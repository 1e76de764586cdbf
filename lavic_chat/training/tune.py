"""Tune: the LLM learns to choose (LaViC, section 4.3); LoRA on the LLM, the tower frozen, its states precomputed.

    lavic-chat tune --catalog catalog --dialogues catalog/dialogues/train.jsonl --from out/aligned --out out/tuned

Every candidate is scored by the forward path that chat uses, and the loss is the cross-entropy of a softmax over
the candidates, so that all of them teach in every step. The best adapter by validation HR@1 is kept.
"""

import random
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


@dataclass(frozen=True)
class TuneReport:
    """Loss of every step, validation (step, HR@1, mean negative log-likelihood), the kept step."""

    losses: tuple[float, ...]
    valid: tuple[tuple[int, float, float], ...]
    best_step: int


def tune(
    model: LavicModel,
    choices: Sequence[Choice],
    valid: Sequence[Choice],
    states: dict[str, Tensor],
    config: TuneConfig,
    keep: Callable[[int, list], None],
) -> TuneReport:
    """Train on choices with the products' tower states [5, h] by id; `keep(step, validation so far)` at every best."""
    rng = random.Random(config.seed)
    torch.manual_seed(config.seed)
    groups = parameter_groups(model, config)
    optimizer = torch.optim.AdamW(groups, weight_decay=config.weight_decay)
    rates = [group["lr"] for group in groups]
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rates, max(config.steps, 2), pct_start=0.1)
    spread = torch.stack(list(states.values())).std((0, 1))
    losses, measured, best = [], [], (-1.0, 0.0, 0)
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
            hit, surprise = validate(model, valid, states, config)
            measured.append((step + 1, hit, surprise))
            bar.write(f"step {step + 1}: loss {recent(losses):.3f}, validation HR@1 {hit:.3f}, nll {surprise:.3f}")
            if (hit, -surprise) > best[:2]:
                best = (hit, -surprise, step + 1)
                keep(step + 1, list(measured))
    return TuneReport(tuple(losses), tuple(measured), best[2])


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


def validate(
    model: LavicModel, choices: Sequence[Choice], states: dict[str, Tensor], config: TuneConfig
) -> tuple[float, float]:
    """HR@1 and mean negative log-likelihood of the right candidate."""
    model.network.eval()
    ranker = Ranker(model, config.decode)
    hits, surprise = 0, 0.0
    for choice in choices:
        seen = torch.stack([states[product.id] for product in choice.products])
        chances = torch.tensor(ranker.rank(choice.dialogue, choice.products, seen).probabilities)
        hits += int(chances.argmax()) == choice.answer
        surprise -= float(chances[choice.answer].clamp_min(1e-9).log())
    return hits / len(choices), surprise / len(choices)
