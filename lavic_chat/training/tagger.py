"""Tagger: the sentence encoder learns to read what shoppers type, in any shop.

    lavic-chat tune-tagger --turns assets/language/turns.jsonl --adapter out/tuned

LoRA on the encoder, and heads: cross-entropy of each token's tag and bound, and of each decision about the message. The
messages are hand-written, of many kinds of shops; in each step other things, colours, amounts and typing mistakes stand
in their sentences. A tenth is held out, and the best by how many of those are read without a fault is kept; of a leg
that went on from another tagger the best mean of both.
"""

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from lavic_chat.features.image_encoder import chunks
from lavic_chat.model.card import NLU, WEIGHTS, read_card
from lavic_chat.model.turn_batch import TokenBatch, encode_turns
from lavic_chat.model.turn_tagger import TaggerShape, TurnTagger, new_tagger, save_tagger, start_from
from lavic_chat.nlu import reading as r
from lavic_chat.nlu import tagging
from lavic_chat.nlu.english import load_lexicon, load_thesaurus
from lavic_chat.nlu.reading import MarkedTurn, newest_before
from lavic_chat.settings import Settings
from lavic_chat.storage.files import hash_bytes, hash_file
from lavic_chat.training.blending import best_blend, trained_weights
from lavic_chat.training.checkpoint import Checkpoint
from lavic_chat.training.configs import TaggerConfig
from lavic_chat.training.marked_turns import read_marked_turns
from lavic_chat.training.run_record import StageResult, provenance, summarize_report, summarize_validation, write_record
from lavic_chat.training.trainer import TrainingRun, Validation, run_training, warmup_cosine
from lavic_chat.training.turn_augment import Words, vary

HELD_OUT = 10  # one message of so many validates
IGNORED = -100  # a target that is none
MANY_WEIGHT, ACT_WEIGHT, HEAD_WEIGHT, TAG_WEIGHT = 12.0, 1.0, 0.5, 2.0
ARTICLES = ("a", "an", "the")
BEGINS = (*ARTICLES, "something", "somewhere", "thing")  # a phrase that may stand for a thing's name begins so
MOST_PHRASES = 4  # of a thing, beside its names
POOL = 4  # times a batch: of so many messages those of about one length are taken


@dataclass(frozen=True)
class TaggerRequest:
    """settings: home, and the adapter that is written to. turns: JSONL of marked messages. start_from: an adapter whose
    tagger learns on, instead of a new one. more: further messages to learn from, such as generated ones; none of these
    validates."""

    settings: Settings
    turns: str | Path
    config: TaggerConfig
    start_from: Path | None = None
    more: Path | None = None


@dataclass(frozen=True)
class Read(Validation):
    """Of the messages held out: the share read without a fault, the share of right acts, and precision and recall of
    the spans."""

    whole: float = 0.0
    act: float = 0.0
    precision: float = 0.0
    recall: float = 0.0

    @property
    def quality(self) -> tuple[float]:
        """Messages without a fault."""
        return (self.whole,)

    def __str__(self) -> str:
        return (
            f"read without a fault {self.whole:.3f}, act {self.act:.3f}, "
            f"spans: precision {self.precision:.3f}, recall {self.recall:.3f}"
        )


