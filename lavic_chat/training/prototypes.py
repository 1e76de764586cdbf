"""Tune-prototypes: what the things of the thesaurus are wished for by (nearest class mean with a learned metric).

    lavic-chat tune-prototypes --turns assets/language/turns.jsonl --adapter out/tuned

A projection of the sentence encoder's vectors is learned so that a phrase comes nearest to the mean of the other
phrases of its thing, a name to that of the other names, and a whole message to the thing that it asks for: marked
messages in which a phrase or a name stands where the thing stood. One phrase of six is held out. Everything is read
once, after which a step takes milliseconds.
"""

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from lavic_chat.features.text_encoder import TextEncoder
from lavic_chat.model.card import read_card
from lavic_chat.nlu import reading as r
from lavic_chat.nlu.english import load_thesaurus
from lavic_chat.nlu.prototypes import TEMPERATURE, Prototypes, sum_by_thing, unit
from lavic_chat.nlu.reading import MarkedTurn
from lavic_chat.nlu.thesaurus import Thesaurus
from lavic_chat.retrieval.text_prototypes import save_prototypes
from lavic_chat.settings import Settings
from lavic_chat.storage.files import hash_bytes, hash_file
from lavic_chat.training.configs import PrototypesConfig
from lavic_chat.training.marked_turns import read_marked_turns
from lavic_chat.training.run_record import StageResult, provenance, write_record

HELD_OUT = 6  # one phrase of so many validates
SMOOTHING, DROPOUT = 0.05, 0.1
DESCRIBED = 0.7  # of the messages have a phrase in the thing's place, the others a name


@dataclass(frozen=True)
class PrototypesRequest:
    """settings: home, and the adapter that is written to. turns: marked messages."""

    settings: Settings
    turns: Path
    config: PrototypesConfig


@dataclass(frozen=True)
class PhraseData:
    """Vectors [n, d] of names and phrases, the thing [n] of each, whether [n] it describes it, and whether [n] it is
    held out; messages [m, d] and the thing [m] of each."""

    vectors: Tensor
    things: Tensor
    described: Tensor
    held_out: Tensor
    messages: Tensor
    asked: Tensor
    count: int

    def sums(self, held_out: bool) -> tuple[Tensor, Tensor]:
        """[T, d] of names, and of phrases; held_out: with those that are."""
        left = torch.ones_like(self.held_out) if held_out else ~self.held_out
        arrays = self.vectors.numpy(), self.things.numpy(), self.count
        names, phrases = (sum_by_thing(*arrays, (left & of).numpy()) for of in (~self.described, self.described))
        return torch.from_numpy(names), torch.from_numpy(phrases)


@dataclass(frozen=True)
class PhraseReport:
    """Of the phrases held out, among all things: the share whose own thing is the first, and among the first five."""

    first: float
    first_five: float

    def __str__(self) -> str:
        return f"{self.first:.3f} first, {self.first_five:.3f} among five"


def tune_prototypes(request: PrototypesRequest) -> StageResult:
    """Learn prototypes for the adapter's sentence encoder; they are kept in its folder.

    Raises LavicError for a request that cannot be met.
    """
    started, settings, config = time.time(), request.settings, request.config
    adapter = settings.adapter_folder
    read_card(adapter)  # refused now, not after the training
    thesaurus, encoder = load_thesaurus(), TextEncoder(settings.home, adapter, settings.runtime)
    turns = read_marked_turns(request.turns)
    data = read_phrases(thesaurus, encoder, messages_for(thesaurus, turns, config))
    before = evaluate(prototypes_of(data, torch.eye(encoder.size), held_out=False), data)
    after = evaluate(prototypes_of(data, learn(data, config, held_out=False), held_out=False), data)
    final = prototypes_of(data, learn(data, config, held_out=True), held_out=True)
    save_prototypes(final, adapter, encoder.name, thesaurus)
    record = provenance("prototypes", (), config, started) | {
        "turns": hash_file(request.turns), "encoder": encoder.name, "thesaurus": thesaurus.key,
        "phrases": len(data.vectors), "held_out": int(data.held_out.sum()), "things": data.count,
        "means": vars(before), "learned": vars(after),
    }  # fmt: skip
    write_record(adapter, record)
    summary = f"{record['held_out']} phrases held out: {before} by the means alone, {after} now; in {adapter}."
    return StageResult(record, summary)


