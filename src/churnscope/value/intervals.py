"""How much a single customer may buy and spend in a horizon: quantiles of the model's distribution, not only its mean.

The purchase days N of a customer who is still one depend on (x, T) alone; a customer has left with probability 1 - A. The
money of N days is Gamma(p N) / Gamma(p x + q) times v + x z, so its distribution too is that of the pair (x, T) but for a
factor. Each pair is therefore answered once, on the same even points for all, and a customer reads off the quantile that A
leaves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv, ndtri

from churnscope.value.gamma_gamma import GammaGamma
from churnscope.value.repeat_purchase import RepeatPurchaseModel
from churnscope.value.repeat_rows import Array, RepeatRows

POINTS = 512
EVEN_RATIO = 1.2207440846057596  # root of t^4 = t + 1: its powers spread points evenly in three dimensions
CELLS_AT_ONCE = 2048
FAR = 6.0  # standard deviations beyond the mean; at most 1 in 37 of any distribution lies there
LARGE_SHAPE = 100.0  # from which a gamma variable is, to four digits, the cube of a normal one


@dataclass(frozen=True, eq=False)
class Interval:
    """Lower and upper quantiles, shape (n_rows,) each.

    Parameters
    ----------
    chance : shape (n_rows,), of lying inside, bounds included, by the model's own account: more than was asked for where
        nothing is likely, for an interval holds all or none of that.
    """

    low: Array
    high: Array
    chance: Array | None = None

    def holds(self, actual: Array) -> NDArray[np.bool_]:
        """Whether what came lies inside, bounds included."""
        return np.asarray((self.low <= actual) & (actual <= self.high))


def intervals(
    model: RepeatPurchaseModel, spend: GammaGamma, rows: RepeatRows, totals: Array, *, horizon_days: float, share: float
) -> tuple[Interval, Interval]:
    """Between what and what the purchase days, and the money, of a customer lie in the horizon, with probability `share`.

    Parameters
    ----------
    totals : shape (n_rows,), money of the repeat purchase days, 0 or more.

    Returns
    -------
    Purchase days and money. Counts are whole, so that their interval holds at least `share`.

    Notes
    -----
    Of the purchases as the model has them. What is unknown of its parameters is left out: little for thousands of customers.

    References
    ----------
    M. Roberts (2018), The unreasonable effectiveness of quasirandom sequences: the points.
    """
    levels = ((1 - share) / 2, (1 + share) / 2)
    left = 1 - model.alive_probability(rows)
    scale = spend.v + totals
    days, money, nothing = np.zeros((2, len(rows))), np.zeros((2, len(rows))), np.zeros(len(rows))
    for cells, frequency, chances in _parts(model, rows, horizon_days):
        samples = _samples(spend, frequency, chances)
        for row, place in cells:
            nothing[row] = left[row] + (1 - left[row]) * chances[place, 0]
            for which, level in enumerate(levels):
                among_alive = np.maximum(level - left[row], 0) / np.maximum(1 - left[row], 1e-300)
                days[which, row] = (chances[place] < among_alive[:, None]).sum(axis=1)
                money[which, row] = scale[row] * _quantile(samples, place, among_alive)
    return Interval(*days), Interval(money[0], money[1], chance_inside(nothing, levels))


def chance_inside(nothing: Array, levels: tuple[float, float]) -> Array:
    """P(inside) of an interval between two quantiles where so much of the chance lies on exactly nothing.

    Examples
    --------
    >>> chance_inside(np.array([0.0, 0.5, 0.95]), (0.1, 0.9)).round(3).tolist()
    [0.8, 0.9, 0.95]
    """
    low, high = levels
    return np.asarray(np.maximum(nothing, high) - np.where(nothing >= low, 0.0, low))


Rows = NDArray[np.intp]


def _parts(
    model: RepeatPurchaseModel, rows: RepeatRows, horizon_days: float
) -> Iterator[tuple[list[tuple[Rows, Rows]], Array, Array]]:
    """Pairs (x, T) of about as many purchases: their rows with each one's place among the pairs, x, and P(N <= n)."""
    cells, horizon = rows.age_cells, horizon_days / model.days_per_unit
    shape, rate = model.parameters[0] + cells.frequency, model.parameters[1] + cells.days / model.days_per_unit
    mean = shape * horizon / rate  # of those who stay
    most = np.ceil(mean + FAR * np.sqrt(mean * (1 + horizon / rate)) + 1).astype(np.int64)
    order = np.argsort(most, kind="stable")
    place_of_cell = np.empty(len(order), np.intp)
    place_of_cell[order] = np.arange(len(order))
    place = place_of_cell[cells.row]
    by_place = np.argsort(place, kind="stable")
    for low in range(0, len(order), CELLS_AT_ONCE):
        part = order[low : low + CELLS_AT_ONCE]
        begin, end = np.searchsorted(place[by_place], (low, low + len(part)))
        age, largest = cells.days[part] / model.days_per_unit, int(most[part[-1]])
        chances = np.cumsum(model.counts_if_alive(cells.frequency[part], age, horizon, largest), axis=1)
        chances[:, -1] = 1.0
        pieces = [by_place[i : min(i + CELLS_AT_ONCE, end)] for i in range(int(begin), int(end), CELLS_AT_ONCE)]
        yield [(piece, place[piece] - low) for piece in pieces], cells.frequency[part], np.minimum(chances, 1.0)