def tune_tagger(request: TaggerRequest) -> StageResult:
    """Teach the encoder to read messages; the best is kept in the adapter's folder `nlu`.

    A stopped run goes on from `nlu.progress` in that folder. Raises LavicError for a request that cannot be met.
    """
    started, settings, config = time.time(), request.settings, request.config
    adapter = settings.adapter_folder
    read_card(adapter)  # refused now, not after the training
    train, valid = split(read_marked_turns(request.turns))
    shape = TaggerShape(tagging.TOKEN_SCORES, tagging.ABOUT, config.rank, config.alpha)
    network, tokenizer, lora = new_tagger(settings.home, shape, config.seed)
    earlier = read_card(request.start_from) if request.start_from else None
    if request.start_from:
        start_from(network, lora, request.start_from)
    start = trained_weights(network) if request.start_from else {}
    more = tuple(read_marked_turns(request.more)) if request.more else ()
    learner = Learner(network, tokenizer, (tuple(train), more), words_to_swap(train), config)
    record = provenance(NLU, [], config, started, earlier) | {"messages": len(train), "turns": hash_file(request.turns)}
    record |= {"more": len(more)} if more else {}

    def keep(best: Read, curve: tuple[Read, ...]) -> None:
        save_tagger(network, lora, adapter)
        write_record(adapter, record | summarize_validation(best, curve))

    checkpoint = Checkpoint(adapter / NLU, config, hash_bytes(*map(hash_file, files_of(request))))
    report = run_training(learner.run(valid), keep, checkpoint)
    record |= summarize_report(report)
    best = report.best
    if request.start_from:
        start_from(network, lora, adapter)
        pair = start, trained_weights(network)
        share, best = best_blend(network, pair, lambda: measure(network, tokenizer, valid, best.step), best)
        save_tagger(network, lora, adapter)
        record |= {"best": best.to_row(), "blend": share}
    write_record(adapter, record)
    checkpoint.clear()
    summary = f"Learned from {len(train)} messages; of {len(valid)} held out: {best}; in {adapter / NLU}."
    return StageResult(record, summary)


def files_of(request: TaggerRequest) -> list[Path]:
    """All that is learned from."""
    weights = request.start_from / NLU / WEIGHTS if request.start_from else None
    return [Path(request.turns), *filter(None, (request.more, weights))]


@dataclass(frozen=True)
class Learner:
    """What learns, and from what."""

    tagger: TurnTagger
    tokenizer: Any
    turns: tuple[Sequence[MarkedTurn], Sequence[MarkedTurn]]  # by hand, and further ones
    words: Words
    config: TaggerConfig

    def run(self, valid: Sequence[MarkedTurn]) -> TrainingRun[Read]:
        """How it learns, and by which messages it is measured."""
        config, network = self.config, self.tagger
        return TrainingRun(
            name=NLU,
            steps=config.steps,
            valid_every=config.valid_every,
            groups=[{"params": [one for one in network.parameters() if one.requires_grad], "lr": config.lr}],
            weight_decay=config.weight_decay,
            learn=self.learn,
            measure=lambda step: measure(network, self.tokenizer, valid, step),
            point=Read,
            rate=lambda step: warmup_cosine(step, config.steps),
            seed=config.seed,
        )

    def learn(self, _step: int, rng: random.Random) -> float:
        """A batch of messages of about one length: its gradient into the weights, its loss back."""
        size = min(self.config.batch, len(self.turns[0]))
        pool = self.draw(POOL * size, rng)
        pool.sort(key=lambda turn: len(turn.text))
        start = rng.randrange(len(pool) - size + 1)
        self.tagger.train()
        turns = [vary(turn, self.words, rng) for turn in pool[start : start + size]]
        loss = loss_of(self.tagger, self.tokenizer, turns)
        loss.backward()
        return loss.item()

    def draw(self, count: int, rng: random.Random) -> list[MarkedTurn]:
        """So many messages, or all there are; of the further ones their share."""
        first, more = self.turns
        further = min(round(count * self.config.more_share), len(more))
        return [*rng.sample(first, min(count - further, len(first))), *rng.sample(more, further)]


def split(turns: Sequence[MarkedTurn]) -> tuple[list[MarkedTurn], list[MarkedTurn]]:
    """To learn from, and held out: by the text, so that a longer file holds out the same ones."""
    held = [int(hash_bytes(turn.text)[:8], 16) % HELD_OUT == 0 for turn in turns]
    pairs = list(zip(turns, held, strict=True))
    return [turn for turn, out in pairs if not out], [turn for turn, out in pairs if out]


