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
from lavic_chat.nlu.prototypes import TEMPERATURE, Prototypes, log_odds, sum_by_thing, unit
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
    held out; messages [m, d] to learn from, others that hold phrases held out, [h, d], and the things of each."""

    vectors: Tensor
    things: Tensor
    described: Tensor
    held_out: Tensor
    messages: Tensor
    asked: Tensor
    unseen: Tensor
    unseen_asked: Tensor
    count: int

    def sums(self, held_out: bool) -> tuple[Tensor, Tensor]:
        """[T, d] of names, and of phrases; held_out: with those that are."""
        left = torch.ones_like(self.held_out) if held_out else ~self.held_out
        arrays = self.vectors.numpy(), self.things.numpy(), self.count
        names, phrases = (sum_by_thing(*arrays, (left & of).numpy()) for of in (~self.described, self.described))
        return torch.from_numpy(names), torch.from_numpy(phrases)


@dataclass(frozen=True)
class PhraseReport:
    """Among all things, the share of the phrases held out whose own thing is first, and among the first five; and of
    messages that hold such phrases."""

    first: float
    first_five: float
    messages_first: float
    messages_first_five: float

    def __str__(self) -> str:
        said = f"{self.first:.3f} first, {self.first_five:.3f} among five"
        return f"{said} (in messages {self.messages_first:.3f}, {self.messages_first_five:.3f})"


def tune_prototypes(request: PrototypesRequest) -> StageResult:
    """Learn prototypes for the adapter's sentence encoder; they are kept in its folder.

    Raises LavicError for a request that cannot be met.
    """
    started, settings, config = time.time(), request.settings, request.config
    adapter = settings.adapter_folder
    read_card(adapter)  # refused now, not after the training
    thesaurus, encoder = load_thesaurus(), TextEncoder(settings.home, adapter, settings.runtime)
    turns = read_marked_turns(request.turns)
    data = read_phrases(thesaurus, encoder, turns, config)
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
    rng, openings = random.Random(config.seed), openings_of(turns)
    found = []
    for number in range(config.messages if openings else 0):
        place = number % len(thesaurus.things)
        thing = thesaurus.things[place]
        phrases = [phrase for phrase in thing.by_use if not is_held_out(phrase)]
        said = rng.choice(phrases if phrases and rng.random() < DESCRIBED else thing.names)
        found.append((put_in(rng.choice(openings), said, rng), place))
    return found


def unseen_messages(
    thesaurus: Thesaurus, turns: Sequence[MarkedTurn], config: PrototypesConfig
) -> list[tuple[str, int]]:
    """The same with each phrase that is held out."""
    rng, openings = random.Random(config.seed + 1), openings_of(turns)
    things = enumerate(thesaurus.things if openings else ())
    pairs = [(phrase, place) for place, thing in things for phrase in thing.by_use if is_held_out(phrase)]
    return [(put_in(rng.choice(openings), phrase, rng), place) for phrase, place in pairs]


def openings_of(turns: Sequence[MarkedTurn]) -> list[MarkedTurn]:
    """Messages that ask for one thing."""
    return [turn for turn in turns if turn.reading.act == r.ASK and len(turn.reading.words(r.KIND)) == 1]


def put_in(turn: MarkedTurn, said: str, rng: random.Random) -> str:
    """A message with other words for its thing, every second one in lower case."""
    span = next(one for one in turn.reading.spans if one.slot == r.KIND)
    text = turn.text[: span.start] + said + turn.text[span.end :]
    return text.lower() if rng.random() < 0.5 else text


def is_held_out(phrase: str) -> bool:
    """By its text, so that a longer thesaurus holds out the same ones."""
    return int(hash_bytes(phrase)[:8], 16) % HELD_OUT == 0


def read_phrases(
    thesaurus: Thesaurus, encoder: TextEncoder, turns: Sequence[MarkedTurn], config: PrototypesConfig
) -> PhraseData:
    """All that the projection learns from and is measured by, as vectors."""
    texts, things, described = thesaurus.phrases
    learned, unseen = (make(thesaurus, turns, config) for make in (messages_for, unseen_messages))
    said = [text for text, _ in (*learned, *unseen)]
    vectors = torch.from_numpy(encoder.encode_cached([*texts, *said], progress=True))
    names, messages, others = vectors.split([len(texts), len(learned), len(unseen)])
    held = [bool(of) and is_held_out(text) for text, of in zip(texts, described, strict=True)]
    asked, unseen_asked = (torch.tensor([place for _, place in each], dtype=torch.long) for each in (learned, unseen))
    return PhraseData(
        names, torch.from_numpy(things), torch.from_numpy(described), torch.tensor(held), messages, asked, others,
        unseen_asked, len(thesaurus.things),
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
    """How the phrases held out, and messages that hold them, find their things among all."""
    phrases = ranks(prototypes, data.vectors[data.held_out], data.things[data.held_out])
    messages = ranks(prototypes, data.unseen, data.unseen_asked)
    shares = [(found < most).mean() if len(found) else 0.0 for found in (phrases, messages) for most in (1, 5)]
    return PhraseReport(*(round(float(share), 4) for share in shares))


def ranks(prototypes: Prototypes, vectors: Tensor, things: Tensor) -> np.ndarray:
    """[n] how many things come before the right one [n] of each vector [n, d]."""
    scores = log_odds(prototypes.cosines(vectors.numpy()))
    right = np.take_along_axis(scores, things.numpy()[:, None], 1)
    return (scores > right).sum(1)
