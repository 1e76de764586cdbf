"""Ranking candidates for a dialogue: one prompt, one forward pass, one score a candidate."""

import contextlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from lavic_chat.catalog import Product
from lavic_chat.dialogue.turns import Dialogue
from lavic_chat.errors import ModelError
from lavic_chat.features.item import ItemFeatures, count_pictures
from lavic_chat.model import TORCH, VIEWS, VisionLanguageModel
from lavic_chat.model.layers import WHOLE
from lavic_chat.model.packing import Prompt, pad
from lavic_chat.ranking.branch_cache import BranchCache
from lavic_chat.ranking.prompt import (
    BRANCH,
    DECODES,
    GENERATE,
    IDS,
    LABELINGS,
    LETTERS,
    LIST,
    PromptCandidate,
    PromptFormat,
    build_prompt,
    make_labels,
)
from lavic_chat.ranking.reading import Reader
from lavic_chat.ranking.scoring import score_prompts, score_with, weigh_scores
from lavic_chat.storage.cache import TextCache
from lavic_chat.storage.files import hash_bytes

ROOM = 2048  # tokens of a prompt (the paper's maximum), where its candidates do not need more:
DIALOGUE, CANDIDATE, PICTURE = 512, 96, 6  # of the conversation; of a candidate; of each of its further pictures
MOST_PADDING = 0.15  # of the tokens of a pass: beyond that, what is saved by reading prompts together is lost again
NEW_TOKENS = 10  # of a generated answer (the paper's)
SCORING = "1"  # counted up when a prompt comes to score otherwise: what was remembered is then forgotten


@dataclass(frozen=True)
class Ranking:
    """Probabilities [n] in the candidates' order, prompt length, and the generated answer where there is one.

    named: index of the candidate that a generated answer names, None if it names none.
    """

    probabilities: tuple[float, ...]
    prompt_tokens: int
    visual_tokens: int
    answer: str = ""
    named: int | None = None


@dataclass(frozen=True)
class RankingInput:
    """A turn made ready for scoring, which uses no tokenizer: the prompt, the tower states [v, h] in its image places,
    the query scores [n]; of a generated answer the candidates' labels and how many tokens it may have."""

    prompt: Prompt
    rows: Tensor
    query_scores: Sequence[float] | np.ndarray | None = None
    labels: Sequence[str] = ()
    new_tokens: int = 0


@dataclass(frozen=True)
class RankerConfig:
    """decode: "branch", "list" or "generate"; temperature calibrates the probabilities; labeling: what the candidates
    of a list are called, "letters" or their own "ids"; retrieval_weight: what a unit of query score adds to a
    candidate's score, after the temperature; room: tokens of a prompt, if not as many as the candidates need;
    conversation: of these for the conversation, see `PromptFormat`.

    Raises ModelError for a decode or labeling that there is not.
    """

    decode: str = BRANCH
    temperature: float = 1.0
    labeling: str = LETTERS
    retrieval_weight: float = 0.0
    room: int | None = None
    conversation: int | None = None

    def __post_init__(self):
        if self.decode not in DECODES:
            raise ModelError(f"There is no way to decode called {self.decode!r}; choose {', '.join(DECODES)}.")
        if self.labeling not in LABELINGS:
            raise ModelError(f"Candidates cannot be called by {self.labeling!r}; choose {' or '.join(LABELINGS)}.")

    @property
    def layout(self) -> str:
        """How the prompt is laid out: a generated answer is one to a list."""
        return LIST if self.decode == GENERATE else self.decode


class Scorer(Protocol):
    """What may score in the model's place, such as a server of the same weights."""

    def score(self, prompt: Prompt, visual_tokens: Tensor) -> Tensor | None:
        """A prompt and its visual tokens [v, d] -> the candidates' logits [n]; None where the model has to do it."""
        ...


