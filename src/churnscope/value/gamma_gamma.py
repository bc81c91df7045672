"""Gamma-Gamma: what a purchase day of a customer is worth, shrunk to the mean of all customers.

Symbols: x repeat purchase days, z their mean spend; spend varies around the customer's mean as Gamma(p), and these means among
customers as an inverse gamma with q and v. Assumes that how much and how often people buy are unrelated
(`SpendRows.correlation` near 0).

References
----------
P. Fader, B. Hardie (2013), The gamma-gamma model of monetary value, brucehardie.com/notes/025.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import digamma, gammaln

from churnscope.errors import InputError, ModelError
from churnscope.value.fitting import FitReport, Objective, maximise
from churnscope.value.repeat_rows import Array


@dataclass(frozen=True, eq=False)
class SpendRows:
    """How many repeat purchase days each customer had and what they were worth on average.

    Parameters
    ----------
    frequency : shape (n_rows,), repeat purchase days, 0 or more.
    mean_spend : shape (n_rows,), mean amount of these days in one currency; not read where frequency is 0.

    Raises
    ------
    ValueError : when lengths differ or a frequency is negative or missing.
    """

    frequency: Array
    mean_spend: Array

    def __init__(self, frequency: ArrayLike, mean_spend: ArrayLike) -> None:
        object.__setattr__(self, "frequency", np.asarray(frequency, dtype=np.float64))
        object.__setattr__(self, "mean_spend", np.asarray(mean_spend, dtype=np.float64))
        if self.frequency.shape != self.mean_spend.shape or not (self.frequency >= 0).all():
            raise ValueError("frequency and mean_spend have one length, and frequency is 0 or more")

    def spenders(self) -> SpendRows:
        """The customers with repeat purchases of a positive mean amount: those the model learns from."""
        counted = (self.frequency > 0) & (self.mean_spend > 0)
        return SpendRows(self.frequency[counted], self.mean_spend[counted])

    def correlation(self) -> float:
        """Pearson correlation of frequency and mean spend among the spenders; NaN where one of them does not vary."""
        rows = self.spenders()
        if len(rows.frequency) < 2 or not np.ptp(rows.frequency) or not np.ptp(rows.mean_spend):
            return float("nan")
        return float(np.corrcoef(rows.frequency, rows.mean_spend)[0, 1])


@dataclass(frozen=True)
class GammaGamma:
    """A fitted spend model.

    Parameters
    ----------
    p : shape of a customer's spend around its mean.
    q : shape of the means among customers; above 1, so that their mean exists.
    v : their scale, in the currency of the amounts.
    report : how the fit went; None for parameters taken from elsewhere.

    Raises
    ------
    ValueError : when p or v is not positive or q is not above 1.
    """

    p: float
    q: float
    v: float
    report: FitReport | None = None

    def __post_init__(self) -> None:
        if not (0 < self.p < np.inf and 1 < self.q < np.inf and 0 < self.v < np.inf):
            raise ValueError("gamma-gamma needs p > 0, q > 1 and v > 0")

    @classmethod
    def fit(cls, rows: SpendRows) -> Self:
        """The model under which these mean amounts are most likely.

        Raises
        ------
        InputError : when nobody, or only one customer, has repeat purchases of a positive amount, or all spend the same.
        """
        spenders = rows.spenders()
        if len(spenders.frequency) < 2 or not np.ptp(spenders.mean_spend):
            raise InputError(
                f"{len(spenders.frequency)} customers with paid repeat purchases do not tell how spending differs.",
                "Map an amount for the purchases, or value every purchase the same.",
            )
        mean = float(spenders.mean_spend.mean())
        starts = [(p, q - 1, mean * (q - 1) / p) for p, q in ((1.0, 2.0), (6.0, 4.0), (2.0, 10.0), (30.0, 3.0))]
        (p, above_one, v), report = maximise(
            _mean_surprise(spenders), starts, ("p", "q", "v"), customers=len(spenders.frequency)
        )
        return cls(p, 1 + above_one, v, report)

    def log_likelihood(self, rows: SpendRows) -> float:
        """Natural log of the likelihood of the spenders' mean amounts."""
        spenders = rows.spenders()
        logs = np.log([self.p, self.q - 1, self.v])
        return -_mean_surprise(spenders)(logs)[0] * len(spenders.frequency)

    @property
    def population_mean(self) -> float:
        """E[M] = p v / (q - 1): the expected mean spend of a customer nothing is known about."""
        return self.p * self.v / (self.q - 1)

    def expected_spend(self, rows: SpendRows) -> Array:
        """E[M | x, z] = p (v + x z) / (p x + q - 1), shape (n_rows,): a purchase day's expected amount.

        Who brought back more than was bought counts as having spent nothing.
        """
        total = np.where(rows.frequency > 0, np.maximum(rows.frequency * rows.mean_spend, 0.0), 0.0)
        return self.p * (self.v + total) / (self.p * rows.frequency + self.q - 1)

    def to_json(self) -> dict[str, Any]:
        """The model as plain values for JSON."""
        return {"kind": "gamma_gamma", **asdict(self)}

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> Self:
        """The model that `to_json` wrote.

        Raises
        ------
        ModelError : when a parameter is missing or impossible.
        """
        try:
            report = FitReport(**saved["report"]) if saved["report"] else None
            return cls(saved["p"], saved["q"], saved["v"], report)
        except (KeyError, TypeError, ValueError) as damage:
            raise ModelError("The saved gamma_gamma model is damaged.", "Train again, or restore the model folder.") from damage


def _mean_surprise(rows: SpendRows) -> Objective:
    """Mean negative log-likelihood and its gradient by log p, log(q - 1), log v.

    Notes
    -----
    f(z | x) = Gamma(px+q) / (Gamma(px) Gamma(q)) * v^q z^(px-1) x^(px) / (v + xz)^(px+q).
    """
    levels, level = np.unique(rows.frequency, return_inverse=True)
    share = np.bincount(level) / len(level)
    frequency, total = rows.frequency, rows.frequency * rows.mean_spend
    log_total, mean_log_spend = np.log(total), float(np.log(rows.mean_spend).mean())

    def surprise(logs: Array) -> tuple[float, Array]:
        p, above_one, v = np.exp(logs)
        q, shapes = 1 + above_one, p * levels
        log_sum = np.log(v + total)
        counts = share @ (gammaln(shapes + q) - gammaln(shapes)) - gammaln(q)
        spends = (p * frequency * (log_total - log_sum)).mean() - mean_log_spend + q * (logs[2] - log_sum.mean())
        by_q = share @ digamma(shapes + q) - digamma(q) + logs[2] - log_sum.mean()
        by_p = share @ (levels * (digamma(shapes + q) - digamma(shapes))) + (frequency * (log_total - log_sum)).mean()
        by_v = q / v - ((p * frequency + q) / (v + total)).mean()
        return -float(counts + spends), -np.array([p * by_p, above_one * by_q, v * by_v])

    return surprise
