"""The model: the only place that knows the insides of transformers and peft."""

from lavic_chat.model.llava import VIEWS, LavicModel
from lavic_chat.model.load import load_model

__all__ = ["VIEWS", "LavicModel", "load_model"]
