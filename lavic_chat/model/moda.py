"""MoDA: a LoRA whose rank is shared out to experts, gated by what is read, text or picture (SDA, section 2.2).

    dW_m = (alpha / r) * sum over e of g_{m,e} B_e A_e,   g_m = softmax(gate(e_m))   (equations 5 to 7)

with A [r, in] and B [out, r] of all experts together, e_m a modality's embedding, and a gate without a bias; each layer
has its own. One expert is plain LoRA; fixed gates that part the experts by modality are one LoRA for each.

It is a PEFT LoRA whose linear layers are `ModaLinear`: PEFT makes, names and saves it, and `merge` folds in what holds
for the modality that is on, so that serving costs nothing.
"""

import contextlib
import json
from collections.abc import Generator
from dataclasses import dataclass, fields
from pathlib import Path

import torch
from peft import PeftModel, get_peft_model, get_peft_model_state_dict
from peft.tuners.lora import LoraConfig, LoraLayer
from peft.tuners.lora.layer import Linear
from safetensors import safe_open
from torch import Tensor, nn

from lavic_chat.errors import ModelError
from lavic_chat.model.card import MODA, WEIGHTS
from lavic_chat.model.llava import LavicModel
from lavic_chat.model.lora import LLM_LINEARS, without_remarks

TEXT, IMAGE = "text", "image"
MODALITIES = (TEXT, IMAGE)
LEARNED, FIXED = "learned", "fixed"
CONFIG = "adapter_config.json"


@dataclass(frozen=True)
class ModaShape:
    """rank: of all experts together, which their number must divide; alpha, dropout: as of a LoRA; gating: "learned",
    or "fixed" for experts that each read one modality alone; size: of a modality's embedding."""

    rank: int = 8
    experts: int = 8
    alpha: int = 32
    dropout: float = 0.1
    gating: str = LEARNED
    size: int = 64

    def __post_init__(self) -> None:
        """Raises ModelError for a shape that cannot be."""
        if self.experts < 1 or self.rank % self.experts:
            raise ModelError(f"{self.experts} experts cannot share a rank of {self.rank}; choose a divisor of it.")
        if self.gating == FIXED and self.experts % len(MODALITIES):
            raise ModelError(f"{self.experts} experts cannot be parted by modality; choose an even number.")


@dataclass
class ModaConfig(LoraConfig):
    """PEFT's LoRA config with what MoDA adds; PEFT writes it to adapter_config.json and reads it from there."""

    experts: int = 1
    gating: str = LEARNED
    modality_size: int = 64

    def __post_init__(self) -> None:
        """Linear layers become `ModaLinear`."""
        super().__post_init__()
        self._register_custom_module({nn.Linear: ModaLinear})


