"""How the texts and the pictures of a catalogue lie in one space: how far apart they stand, how often an item's own is
found across the modalities, and a map of some of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from lavic_chat.sda.features import FeatureSet

ASKED, DRAWN = 500, 250  # items among which one's own is sought, and that are drawn
NEAREST = (1, 10)


@dataclass(frozen=True)
class Space:
    """gap: from the middle of the texts to that of the pictures, of unit vectors. recall: among so many items, by "1"
    and "10". texts, images: on the first two principal components of both together, [n][2]."""

    name: str
    gap: float
    recall: dict[str, float]
    items: int
    texts: list[list[float]]
    images: list[list[float]]


def measure_space(features: FeatureSet, seed: int = 0) -> Space | None:
    """Of a set whose texts and pictures are of one space; None for another one."""
    if features.texts is None or features.images is None or features.texts.shape[1] != features.images.shape[1]:
        return None
    rows = np.random.default_rng(seed).permutation(len(features.texts))[:ASKED]
    chosen = [one[torch.from_numpy(rows)].float() for one in (features.texts, features.images)]
    texts, images = (functional.normalize(one, dim=1) for one in chosen)
    recalls = cross_recalls(texts, images, NEAREST)
    recall = {str(top): round(found, 4) for top, found in zip(NEAREST, recalls, strict=True)}
    both = torch.cat([texts[:DRAWN], images[:DRAWN]])
    centred = both - both.mean(0)
    _, _, axes = torch.linalg.svd(centred, full_matrices=False)
    points = (centred @ axes[:2].T).numpy().round(4).tolist()
    half = len(texts[:DRAWN])
    return Space(features.name, gap_between(texts, images), recall, len(rows), points[:half], points[half:])


def cross_recalls(texts: Tensor, images: Tensor, tops: Sequence[int]) -> list[float]:
    """Of n items [n, d] each: how often an item's own is among so many nearest across the modalities, both ways in the
    mean, for each of `tops`."""
    ranks = np.concatenate([own_ranks(scores) for scores in (texts @ images.T, images @ texts.T)])
    return [float((ranks <= top).mean()) for top in tops]


def own_ranks(scores: Tensor) -> np.ndarray:
    """[n, n] -> [n] where each row's own column stands, 1 at best; behind those that tie with it."""
    return (scores >= scores.diagonal()[:, None]).sum(1).cpu().numpy()


def gap_between(texts: Tensor, images: Tensor) -> float:
    """From the middle of the texts' vectors [n, d] to that of the pictures'."""
    return round(float((texts.mean(0) - images.mean(0)).norm()), 4)
