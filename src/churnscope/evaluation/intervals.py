"""95 % intervals from resampled customers.

A customer is drawn with all of their rows, so rows of one person at several cutoffs do not pass for independent evidence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

LEVEL = 0.95
DRAWS_AT_ONCE = 25  # keeps the counts of 50,000 customers at 10 MB


@dataclass(frozen=True)
class Estimate:
    """A figure and its 95 % interval; `low` and `high` are NaN where nothing was resampled."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def estimates(values: NDArray[np.float64], drawn: NDArray[np.float64]) -> tuple[Estimate, ...]:
    """Values of shape (m,) with the percentile intervals of their draws, shape (draws, m).

    References
    ----------
    Efron (1979), Bootstrap methods: another look at the jackknife, Annals of Statistics 7(1).

    Examples
    --------
    >>> str(*estimates(np.array([0.5]), np.linspace(0, 1, 1001)[:, None]))
    '0.500 [0.025, 0.975]'
    """
    low, high = band(drawn)
    return tuple(Estimate(*ends) for ends in zip(values.tolist(), low.tolist(), high.tolist(), strict=True))


def band(drawn: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The range, along the first axis, of the middle 95 % of the draws; NaN where there is none.

    Draws that are NaN (one without churned customers has no AUROC) are left out.
    """
    known = ~np.isnan(drawn).all(axis=0) if len(drawn) else np.zeros(drawn.shape[1:], dtype=bool)
    ends = np.full((2, *drawn.shape[1:]), np.nan)
    if known.any():
        ends[:, known] = np.nanquantile(drawn[:, known], [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    return ends[0], ends[1]


def customer_draws(customers: int, draws: int, rng: np.random.Generator) -> Iterator[NDArray[np.float64]]:
    """How often each customer is drawn, in pieces of shape (at most 25, customers); every draw has as many as there are."""
    for start in range(0, draws, DRAWS_AT_ONCE):
        size = min(DRAWS_AT_ONCE, draws - start)
        counts = np.empty((size, customers))
        for row in counts:
            row[:] = np.bincount(rng.integers(customers, size=customers, dtype=np.int32), minlength=customers)
        yield counts
