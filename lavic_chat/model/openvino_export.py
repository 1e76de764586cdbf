"""A base with its adapter as OpenVINO graphs, LoRAs folded in: what `openvino_model.py` reads."""

import sys
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from tqdm import tqdm

from lavic_chat.errors import ModelError
from lavic_chat.model.layers import LayerStack
from lavic_chat.model.llava import LavicModel
from lavic_chat.model.lora import merge_loras, without_remarks
from lavic_chat.model.openvino_graph import import_openvino, unreported
from lavic_chat.model.openvino_model import (
    INT8,
    PROJECTOR,
    RECORD,
    STACK_FILES,
    TOKENIZER,
    TOWER,
    WORDS,
    ExportRecord,
)
from lavic_chat.model.openvino_text import ENCODER, ENCODER_RECORD, ENCODER_TOKENIZER, EncoderRecord
from lavic_chat.storage.files import fresh_folder, write_json


def export_model(model: LavicModel, folder: str | Path, runtime: str, progress: bool = True) -> None:
    """Write the model's graphs, the folder whole or not at all. runtime: `FLOAT` or `INT8`.

    Raises ModelError for a base that cannot be exported, LavicError when the disk is full.
    """
    if model.device.type != "cpu":
        raise ModelError("OpenVINO runs on processors; on a GPU the model runs in torch.")
    merge_loras(model)
    stacks = {file: stack for file, stack in zip(STACK_FILES, model.stacks, strict=True) if len(stack.layers)}
    graphs: dict[str, Callable[[LavicModel], Any]] = {TOWER: tower_graph, PROJECTOR: projector_graph}
    graphs |= {file: partial(stack_graph, stack=stack) for file, stack in stacks.items()}
    with (
        fresh_folder(folder) as fresh,
        tqdm(total=len(graphs) + 1, desc="Preparing the processor's runtime", unit="step", disable=not progress,
             file=sys.stderr) as bar,
    ):  # fmt: skip
        for file, make in graphs.items():
            save_graph(make(model), fresh / file, in_int8=runtime == INT8 and file in stacks)
            bar.update()
        save_words(model, fresh)
        write_json(fresh / RECORD, asdict(record_of(model, runtime)))
        bar.update()


def record_of(model: LavicModel, runtime: str) -> ExportRecord:
    """What an export says of the model."""
    processor = model.image_processor
    layers, heads, head_size = model.memory_shape
    tokenizer = model.tokenizer
    return ExportRecord(
        name=model.name, fingerprint=model.fingerprint, vision_hash=model.vision_hash, adapter_hash=model.adapter_hash,
        runtime=runtime, state_size=model.state_size, token_size=model.token_size, full_tokens=model.full_tokens,
        context=model.context, view_size=model.view_size, image_token_id=model.image_token_id,
        end_token_id=model.end_token_id, layers=layers, heads=heads, head_size=head_size,
        join=model.plan.join, withdraw=model.plan.withdraw,
        frame=model.chat_frame(), hidden=sorted({*tokenizer.all_special_ids, model.image_token_id}),
        mean=list(processor.image_mean), std=list(processor.image_std),
    )  # fmt: skip


class TowerGraph(nn.Module):
    """What is traced of the vision tower."""

    def __init__(self, model: LavicModel):
        super().__init__()
        self.inner = model.tower

    def forward(self, views: Tensor) -> Tensor:
        """[n, 3, s, s] -> [n, h]"""
        return self.inner(pixel_values=views).last_hidden_state[:, 0]


def stack_graph(model: LavicModel, stack: LayerStack) -> Any:
    """Some of the LLM's layers as an OpenVINO graph. Its mask is the number that is added to a score, for OpenVINO
    answers NaN for a whole sequence where a row of a true-or-false one has no place to attend to."""
    heads, size = model.memory_shape[1:]
    layers, width = 2 * len(stack.layers), model.token_size
    read, before = 5, 3
    example = {
        "states": torch.zeros(1, read, width),
        "positions": torch.arange(before, before + read)[None],
        "mask": torch.zeros(1, 1, read, before + read),
        "past": torch.zeros(layers, 1, heads, before, size),
        "kept": torch.tensor(2),
    }
    shapes = {
        "states": [-1, -1, width], "positions": [-1, -1], "mask": [-1, 1, -1, -1],
        "past": [layers, -1, heads, -1, size], "kept": [],
    }  # fmt: skip
    return convert(stack, example, shapes)


def tower_graph(model: LavicModel) -> Any:
    """The vision tower as an OpenVINO graph."""
    side = model.view_size
    return convert(TowerGraph(model), {"views": torch.zeros(2, 3, side, side)}, {"views": [-1, 3, side, side]})


class ProjectorGraph(nn.Module):
    """What is traced of the projector."""

    def __init__(self, model: LavicModel):
        super().__init__()
        self.inner = model.projector

    def forward(self, states: Tensor) -> Tensor:
        """[n, h] -> [n, d]"""
        return self.inner(states)


def projector_graph(model: LavicModel) -> Any:
    """The projector as an OpenVINO graph."""
    width = model.state_size
    return convert(ProjectorGraph(model), {"states": torch.zeros(2, width)}, {"states": [-1, width]})


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
    """Write a sentence encoder as OpenVINO reads it, the folder whole or not at all. name: of its weights."""
    ids = torch.ones(2, 7, dtype=torch.long)
    graph = convert(TextGraph(encoder), {"ids": ids, "mask": ids}, {"ids": [-1, -1], "mask": [-1, -1]})
    record = EncoderRecord(name, int(encoder.get_embedding_dimension()), int(encoder.max_seq_length))
    with fresh_folder(folder) as fresh:
        save_graph(graph, fresh / ENCODER)
        encoder.tokenizer.backend_tokenizer.save(str(fresh / ENCODER_TOKENIZER))
        write_json(fresh / ENCODER_RECORD, asdict(record))


@torch.inference_mode()
def convert(module: nn.Module, example: dict[str, Tensor], shapes: dict[str, list[int]]) -> Any:
    """A module as a graph; example: its inputs by name; shapes: theirs, -1 for what varies."""
    with without_remarks():  # tracing warns of what it takes for constant; tests hold what comes of it
        return import_openvino().convert_model(module.eval(), example_input=example, input=list(shapes.items()))


def save_graph(graph: Any, path: Path, in_int8: bool = False) -> None:
    """Write a graph, its weights in half precision, which halves disk and memory; it computes in single. in_int8: its
    weights in eight bits, with a scale for each row."""
    if in_int8:
        with unreported():
            import nncf

            graph = nncf.compress_weights(graph, mode=nncf.CompressWeightsMode.INT8_SYM)
    import_openvino().save_model(graph, path, compress_to_fp16=True)


def save_words(model: LavicModel, folder: Path) -> None:
    """Write word embeddings and tokenizer."""
    inputs, outputs = model.word_embeddings, model.network.lm_head.weight.detach().float()
    rows = {"input": inputs.contiguous()}
    if outputs.data_ptr() != inputs.data_ptr():
        rows["output"] = outputs.contiguous()
    save_file(rows, folder / WORDS)
    model.tokenizer.backend_tokenizer.save(str(folder / TOKENIZER))