class ModaLinear(Linear):
    """A linear layer with experts beside it; `modality` says whose gates hold."""

    adapter_layer_names = (*LoraLayer.adapter_layer_names, "lora_modality", "lora_gate")
    modality = TEXT

    def update_layer(self, adapter_name: str, r: int, lora_alpha: int, config: LoraConfig, **kwargs) -> None:
        """PEFT's own, with embeddings and gate. Raises TypeError for a config that is no MoDA's."""
        if not isinstance(config, ModaConfig):
            raise TypeError("a MoDA needs a ModaConfig")
        if not hasattr(self, "lora_gate"):
            self.lora_modality, self.lora_gate = nn.ModuleDict(), nn.ModuleDict()
            self.experts: dict[str, int] = {}
        self.experts[adapter_name] = config.experts
        self.lora_modality[adapter_name] = nn.Embedding(len(MODALITIES), config.modality_size)
        self.lora_gate[adapter_name] = nn.Linear(config.modality_size, config.experts, bias=False)
        super().update_layer(adapter_name, r, lora_alpha, config, **kwargs)
        if config.gating == FIXED:
            self.part_experts(adapter_name)

    @torch.no_grad()
    def part_experts(self, adapter: str) -> None:
        """Gates that give each modality experts of its own, with full weight, and are not trained."""
        share = self.experts[adapter] // len(MODALITIES)
        embedding, gate = weight_of(self.lora_modality, adapter), weight_of(self.lora_gate, adapter)
        for weight in (embedding, gate):
            weight.zero_().requires_grad_(False)
        for place in range(len(MODALITIES)):
            embedding[place, place] = 1.0
            gate[place * share : (place + 1) * share, place] = 1e4  # all the softmax, to the last bit

    def reset_lora_parameters(self, adapter_name: str, init_lora_weights: bool | str) -> None:
        """A ~ N(0, 0.01), B = 0, as the authors' code has it."""
        nn.init.normal_(weight_of(self.lora_A, adapter_name), std=0.01)
        nn.init.zeros_(weight_of(self.lora_B, adapter_name))

    def gates(self, adapter: str) -> Tensor:
        """[r] the weight of each rank: its expert's. They sum to the rank that an expert has."""
        embedding = weight_of(self.lora_modality, adapter)[MODALITIES.index(self.modality)]
        shares = self.lora_gate[adapter](embedding).softmax(-1)
        return shares.repeat_interleave(self.r[adapter] // self.experts[adapter])

    def forward(self, x: Tensor, *args, **kwargs) -> Tensor:
        """[..., in] -> [..., out]"""
        result = self.base_layer(x)
        if self.disable_adapters or self.merged:
            return result
        for adapter in self.active_adapters:
            if adapter in self.lora_A:
                inputs = self.lora_dropout[adapter](x.to(weight_of(self.lora_A, adapter).dtype))
                low = self.lora_A[adapter](inputs) * self.gates(adapter)
                result = result + (self.lora_B[adapter](low) * self.scaling[adapter]).to(result.dtype)
        return result

    def get_delta_weight(self, adapter: str) -> Tensor:
        """[out, in] what merging adds, for the modality that is on."""
        up, down = weight_of(self.lora_B, adapter), weight_of(self.lora_A, adapter)
        return torch.einsum("or,r,ri->oi", up, self.gates(adapter), down) * self.scaling[adapter]


def weight_of(parts: nn.ModuleDict, adapter: str) -> Tensor:
    """The weight of an adapter's part."""
    weight = parts[adapter].weight
    assert isinstance(weight, Tensor)
    return weight


def add_moda(model: LavicModel, shape: ModaShape, seed: int = 0, targets: str = LLM_LINEARS) -> PeftModel:
    """A fresh MoDA on every linear layer of the LLM, alone trainable; targets: a pattern of their names."""
    torch.manual_seed(seed)
    config = ModaConfig(
        r=shape.rank, lora_alpha=shape.alpha, lora_dropout=shape.dropout, target_modules=targets,
        experts=shape.experts, gating=shape.gating, modality_size=shape.size,
    )  # fmt: skip
    with without_remarks():
        moda = get_peft_model(model.network, config, adapter_name=MODA)
    if shape.gating == FIXED:  # PEFT has made all of them trainable
        for module in moda_layers(model):
            module.part_experts(MODA)
    return moda


def read_moda(model: LavicModel, folder: Path) -> PeftModel:
    """Put a saved MoDA on; raises ValueError unless the file holds exactly the weights that its config wants."""
    with safe_open(folder / WEIGHTS, "pt") as weights:  # PEFT would ask a hub for a missing file
        stored = set(weights.keys())
    config = read_config(folder)
    with without_remarks():
        moda = PeftModel.from_pretrained(model.network, folder, adapter_name=MODA, config=config)
    if stored != set(get_peft_model_state_dict(moda, adapter_name=MODA, save_embedding_layers=False)):
        raise ValueError("other weights than its config wants")
    return moda


def read_config(folder: Path) -> ModaConfig:
    """The config beside a saved MoDA; PEFT's own way back would make a LoRA's of it, without the experts."""
    stored = json.loads((folder / CONFIG).read_text())
    known = {one.name for one in fields(ModaConfig) if one.init}
    return ModaConfig(**{name: value for name, value in stored.items() if name in known})


def moda_layers(model: LavicModel) -> list[ModaLinear]:
    """Those that have experts."""
    return [module for module in model.network.modules() if isinstance(module, ModaLinear)]


def allow_gradients(model: LavicModel) -> None:
    """Let what experts give be asked for its gradient, in a model that was opened to be used."""
    for layer in moda_layers(model):
        weight_of(layer.lora_B, MODA).requires_grad_(True)


def first_experts(model: LavicModel, projection: str) -> list[tuple[Tensor, int]]:
    """Of each layer's `projection`, such as "q_proj", the lowest first: B [out, r], and how many of its columns are the
    first expert's."""
    layers = [(name, one) for name, one in model.network.named_modules() if isinstance(one, ModaLinear)]
    chosen = [one for name, one in layers if name.endswith(projection)]
    return [(weight_of(one.lora_B, MODA), one.r[MODA] // one.experts[MODA]) for one in chosen]


def fold_moda(model: LavicModel, modality: str) -> None:
    """Fold into the weights what holds for a modality; from then on the model reads that alone."""
    with reading(model, modality):
        for layer in moda_layers(model):
            layer.merge()


@contextlib.contextmanager
def reading(model: LavicModel, modality: str) -> Generator[None]:
    """Within it every layer's gates are those of a modality."""
    layers = moda_layers(model)
    before = [layer.modality for layer in layers]
    for layer in layers:
        layer.modality = modality
    try:
        yield
    finally:
        for layer, old in zip(layers, before, strict=True):
            layer.modality = old
