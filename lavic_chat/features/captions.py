"""Captions: the model's own words for a picture's five visual tokens, greedily, many at a time (LaViC, stage 1).

All pictures of a batch are branches of one prompt, as candidates are, and each branch goes on with its own words:

    [instruction] -> [Product: ##### looks:] blue (navy) velvet sofa;
                  -> [Product: ##### looks:] brown (oak) wood table;

A caption depends on the picture and the weights alone, so it is written once and kept under a hash of what was seen.
Ranking shows captions beside the visual tokens, retrieval reads them beside the titles. A model whose adapter has not
learned to write them has none.
"""

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm

from lavic_chat.catalog import Product
from lavic_chat.features.image_encoder import chunks
from lavic_chat.model import VIEWS, VisionLanguageModel
from lavic_chat.model.packing import Prompt, join_branches, pad
from lavic_chat.storage.cache import TextCache
from lavic_chat.storage.files import hash_bytes, read_jsonl, write_jsonl
from lavic_chat.storage.runtime_cache import RuntimeCache

BATCH = 16  # pictures captioned together
REQUEST = "Say how each product looks.\n"
CAPTION_MARK, END = " looks:", ";"  # around a caption
MAX_CAPTION = 20  # tokens


class Captioner:
    """Tower states to words, through the cache at `home`."""

    def __init__(self, model: VisionLanguageModel, home: str | Path):
        self.model = model
        name = hash_bytes(model.fingerprint, model.adapter_hash)[:24]
        store = TextCache(Path(home) / "cache" / "descriptions" / f"{name}.sqlite")
        self.cache = RuntimeCache(store, model.runtime)

    def caption_states(self, states: Tensor, progress: bool = False) -> list[str]:
        """[n, 5, h] -> n captions, all empty where the model does not write any."""
        if not self.model.speaks:
            return [""] * len(states)
        keys = [self._key(state) for state in states]
        known = self.cache.get(keys)
        new = {key: row for row, key in enumerate(keys) if key not in known}
        with tqdm(total=len(new), desc="Describing pictures", unit="picture", disable=not (progress and new)) as bar:
            for part in chunks(new, BATCH):
                written = generate_captions(self.model, states[[new[key] for key in part]])
                fresh = dict(zip(part, written, strict=True))
                self.cache.put(fresh)  # after every batch, so that a stopped run goes on from here
                known.update(fresh)
                bar.update(len(part))
        return [known[key] for key in keys]

    def save(self, states: Tensor, path: str | Path) -> None:
        """Write these states' captions [n, 5, h], to ship with them."""
        known = self.cache.get([self._key(state) for state in states])
        write_jsonl(Path(path), ({"key": key, "said": text} for key, text in sorted(known.items())))

    def adopt(self, path: str | Path) -> None:
        """Take shipped captions into the cache, unless they are there."""
        if not Path(path).is_file():
            return
        shipped = {str(row.get("key")): str(row.get("said")) for _, row in read_jsonl(Path(path))}
        known = self.cache.get_reference(shipped)
        self.cache.put_reference({key: text for key, text in shipped.items() if key not in known})

    @staticmethod
    def _key(state: Tensor) -> str:
        """In half precision, as states are shipped."""
        return hash_bytes(state.half().cpu().numpy().tobytes())


def kinds_of(products: Iterable[Product]) -> frozenset[str]:
    """What kinds of things the products are, as captions name them."""
    return frozenset(str(product.attributes.get("type") or product.category.lower()) for product in products) - {""}


def without_kind(caption: str, kinds: Collection[str]) -> str:
    """A caption's appearance alone: "blue (denim) cotton sofa, striped" -> "blue (denim) cotton, striped". Five tokens
    tell colours better than what a thing is for, and the title has said that."""
    appearance, comma, pattern = caption.partition(",")
    ends = (appearance[place + 1 :] for place, letter in enumerate(appearance) if letter == " ")
    kind = next((end for end in ends if end in kinds), "")  # the longest first
    return appearance.removesuffix(f" {kind}") + comma + pattern if kind else caption


def caption_prompt(model: VisionLanguageModel, captions: Sequence[str | None], longest: int = MAX_CAPTION) -> Prompt:
    """One branch a picture, ending where its caption begins, or with the caption where it is given, of at most
    `longest` tokens."""
    before, after = model.chat_frame()
    opening = [*model.words_to_ids("Product: "), *[model.image_token_id] * VIEWS, *model.words_to_ids(CAPTION_MARK)]
    words = [caption_ids(model, text, longest) if text else [] for text in captions]
    places = [range(len(opening), len(opening) + len(ids)) for ids in words]
    head = [*before, *model.words_to_ids(REQUEST), *after]
    return join_branches(head, [opening + ids for ids in words], len(words), places, model.image_token_id)


def caption_ids(model: VisionLanguageModel, caption: str, longest: int = MAX_CAPTION) -> list[int]:
    """A caption's token ids: a space before it, the end mark behind it."""
    return model.words_to_ids(f" {caption}")[:longest] + model.words_to_ids(END)


@torch.inference_mode()
def generate_captions(
    model: VisionLanguageModel, states: Tensor, batch: int = BATCH, progress: bool = False
) -> list[str]:
    """Tower states [n, 5, h] -> the model's caption of each picture."""
    captions: list[str] = []
    with tqdm(total=len(states), desc="Describing pictures", unit="picture", disable=not progress) as bar:
        for part in states.split(batch) if len(states) else ():
            captions += decode_captions(model, model.project(part))
            bar.update(len(part))
    return captions


def decode_captions(model: VisionLanguageModel, tokens: Tensor) -> list[str]:
    """Visual tokens [n, 5, d] -> n captions, by greedy decoding."""
    prompt = caption_prompt(model, [None] * len(tokens))
    end = model.words_to_ids(END)[0]
    visible, own = prompt.mask[prompt.answers], torch.eye(len(tokens), dtype=torch.bool)  # [n, L], [n, n]
    states, past = model.read(*pad(model, [prompt], [tokens.flatten(0, 1)]), kept=len(prompt.ids))
    states = states[0, prompt.answers]
    written: list[Tensor] = []
    for step in range(1, MAX_CAPTION + 1):
        logits = model.word_logits(states)  # [n, V]
        logits[:, model.image_token_id] = -torch.inf  # stands for a picture, is no word
        written.append(logits.argmax(-1).cpu())
        if all(end in row for row in torch.stack(written, 1).tolist()):
            break
        visible = torch.cat([visible, own], 1)  # every branch sees what it wrote itself
        positions = prompt.positions[prompt.answers] + step
        embedded = model.embed(written[-1], tokens[:0, 0])
        states, past = model.read(embedded[None], positions[None], visible[None], past, len(embedded))
        states = states[0]
    return [read_caption(model, row, end) for row in torch.stack(written, 1).tolist()]


def read_caption(model: VisionLanguageModel, ids: list[int], end: int) -> str:
    """The text before the end mark."""
    ids = ids[: ids.index(end)] if end in ids else ids
    return " ".join(model.ids_to_words(ids).split())