def _samples(spend: GammaGamma, frequency: Array, chances: Array) -> Array:
    """Money of customers who are still such, in units of v + x z, rising, shape (n_cells, POINTS)."""
    counts_at, sums_at, means_at = _even_points()
    n_cells, width = chances.shape
    lifted = (chances + 2.0 * np.arange(n_cells)[:, None]).ravel()
    asked = counts_at + 2.0 * np.arange(n_cells)[:, None]
    counts = np.searchsorted(lifted, asked.ravel()).reshape(asked.shape) - width * np.arange(n_cells)[:, None]
    sums = _gamma_quantile(spend.p * np.arange(float(width))[:, None], sums_at)
    different, which = np.unique(frequency, return_inverse=True)
    means = _gamma_quantile(spend.p * different[:, None] + spend.q, means_at)
    return np.sort(sums[np.minimum(counts, width - 1), np.arange(POINTS)] / means[which], axis=1)


def _even_points() -> Array:
    """Points spread evenly in the cube, shape (3, POINTS)."""
    steps = EVEN_RATIO ** -np.arange(1.0, 4.0)
    return np.asarray((0.5 + steps[:, None] * np.arange(1, POINTS + 1)) % 1)


def _gamma_quantile(shape: Array, level: Array) -> Array:
    """Quantiles of Gamma(shape, rate 1); 0 for the shape 0.

    References
    ----------
    E. Wilson, M. Hilferty (1931), The distribution of chi-square, PNAS 17: for large shapes.
    """
    small = shape < LARGE_SHAPE
    exact = gammaincinv(np.where(small & (shape > 0), shape, 1.0), level) * (shape > 0)
    wide = np.maximum(shape, LARGE_SHAPE)
    normal = wide * (1 - 1 / (9 * wide) + ndtri(level) / (3 * np.sqrt(wide))) ** 3
    return np.asarray(np.where(small, exact, normal))


def _quantile(samples: Array, place: Rows, level: Array) -> Array:
    """The level-quantile of each row's sample, interpolated; nothing at level 0, which only those who have left are below."""
    position = np.clip(level * POINTS - 0.5, 0, POINTS - 1)
    below = position.astype(np.intp)
    above = np.minimum(below + 1, POINTS - 1)
    low, high = samples[place, below], samples[place, above]
    return np.asarray(np.where(level > 0, low + (position - below) * (high - low), 0.0))