class Ranker:
    """Ranks with a model. score_cache: keeps what the model made of a prompt, for measuring again with another
    temperature or retrieval weight; a shopper's words are not kept. scorer: is asked before the model.
    branches: keeps what was read of products."""

    def __init__(
        self,
        model: VisionLanguageModel,
        config: RankerConfig = RankerConfig(),
        score_cache: TextCache | None = None,
        scorer: Scorer | None = None,
        branches: BranchCache | None = None,
    ):
        self.model, self.config, self.score_cache, self.scorer = model, config, score_cache, scorer
        self.reader = Reader(model, branches)

    def make_prompt(
        self,
        dialogue: Dialogue,
        products: Sequence[Product],
        item_features: Sequence[ItemFeatures],
        wanted: str = "",
    ) -> Prompt:
        """The prompt for products with their features. wanted: see `build_prompt`."""
        by_id = self.config.layout == LIST and self.config.labeling == IDS
        counts = count_pictures([features.states for features in item_features])
        candidates = [
            PromptCandidate(product.title, count, features.caption, id=product.id if by_id else "")
            for product, features, count in zip(products, item_features, counts, strict=True)
        ]
        needed = DIALOGUE + CANDIDATE * len(products) + PICTURE * sum(count - 1 for count in counts)
        room = self.config.room or max(ROOM, min(needed, self.model.context))
        prompt_format = PromptFormat(self.config.layout, room, self.config.labeling, self.config.conversation)
        return build_prompt(self.model, dialogue, candidates, prompt_format, wanted)

    def rank(
        self,
        dialogue: Dialogue,
        products: Sequence[Product],
        item_features: Sequence[ItemFeatures],
        photo: Tensor | None = None,
        query_scores: Sequence[float] | np.ndarray | None = None,
    ) -> Ranking:
        """n products with their features. photo: the states [5, h] of the dialogue's, if it has one. query_scores [n]:
        how near retrieval finds each product to the dialogue."""
        return self.rank_many([self.prepare(dialogue, products, item_features, photo, query_scores)])[0]

    def prepare(
        self,
        dialogue: Dialogue,
        products: Sequence[Product],
        item_features: Sequence[ItemFeatures],
        photo: Tensor | None = None,
        query_scores: Sequence[float] | np.ndarray | None = None,
    ) -> RankingInput:
        """The part of `rank` before the model: all that needs the tokenizer."""
        prompt = self.make_prompt(dialogue, products, item_features)
        states = [features.states for features in item_features]
        places = int((prompt.ids == self.model.image_token_id).sum())
        photo_kept = places > VIEWS * sum(count_pictures(states))  # a very long conversation can push the photo out
        rows = join_states(states, photo if photo_kept else None)
        if self.config.decode != GENERATE:
            return RankingInput(prompt, rows, query_scores)
        labels = make_labels([PromptCandidate(one.title, id=one.id) for one in products], self.config.labeling)
        longest = max(len(self.model.words_to_ids(label)) for label in labels)
        return RankingInput(prompt, rows, query_scores, labels, max(NEW_TOKENS, longest + 1))

    @property
    def reads_ahead(self) -> bool:
        """Whether a plan and a cache let products be read before a conversation asks for them."""
        return bool(self.model.plan.join and self.config.decode == BRANCH and self.reader.branches.store)

    @torch.inference_mode()
    def read_ahead(self, products: Sequence[Product], item_features: Sequence[ItemFeatures]) -> None:
        """Read products for later turns."""
        prompt = self.make_prompt(Dialogue(), products, item_features)
        self.reader.read_branches(prompt, join_states([features.states for features in item_features]))

    @torch.inference_mode()
    def rank_many(self, inputs: Sequence[RankingInput]) -> list[Ranking]:
        """Rank turns that were prepared, in as few passes as pays; each comes out as it would alone."""
        logits: list[Tensor] = [torch.empty(0)] * len(inputs)
        for rows in group_by_length([len(one.prompt.ids) for one in inputs]):
            for row, scored in zip(rows, self.score_or_recall([inputs[row] for row in rows]), strict=True):
                logits[row] = scored
        return [self.finish(one, scored) for one, scored in zip(inputs, logits, strict=True)]

    def finish(self, one: RankingInput, logits: Tensor) -> Ranking:
        """A turn's logits [n] -> its ranking."""
        probabilities = tuple(torch.softmax(self.weigh(logits, one.query_scores), -1).tolist())
        length, seen = len(one.prompt.ids), len(one.rows)
        if self.config.decode != GENERATE:
            return Ranking(probabilities, length, seen)
        answer = self.generate(one)
        named = read_label(answer, one.labels)
        return Ranking(put_first(probabilities, named), length, seen, answer, named)

    def generate(self, one: RankingInput) -> str:
        """The answer that the model writes freely, greedily."""
        read = pad(self.model, [one.prompt], [self.model.project(one.rows)])[0][:, : one.prompt.until_answer]
        return self.model.generate(list(read), one.new_tokens)[0]

    def score_or_recall(self, inputs: Sequence[RankingInput]) -> list[Tensor]:
        """The candidates' logits [n] of each, through the cache where there is one."""
        if self.score_cache:
            return [self.recall(one, self.score_cache) for one in inputs]
        if len(inputs) == 1 or not self.reads_together:
            return [self.score(one) for one in inputs]
        tokens = [self.model.project(one.rows) for one in inputs]
        return score_prompts(self.model, [one.prompt for one in inputs], tokens)

    @property
    def reads_together(self) -> bool:
        """Whether several turns are read in one pass: on a GPU. A processor is busy with one, which alone it reads on
        from what was read before."""
        return self.model.device.type != "cpu" and not self.scorer

    def score(self, one: RankingInput) -> Tensor:
        """One turn's logits [n], read on from what was read before."""
        scored = self.scorer.score(one.prompt, self.model.project(one.rows)) if self.scorer else None
        return score_with(self.reader, one.prompt, one.rows) if scored is None else scored

    def recall(self, one: RankingInput, cache: TextCache) -> Tensor:
        """One turn's logits [n] through the cache."""
        prompt, rows = one.prompt, one.rows
        seen = rows.half().cpu().numpy().tobytes()
        said = b"".join(part.numpy().tobytes() for part in prompt.unshared())
        weights = (self.model.fingerprint, self.model.adapter_hash, str(self.model.device), str(self.model.dtype))
        weights += () if self.model.runtime == TORCH else (self.model.runtime,)
        weights += () if self.model.plan == WHOLE else (str(self.model.plan),)
        key = hash_bytes(SCORING, *weights, self.config.layout, self.config.labeling, said, seen)
        with contextlib.suppress(KeyError, ValueError):  # of a damaged row
            logits = torch.tensor(json.loads(cache.get([key])[key]))
            if logits.shape == (prompt.candidates,):
                return logits
        logits = self.score(one)
        cache.put({key: json.dumps(logits.tolist())})
        return logits

    def weigh(self, logits: Tensor, query_scores: Sequence[float] | np.ndarray | None = None) -> Tensor:
        """Candidates' logits [n] -> their scores, with the ranker's temperature and retrieval weight."""
        near = None if query_scores is None else torch.as_tensor(query_scores)
        return weigh_scores(logits, self.config.temperature, self.config.retrieval_weight, near)


