"""Fit the cascade: who of the candidates can be left behind in the middle of the LLM.

    lavic-chat fit-cascade --adapter out/tuned --dialogues catalog/dialogues/train.jsonl --valid .../valid.jsonl

Nothing of the model is trained: a linear probe learns to say from the states in the middle what the whole LLM says of a
candidate in the end (a student of its own teacher, arXiv 2005.02534), and the margin is the least with which the pick
stays among those who go on in `agreement` of the validation conversations.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional
from tqdm import tqdm

from lavic_chat.catalog import Catalog
from lavic_chat.dialogue.reddit_amazon import read_conversations
from lavic_chat.errors import ModelError
from lavic_chat.model.card import read_card, write_card
from lavic_chat.ranking.cascade import Cascade, save_cascade
from lavic_chat.ranking.prompt import BranchPrompt
from lavic_chat.ranking.scoring import begin_reading, verdict_log_odds
from lavic_chat.ranking.visual_ranker import VisualRanker, load_visual_ranker
from lavic_chat.retrieval.embedder import Embedder, load_embedder
from lavic_chat.settings import Settings
from lavic_chat.storage.files import hash_file
from lavic_chat.training.choices import Choice, make_choices, products_of, take_evenly
from lavic_chat.training.preparation import dialogue_files, load_catalogs
from lavic_chat.training.run_record import StageResult, add_record

PENALTIES = (1e-3, 3e-3, 1e-2, 3e-2, 1e-1)  # of the weights; the one that validation likes best is taken
STEPS = 60  # of L-BFGS


@dataclass(frozen=True)
class CascadeRequest:
    """settings: base, first catalogue, and the adapter that is written to. dialogues, valid: conversations about the
    first catalogue to fit the probe and the margin to; `also`'s lie in them. key: of the candidate lists. limit,
    valid_limit: conversations of each catalogue, taken evenly. agreement: see above."""

    settings: Settings
    dialogues: str | Path
    valid: str | Path
    also: tuple[Path, ...] = ()
    key: str = "candidates"
    limit: int = 500
    valid_limit: int = 300
    agreement: float = 0.99


@dataclass(frozen=True)
class MiddleStates:
    """A conversation's candidates in the middle of the LLM: states at the answer places [n, d], the whole LLM's scores
    [n], and what search adds to them [n]."""

    states: Tensor
    scores: Tensor
    bonus: Tensor


def fit_cascade(request: CascadeRequest) -> StageResult:
    """Fit probe and margin, and write them into the adapter's folder; raises LavicError for a request that cannot be
    met."""
    adapter = request.settings.adapter_folder
    read_card(adapter)  # refused now, not after the reading
    catalogs = load_catalogs(request.settings.catalog, request.also)
    visual_ranker = load_visual_ranker(request.settings)
    model = visual_ranker.model
    embedder = load_embedder(request.settings.home, adapter, model.vision_hash, request.settings.runtime)
    reader = MiddleReader(visual_ranker, embedder)
    files = {
        "train": dialogue_files(request.dialogues, catalogs, "train"),
        "valid": dialogue_files(request.valid, catalogs, "valid"),
    }
    limits = {"train": request.limit, "valid": request.valid_limit}
    read = {
        name: reader.read_all(
            catalogs, [choices_of(*pair, request.key, limits[name]) for pair in zip(some, catalogs, strict=True)]
        )
        for name, some in files.items()
    }
    weight = fit_probe(read["train"], read["valid"])
    most = fit_most(weight, read["valid"], request.agreement)
    margin = fit_margin(weight, read["valid"], request.agreement)
    cascade = Cascade(weight, model.middle, margin, most, model.weights_hash)
    kept = mean_kept(cascade, read["valid"])
    save_cascade(cascade, adapter)
    record = {
        "middle": model.middle,
        "margin": round(margin, 4),
        "most": most,
        "agreement": agreement(cascade, read["valid"]),
        "kept": round(kept, 4),
        "conversations": {name: len(rows) for name, rows in read.items()},
        "dialogues": {name: [hash_file(file) for file in some] for name, some in files.items()},
    }
    write_card(adapter, add_record(read_card(adapter), "cascade", record))
    summary = (
        f"Behind layer {model.middle} a share of {kept:.2f} of the candidates goes on, and the pick is among them in "
        f"{record['agreement']:.3f} of {len(read['valid'])} validation conversations ({margin:.2f}, at most {most})."
    )
    return StageResult(record, summary)


def choices_of(file: Path, catalog: Catalog, key: str, limit: int) -> list[Choice]:
    """A file's choices about a catalogue, taken evenly."""
    return make_choices(list(take_evenly(read_conversations(file), limit)), catalog, key)[0]


