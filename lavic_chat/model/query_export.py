"""The LLM with its MoDA as one graph for queries: what `onnx_query.py` reads. The gates of texts are folded into the
weights, so that it costs what the LLM costs without a MoDA."""

from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from lavic_chat.model.layers import LayerStack, Memory
from lavic_chat.model.llava import LavicModel
from lavic_chat.model.moda import TEXT, fold_moda
from lavic_chat.model.onnx_export import Traced, save_graph
from lavic_chat.model.onnx_query import QUERY, QUERY_RECORD, QUERY_TOKENIZER, QueryRecord
from lavic_chat.model.packing import pad_causal
from lavic_chat.model.pooling import to_vectors
from lavic_chat.storage.files import fresh_folder, write_json
from lavic_chat.storage.manifest import write_manifest


@dataclass(frozen=True)
class QueryPrompt:
    """instruction: ids that stand before every text. longest: tokens of a text. is_own: whether the mean is of the
    text's states alone. size: to which it is pooled; 0: as long as the LLM has them. learned: see `QueryRecord`."""

    instruction: tuple[int, ...]
    longest: int
    is_own: bool
    size: int
    learned: bool


class QueryGraph(nn.Module):
    """What is traced: the words of a text behind its instruction, whose keys and values are constants."""

    before: Tensor
    past: Tensor

    def __init__(self, model: LavicModel, prompt: QueryPrompt):
        super().__init__()
        layers, heads, size = model.memory_shape
        self.prompt, self.words = prompt, nn.Embedding.from_pretrained(model.word_embeddings)
        self.stack = LayerStack(model.core.language_model, 0, layers)
        states, positions, mask = pad_causal([self.words(torch.tensor(prompt.instruction))])
        nothing = torch.zeros(2 * layers, 1, heads, 0, size)
        read, past = self.stack(states, positions, mask[:, None], nothing, len(prompt.instruction))
        self.register_buffer("before", read)
        self.register_buffer("past", past)

    def forward(self, ids: Tensor, positions: Tensor, mask: Tensor) -> Tensor:
        """[1, L], [1, L], [1, 1, L, P + L] what is added to scores -> [1, size]"""
        states = self.stack.read(self.words(ids), positions, mask, Memory(self.past))
        mean = (states if self.prompt.is_own else torch.cat([self.before, states], 1)).mean(1)
        return to_vectors(mean, self.prompt.size)


@torch.inference_mode()
def export_query(model: LavicModel, prompt: QueryPrompt, folder: str | Path) -> None:
    """Write the graph, the folder whole or not at all; the model's MoDA is folded in. Raises LavicError when the disk
    is full."""
    fold_moda(model, TEXT)
    before, length = len(prompt.instruction), 5
    example = {
        "ids": torch.ones(1, length, dtype=torch.long),
        "positions": torch.arange(before, before + length)[None],
        "mask": torch.zeros(1, 1, length, before + length),
    }
    varies = {"ids": (1,), "positions": (1,), "mask": (2, 3)}
    hidden = tuple(sorted({*model.tokenizer.all_special_ids, model.image_token_id}))
    record = QueryRecord(prompt.size or model.token_size, prompt.longest, prompt.learned, hidden, before)
    with fresh_folder(folder) as fresh:
        save_graph(Traced(QueryGraph(model, prompt), example, varies, ("vector",)), fresh / QUERY)
        model.tokenizer.backend_tokenizer.save(str(fresh / QUERY_TOKENIZER))
        write_json(fresh / QUERY_RECORD, asdict(record))
        write_manifest(fresh)
