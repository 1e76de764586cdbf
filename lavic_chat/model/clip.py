"""A CLIP, for comparison alone: given by folder or hub name, safetensors only, no code of others."""

from collections.abc import Sequence
from typing import Any

import torch
from PIL import Image
from torch import Tensor
from transformers import CLIPModel, CLIPProcessor

from lavic_chat.errors import ModelError


class Clip:
    """Texts and pictures to vectors of one space. Raises ModelError where there is no such CLIP."""

    def __init__(self, name: str):
        careful: dict[str, Any] = {"trust_remote_code": False}
        try:
            self.model: Any = CLIPModel.from_pretrained(name, use_safetensors=True, **careful).eval()
            self.processor: Any = CLIPProcessor.from_pretrained(name, **careful)
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise ModelError(
                f"{name} cannot be opened as a CLIP; give its folder, or a hub name that can be reached."
            ) from error

    @torch.inference_mode()
    def encode_texts(self, texts: Sequence[str]) -> Tensor:
        """[n, d]"""
        words = self.processor(text=list(texts), padding=True, truncation=True, return_tensors="pt")
        return pooled(self.model.get_text_features(**words))

    @torch.inference_mode()
    def encode_pictures(self, pictures: Sequence[Image.Image]) -> Tensor:
        """[n, d]"""
        return pooled(self.model.get_image_features(**self.processor(images=list(pictures), return_tensors="pt")))


def pooled(found: Any) -> Tensor:
    """[n, d], whether a version of transformers gives it bare or with more beside."""
    return found if isinstance(found, Tensor) else found.pooler_output
