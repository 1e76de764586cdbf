"""Saying what pictures show: the model's own words for a picture's five visual tokens, greedily, many at a time.

All pictures of a batch are branches of one prompt, as candidates are, and each branch goes on with its own words:

    [instruction] -> [Product: ##### looks:] blue (navy) velvet sofa;
                  -> [Product: ##### looks:] brown (oak) wood table;

What is said of a picture depends on the picture and the weights alone, so it is said once and kept.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from tqdm import tqdm

from lavic_chat.model import VIEWS, LavicModel
from lavic_chat.ranking.prompt import END, LOOKS, MAX_LOOKS, Prompt, join_branches, said_ids
from lavic_chat.ranking.scores import pad

REQUEST = "Say how each product looks.\n"


def description_prompt(model: LavicModel, descriptions: Sequence[str | None], longest: int = MAX_LOOKS) -> Prompt:
    """One branch a picture, ending where its description begins, or with the description where it is given, of at most
    `longest` tokens."""
    before, after = model.chat_frame()
    opening = [*model.words_to_ids("Product: "), *[model.image_token_id] * VIEWS, *model.words_to_ids(LOOKS)]
    words = [said_ids(model, text, longest) if text else [] for text in descriptions]
    said = [range(len(opening), len(opening) + len(ids)) for ids in words]
    head = [*before, *model.words_to_ids(REQUEST), *after]
    return join_branches(head, [opening + ids for ids in words], len(words), said)


@torch.inference_mode()
def describe(model: LavicModel, states: Tensor, batch: int = 16, progress: bool = False) -> list[str]:
    """Tower states [n, 5, h] -> what the model says of each picture."""
    said: list[str] = []
    with tqdm(total=len(states), desc="Describing pictures", unit="picture", disable=not progress) as bar:
        for part in states.split(batch) if len(states) else ():
            said += say(model, model.project(part))
            bar.update(len(part))
    return said


def say(model: LavicModel, tokens: Tensor) -> list[str]:
    """Visual tokens [n, 5, d] -> n descriptions, by greedy decoding."""
    prompt = description_prompt(model, [None] * len(tokens))
    end, memory = model.words_to_ids(END)[0], model.new_memory()
    visible, own = prompt.mask[prompt.answers], torch.eye(len(tokens), dtype=torch.bool)  # [n, L], [n, n]
    states = model.hidden_states(*pad(model, [prompt], [tokens.flatten(0, 1)]), memory)[0, prompt.answers]
    said: list[Tensor] = []
    for step in range(1, MAX_LOOKS + 1):
        logits = model.word_logits(states)  # [n, V]
        logits[:, model.image_token_id] = -torch.inf  # stands for a picture, is no word
        said.append(logits.argmax(-1).cpu())
        if all(end in row for row in torch.stack(said, 1).tolist()):
            break
        visible = torch.cat([visible, own], 1)  # every branch sees what it said itself
        positions = prompt.positions[prompt.answers] + step
        embedded = model.embed(said[-1], tokens[:0, 0])
        states = model.hidden_states(embedded[None], positions[None], visible[None], memory)[0]
    return [read_said(model, row, end) for row in torch.stack(said, 1).tolist()]


def read_said(model: LavicModel, ids: list[int], end: int) -> str:
    ids = ids[: ids.index(end)] if end in ids else ids
    return " ".join(model.tokenizer.decode(ids, skip_special_tokens=True).split())