def words_to_swap(turns: Sequence[MarkedTurn] = ()) -> Words:
    """Of thesaurus and lexicon, and the turns' openings."""
    kinds = [name for thing in load_thesaurus().things for name in (*thing.names, *stand_ins(thing.by_use))]
    appearance: dict[str, list[str]] = {}
    for entry in load_lexicon().entries:
        appearance.setdefault(entry.facet, []).extend((entry.word, *entry.also))
    facet = {word.lower(): name for name, words in appearance.items() for word in words}
    openings = [turn.text for turn in turns if not turn.before and turn.reading.act == r.ASK]
    return Words(kinds, appearance, facet, openings)


def stand_ins(phrases: Sequence[str]) -> list[str]:
    """Some of the phrases that may stand where a thing's name stood, without articles."""
    first = [(phrase.split()[0], phrase) for phrase in phrases]
    named = [
        phrase.removeprefix(f"{word} ") if word in ARTICLES else phrase for word, phrase in first if word in BEGINS
    ]
    return named[:MOST_PHRASES]


def encode(tokenizer: Any, turns: Sequence[MarkedTurn]) -> TokenBatch:
    """Messages after the earlier ones."""
    return encode_turns(tokenizer, [(newest_before(turn.before), turn.text) for turn in turns])


def loss_of(network: TurnTagger, tokenizer: Any, turns: Sequence[MarkedTurn]) -> Tensor:
    """Of all tags and decisions, weighed."""
    batch = encode(tokenizer, turns)
    tokens, about = network(batch.ids, batch.mask, batch.own)
    tags, bounds = targets(batch, turns)
    loss = TAG_WEIGHT * functional.cross_entropy(tokens[..., : tagging.TAGS].flatten(0, 1), tags.flatten())
    if (bounds != IGNORED).any():
        loss = loss + functional.cross_entropy(tokens[..., tagging.TAGS :].flatten(0, 1), bounds.flatten())
    for head, scores in zip(tagging.HEADS, tagging.head_scores(about).values(), strict=True):
        values = [getattr(turn.reading, head.name) for turn in turns]
        if head.many:
            wanted = torch.tensor([[float(name in value) for name in head.names] for value in values])
            loss = loss + MANY_WEIGHT * functional.binary_cross_entropy_with_logits(scores, wanted)
        else:
            weight = ACT_WEIGHT if head.name == "act" else HEAD_WEIGHT
            places = torch.tensor([head.names.index(value) for value in values])
            loss = loss + weight * functional.cross_entropy(scores, places, label_smoothing=0.02)
    return loss


def targets(batch: TokenBatch, turns: Sequence[MarkedTurn]) -> tuple[Tensor, Tensor]:
    """Tags and bounds [n, L], IGNORED outside of the messages, and where there is no bound."""
    tags, bounds = (torch.full(batch.ids.shape, IGNORED) for _ in range(2))
    for row, turn in enumerate(turns):
        first = int(batch.own[row].argmax())
        for place, (tag, bound) in enumerate(tagging.tags_of(turn.reading.spans, batch.offsets[row][first:])):
            tags[row, first + place] = tag
            bounds[row, first + place] = bound if bound >= 0 else IGNORED
    return tags, bounds


@torch.inference_mode()
def measure(network: TurnTagger, tokenizer: Any, turns: Sequence[MarkedTurn], step: int) -> Read:
    """How the messages held out are read."""
    network.eval()
    right = found = known = acts = whole = 0
    for part in chunks(turns, 32):
        batch = encode(tokenizer, part)
        tokens, about = network(batch.ids, batch.mask, batch.own)
        for row, turn in enumerate(part):
            first = int(batch.own[row].argmax())
            offsets = batch.offsets[row][first:]
            scores = tokens[row, first : first + len(offsets)].numpy()
            read = tagging.decode(turn.text, offsets, scores, about[row].numpy())
            ours, theirs = set(read.spans), set(turn.reading.spans)
            right, found, known = right + len(ours & theirs), found + len(ours), known + len(theirs)
            acts += read.act == turn.reading.act
            whole += read == turn.reading
    count = max(len(turns), 1)
    return Read(step, whole / count, acts / count, right / max(found, 1), right / max(known, 1))
