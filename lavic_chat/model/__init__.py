"""The model: the only place that knows the insides of transformers, peft and ONNX Runtime.

`load_model` (load.py) opens it in torch, `open_model` (runtimes.py) in the runtime that is fastest here.
"""

from lavic_chat.model.base import TORCH, VIEWS, VisionLanguageModel

__all__ = ["TORCH", "VIEWS", "VisionLanguageModel"]