class MiddleReader:
    """Reads choices to the end, keeping what there was in the middle. Raises ModelError for an adapter whose candidates
    are no branches."""

    def __init__(self, visual_ranker: VisualRanker, embedder: Embedder):
        self.visual_ranker, self.embedder = visual_ranker, embedder

    def read_all(self, catalogs: Sequence[Catalog], choices: Sequence[Sequence[Choice]]) -> list[MiddleStates]:
        """Every catalogue's choices."""
        rows = []
        for catalog, some in zip(catalogs, choices, strict=True):
            item_features = self.visual_ranker.features_by_id(catalog, products_of(some))
            for choice in tqdm(some, desc="Reading", unit="conversation"):
                rows.append(self.read(choice, [item_features[item.id] for item in choice.products]))
        return rows

    @torch.inference_mode()
    def read(self, choice: Choice, item_features: Sequence) -> MiddleStates:
        """One of them, as the chat would read it."""
        ranker, model = self.visual_ranker.ranker, self.visual_ranker.model
        scores = self.embedder.score_items(choice.dialogue, choice.products, item_features)
        ready = ranker.prepare(choice.dialogue, choice.products, item_features, None, scores)
        if not isinstance(ready.prompt, BranchPrompt):
            raise ModelError("A cascade leaves branches behind; this adapter decodes otherwise.")
        reading = begin_reading(model, ready.prompt, model.project(ready.rows), ranker.memory)
        positions, rows = ready.prompt.positions[None, reading.known :], 2 * model.middle
        middle, _ = model.read_lower(reading.embeddings, positions, reading.mask, reading.past[:rows])
        answers = ready.prompt.answers - reading.known
        end, _ = model.read_upper(middle, positions, reading.mask, reading.past[rows:])
        bonus = ranker.bonus(scores)
        own = verdict_log_odds(model, end[0], answers)
        return MiddleStates(
            middle[0, answers].float().clone(), own, torch.zeros_like(own) if bonus is None else bonus.float()
        )


def centred(row: MiddleStates) -> Tensor:
    """[n, d]: what tells the candidates apart."""
    return row.states - row.states.mean(0)


def fit_probe(train: Sequence[MiddleStates], valid: Sequence[MiddleStates]) -> Tensor:
    """[d]: the weight of the penalty that keeps the pick among the first few most often."""
    scale = torch.cat([centred(row) for row in train]).std(0).clamp_min(1e-6)
    weights = [learn(train, scale, penalty) / scale for penalty in PENALTIES]
    return min(weights, key=lambda weight: mean_loss(lambda row: centred(row) @ weight, valid))


def learn(rows: Sequence[MiddleStates], scale: Tensor, penalty: float) -> Tensor:
    """[d]: the weight over scaled states that gives the candidates the chances that the whole LLM gives them."""
    inputs = [(centred(row) / scale, row) for row in rows]
    weight = torch.zeros(len(scale), requires_grad=True)
    optimizer = torch.optim.LBFGS([weight], max_iter=STEPS, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        value = torch.stack([divergence(given @ weight, row) for given, row in inputs]).mean()
        value = value + penalty * weight.pow(2).sum()
        value.backward()
        return value

    optimizer.step(loss)
    return weight.detach()


def divergence(estimates: Tensor, row: MiddleStates) -> Tensor:
    """Cross-entropy of the estimated chances against those of the whole LLM."""
    target = (row.scores + row.bonus).softmax(-1)
    return functional.cross_entropy((estimates + row.bonus)[None], target[None])


def mean_loss(estimate: Callable[[MiddleStates], Tensor], rows: Sequence[MiddleStates]) -> float:
    """Of the estimates."""
    return float(torch.stack([divergence(estimate(row), row) for row in rows]).mean())


def total_of(weight: Tensor, row: MiddleStates) -> Tensor:
    """[n]: estimates, with what search adds."""
    return centred(row) @ weight + row.bonus


def pick_of(row: MiddleStates) -> int:
    """Whom the whole LLM picks."""
    return int((row.scores + row.bonus).argmax())


def fit_margin(weight: Tensor, rows: Sequence[MiddleStates], share: float) -> float:
    """The least margin with which the pick goes on in this share of the conversations."""
    totals = [total_of(weight, row) for row in rows]
    needed = [float(total.max() - total[pick_of(row)]) for total, row in zip(totals, rows, strict=True)]
    return float(torch.tensor(needed).quantile(share, interpolation="higher"))


def fit_most(weight: Tensor, rows: Sequence[MiddleStates], share: float) -> int:
    """The least number of candidates among which the pick is in this share of the conversations: where all are near
    each other, no margin leaves anybody behind."""
    totals = [total_of(weight, row) for row in rows]
    ranks = [int((total > total[pick_of(row)]).sum()) + 1 for total, row in zip(totals, rows, strict=True)]
    return int(torch.tensor(ranks).float().quantile(share, interpolation="higher"))


def mean_kept(cascade: Cascade, rows: Sequence[MiddleStates]) -> float:
    """The share of all candidates that goes on."""
    kept = [cascade.keep(centred(row) @ cascade.weight, row.bonus).float().mean() for row in rows]
    return float(torch.stack(kept).mean())


def agreement(cascade: Cascade, rows: Sequence[MiddleStates]) -> float:
    """In which share of the conversations the pick goes on."""
    picks = [bool(cascade.keep(centred(row) @ cascade.weight, row.bonus)[pick_of(row)]) for row in rows]
    return round(sum(picks) / len(picks), 4)
