"""The exported tagger on ONNX Runtime: tagger.onnx, .bin and tokenizer.json in a folder as the model's."""

from pathlib import Path
from typing import Self

from tokenizers import Tokenizer

from lavic_chat.model.onnx_graph import Graph, reading_export
from lavic_chat.model.turn_batch import TurnScores, encode_turns, scores_of, unpadded
from lavic_chat.settings import ONNX

TAGGER, TAGGER_TOKENIZER = "tagger.onnx", "tokenizer.json"


class OnnxTurnTagger:
    """See `turn_batch.TurnModel`. Raises ModelError where the folder is damaged."""

    runtime = ONNX

    def __init__(self, folder: str | Path):
        folder = Path(folder)
        with reading_export(folder):
            self._tokenizer = unpadded(Tokenizer.from_file(str(folder / TAGGER_TOKENIZER)))
        self._words = self._tokenizer.get_vocab()
        self._graph = Graph(folder / TAGGER)

    def check(self) -> Self:
        """Itself; raises ModelError where this machine cannot run it."""
        self.score("", "one")
        return self

    def score(self, before: str, text: str) -> TurnScores:
        """Of one message after the shopper's earlier ones, which are one text."""
        batch = encode_turns(self._tokenizer, [(before, text)])
        return scores_of(batch, *self._graph.run(ids=batch.ids, mask=batch.mask, own=batch.own))

    def is_word(self, word: str) -> bool:
        """Whether it is a whole word of the tokenizer's vocabulary."""
        return word in self._words
