"""Ranking candidates for a dialogue: one prompt, one forward pass, one score a candidate."""

import contextlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from lavic_chat.cache import TextCache
from lavic_chat.catalog import Product
from lavic_chat.dialogue import Dialogue
from lavic_chat.errors import ModelError
from lavic_chat.files import hash_bytes
from lavic_chat.model import VIEWS, LavicModel
from lavic_chat.ranking.prompt import (
    BRANCH,
    DECODES,
    GENERATE,
    IDS,
    LABELINGS,
    LETTERS,
    LIST,
    Offer,
    Prompt,
    build_prompt,
    make_labels,
)
from lavic_chat.ranking.scores import pad, score_prompts, weigh
from lavic_chat.sight import count_pictures

ROOM = 2048  # tokens of a prompt (the paper's maximum), where its candidates do not need more:
TALK, CANDIDATE, PICTURE = 512, 96, 6  # of the conversation; of a candidate; of each of its further pictures
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


class Ranker:
    """Ranks with a model. decode: "branch", "list" or "generate"; temperature calibrates the probabilities; labeling:
    what the candidates of a list are called, "letters" or their own "ids"; room: tokens of a prompt, if not as many as
    the candidates need; trust: what a unit of nearness, search's opinion of a candidate, adds to its score; memory:
    keeps what the model made of a prompt, for measuring again with another temperature or trust."""

    def __init__(
        self,
        model: LavicModel,
        decode: str = BRANCH,
        temperature: float = 1.0,
        room: int | None = None,
        labeling: str = LETTERS,
        trust: float = 0.0,
        memory: TextCache | None = None,
    ):
        if decode not in DECODES:
            raise ModelError(f"There is no way to decode called {decode!r}; choose {', '.join(DECODES)}.")
        if labeling not in LABELINGS:
            raise ModelError(f"Candidates cannot be called by {labeling!r}; choose {' or '.join(LABELINGS)}.")
        self.model, self.decode, self.temperature, self.room = model, decode, temperature, room
        self.labeling, self.trust, self.memory = labeling, trust, memory

    @property
    def layout(self) -> str:
        """How the prompt is laid out: a generated answer is one to a list."""
        return LIST if self.decode == GENERATE else self.decode

    def make_prompt(
        self,
        dialogue: Dialogue,
        products: Sequence[Product],
        looks: Sequence[str] | None = None,
        wanted: str = "",
        pictures: Sequence[int] | None = None,
    ) -> Prompt:
        """looks: what the model said of each product's picture, where it speaks. wanted: see `build_prompt`. pictures:
        how many each product has, one without it."""
        said, counts = looks or [""] * len(products), pictures or [1] * len(products)
        by_id = self.layout == LIST and self.labeling == IDS
        offers = [
            Offer(product.title, count, words, id=product.id if by_id else "")
            for product, count, words in zip(products, counts, said, strict=True)
        ]
        needed = TALK + CANDIDATE * len(products) + PICTURE * sum(count - 1 for count in counts)
        room = self.room or max(ROOM, min(needed, self.model.context))
        return build_prompt(self.model, dialogue, offers, self.layout, room, self.labeling, wanted)

    @torch.inference_mode()
    def rank(
        self,
        dialogue: Dialogue,
        products: Sequence[Product],
        states: Tensor | Sequence[Tensor],
        photo: Tensor | None = None,
        looks: Sequence[str] | None = None,
        nearness: Sequence[float] | None = None,
    ) -> Ranking:
        """dialogue, n products, their tower states [n, 5, h] (or [k, 5, h] of each with k pictures), the photo's
        [5, h] if the dialogue has one, what the model said of each product's main picture, and how near search finds
        each product to the dialogue."""
        pictures = count_pictures(states)
        prompt = self.make_prompt(dialogue, products, looks, pictures=pictures)
        places = int((prompt.ids == self.model.image_token_id).sum())
        photo_kept = places > VIEWS * sum(pictures)  # a very long conversation can push the photo out
        rows = join_states(states, photo if photo_kept else None)
        logits = self.recall(prompt, rows) if self.memory else self.score(prompt, rows)
        probabilities = tuple(torch.softmax(self.weigh(logits, nearness), -1).tolist())
        if self.decode != GENERATE:
            return Ranking(probabilities, len(prompt.ids), len(rows))
        labels = make_labels([Offer(product.title, id=product.id) for product in products], self.labeling)
        longest = max(len(self.model.words_to_ids(label)) for label in labels)
        read = pad(self.model, [prompt], [self.model.project(rows)])[0][:, : prompt.until_answer]
        answer = self.model.generate(read, max(NEW_TOKENS, longest + 1))[0]
        named = read_label(answer, labels)
        return Ranking(put_first(probabilities, named), len(prompt.ids), len(rows), answer, named)

    def score(self, prompt: Prompt, rows: Tensor) -> Tensor:
        """A prompt and the tower states [v, h] in its image places -> the candidates' logits [n]."""
        return score_prompts(self.model, [prompt], [self.model.project(rows)], self.layout)[0]

    def recall(self, prompt: Prompt, rows: Tensor) -> Tensor:
        """The same through the memory."""
        seen = rows.half().cpu().numpy().tobytes()
        said = prompt.ids.numpy().tobytes() + prompt.positions.numpy().tobytes()
        weights = (self.model.fingerprint, self.model.adapter_hash, str(self.model.device), str(self.model.dtype))
        key = hash_bytes(SCORING, *weights, self.layout, self.labeling, said, seen)
        with contextlib.suppress(KeyError, ValueError):  # of a damaged row
            logits = torch.tensor(json.loads(self.memory.get([key])[key]))
            if logits.shape == (prompt.candidates,):
                return logits
        logits = self.score(prompt, rows)
        self.memory.put({key: json.dumps(logits.tolist())})
        return logits

    def weigh(self, logits: Tensor, nearness: Sequence[float] | None = None) -> Tensor:
        """Candidates' logits [n] -> their scores, with the ranker's temperature and trust."""
        return weigh(logits, self.temperature, self.trust, None if nearness is None else torch.as_tensor(nearness))


def join_states(states: Tensor | Sequence[Tensor], photo: Tensor | None = None) -> Tensor:
    """[n, 5, h], or [k, 5, h] of each, and perhaps [5, h] -> [v, h] in the prompt's order: the conversation's photo,
    then candidates."""
    rows = torch.cat([seen.flatten(0, -2) for seen in states])
    if photo is not None:
        rows = torch.cat([photo.to(rows), rows])
    if len(rows) % VIEWS:
        raise AssertionError("every picture gives five states")
    return rows


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