def join_states(states: Tensor | Sequence[Tensor], photo: Tensor | None = None) -> Tensor:
    """[n, 5, h], or [k, 5, h] of each, and perhaps [5, h] -> [v, h] in the prompt's order: the conversation's photo,
    then candidates."""
    rows = torch.cat([seen.flatten(0, -2) for seen in states])
    if photo is not None:
        rows = torch.cat([photo.to(rows), rows])
    if len(rows) % VIEWS:
        raise AssertionError("every picture gives five states")
    return rows


def group_by_length(lengths: Sequence[int], padding: float = MOST_PADDING) -> list[list[int]]:
    """Rows of prompts that are read in one pass: of like lengths, so that at most this share of it is padding."""
    groups: list[list[int]] = []
    for row in sorted(range(len(lengths)), key=lambda row: -lengths[row]):
        group = [*groups[-1], row] if groups else [row]
        size = lengths[group[0]] * len(group)
        if groups and size - sum(lengths[member] for member in group) <= padding * size:
            groups[-1] = group
        else:
            groups.append([row])
    return groups


def read_label(answer: str, labels: Sequence[str]) -> int | None:
    """The candidate that a generated answer names: the first label that stands alone in it."""
    found = re.search("|".join(rf"(?<!\w){re.escape(label)}(?!\w)" for label in sorted(labels, key=len)[::-1]), answer)
    return labels.index(found[0]) if found else None


def put_first(probabilities: tuple[float, ...], named: int | None) -> tuple[float, ...]:
    """Give the highest probability to the candidate that the generated answer names."""
    if named is None:
        return probabilities
    best = max(range(len(probabilities)), key=probabilities.__getitem__)
    swapped = list(probabilities)
    swapped[best], swapped[named] = swapped[named], swapped[best]
    return tuple(swapped)
