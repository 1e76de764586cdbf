"""A base with its adapter as ONNX graphs, LoRAs folded in: what `onnx_model.py` reads."""

import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from tqdm import tqdm

from lavic_chat.errors import ModelError
from lavic_chat.model.layers import STACKS, LayerStack
from lavic_chat.model.llava import LavicModel
from lavic_chat.model.lora import merge_loras, without_remarks
from lavic_chat.model.onnx_graph import prepare_graph
from lavic_chat.model.onnx_model import (
    PROJECTOR,
    RECORD,
    STACK_FILES,
    TOKENIZER,
    TOWER,
    WORDS,
    ExportRecord,
)
from lavic_chat.model.onnx_tagger import TAGGER, TAGGER_TOKENIZER
from lavic_chat.model.onnx_text import ENCODER, ENCODER_RECORD, ENCODER_TOKENIZER, EncoderRecord
from lavic_chat.model.turn_tagger import TorchTurnTagger
from lavic_chat.storage.files import fresh_folder, write_json
from lavic_chat.storage.manifest import write_manifest

OPSET = 18  # of the graphs' language


def export_model(model: LavicModel, folder: str | Path, progress: bool = True) -> None:
    """Write the model's graphs, the folder whole or not at all.

    Raises ModelError for a base that cannot be exported, LavicError when the disk is full.
    """
    if model.device.type != "cpu":
        raise ModelError("ONNX Runtime runs on processors; on a GPU the model runs in torch.")
    merge_loras(model)
    stacks = {file: model.layer_stack(stack) for file, stack in zip(STACK_FILES, STACKS, strict=True)}
    graphs = {file: stack_graph(model, stack) for file, stack in stacks.items() if len(stack.layers)}
    graphs |= {TOWER: tower_graph(model), PROJECTOR: projector_graph(model)}
    with (
        fresh_folder(folder) as fresh,
        tqdm(total=len(graphs) + 1, desc="Preparing the processor's runtime", unit="step", disable=not progress,
             file=sys.stderr) as bar,
    ):  # fmt: skip
        for file, traced in graphs.items():
            save_graph(traced, fresh / file)
            bar.update()
        save_words(model, fresh)
        write_json(fresh / RECORD, asdict(record_of(model)))
        write_manifest(fresh)
        bar.update()


def record_of(model: LavicModel) -> ExportRecord:
    """What an export says of the model."""
    processor = model.image_processor
    layers, heads, head_size = model.memory_shape
    tokenizer = model.tokenizer
    return ExportRecord(
        name=model.name, fingerprint=model.fingerprint, vision_hash=model.vision_hash, adapter_hash=model.adapter_hash,
        state_size=model.state_size, token_size=model.token_size, full_tokens=model.full_tokens,
        context=model.context, view_size=model.view_size, image_token_id=model.image_token_id,
        end_token_id=model.end_token_id, layers=layers, heads=heads, head_size=head_size,
        join=model.plan.join, withdraw=model.plan.withdraw,
        frame=model.chat_frame(), hidden=sorted({*tokenizer.all_special_ids, model.image_token_id}),
        mean=list(processor.image_mean), std=list(processor.image_std),
    )  # fmt: skip


@dataclass(frozen=True)
class Traced:
    """What is traced: a module, example inputs by name, the places of each shape that vary, and what it gives."""

    module: nn.Module
    example: dict[str, Tensor]
    varies: dict[str, tuple[int, ...]]
    gives: tuple[str, ...]


class TowerGraph(nn.Module):
    """What is traced of the vision tower."""

    def __init__(self, model: LavicModel):
        super().__init__()
        self.inner = model.tower

    def forward(self, views: Tensor) -> Tensor:
        """[n, 3, s, s] -> [n, h]"""
        return self.inner(pixel_values=views).last_hidden_state[:, 0]


def stack_graph(model: LavicModel, stack: LayerStack) -> Traced:
    """Some of the LLM's layers. Their mask is the number that is added to a score, for a row of a true-or-false one in
    which nothing is true would come out as NaN."""
    heads, size = model.memory_shape[1:]
    read, before = 5, 3
    example = {
        "states": torch.zeros(1, read, model.token_size),
        "positions": torch.arange(before, before + read)[None],
        "mask": torch.zeros(1, 1, read, before + read),
        "past": torch.zeros(2 * len(stack.layers), 1, heads, before, size),
        "kept": torch.tensor(2),
    }
    varies = {"states": (0, 1), "positions": (0, 1), "mask": (0, 2, 3), "past": (1, 3), "read": (0, 1), "fresh": (1, 3)}
    return Traced(stack, example, varies, ("read", "fresh"))


