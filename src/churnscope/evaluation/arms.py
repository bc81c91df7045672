"""Two arms of a randomised campaign: how much they differ, and whether they were drawn as planned."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2

from churnscope import chance
from churnscope.evaluation.intervals import Estimate, band

Array = NDArray[np.float64]
DRAWS = 2_000
_CELLS_AT_ONCE = 4_000_000  # of draws and customers: 32 MB


def wilson(successes: int, customers: int) -> Estimate:
    """A rate with its 95 % score interval, by `chance.wilson`.

    Raises
    ------
    ValueError : when there is nobody, or there are more successes than customers.

    Examples
    --------
    >>> str(wilson(81, 263))
    '0.308 [0.255, 0.366]'
    """
    if not 0 <= successes <= customers or not customers:
        raise ValueError("a rate needs customers, and no more successes than these")
    return Estimate(*(float(part) for part in chance.wilson(successes, customers)))


def rate_difference(successes: int, customers: int, other_successes: int, other_customers: int) -> Estimate:
    """The rate of one arm less that of another, with Newcombe's 95 % interval (his method 10, from two score intervals).

    Raises
    ------
    ValueError : when an arm is empty.

    References
    ----------
    R. G. Newcombe (1998), Interval estimation for the difference between independent proportions: comparison of eleven methods,
    Statistics in Medicine 17(8), 873-890.

    Examples
    --------
    >>> str(rate_difference(56, 70, 48, 80))
    '0.200 [0.052, 0.334]'
    """
    one, other = wilson(successes, customers), wilson(other_successes, other_customers)
    difference = one.value - other.value
    below = np.hypot(one.value - one.low, other.high - other.value)
    above = np.hypot(one.high - one.value, other.value - other.low)
    return Estimate(difference, float(difference - below), float(difference + above))


def mean_difference(values: ArrayLike, other: ArrayLike, rng: np.random.Generator, *, draws: int = DRAWS) -> Estimate:
    """The mean of one arm less that of another, with the percentile interval of customers drawn anew within each arm.

    Parameters
    ----------
    values, other : shape (n,) and (m,), of every customer of the two arms.

    References
    ----------
    Efron (1979), Bootstrap methods: another look at the jackknife, Annals of Statistics 7(1).

    Examples
    --------
    >>> str(mean_difference([3.0, 3.0], [1.0], np.random.default_rng(0)))
    '2.000 [2.000, 2.000]'
    """
    arms = [np.asarray(arm, dtype=np.float64) for arm in (values, other)]
    if not all(len(arm) for arm in arms):
        raise ValueError("each arm has a customer")
    one, two = (_drawn_means(arm, draws, rng) for arm in arms)
    low, high = band((one - two)[:, None])
    return Estimate(float(arms[0].mean() - arms[1].mean()), float(low[0]), float(high[0]))


def adjusted(values: ArrayLike, before: ArrayLike) -> Array:
    """Values less the part that was foreseeable from before the assignment: CUPED.

    What a customer did before the arms were drawn does not depend on the arm, so that the means of the arms still differ by the
    effect; the variance falls to 1 - r^2 of what it was, where r is the correlation of the two.

    Parameters
    ----------
    values, before : shape (n,), of the customers of all arms together.

    Returns
    -------
    Shape (n,), with the mean of `values`; `values` themselves where everybody was the same before.

    References
    ----------
    A. Deng, Y. Xu, R. Kohavi, T. Walker (2013), Improving the sensitivity of online controlled experiments by utilizing
    pre-experiment data, WSDM 2013, 123-132.

    Examples
    --------
    >>> adjusted([1.0, 2.0, 3.0], [10.0, 20.0, 30.0]).tolist()
    [2.0, 2.0, 2.0]
    """
    outcome, known = np.asarray(values, dtype=np.float64), np.asarray(before, dtype=np.float64)
    deviation = known - known.mean()
    deviation -= deviation.mean()  # what rounding left of it
    spread = deviation @ deviation
    if not spread > 0:
        return outcome
    return np.asarray(outcome - deviation * (deviation @ outcome / spread))


def sample_ratio_p(control: int, planned_shares: ArrayLike) -> float:
    """How likely a split as uneven as this is, were everybody drawn as planned.

    A small one (below 0.001) says that the arms cannot be compared: customers went missing, or were moved.

    Parameters
    ----------
    control : customers found in the control group.
    planned_shares : shape (n,), the share of the control group that each customer was drawn with.

    Returns
    -------
    The p-value of the chi-square test of one degree of freedom; 1 where nothing was left to chance and all is as planned, 0
    where it is not.

    Examples
    --------
    >>> round(sample_ratio_p(80, np.full(1000, 0.1)), 4)
    0.035
    """
    shares = np.asarray(planned_shares, dtype=np.float64)
    expected, variance = float(shares.sum()), float((shares * (1 - shares)).sum())
    if variance <= 0:
        return float(control == round(expected))
    return float(chi2.sf((control - expected) ** 2 / variance, 1))


def _drawn_means(values: Array, draws: int, rng: np.random.Generator) -> Array:
    """The means of so many samples, each of as many customers as there are, drawn with replacement."""
    return np.concatenate([values[drawn].mean(axis=1) for drawn in _draws(len(values), draws, rng)])


def _draws(customers: int, draws: int, rng: np.random.Generator) -> Iterator[NDArray[np.int32]]:
    at_once = max(1, _CELLS_AT_ONCE // customers)
    for start in range(0, draws, at_once):
        yield rng.integers(customers, size=(min(at_once, draws - start), customers), dtype=np.int32)
