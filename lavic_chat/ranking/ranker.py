"""Ranking candidates for a dialogue: one prompt, one forward pass, one score a candidate."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from lavic_chat.catalog import Product
from lavic_chat.dialogue import Dialogue
from lavic_chat.errors import ModelError
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

ROOM = 2048  # tokens of a prompt (the paper's maximum), where its candidates do not need more:
TALK, CANDIDATE, PICTURE = 512, 96, 6  # of the conversation; of a candidate; of each of its further pictures
NEW_TOKENS = 10  # of a generated answer (the paper's)


@dataclass(frozen=True)
class Sight:
    """What the model has of a product: its pictures' tower states, [5, h] or [k, 5, h], and what it said of the main
    one ("" where it does not speak)."""

    states: Tensor
    looks: str = ""


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
    the candidates need; trust: what a unit of nearness, search's opinion of a candidate, adds to its score."""

    def __init__(
        self,
        model: LavicModel,
        decode: str = BRANCH,
        temperature: float = 1.0,
        room: int | None = None,
        labeling: str = LETTERS,
        trust: float = 0.0,
    ):
        if decode not in DECODES:
            raise ModelError(f"There is no way to decode called {decode!r}; choose {', '.join(DECODES)}.")
        if labeling not in LABELINGS:
            raise ModelError(f"Candidates cannot be called by {labeling!r}; choose {' or '.join(LABELINGS)}.")
        self.model, self.decode, self.temperature, self.room = model, decode, temperature, room
        self.labeling, self.trust = labeling, trust

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
        layout = LIST if self.decode == GENERATE else self.decode
        said, counts = looks or [""] * len(products), pictures or [1] * len(products)
        by_id = layout == LIST and self.labeling == IDS
        offers = [
            Offer(product.title, count, words, id=product.id if by_id else "")
            for product, count, words in zip(products, counts, said, strict=True)
        ]
        needed = TALK + CANDIDATE * len(products) + PICTURE * sum(count - 1 for count in counts)
        room = self.room or max(ROOM, min(needed, self.model.context))
        return build_prompt(self.model, dialogue, offers, layout, room, self.labeling, wanted)

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
        each product's text to the dialogue."""
        pictures = count_pictures(states)
        prompt = self.make_prompt(dialogue, products, looks, pictures=pictures)
        places = int((prompt.ids == self.model.image_token_id).sum())
        photo_kept = places > VIEWS * sum(pictures)  # a very long conversation can push the photo out
        tokens = self.model.project(join_states(states, photo if photo_kept else None))
        layout = LIST if self.decode == GENERATE else self.decode
        logits = score_prompts(self.model, [prompt], [tokens], layout)[0]
        probabilities = tuple(torch.softmax(self.weigh(logits, nearness), -1).tolist())
        if self.decode != GENERATE:
            return Ranking(probabilities, len(prompt.ids), len(tokens))
        labels = make_labels([Offer(product.title, id=product.id) for product in products], self.labeling)
        longest = max(len(self.model.words_to_ids(label)) for label in labels)
        read = pad(self.model, [prompt], [tokens])[0][:, : prompt.until_answer]
        answer = self.model.generate(read, max(NEW_TOKENS, longest + 1))[0]
        named = read_label(answer, labels)
        return Ranking(put_first(probabilities, named), len(prompt.ids), len(tokens), answer, named)

    def weigh(self, logits: Tensor, nearness: Sequence[float] | None = None) -> Tensor:
        """Candidates' logits [n] -> their scores, with the ranker's temperature and trust."""
        return weigh(logits, self.temperature, self.trust, None if nearness is None else torch.as_tensor(nearness))


def count_pictures(states: Tensor | Sequence[Tensor]) -> list[int]:
    """How many pictures each product has, by its states [5, h] or [k, 5, h]."""
    return [1 if seen.dim() == 2 else len(seen) for seen in states]


def main_pictures(states: Iterable[Tensor]) -> Tensor:
    """[5, h], or [k, 5, h], of each of n products -> [n, 5, h]"""
    return torch.stack([seen if seen.dim() == 2 else seen[0] for seen in states])


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