def tower_graph(model: LavicModel) -> Traced:
    """The vision tower."""
    side = model.view_size
    return Traced(TowerGraph(model), {"views": torch.zeros(2, 3, side, side)}, {"views": (0,), "seen": (0,)}, ("seen",))


class ProjectorGraph(nn.Module):
    """What is traced of the projector."""

    def __init__(self, model: LavicModel):
        super().__init__()
        self.inner = model.projector

    def forward(self, states: Tensor) -> Tensor:
        """[n, h] -> [n, d]"""
        return self.inner(states)


def projector_graph(model: LavicModel) -> Traced:
    """The projector."""
    example = {"states": torch.zeros(2, model.state_size)}
    return Traced(ProjectorGraph(model), example, {"states": (0,), "tokens": (0,)}, ("tokens",))


class TextGraph(nn.Module):
    """What is traced of the sentence encoder."""

    def __init__(self, encoder: Any):
        super().__init__()
        self.inner = encoder

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """[n, L], [n, L] (1: a word, 0: padding) -> unit vectors [n, size]"""
        vectors = self.inner({"input_ids": ids, "attention_mask": mask})["sentence_embedding"]
        return nn.functional.normalize(vectors, dim=-1)


def export_text_encoder(encoder: Any, name: str, folder: str | Path) -> None:
    """Write a sentence encoder as an ONNX graph, the folder whole or not at all. name: of its weights."""
    ids = torch.ones(2, 7, dtype=torch.long)
    varies = {"ids": (0, 1), "mask": (0, 1), "vectors": (0,)}
    traced = Traced(TextGraph(encoder), {"ids": ids, "mask": ids}, varies, ("vectors",))
    record = EncoderRecord(name, int(encoder.get_embedding_dimension()), int(encoder.max_seq_length))
    with fresh_folder(folder) as fresh:
        save_graph(traced, fresh / ENCODER)
        encoder.tokenizer.backend_tokenizer.save(str(fresh / ENCODER_TOKENIZER))
        write_json(fresh / ENCODER_RECORD, asdict(record))
        write_manifest(fresh)


def export_tagger(tagger: TorchTurnTagger, folder: str | Path) -> None:
    """Write a tagger as an ONNX graph, the folder whole or not at all."""
    ids = torch.ones(2, 7, dtype=torch.long)
    varies = {"ids": (0, 1), "mask": (0, 1), "own": (0, 1), "tags": (0, 1), "about": (0,)}
    traced = Traced(tagger.network, {"ids": ids, "mask": ids, "own": ids}, varies, ("tags", "about"))
    with fresh_folder(folder) as fresh:
        save_graph(traced, fresh / TAGGER)
        tagger.tokenizer.save(str(fresh / TAGGER_TOKENIZER))
        write_manifest(fresh)


@torch.inference_mode()
def save_graph(traced: Traced, path: Path) -> None:
    """Trace, and write the graph as it will run."""
    with TemporaryDirectory(dir=path.parent) as aside, without_remarks():  # tests hold what tracing takes for constant
        torch.onnx.export(
            traced.module.eval(), tuple(traced.example.values()), str(Path(aside) / path.name), dynamo=False,
            input_names=list(traced.example), output_names=list(traced.gives), opset_version=OPSET,
            dynamic_axes={name: list(places) for name, places in traced.varies.items()},
        )  # fmt: skip
        prepare_graph(Path(aside) / path.name, path)


def save_words(model: LavicModel, folder: Path) -> None:
    """Write word embeddings and tokenizer."""
    inputs, outputs = model.word_embeddings, model.network.lm_head.weight.detach().float()
    rows = {"input": inputs.contiguous()}
    if outputs.data_ptr() != inputs.data_ptr():
        rows["output"] = outputs.contiguous()
    save_file(rows, folder / WORDS)
    model.tokenizer.backend_tokenizer.save(str(folder / TOKENIZER))
