"""A catalogue in figures for its owner, read off its columns: no picture is opened, no product made."""

from dataclasses import dataclass

import numpy as np

from lavic_chat.catalog.columns import Columns

BINS = 12  # of the histogram
ROUNDING = 1e-9  # so that 0.6 is in the bin from 0.6 on, whatever its last bits
FAR = 3.0  # quartile ranges above the third quartile from which on a price is far from the others
MOST_FAR = 10  # per cent of the prices that may be


@dataclass(frozen=True)
class PriceBin:
    """How many products cost from `low` on and less than `high`; of the last bin, at most that. is_far: the last one,
    of all that is far dearer than the rest, up to the dearest."""

    low: float
    high: float
    count: int
    is_far: bool = False


@dataclass(frozen=True)
class CatalogOverview:
    """families: products without their variants. kinds: category and how many are of it, the largest first. median: of
    the prices, None where there are none. distinct: products, counting variants of one shape once."""

    products: int
    families: int
    priced: int
    out_of_stock: int
    kinds: tuple[tuple[str, int], ...]
    median: float | None
    prices: tuple[PriceBin, ...]
    distinct: int = 0


def overview_of(columns: Columns) -> CatalogOverview:
    """Count."""
    prices = columns.prices[~np.isnan(columns.prices)]
    kinds = sorted(columns.counts.items(), key=lambda pair: (-pair[1], pair[0]))
    families = int(columns.same_family.max()) + 1 if len(columns) else 0
    median = float(np.median(prices)) if len(prices) else None
    out_of_stock = int((~columns.in_stock).sum())
    counts = (len(columns), families, len(prices), out_of_stock)
    return CatalogOverview(*counts, tuple(kinds), median, histogram(prices), columns.distinct)


def histogram(prices: np.ndarray) -> tuple[PriceBin, ...]:
    """Prices [N] in at most BINS bins of one round width, and a last one of what is far dearer, so that one price does
    not squeeze all others into a corner; () without any."""
    if not len(prices):
        return ()
    top, dearest = typical_top(prices), float(prices.max())
    width = round_up(top / (BINS - (2 if dearest > top else 1)))
    places = np.floor(prices / width + ROUNDING)
    last = int(np.floor(top / width + ROUNDING))
    counts = np.bincount(places[places <= last].astype(int), minlength=last + 1)
    bins = [PriceBin(place * width, (place + 1) * width, int(count)) for place, count in enumerate(counts)]
    far = int((places > last).sum())
    return (*bins, PriceBin((last + 1) * width, dearest, far, is_far=True)) if far else tuple(bins)


def typical_top(prices: np.ndarray) -> float:
    """The dearest of prices [N] that are not far from the others; of these there are few, whatever the prices are."""
    first, third = np.percentile(prices, (25, 75))
    near = prices[prices <= third + FAR * (third - first)].max()
    return float(max(near, np.percentile(prices, 100 - MOST_FAR, method="lower")))


def round_up(width: float) -> float:
    """The next of 1, 2, 2.5, 5 times a power of ten; 1 for nothing."""
    if width <= 0:
        return 1.0
    power = 10.0 ** np.floor(np.log10(width))
    return float(next(step * power for step in (1, 2, 2.5, 5, 10, 20) if step * power >= width))