def messages_for(thesaurus: Thesaurus, turns: Sequence[MarkedTurn], config: PrototypesConfig) -> list[tuple[str, int]]:
    """Messages that ask for one thing, and the thing: marked ones with a phrase that is not held out, or a name, where
    their own thing stood."""
    rng = random.Random(config.seed)
    opening = [turn for turn in turns if turn.reading.act == r.ASK and len(turn.reading.words(r.KIND)) == 1]
    found = []
    for number in range(config.messages if opening else 0):
        place, turn = number % len(thesaurus.things), rng.choice(opening)
        thing, span = thesaurus.things[place], next(one for one in turn.reading.spans if one.slot == r.KIND)
        phrases = [phrase for phrase in thing.by_use if not is_held_out(phrase)]
        said = rng.choice(phrases if phrases and rng.random() < DESCRIBED else thing.names)
        text = turn.text[: span.start] + said + turn.text[span.end :]
        found.append((text.lower() if rng.random() < 0.5 else text, place))
    return found


def is_held_out(phrase: str) -> bool:
    """By its text, so that a longer thesaurus holds out the same ones."""
    return int(hash_bytes(phrase)[:8], 16) % HELD_OUT == 0


def read_phrases(thesaurus: Thesaurus, encoder: TextEncoder, messages: Sequence[tuple[str, int]]) -> PhraseData:
    """All that the projection learns from, as vectors."""
    texts, things, described = thesaurus.phrases
    said, asked = [text for text, _ in messages], [place for _, place in messages]
    vectors = encoder.encode_cached([*texts, *said], progress=True)
    held = [bool(of) and is_held_out(text) for text, of in zip(texts, described, strict=True)]
    return PhraseData(
        torch.from_numpy(vectors[: len(texts)]), torch.from_numpy(things), torch.from_numpy(described),
        torch.tensor(held), torch.from_numpy(vectors[len(texts) :]), torch.tensor(asked, dtype=torch.long),
        len(thesaurus.things),
    )  # fmt: skip


def learn(data: PhraseData, config: PrototypesConfig, held_out: bool) -> Tensor:
    """The projection [d, d]. held_out: learn from those phrases too, with which nothing is measured then."""
    generator = torch.Generator().manual_seed(config.seed)
    torch.manual_seed(config.seed)
    sums = data.sums(held_out)
    usable = torch.arange(len(data.vectors)) if held_out else (~data.held_out).nonzero()[:, 0]
    projection = torch.nn.Parameter(torch.eye(data.vectors.shape[1]))
    optimizer = torch.optim.AdamW([projection], lr=config.lr, weight_decay=config.weight_decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, config.steps)
    half = config.batch // 2 if len(data.messages) else config.batch
    for _ in range(config.steps):
        rows = usable[torch.randint(len(usable), (half,), generator=generator)]
        others = torch.randint(max(1, len(data.messages)), (config.batch - half,), generator=generator)
        loss = prototype_loss(data, projection, sums, rows, others)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return projection.detach()


def prototype_loss(
    data: PhraseData, projection: Tensor, sums: tuple[Tensor, Tensor], rows: Tensor, others: Tensor
) -> Tensor:
    """Cross-entropy of the things of some names and phrases, each against a mean that leaves it out, and of messages.
    sums [T, d] of names and of phrases; rows, others: which ones."""
    own, described = data.things[rows], data.described[rows]
    asked = torch.cat([data.vectors[rows], data.messages[others]])
    asked = functional.normalize(functional.dropout(asked, DROPOUT) @ projection.T, dim=-1)
    names, phrases = (functional.normalize(each @ projection.T, dim=-1) for each in sums)
    left = torch.where(described[:, None], sums[1][own], sums[0][own]) - data.vectors[rows]
    without = (asked[: len(rows)] * functional.normalize(left @ projection.T, dim=-1, eps=1e-6)).sum(-1)
    near = torch.stack([asked @ names.T, asked @ phrases.T])  # [2, n, T]
    places = torch.arange(len(rows))
    near = near.index_put((described.long(), places, own), without)
    scores = (near / TEMPERATURE).logsumexp(0)
    return functional.cross_entropy(scores, torch.cat([own, data.asked[others]]), label_smoothing=SMOOTHING)


def prototypes_of(data: PhraseData, projection: Tensor, held_out: bool) -> Prototypes:
    """The means of names and phrases under a projection."""
    names, phrases = (unit((each @ projection.T).numpy()) for each in data.sums(held_out))
    return Prototypes(projection.numpy(), names, phrases)


def evaluate(prototypes: Prototypes, data: PhraseData) -> PhraseReport:
    """How the phrases held out find their things among all."""
    vectors, things = data.vectors[data.held_out].numpy(), data.things[data.held_out].numpy()
    if not len(vectors):
        return PhraseReport(0.0, 0.0)
    nothing = np.zeros(data.count, bool)
    ranked = np.stack([np.argsort(-prototypes.probabilities(one[None], nothing))[:5] for one in vectors])
    found = ranked == things[:, None]
    return PhraseReport(round(float(found[:, 0].mean()), 4), round(float(found.any(1).mean()), 4))
