"""Opening a base by name or folder, with an adapter or without; the embedded default is assembled on first use."""

import logging
from collections.abc import Collection
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from transformers import AutoConfig, AutoImageProcessor, AutoTokenizer, LlavaNextForConditionalGeneration
from transformers.utils import logging as transformers_logging

from lavic_chat.errors import ModelError
from lavic_chat.model.adapter import apply_adapter
from lavic_chat.model.base import recorded_fingerprint
from lavic_chat.model.lavic_mini.assemble import ensure_mini
from lavic_chat.model.llava import LavicModel
from lavic_chat.settings import MINI
from lavic_chat.storage.files import hash_bytes


def load_model(
    name: str | Path,
    adapter: str | Path | None,
    home: str | Path,
    device: str | None = None,
    without: Collection[str] = (),
) -> LavicModel:
    """Open `lavic-mini`, a LLaVA-NeXT folder or a hub name, and put the adapter on it, `without` these of its parts.

    On a GPU in bfloat16, on a CPU in float32. Raises ModelError in one sentence when the base cannot be
    opened, is no LLaVA-NeXT, or is not the one that the adapter was trained on.
    """
    name = str(name)
    folder = ensure_mini(Path(home)) if name == MINI else Path(name)
    local = folder.is_dir()
    source = str(folder) if local else name
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    dtype = torch.float32 if device == "cpu" else torch.bfloat16
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    logging.getLogger("transformers").setLevel(logging.ERROR)
    careful: dict[str, Any] = {"local_files_only": local, "trust_remote_code": False}
    try:
        kind = AutoConfig.from_pretrained(source, **careful).model_type
        if kind != "llava_next":  # transformers would fill a LLaVA-NeXT of its default 7B with noise
            raise ValueError(f"it is a {kind}")
        loaded: Any = LlavaNextForConditionalGeneration.from_pretrained(
            source, dtype=dtype, attn_implementation="sdpa", use_safetensors=True, device_map=device,
            local_files_only=local, output_loading_info=True,
        )  # fmt: skip
        network, report = loaded
        if report["missing_keys"]:
            raise ValueError(f"{len(report['missing_keys'])} of its weights are missing")
        tokenizer = AutoTokenizer.from_pretrained(source, **careful)
        image_processor = AutoImageProcessor.from_pretrained(source, backend="pil", **careful)
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        reason = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
        advice = "give lavic-mini, a model folder, or a hub name that this machine can reach."
        if isinstance(error, SafetensorError):
            advice = f"its weights in {source} are damaged: fetch them again."
        raise ModelError(f"The model {name} cannot be opened as a LLaVA-NeXT ({reason}); {advice}") from error
    network.eval().requires_grad_(False)
    model = LavicModel(network, tokenizer, image_processor, name, base_fingerprint(folder, network))
    if adapter is not None:
        apply_adapter(model, adapter, without)
    return model


def base_fingerprint(folder: Path, network: Any) -> str:
    """A name for a base's weights: what its maker wrote down, else a hash of its tensors' names and shapes
    and a sample of every one's values, in the precision that CPU and GPU share."""
    if recorded := recorded_fingerprint(folder):
        return recorded
    parts = []
    for key, tensor in sorted(network.state_dict().items()):
        sample = tensor.flatten()[:: max(1, tensor.numel() // 64)][:64].bfloat16().float().cpu().numpy()
        parts += [key, str(tuple(tensor.shape)), sample.tobytes()]
    return hash_bytes(*parts)
