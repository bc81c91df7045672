"""Two groups of customers side by side: means, medians, shares and how much the groups differ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import binom, t

from churnscope.chance import mean_limits
from churnscope.evaluation.arms import rate_difference, wilson
from churnscope.evaluation.intervals import LEVEL, Estimate

Array = NDArray[np.float64]
METHODS = (
    "means: Student's t, their difference: Welch; shares: Wilson, their difference: Newcombe; medians: order statistics; "
    "each with 95 %"
)
_TAIL = (1 - LEVEL) / 2


@dataclass(frozen=True)
class Side:
    """A group by one measure.

    Parameters
    ----------
    customers : of whom the measure is known.
    mean, median : with 95 % intervals; NaN where the group is too small for them.
    share : of these customers whose value is above 0.
    total : of all of them.
    """

    customers: int
    mean: Estimate
    median: Estimate
    share: Estimate
    total: float


@dataclass(frozen=True)
class Contrast:
    """Two groups by one measure.

    Parameters
    ----------
    one, other : the groups.
    difference : of the means, `one` less `other`; of a measure that is 0 or 1, of the shares.
    """

    one: Side
    other: Side
    difference: Estimate

    @property
    def part(self) -> float:
        """The part of the total of both groups that the first one makes; NaN where there is no total."""
        total = self.one.total + self.other.total
        return self.one.total / total if total > 0 else np.nan

    @property
    def is_told_apart(self) -> bool:
        """Whether the interval of the difference leaves out 0."""
        return self.difference.low > 0 or self.difference.high < 0


def contrast(values: ArrayLike, other: ArrayLike, *, is_flag: bool = False) -> Contrast:
    """Compare two groups by a measure; customers of whom it is not known (NaN) are left out.

    Parameters
    ----------
    values, other : shape (n,) and (m,), of the customers of each group.
    is_flag : whether values are 1 or 0, so that the difference is one of shares.

    Notes
    -----
    Nothing is drawn at random. Intervals of means rest on the central limit: of a few customers with very uneven money they
    are too narrow.

    References
    ----------
    B. L. Welch (1947), The generalization of "Student's" problem when several different population variances are involved,
    Biometrika 34(1-2), 28-35. R. G. Newcombe (1998), Statistics in Medicine 17(8), 873-890.

    Examples
    --------
    >>> found = contrast([1.0, 2.0, 3.0, 4.0, np.nan], [0.0, 0.0, 1.0, 1.0])
    >>> found.one.customers, str(found.difference)
    (4, '2.000 [0.065, 3.935]')
    """
    groups = [np.asarray(group, dtype=np.float64) for group in (values, other)]
    known = [group[~np.isnan(group)] for group in groups]
    one, two = map(_side, known)
    if is_flag and one.customers and two.customers:
        counts = [int(np.count_nonzero(group)) for group in known]
        return Contrast(one, two, rate_difference(counts[0], one.customers, counts[1], two.customers))
    return Contrast(one, two, _welch(*known))


def _side(values: Array) -> Side:
    n = len(values)
    if not n:
        nothing = Estimate(np.nan, np.nan, np.nan)
        return Side(0, nothing, nothing, nothing, 0.0)
    positive = int(np.count_nonzero(values > 0))
    return Side(n, _mean(values), median(values), wilson(positive, n), float(values.sum()))


def _mean(values: Array) -> Estimate:
    return Estimate(*mean_limits(values))


def median(values: Array) -> Estimate:
    """The median with the interval of order statistics that holds it with 95 % whatever the distribution.

    Notes
    -----
    The k-th smallest of n values lies above the median with probability `P(B < k)`, B binomial with n and 1/2.

    Examples
    --------
    >>> str(median(np.arange(1.0, 11.0)))
    '5.500 [2.000, 9.000]'
    """
    n, ordered = len(values), np.sort(values)
    place = int(binom.ppf(_TAIL, n, 0.5)) - 1  # the largest k with P(B <= k) below the tail
    middle = float(np.median(ordered))
    if place < 0:
        return Estimate(middle, np.nan, np.nan)
    return Estimate(middle, float(ordered[place]), float(ordered[n - 1 - place]))


def _welch(values: Array, other: Array) -> Estimate:
    if not len(values) or not len(other):
        return Estimate(np.nan, np.nan, np.nan)
    difference = float(values.mean() - other.mean())
    if min(len(values), len(other)) < 2:
        return Estimate(difference, np.nan, np.nan)
    parts = np.array([group.var(ddof=1) / len(group) for group in (values, other)])
    if not parts.sum() > 0:
        return Estimate(difference, difference, difference)
    freedom = parts.sum() ** 2 / (parts**2 / (np.array([len(values), len(other)]) - 1)).sum()
    half = float(t.ppf(1 - _TAIL, freedom) * np.sqrt(parts.sum()))
    return Estimate(difference, difference - half, difference + half)
