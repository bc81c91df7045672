"""How long it takes until something happens, when for some the data end before it does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Z_95: Final = 1.959963984540054  # of the normal distribution: 95 % lie within

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SurvivalCurve:
    """Share for whom it has not happened by the end of each day, with 95 % limits.

    Parameters
    ----------
    survival, low, high : shape (n_days + 1,), by days waited, from 0.
    at_risk : shape (n_days + 1,), how many were still watched on that day and had not had it.
    """

    survival: Floats
    low: Floats
    high: Floats
    at_risk: NDArray[np.int64]

    def longest(self, at_least: int) -> int:
        """The last day on which so many were still watched; 0 where there is none."""
        watched = np.flatnonzero(self.at_risk >= at_least)
        return int(watched[-1]) if len(watched) else 0


def kaplan_meier(happened: NDArray[np.int64], censored: NDArray[np.int64]) -> SurvivalCurve:
    """The product-limit estimate from counts by whole days.

    Parameters
    ----------
    happened : shape (n_days + 1,), for how many it happened after exactly so many days.
    censored : shape (n_days + 1,), how many were watched so many days without it. They count as watched on that day.

    Notes
    -----
    `S(t) = prod (1 - d_i / n_i)` over the days up to t; limits by Greenwood's variance on the scale `log(-log S)`, which keeps
    them between 0 and 1. Where S is 0 or 1 they coincide with it.

    References
    ----------
    Kaplan, E. L., Meier, P. (1958). Nonparametric estimation from incomplete observations. JASA 53(282), 457-481.
    Kalbfleisch, J. D., Prentice, R. L. (2002). The statistical analysis of failure time data, 2nd ed., section 1.4: the limits.

    Examples
    --------
    >>> curve = kaplan_meier(np.array([0, 1, 0, 1]), np.array([0, 0, 1, 1]))
    >>> curve.survival.tolist(), curve.at_risk.tolist()
    ([1.0, 0.75, 0.75, 0.375], [4, 4, 3, 2])
    """
    leaving = happened + censored
    at_risk = leaving.sum() - np.concatenate([[0], np.cumsum(leaving)[:-1]])
    with np.errstate(divide="ignore", invalid="ignore"):
        survival = np.asarray(np.cumprod(np.where(at_risk > 0, 1 - happened / np.maximum(at_risk, 1), 1.0)), np.float64)
        terms = np.where(happened > 0, happened / (at_risk * (at_risk - happened)), 0.0)
        log_log, spread = np.log(-np.log(survival)), np.sqrt(np.cumsum(terms)) / -np.log(survival)
        limits = (np.exp(-np.exp(log_log + sign * Z_95 * spread)) for sign in (1, -1))
        low, high = (np.where(np.isfinite(limit), limit, survival) for limit in limits)
    return SurvivalCurve(survival, low, high, at_risk.astype(np.int64))
