"""How long it takes until something happens, when for some the data end before it does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincc

from churnscope.chance import Z_95

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


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

    def at(self, day: int) -> tuple[float, float, float]:
        """The share and its limits by the end of a day; NaN once nobody was watched for so long."""
        if day >= len(self.survival) or not self.at_risk[day]:
            return (np.nan,) * 3
        return float(self.survival[day]), float(self.low[day]), float(self.high[day])

    def first_at_most(self, share: float) -> int | None:
        """The first day by whose end the share has fallen so low: the median for a half; None where it never does."""
        return _first_at_most(self.survival, share)

    def median(self, least_watched: int = 1) -> tuple[int | None, int | None, int | None]:
        """The day by which it has happened to half of them, and its 95 % limits; None where a curve does not fall so low.

        Parameters
        ----------
        least_watched : from the first day on with fewer who are still watched, a curve says nothing.

        Notes
        -----
        The limits are the days on which those of the curve fall to a half.

        References
        ----------
        Brookmeyer, R., Crowley, J. (1982). A confidence interval for the median survival time. Biometrics 38(1), 29-41.
        """
        too_few = np.flatnonzero(self.at_risk < least_watched)
        firm = int(too_few[0]) if len(too_few) else len(self.at_risk)
        middle, earliest, latest = (_first_at_most(line[:firm], 0.5) for line in (self.survival, self.low, self.high))
        return (None, None, None) if middle is None else (middle, earliest, latest)


@dataclass(frozen=True, eq=False)
class Waits:
    """For how many it happened, or was watched for in vain, after how many days.

    Parameters
    ----------
    happened : shape (n_days + 1,), for how many it happened after exactly so many days.
    censored : shape (n_days + 1,), how many were watched so many days without it. They count as watched on that day.
    late : shape (n_days + 1,), how many were watched from so many days on only, as it had not happened by their end: they count
        from the day after (left truncation). None: all from the first day. Of day 0 there is nobody.
    """

    happened: Integers
    censored: Integers
    late: Integers | None = None

    @classmethod
    def of(cls, days: Integers, happened: NDArray[np.bool_], late_days: Integers | None = None) -> Waits:
        """The counts of single waits, each of so many days, shape (n,).

        Examples
        --------
        >>> waits = Waits.of(np.array([1, 3, 3]), np.array([True, True, False]))
        >>> waits.happened.tolist(), waits.censored.tolist()
        ([0, 1, 0, 1], [0, 0, 0, 1])
        """
        size = int(days.max(initial=0)) + 1
        late = None if late_days is None else np.bincount(late_days[late_days > 0], minlength=size)
        ended, open_ended = days[happened], days[~happened]
        return cls(np.bincount(ended, minlength=size), np.bincount(open_ended, minlength=size), late)

    @property
    def at_risk(self) -> Integers:
        """How many were watched on each day and had not had it before."""
        leaving = self.happened + self.censored
        late = np.zeros_like(leaving) if self.late is None else self.late
        joined = leaving.sum() - late.sum() + np.cumsum(late) - late
        return np.asarray(joined - np.cumsum(leaving) + leaving, np.int64)

    def curve(self) -> SurvivalCurve:
        """The share for whom it has not happened."""
        return kaplan_meier(self.happened, self.censored, self.late)


def kaplan_meier(happened: Integers, censored: Integers, late: Integers | None = None) -> SurvivalCurve:
    """The product-limit estimate from counts by whole days.

    Parameters
    ----------
    happened, censored, late : as in `Waits`.

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
    at_risk = Waits(happened, censored, late).at_risk
    with np.errstate(divide="ignore", invalid="ignore"):
        survival = np.asarray(np.cumprod(np.where(at_risk > 0, 1 - happened / np.maximum(at_risk, 1), 1.0)), np.float64)
        terms = np.where(happened > 0, happened / (at_risk * (at_risk - happened)), 0.0)
        log_log, spread = np.log(-np.log(survival)), np.sqrt(np.cumsum(terms)) / -np.log(survival)
        limits = (np.exp(-np.exp(log_log + sign * Z_95 * spread)) for sign in (1, -1))
        low, high = (np.where(np.isfinite(limit), limit, survival) for limit in limits)
    return SurvivalCurve(survival, low, high, at_risk)


def cumulative_incidence(happened: Integers, otherwise: Integers, censored: Integers) -> Floats:
    """Share for whom it has happened by the end of each day, where something else may happen that rules it out.

    Parameters
    ----------
    happened, otherwise, censored : shape (n_days + 1,), after exactly so many days, for how many it happened, for how many
        the other thing did, and how many were watched in vain.

    Returns
    -------
    Shape (n_days + 1,), rising, at most 1. Those to whom the other thing happened stay in what it is a share of.

    Notes
    -----
    `F(t) = sum S(u - 1) d_u / n_u` over the days u up to t, with S the product-limit estimate of neither having happened. One
    less the product-limit estimate that takes the other thing for an end of watching would say how many there would be if it
    never happened, which is more.

    References
    ----------
    Aalen, O. O., Johansen, S. (1978). An empirical transition matrix for non-homogeneous Markov chains based on censored
    observations. Scandinavian Journal of Statistics 5(3), 141-150.

    Examples
    --------
    >>> cumulative_incidence(np.array([0, 1, 1]), np.array([0, 2, 0]), np.array([0, 0, 0])).tolist()
    [0.0, 0.25, 0.5]
    """
    neither = kaplan_meier(happened + otherwise, censored)
    before = np.concatenate([[1.0], neither.survival[:-1]])
    return np.asarray(np.cumsum(before * happened / np.maximum(neither.at_risk, 1)), np.float64)


def log_rank(groups: Sequence[Waits]) -> float:
    """The chance of differences as large as these between groups that are all alike.

    Returns
    -------
    p-value of the log-rank test; NaN with fewer than two groups in which somebody was watched, or where it happened to nobody.

    References
    ----------
    Mantel, N. (1966). Evaluation of survival data and two new rank order statistics. Cancer Chemotherapy Reports 50, 163-170.
    Kalbfleisch, J. D., Prentice, R. L. (2002), section 1.5: more than two groups.

    Examples
    --------
    >>> early, late = (Waits.of(np.array(days), np.ones(3, bool)) for days in ([1, 2, 3], [8, 9, 9]))
    >>> round(log_rank([early, late]), 4)
    0.0246
    """
    size = max((len(group.happened) for group in groups), default=0)
    happened, at_risk = (
        np.array([np.pad(part, (0, size - len(part))) for part in parts], np.float64).reshape(len(groups), size)
        for parts in ([group.happened for group in groups], [group.at_risk for group in groups])
    )
    counted = happened.sum(axis=0) > 0
    happened, at_risk = happened[:, counted], at_risk[:, counted]
    all_happened, all_at_risk = happened.sum(axis=0), at_risk.sum(axis=0)
    watched = at_risk.sum(axis=1) > 0
    if watched.sum() < 2:
        return float("nan")
    share = at_risk[watched] / all_at_risk
    excess = (happened[watched] - share * all_happened).sum(axis=1)
    spread = all_happened * (all_at_risk - all_happened) / np.maximum(all_at_risk - 1, 1)
    covariance = np.diag((share * spread).sum(axis=1)) - (share * spread) @ share.T
    statistic = float(excess @ np.linalg.pinv(covariance) @ excess)
    return float(gammaincc((watched.sum() - 1) / 2, statistic / 2))


def _first_at_most(line: Floats, share: float) -> int | None:
    below = np.flatnonzero(line <= share)
    return int(below[0]) if len(below) else None
