"""The sentence encoder all-MiniLM-L6-v2, and the LoRA that lets it hear what shoppers mean.

In an adapter folder:
retriever/              a PEFT adapter (safetensors, half precision)
"""

import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors import SafetensorError
from sentence_transformers import SentenceTransformer
from torch import Tensor

from lavic_chat.errors import ModelError
from lavic_chat.model.base import TORCH
from lavic_chat.model.card import RETRIEVER, WEIGHTS, seal_adapter
from lavic_chat.model.lavic_mini.assemble import TEXT_ENCODER, ensure_text_encoder
from lavic_chat.model.lora import fold_loras, read_lora, save_lora, without_remarks
from lavic_chat.storage.files import fresh_folder, hash_file

LINEARS = r".*encoder\.layer\..*\.(query|key|value|dense)"


def load_text_encoder(home: str | Path, adapter: str | Path | None = None) -> tuple[SentenceTransformer, str]:
    """The encoder and a name for its weights; with the LoRA of an adapter folder folded in, where that has one.

    Raises ModelError when the encoder's folder is damaged or cannot be made, or the LoRA is damaged.
    """
    folder = ensure_text_encoder(home)
    try:
        encoder: Any = SentenceTransformer(str(folder), device="cpu")
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise ModelError(
            f"The sentence encoder cannot be opened ({type(error).__name__}); delete that folder to have it made "
            f"anew: {folder}"
        ) from error
    weights = Path(adapter) / RETRIEVER / WEIGHTS if adapter else None
    if not weights or not weights.is_file():
        return encoder, TEXT_ENCODER
    try:
        read_lora(encoder[0].auto_model, RETRIEVER, weights)
    except (OSError, SafetensorError, RuntimeError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            f"The retriever in {weights.parent} is damaged or incomplete ({type(error).__name__}); fetch it again, or "
            "delete that folder to search without it."
        ) from error
    fold_loras(encoder)
    return encoder, f"{TEXT_ENCODER}-{hash_file(weights)[:24]}"


class TorchTextEncoder:
    """See `onnx_text.TextModel`; raises ModelError as `load_text_encoder`."""

    runtime = TORCH

    def __init__(self, home: str | Path, adapter: str | Path | None = None):
        self.encoder, self.name = load_text_encoder(home, adapter)
        self.size = int(self.encoder.get_embedding_dimension() or 0)
        self._encoding = threading.Lock()  # its tokenizer keeps settings between calls, which threads must not mix

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """[n, size] unit vectors."""
        with self._encoding:
            return self.encoder.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)


def add_text_lora(encoder: Any, rank: int, alpha: int, seed: int) -> PeftModel:
    """A fresh LoRA on every linear layer of the encoder's transformer, alone trainable."""
    torch.manual_seed(seed)
    config = LoraConfig(r=rank, lora_alpha=alpha, target_modules=LINEARS)
    with without_remarks():
        return get_peft_model(encoder[0].auto_model, config, adapter_name=RETRIEVER)


@contextmanager
def weakened(lora: PeftModel, strength: float) -> Generator[None]:
    """With that share of what the LoRA changes. Between the weights before and after lies what loses little where it
    was trained and holds elsewhere (WiSE-FT, arXiv 2109.01903)."""
    weights = [tensor for name, tensor in lora.named_parameters() if "lora_B" in name]
    whole = [tensor.detach().clone() for tensor in weights]
    with torch.no_grad():
        for tensor in weights:
            tensor.mul_(strength)
        yield
        for tensor, before in zip(weights, whole, strict=True):
            tensor.copy_(before)


def save_text_lora(lora: PeftModel, adapter: str | Path) -> None:
    """Write the folder `retriever` of an adapter folder, whole or not at all."""
    with fresh_folder(Path(adapter) / RETRIEVER) as temporary:
        save_lora(lora, RETRIEVER, temporary)
    seal_adapter(adapter)


def embed(encoder: SentenceTransformer, texts: Sequence[str]) -> Tensor:
    """[n, d] unit vectors that gradients flow through."""
    return encoder(encoder.preprocess(list(texts)))["sentence_embedding"]
