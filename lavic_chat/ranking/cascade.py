"""A cascade inside the LLM: in the middle of its layers the candidates that will not be picked are left behind.

    all branches --lower layers--> an estimate of each candidate's score --> the best few --upper layers--> their scores

Early exits for ranking, as in The Cascade Transformer (arXiv 2005.02534): a linear probe on the states at the answer
places estimates what the whole LLM would say. Who is left behind keeps the estimate as its score, below all who stayed.
"""

from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from lavic_chat.errors import ModelError
from lavic_chat.storage.files import hash_bytes, write_atomic

FILE = "cascade.safetensors"  # in an adapter's folder
GAP = 0.01  # between who went on and who was left behind, so that none of these is the pick


@dataclass(frozen=True)
class Cascade:
    """weight [d]: of the probe. middle: how many layers it stands behind. margin: whose estimate is so far below the
    best is left behind, in units of a score. most: how many go on at most. adapter: hash of the weights whose states it
    reads."""

    weight: Tensor
    middle: int
    margin: float
    most: int
    adapter: str

    @property
    def name(self) -> str:
        """Tells one cascade from another."""
        return hash_bytes(self.weight.float().numpy().tobytes(), str(self.middle), str(self.margin), str(self.most))

    def estimate(self, states: Tensor) -> Tensor:
        """States at the answer places [n, d] -> estimated scores [n], up to a number that all share."""
        rows = states.float()
        return (rows - rows.mean(0)) @ self.weight

    def keep(self, estimates: Tensor, bonus: Tensor | None = None) -> Tensor:
        """bool [n]: who goes on. bonus [n]: what is added to a score later, in its units."""
        total = estimates if bonus is None else estimates + bonus.to(estimates)
        kept = total >= total.max() - self.margin
        best = torch.zeros_like(kept)
        best[total.argsort(descending=True, stable=True)[: self.most]] = True
        return kept & best

    def complete(self, estimates: Tensor, kept: Tensor, scores: Tensor) -> Tensor:
        """Estimates [n], who went on [n], and their scores [k] -> scores of all [n]."""
        shift = (scores - estimates[kept]).mean()
        completed = torch.minimum(estimates + shift, scores.min() - GAP)
        completed[kept] = scores
        return completed


def save_cascade(cascade: Cascade, adapter: str | Path) -> None:
    """Write it into an adapter's folder; raises LavicError where it cannot be written."""
    numbers = {name: str(getattr(cascade, name)) for name in ("middle", "margin", "most")}
    label = {**numbers, "adapter": cascade.adapter}
    write_atomic(Path(adapter) / FILE, save({"weight": cascade.weight.float().contiguous()}, label))


def load_cascade(adapter: str | Path | None, weights: str, middle: int) -> Cascade | None:
    """The cascade of an adapter's folder; None where it has none for these weights and this middle.

    Raises ModelError where the file is damaged.
    """
    path = Path(adapter) / FILE if adapter else None
    if not path or not path.is_file():
        return None
    try:
        with safe_open(path, "pt") as file:
            label, weight = file.metadata() or {}, file.get_tensor("weight")
        margin, most = float(label["margin"]), int(label["most"])
        cascade = Cascade(weight, int(label["middle"]), margin, most, label["adapter"])
        if not weight.isfinite().all() or not margin >= 0 or most < 1:
            raise ValueError("its numbers make no sense")
    except (OSError, SafetensorError, ValueError, KeyError) as error:
        raise ModelError(
            f"{path} is damaged ({type(error).__name__}); fetch it again, or delete it to do without."
        ) from error
    return cascade if (cascade.adapter, cascade.middle) == (weights, middle) else None
