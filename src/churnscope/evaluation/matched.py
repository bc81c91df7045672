"""Churn after an event against that of matched customers without it: what goes with the event, never what it causes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import t

from churnscope.evaluation.intervals import LEVEL, Estimate

Array = NDArray[np.float64]
Whole = NDArray[np.int64]
LEAST_CUSTOMERS = 20  # with the event, matched: of fewer nothing is said
FALSE_DISCOVERIES = 0.05  # expected share of events called telling that are not


@dataclass(frozen=True)
class Matched:
    """What became of the snapshots with an event and of those like them without it.

    Parameters
    ----------
    customers : with the event who could be matched.
    exposed, matched : snapshots with the event, and those of them that have a like one without it.
    compared : snapshots without the event that are like one with it.
    churn, otherwise : share that left, with the event and without it, weighted alike over the strata.
    difference : `churn` less `otherwise`, with its 95 % interval by customer; NaN below `LEAST_CUSTOMERS`.
    p : how likely a difference as large is where the event tells nothing; NaN where nothing is said.
    """

    customers: int
    exposed: int
    matched: int
    compared: int
    churn: float
    otherwise: float
    difference: Estimate
    p: float

    @property
    def unmatched(self) -> int:
        """Snapshots with the event that are like none without it."""
        return self.exposed - self.matched


def matched(exposed: ArrayLike, churned: ArrayLike, strata: ArrayLike, customers: ArrayLike) -> Matched:
    """Compare snapshots with an event with those of the same stratum without it.

    Parameters
    ----------
    exposed : bool, shape (n,), whether the event happened.
    churned : shape (n,), 1 or 0.
    strata : shape (n,), whole numbers from 0: who is alike.
    customers : shape (n,), whole numbers: whose snapshot it is. Those of one customer are no independent evidence.

    Notes
    -----
    The difference is `sum w_s (p_1s - p_0s) / sum w_s` over the strata, `w = n_1 n_0 / n` (Mantel and Haenszel), which is the
    coefficient of the event in a regression with a constant for every stratum. Its variance sums the squared scores of each
    customer, those of a stratum of n snapshots raised by `n / (n - 1)`, as small strata need it.

    References
    ----------
    N. Mantel, W. Haenszel (1959), Statistical aspects of the analysis of data from retrospective studies of disease, Journal
    of the National Cancer Institute 22(4), 719-748. K.-Y. Liang, S. L. Zeger (1986), Longitudinal data analysis using
    generalized linear models, Biometrika 73(1), 13-22: the variance by customer.

    Examples
    --------
    >>> exposed, churned = np.repeat([1, 0], 50), np.r_[np.repeat([1, 0], [30, 20]), np.repeat([1, 0], [10, 40])]
    >>> str(matched(exposed, churned, np.zeros(100, int), np.arange(100)).difference)
    '0.400 [0.218, 0.582]'
    """
    event, left = np.asarray(exposed, dtype=np.float64), np.asarray(churned, dtype=np.float64)
    place, whose = np.asarray(strata, dtype=np.int64), np.asarray(customers, dtype=np.int64)
    size = np.bincount(place)
    with_event, gone = np.bincount(place, event), np.bincount(place, left)
    both = np.bincount(place, event * left)
    mixed = (with_event > 0) & (with_event < size)
    inside = np.flatnonzero(mixed[place])
    weight = np.where(mixed, with_event * (size - with_event) / np.maximum(size, 1), 0.0)
    total = weight.sum()
    happened = int(event.sum())
    if not total > 0:
        return Matched(0, happened, 0, 0, np.nan, np.nan, Estimate(np.nan, np.nan, np.nan), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = np.where(mixed, both / with_event, 0.0)
        other = np.where(mixed, (gone - both) / (size - with_event), 0.0)
    churn, otherwise = float((weight * rate).sum() / total), float((weight * other).sum() / total)
    difference = churn - otherwise
    n = size[place[inside]]
    centred = event[inside] - with_event[place[inside]] / n
    rest = left[inside] - gone[place[inside]] / n - difference * centred
    customers_there, whose_score = np.unique(whose[inside], return_inverse=True)
    scores = np.bincount(whose_score, centred * rest * np.sqrt(n / (n - 1)))
    has_event = np.bincount(whose_score, event[inside]) > 0
    found, n_customers = int(np.count_nonzero(has_event)), len(customers_there)
    counts = (found, happened, int(event[inside].sum()), int(np.count_nonzero(event[inside] == 0)), churn, otherwise)
    if found < LEAST_CUSTOMERS or n_customers - found < 1:
        return Matched(*counts, Estimate(difference, np.nan, np.nan), np.nan)
    error = float(np.sqrt((scores**2).sum() * n_customers / (n_customers - 1)) / total)
    freedom = found - 1
    half = float(t.ppf(0.5 + LEVEL / 2, freedom)) * error
    p = float(2 * t.sf(abs(difference) / error, freedom)) if error > 0 else float(difference == 0)
    return Matched(*counts, Estimate(difference, difference - half, difference + half), p)


def strata_of(*columns: ArrayLike) -> Whole:
    """Who is alike in every column: numbers from 0, shape (n,).

    Examples
    --------
    >>> strata_of([1, 1, 2, 1], [0, 5, 5, 0]).tolist()
    [0, 1, 2, 0]
    """
    number = np.zeros(len(np.asarray(columns[0])), np.int64)
    for column in columns:
        values, place = np.unique(np.asarray(column), return_inverse=True)
        number = np.unique(number * len(values) + place, return_inverse=True)[1]
    return number
