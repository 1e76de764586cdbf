"""Figures of many runs: percentiles, and ratios of runs that were made in pairs.

Two figures that were measured one right after the other met the same machine; of each such pair the ratio is taken,
and of the ratios the median. How far the ratios lie apart says how far it can be trusted.
"""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from lavic_chat.errors import LavicError


@dataclass(frozen=True)
class Ratio:
    """The median of the pairs' ratios, the least and the most of them, and how many pairs there are."""

    median: float
    least: float
    most: float
    pairs: int


@dataclass(frozen=True)
class Latency:
    """Of several runs, in milliseconds: the median, the 95th percentile, the slowest."""

    p50: float
    p95: float
    slowest: float
    runs: int


def paired_ratio(over: Sequence[float], under: Sequence[float]) -> Ratio:
    """Of each pair the first by the second. Raises LavicError where there are no pairs, or a figure is not positive."""
    if not over or len(over) != len(under):
        raise LavicError(f"{len(over)} runs cannot be paired with {len(under)}; measure both sides equally often.")
    if min(*over, *under) <= 0:
        raise LavicError("A figure of zero has no ratio; measure for longer.")
    ratios = [one / other for one, other in zip(over, under, strict=True)]
    return Ratio(*(round(value, 3) for value in (statistics.median(ratios), min(ratios), max(ratios))), len(ratios))


def summarize(milliseconds: Sequence[float]) -> Latency:
    """The percentiles of at least one run."""
    ordered = sorted(milliseconds)
    figures = statistics.median(ordered), percentile(ordered, 0.95), ordered[-1]
    return Latency(*(round(value, 1) for value in figures), len(ordered))


def percentile(ordered: Sequence[float], share: float) -> float:
    """The value below which this share of the ordered ones lies, between two of them where it falls there."""
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])
