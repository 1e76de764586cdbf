"""Vectors and their lengths."""

import numpy as np

LEAST_LENGTH = 1e-9


def unit(vectors: np.ndarray) -> np.ndarray:
    """[..., d] -> the same at length 1; zeros stay zeros."""
    return vectors / lengths(vectors)[..., None]


def lengths(vectors: np.ndarray) -> np.ndarray:
    """[..., d] -> [...] their lengths, to divide by: of zeros next to nothing."""
    return np.maximum(np.linalg.norm(vectors, axis=-1), LEAST_LENGTH)
