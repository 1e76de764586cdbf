"""A catalogue in figures for its owner, read off its columns: no picture is opened, no product made."""

from dataclasses import dataclass

import numpy as np

from lavic_chat.catalog.columns import Columns

BINS = 12  # of the histogram, the last of which holds all that is dearer
ROUNDING = 1e-9  # so that 0.6 is in the bin from 0.6 on, whatever its last bits
TYPICAL = 95  # per cent of the prices that the other bins hold


@dataclass(frozen=True)
class PriceBin:
    """How many products cost from `low` on and less than `high`; of the last bin the end is open."""

    low: float
    high: float
    count: int


@dataclass(frozen=True)
class CatalogOverview:
    """families: products without their variants. kinds: category and how many are of it, the largest first. median: of
    the prices, None where there are none."""

    products: int
    families: int
    priced: int
    out_of_stock: int
    kinds: tuple[tuple[str, int], ...]
    median: float | None
    prices: tuple[PriceBin, ...]


def overview_of(columns: Columns) -> CatalogOverview:
    """Count."""
    prices = columns.prices[~np.isnan(columns.prices)]
    kinds = sorted(columns.counts.items(), key=lambda pair: (-pair[1], pair[0]))
    families = int(columns.same_family.max()) + 1 if len(columns) else 0
    median = float(np.median(prices)) if len(prices) else None
    out_of_stock = int((~columns.in_stock).sum())
    return CatalogOverview(len(columns), families, len(prices), out_of_stock, tuple(kinds), median, histogram(prices))


def histogram(prices: np.ndarray) -> tuple[PriceBin, ...]:
    """Prices [N] in bins of one round width, so that TYPICAL per cent lie in all but the last; () without any."""
    if not len(prices):
        return ()
    width = round_up(float(np.percentile(prices, TYPICAL)) / (BINS - 1))
    places = np.minimum(np.floor(prices / width + ROUNDING), BINS - 1).astype(int)
    counts = np.bincount(places)
    return tuple(PriceBin(place * width, (place + 1) * width, int(count)) for place, count in enumerate(counts))


def round_up(width: float) -> float:
    """The next of 1, 2, 2.5, 5 times a power of ten; 1 for nothing."""
    if width <= 0:
        return 1.0
    power = 10.0 ** np.floor(np.log10(width))
    return float(next(step * power for step in (1, 2, 2.5, 5, 10, 20) if step * power >= width))
