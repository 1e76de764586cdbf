"""The network that reads a message: the sentence encoder all-MiniLM-L6-v2 with a LoRA of its own, and heads upon it.

    [CLS] earlier messages [SEP] the message [SEP]  --encoder-->  states [L, d]
        each token of the message     -->  scores of its tags [tags]
        first, mean and maximum       -->  scores about the whole message [about]

What the scores are of is the business of `nlu/`. In an adapter folder:

nlu/                    a PEFT adapter (safetensors, half precision), and heads.safetensors beside it
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel, get_peft_model_state_dict, set_peft_model_state_dict
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from lavic_chat.errors import ModelError
from lavic_chat.model.base import TORCH
from lavic_chat.model.card import HEADS, NLU, RETRIEVER, WEIGHTS, seal_adapter
from lavic_chat.model.lora import fold_loras, read_lora, save_lora
from lavic_chat.model.text_encoder import add_text_lora, load_text_encoder
from lavic_chat.model.turn_batch import TurnScores, encode_turns, scores_of, unpadded
from lavic_chat.storage.files import fresh_folder, write_atomic

HIDDEN, DROPOUT = 256, 0.1


@dataclass(frozen=True)
class TaggerShape:
    """rank and alpha of the LoRA; tags, about: how many scores a token and a message get."""

    tags: int
    about: int
    rank: int = 64
    alpha: int = 128


class TurnTagger(nn.Module):
    """encoder: a BERT; tags, about: how many scores a token and a message get."""

    def __init__(self, encoder: Any, tags: int, about: int):
        super().__init__()
        self.encoder = encoder
        size = encoder.config.hidden_size
        self.token_head = nn.Sequential(
            nn.Dropout(DROPOUT), nn.Linear(size, HIDDEN), nn.GELU(), nn.Linear(HIDDEN, tags)
        )
        self.turn_head = nn.Sequential(
            nn.Dropout(DROPOUT), nn.Linear(3 * size, HIDDEN), nn.GELU(), nn.Dropout(DROPOUT), nn.Linear(HIDDEN, about)
        )

    def heads(self) -> dict[str, Tensor]:
        """The weights beside the encoder's."""
        return {name: tensor for name, tensor in self.state_dict().items() if not name.startswith("encoder.")}

    def load_heads(self, heads: dict[str, Tensor]) -> None:
        """Put on weights as `heads` gives them; raises ValueError or RuntimeError for others than it needs."""
        missing, unexpected = self.load_state_dict(heads, strict=False)
        if unexpected or any(not name.startswith("encoder.") for name in missing):
            raise ValueError("other heads than it needs")

    def forward(self, ids: Tensor, mask: Tensor, own: Tensor) -> tuple[Tensor, Tensor]:
        """[n, L] each -> tags [n, L, tags], about [n, about]."""
        states = self.encoder(input_ids=ids, attention_mask=mask, token_type_ids=own * mask).last_hidden_state
        inside = own[..., None].to(states.dtype)
        mean = (states * inside).sum(1) / inside.sum(1).clamp_min(1)
        most = (states * inside + (inside - 1) * 1e4).amax(1)
        pooled = torch.cat([states[:, 0], mean, most], -1)
        return self.token_head(states), self.turn_head(pooled)


class TorchTurnTagger:
    """See `turn_batch.TurnModel`; the network in torch, and its tokenizer."""

    runtime = TORCH

    def __init__(self, network: TurnTagger, tokenizer: Any):
        self.network, self.tokenizer = network.eval(), tokenizer
        self._words = tokenizer.get_vocab()

    @torch.inference_mode()
    def score(self, before: str, text: str) -> TurnScores:
        """Of one message after the shopper's earlier ones, which are one text."""
        batch = encode_turns(self.tokenizer, [(before, text)])
        return scores_of(batch, *self.network(batch.ids, batch.mask, batch.own))

    def is_word(self, word: str) -> bool:
        """Whether it is a whole word of the tokenizer's vocabulary."""
        return word in self._words


def new_tagger(home: str | Path, shape: TaggerShape, seed: int) -> tuple[TurnTagger, Any, PeftModel]:
    """A tagger to train, upon a fresh LoRA; its tokenizer; the LoRA. Raises ModelError as `load_text_encoder`."""
    encoder, _ = load_text_encoder(home)
    lora = add_text_lora(encoder, shape.rank, shape.alpha, seed)
    for module in lora.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0  # that costs a third of a step, and messages are varied otherwise
    network = TurnTagger(lora.get_base_model(), shape.tags, shape.about)
    return network, unpadded(encoder.tokenizer.backend_tokenizer), lora


def start_from(network: TurnTagger, lora: PeftModel, adapter: str | Path) -> None:
    """Give a new tagger the weights of an adapter folder's. Raises ModelError where it has none that would fit."""
    folder = Path(adapter) / NLU
    try:
        learned, heads = load_file(folder / WEIGHTS), load_file(folder / HEADS)
        if set(learned) != set(get_peft_model_state_dict(lora, adapter_name=RETRIEVER, save_embedding_layers=False)):
            raise ValueError("a LoRA on other layers")
        set_peft_model_state_dict(lora, learned, adapter_name=RETRIEVER)
        network.load_heads(heads)
    except (OSError, SafetensorError, RuntimeError, ValueError) as error:
        raise ModelError(
            f"{folder} has no tagger of this rank to go on from ({type(error).__name__}); leave `--from` out."
        ) from error


def save_tagger(network: TurnTagger, lora: PeftModel, adapter: str | Path) -> None:
    """Write the folder `nlu` of an adapter folder, whole or not at all."""
    heads = {name: tensor.detach().half().contiguous() for name, tensor in network.heads().items()}
    with fresh_folder(Path(adapter) / NLU) as fresh:
        save_lora(lora, RETRIEVER, fresh)
        write_atomic(fresh / HEADS, save(heads))
    seal_adapter(adapter)


def load_tagger(home: str | Path, adapter: str | Path) -> TorchTurnTagger:
    """The tagger of an adapter folder, LoRA folded in. Raises ModelError where it has none, or a damaged one."""
    folder = Path(adapter) / NLU
    if not (folder / HEADS).is_file():
        raise ModelError(f"{adapter} has no folder {NLU}, so it cannot read messages; train it with `tune-tagger`.")
    encoder, _ = load_text_encoder(home)
    try:
        bert: Any = encoder[0].auto_model
        read_lora(bert, RETRIEVER, folder / WEIGHTS)
        heads = {name: tensor.float() for name, tensor in load_file(folder / HEADS).items()}
        tags, about = (len(heads[f"{name}.bias"]) for name in ("token_head.3", "turn_head.4"))
        fold_loras(encoder)
        network = TurnTagger(encoder[0].auto_model, tags, about)
        network.load_heads(heads)
    except (OSError, SafetensorError, RuntimeError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            f"{folder} is damaged or incomplete ({type(error).__name__}); fetch it again, or train it anew."
        ) from error
    return TorchTurnTagger(network, unpadded(encoder.tokenizer.backend_tokenizer))
