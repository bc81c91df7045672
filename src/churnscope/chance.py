"""What chance alone does: limits of a share, and how many of many tests would tell something that is not there."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit
from scipy.stats import false_discovery_control

Z_95: Final = 1.959963984540054  # of the normal distribution: 95 % lie within

Floats = NDArray[np.float64]


def wilson(events: ArrayLike, among: ArrayLike) -> tuple[Floats, Floats, Floats]:
    """Shares with 95 % score limits; NaN where there is nobody.

    Parameters
    ----------
    events, among : counts of one shape, `events` at most `among`.

    Returns
    -------
    Shares, lower and upper limits, of that shape and in [0, 1].

    References
    ----------
    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference. JASA 22(158), 209-212.

    Examples
    --------
    >>> [round(float(part), 4) for part in wilson(81, 263)]
    [0.308, 0.2553, 0.3662]
    """
    seen, all_of_them = np.asarray(events, np.float64), np.asarray(among, np.float64)
    some = np.where(all_of_them > 0, all_of_them, np.nan)
    share, weight = seen / some, Z_95**2 / some
    centre, half = share + weight / 2, np.sqrt(weight * (share * (1 - share) + weight / 4))
    low, high = (centre - half) / (1 + weight), (centre + half) / (1 + weight)
    return share, np.where(share == 0, 0.0, low), np.where(share == 1, 1.0, high)


def mean_limits(values: Floats) -> tuple[float, float, float]:
    """The mean of some values with 95 % limits by Student's t; limits are NaN for a single value.

    Parameters
    ----------
    values : shape (n,), at least one.

    References
    ----------
    Student (1908). The probable error of a mean. Biometrika 6(1), 1-25.

    Examples
    --------
    >>> [round(part, 3) for part in mean_limits(np.array([1.0, 2.0, 3.0]))]
    [2.0, -0.484, 4.484]
    """
    n, mean = len(values), float(values.mean())
    half = float(stdtrit(n - 1, 0.975) * values.std(ddof=1) / np.sqrt(n)) if n > 1 else float("nan")
    return mean, mean - half, mean + half


def false_discovery_rates(p: ArrayLike) -> Floats:
    """For each of many tests the smallest rate of false discoveries at which it would count as one; NaN stays.

    Parameters
    ----------
    p : shape (n,), of the tests; NaN where nothing was tested.

    References
    ----------
    Benjamini, Y., Hochberg, Y. (1995). Controlling the false discovery rate. Journal of the Royal Statistical Society B 57(1),
    289-300.

    Examples
    --------
    >>> false_discovery_rates([0.01, 0.04, 0.03, np.nan]).tolist()
    [0.03, 0.04, 0.04, nan]
    """
    values = np.asarray(p, dtype=np.float64)
    rates, tested = np.full(len(values), np.nan), ~np.isnan(values)
    rates[tested] = false_discovery_control(values[tested])
    return rates
