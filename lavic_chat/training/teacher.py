"""An adapter whose choices another learns, such as one that is to choose alike with less to read
(knowledge distillation, arXiv 1503.02531)."""

from pathlib import Path

import torch
from torch import Tensor

from lavic_chat.errors import ModelError
from lavic_chat.model import VisionLanguageModel
from lavic_chat.model.packing import Prompt
from lavic_chat.model.runtimes import ModelSource, open_model
from lavic_chat.ranking.reading import Reader
from lavic_chat.ranking.scoring import score_with
from lavic_chat.settings import AUTO, Settings


class Teacher:
    """What a model makes of prompts that another is shown."""

    def __init__(self, model: VisionLanguageModel):
        self.reader = Reader(model)

    @torch.no_grad()
    def score(self, prompt: Prompt, rows: Tensor) -> Tensor:
        """A prompt and the tower states [v, h] in its image places -> the candidates' logits [n]."""
        return score_with(self.reader, prompt, rows)


def open_teacher(settings: Settings, adapter: Path | None, student: VisionLanguageModel) -> Teacher | None:
    """The teacher of an adapter's folder, in the fastest runtime there is; None without one. Raises ModelError where
    its tower is another than the student's: it would be shown what it cannot see."""
    if adapter is None:
        return None
    model = open_model(ModelSource(settings.model, adapter, settings.home, AUTO))
    if model.vision_hash != student.vision_hash:
        raise ModelError(
            f"{adapter} has another tower than the adapter that is to learn from it; choose another --teacher."
        )
    return Teacher(model)
