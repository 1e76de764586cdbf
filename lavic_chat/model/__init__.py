"""The model: the only place that knows the insides of transformers and peft."""

from lavic_chat.model.llava import LavicModel
from lavic_chat.model.load import load_model
from lavic_chat.model.visual_tokens import VIEWS

__all__ = ["VIEWS", "LavicModel", "load_model"]
