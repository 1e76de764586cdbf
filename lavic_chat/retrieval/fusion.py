"""Search that sees: what a product's text and its picture say together, and what a conversation asks of both.

Two small networks beside the sentence encoder, each of which moves a vector [d] in the encoder's own space: a product's
by its tower states, a conversation's by itself. So a cosine compares what was asked with what is seen, not words alone.

In an adapter folder:
retriever/fusion.safetensors    the networks' weights, and the names of tower and encoder whose vectors they read
"""

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn
from torch.nn import functional

from lavic_chat.errors import ModelError
from lavic_chat.model.card import FUSION, RETRIEVER, fusion_label, seal_adapter
from lavic_chat.storage.files import write_atomic

SCALE = 20.0  # of unit vectors, whose numbers are about 0.05, to the size of standardized states
SMALL = 0.1  # of the last layers' start: it begins near the encoder's own vectors
PART_DROPOUT, HIDDEN_DROPOUT = 0.4, 0.3


class Fusion(nn.Module):
    """Networks for texts [n, text] and tower states [n, 5, h], `state` numbers each; share: of the fused vector in a
    `join`ed one, the rest is the encoder's own."""

    def __init__(self, text: int, state: int, hidden: int, share: float = 0.5):
        super().__init__()
        self.share = share
        self.register_buffer("mean", torch.zeros(state))
        self.register_buffer("spread", torch.ones(state))
        self.product = network(text + state, hidden, text, PART_DROPOUT)
        self.query = network(text, hidden, text, 0.0)

    @property
    def centre(self) -> Tensor:
        """[5h]: mean of the states in training, under the name that shipped files have."""
        return self.get_buffer("mean")

    @property
    def std(self) -> Tensor:
        """[5h] of the states in training, under the name that shipped files have."""
        return self.get_buffer("spread")

    def forward(self, texts: Tensor, seen: Tensor) -> Tensor:
        """Products' text vectors [n, d] and standardized states [n, 5h] -> unit vectors [n, d]."""
        return functional.normalize(texts + self.product(torch.cat([SCALE * texts, seen], -1)), dim=-1)

    def ask(self, texts: Tensor) -> Tensor:
        """Conversations' text vectors [n, d] -> unit vectors [n, d]."""
        return functional.normalize(texts + self.query(SCALE * texts), dim=-1)

    def fit_scale(self, states: Tensor) -> None:
        """Take mean and spread from states [n, 5, h] of training."""
        rows = states.flatten(1).float()
        self.centre.copy_(rows.mean(0))
        self.std.copy_(rows.std(0, correction=0).clamp_min(1e-3))

    def standardize(self, states: Tensor) -> Tensor:
        """[n, 5, h] -> [n, 5h]; what shows nothing in particular is zero."""
        return (states.flatten(1).float() - self.centre) / self.std

    @torch.inference_mode()
    def join_products(self, texts: Tensor, states: Tensor | None) -> Tensor:
        """[n, d], [n, 5, h] -> unit vectors [n, 2d]: the text's own beside the fused one. Without states, of pictures
        that show nothing in particular."""
        seen = texts.new_zeros(len(texts), len(self.centre)) if states is None else self.standardize(states)
        return self._join(texts, self(texts, seen))

    @torch.inference_mode()
    def join_queries(self, texts: Tensor) -> Tensor:
        """[n, d] -> [n, 2d]; a cosine to a joined product is the mean of both cosines, weighted by the share."""
        return self._join(texts, self.ask(texts))

    def _join(self, texts: Tensor, fused: Tensor) -> Tensor:
        return torch.cat([(1 - self.share) ** 0.5 * texts, self.share**0.5 * fused], -1)


def network(given: int, hidden: int, out: int, dropout: float) -> nn.Sequential:
    """Two layers; the last begins near zero, so that a vector begins where the encoder put it."""
    last = nn.Linear(hidden, out)
    with torch.no_grad():
        last.weight.mul_(SMALL)
        last.bias.zero_()
    first = nn.Linear(given, hidden)
    return nn.Sequential(nn.Dropout(dropout), first, nn.GELU(), nn.Dropout(HIDDEN_DROPOUT), last)


def save_fusion(fusion: Fusion, adapter: str | Path, tower: str, encoder: str) -> None:
    """Write it into an adapter folder, half precision. tower, encoder: names of the weights whose vectors it reads."""
    state = {name: tensor.detach().half().contiguous() for name, tensor in fusion.state_dict().items()}
    label = {"tower": tower, "encoder": encoder, "share": str(fusion.share)}
    write_atomic(Path(adapter) / RETRIEVER / FUSION, save(state, label))
    seal_adapter(adapter)


def load_fusion(adapter: str | Path, tower: str, encoder: str) -> Fusion | None:
    """The fusion of an adapter folder; None where it has none, or one that reads another tower's or encoder's vectors.

    Raises ModelError when the file is damaged.
    """
    path = Path(adapter) / RETRIEVER / FUSION
    if not path.is_file():
        return None
    try:
        label = fusion_label(path)
        if (label["tower"], label["encoder"]) != (tower, encoder):
            return None
        state = {name: tensor.float() for name, tensor in load_file(path).items()}
        hidden, text = state["query.1.weight"].shape
        fusion = Fusion(text, len(state["mean"]), hidden, float(label["share"]))
        fusion.load_state_dict(state)
        if not 0 <= fusion.share <= 1 or not all(tensor.isfinite().all() for tensor in state.values()):
            raise ValueError("its numbers make no sense")
    except (OSError, SafetensorError, RuntimeError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"{path} is damaged ({type(error).__name__}); fetch it again, or delete it to search by words alone."
        ) from error
    return fusion.eval()
