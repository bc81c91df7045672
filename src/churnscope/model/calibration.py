"""Corrections of log-odds that turn a score into a probability: beta calibration and the season of the base rate.

References
----------
Kull, Silva Filho, Flach (2017), "Beyond sigmoids: how to obtain well-calibrated probabilities from binary classifiers with beta
calibration", Electronic Journal of Statistics 11.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from churnscope.model.logistic import Floats, best_shift, fit_logistic, sigmoid, softplus

DAYS_IN_YEAR = 365


@dataclass(frozen=True)
class Beta:
    """log-odds = c + a ln p - b ln(1 - p), rising in p because a and b are not negative.

    `Beta(1, 1, 0)` changes nothing.
    """

    a: float
    b: float
    c: float

    @classmethod
    def fit(cls, log_odds: Floats, churned: NDArray[np.int8]) -> Beta:
        """The maximum-likelihood map under a, b >= 0.

        Parameters
        ----------
        log_odds : shape (n_rows,), of a model that was not fitted on these rows.
        churned : shape (n_rows,), 1 or 0, both present.
        """
        log_p, log_q = -softplus(-log_odds), -softplus(log_odds)
        a, b, c = fit_logistic(np.column_stack([log_p, -log_q]), churned)
        if a < 0:
            b, c = fit_logistic(-log_q[:, None], churned)
            a = 0.0
        elif b < 0:
            a, c = fit_logistic(log_p[:, None], churned)
            b = 0.0
        return cls(max(float(a), 0.0), max(float(b), 0.0), float(c))

    def __call__(self, log_odds: Floats) -> Floats:
        """Calibrated log-odds, of the same shape."""
        return self.c - self.a * softplus(-log_odds) + self.b * softplus(log_odds)


@dataclass(frozen=True)
class Season:
    """How far the base rate lay off the model a year earlier, as log-odds to add.

    The outcome window of one cutoff holds Christmas and that of another does not; what a customer did before the cutoff cannot
    tell. The offset at a cutoff is the one that made the model right on average at the same day of the year before,
    between two cutoffs in proportion to the days, and 0 where no cutoff lies near that day.

    Parameters
    ----------
    cutoffs : day numbers, rising.
    offsets : log-odds, one per cutoff.
    """

    cutoffs: tuple[int, ...]
    offsets: tuple[float, ...]

    @classmethod
    def fit(cls, log_odds: Floats, churned: NDArray[np.int8], cutoff: NDArray[np.int32]) -> Season:
        """The offset of every cutoff at which some churned and some stayed."""
        offsets = {}
        for day in np.unique(cutoff).tolist():
            rows = cutoff == day
            if 0 < churned[rows].mean() < 1:
                offsets[day] = best_shift(log_odds[rows], churned[rows])
        return cls(tuple(offsets), tuple(offsets.values()))

    def reaches(self, cutoff: int) -> bool:
        """Whether a cutoff lies near the same day of the year before."""
        return bool(self.at(np.array([cutoff]))[0] != 0)

    def at(self, cutoff: NDArray[np.int32] | NDArray[np.int64] | int) -> Floats:
        """The offset at each cutoff."""
        year_before = np.asarray(cutoff, np.float64) - DAYS_IN_YEAR
        if not self.cutoffs:
            return np.zeros_like(year_before)
        days = np.array([self.cutoffs[0] - self._reach, *self.cutoffs, self.cutoffs[-1] + self._reach], np.float64)
        near = (year_before >= days[0]) & (year_before <= days[-1])
        return np.where(near, np.interp(year_before, days[1:-1], self.offsets), 0.0)

    @property
    def _reach(self) -> int:
        """Half the usual distance of two cutoffs: how far beyond the outermost ones a day is still near."""
        return int(np.median(np.diff(self.cutoffs)) / 2) if len(self.cutoffs) > 1 else 0


@dataclass(frozen=True)
class Calibration:
    """What is done to a model's log-odds, first the season, then the beta map; each may be absent.

    Examples
    --------
    >>> Calibration().probability(np.array([0.0]), 19_000).tolist()
    [0.5]
    """

    beta: Beta | None = None
    season: Season | None = None

    def log_odds(self, margin: Floats, cutoff: NDArray[np.int32] | int) -> Floats:
        """Corrected log-odds.

        Parameters
        ----------
        margin : shape (n_rows,), log-odds of the model.
        cutoff : day number, one for all rows or shape (n_rows,).
        """
        seasonal = margin if self.season is None else margin + self.season.at(cutoff)
        return seasonal if self.beta is None else self.beta(seasonal)

    def probability(self, margin: Floats, cutoff: NDArray[np.int32] | int) -> Floats:
        """Probability of churn, shape (n_rows,)."""
        return sigmoid(self.log_odds(margin, cutoff))

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "beta": None if self.beta is None else {"a": self.beta.a, "b": self.beta.b, "c": self.beta.c},
            "season": None
            if self.season is None
            else {"cutoffs": list(self.season.cutoffs), "offsets": list(self.season.offsets)},
        }

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> Calibration:
        """What `to_json` wrote.

        Raises
        ------
        KeyError, TypeError, ValueError : when it is damaged.
        """
        beta, season = saved["beta"], saved["season"]
        return cls(
            None if beta is None else Beta(float(beta["a"]), float(beta["b"]), float(beta["c"])),
            None if season is None else Season(tuple(map(int, season["cutoffs"])), tuple(map(float, season["offsets"]))),
        )
