"""Whether a probability means what it says: of 100 customers at 0.2, about 20 leave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from churnscope.evaluation.intervals import band

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

SMALLEST = 1e-15  # probabilities are kept this far from 0 and 1, so that one certain mistake costs 34.5 and not infinity
BINS = 10
NEWTON_STEPS = 50
NEWTON_TOLERANCE = 1e-10  # of the promised gain in log-likelihood, per row


def clipped(probability: ArrayLike) -> NDArray[np.float64]:
    """Probabilities within [1e-15, 1 - 1e-15]."""
    return np.clip(np.asarray(probability, dtype=np.float64), SMALLEST, 1 - SMALLEST)


def log_losses(churned: ArrayLike, probability: ArrayLike) -> NDArray[np.float64]:
    """Minus the log of the probability given to what happened, row by row, in nats."""
    p = clipped(probability)
    return -np.log(np.where(np.asarray(churned) > 0, p, 1 - p))


def log_loss(churned: ArrayLike, probability: ArrayLike) -> float:
    """Mean log loss in nats; lower is better.

    Examples
    --------
    >>> round(log_loss([1, 0], [0.8, 0.4]), 4)
    0.367
    """
    return float(np.mean(log_losses(churned, probability)))


def squared_errors(churned: ArrayLike, probability: ArrayLike) -> NDArray[np.float64]:
    """Squared distance between outcome and probability, row by row."""
    error: NDArray[np.float64] = np.asarray(churned, dtype=np.float64) - clipped(probability)
    return error**2


def brier(churned: ArrayLike, probability: ArrayLike) -> float:
    """Mean squared distance between outcome and probability; lower is better.

    References
    ----------
    Brier (1950), Verification of forecasts expressed in terms of probability, Monthly Weather Review 78(1).

    Examples
    --------
    >>> round(brier([1, 0], [0.8, 0.4]), 4)
    0.1
    """
    return float(np.mean(squared_errors(churned, probability)))


def equal_mass_bins(probability: ArrayLike, bins: int = BINS) -> NDArray[np.intp]:
    """The bin of each row, 0 the lowest probabilities, numbered without holes.

    Bins hold equally many rows as far as ties allow: equal probabilities share the bin in which the middle of their ranks
    falls, so a row's bin does not depend on the order of the rows, and a constant forecast is one bin.

    Examples
    --------
    >>> equal_mass_bins([0.4, 0.1, 0.1, 0.1], bins=2).tolist()
    [1, 0, 0, 0]
    """
    levels, level, count = np.unique(np.asarray(probability, dtype=np.float64), return_inverse=True, return_counts=True)
    middle = np.cumsum(count) - count / 2
    bin_of_level = np.floor(bins * middle / count.sum()).astype(np.intp) if len(levels) else np.zeros(0, np.intp)
    return np.unique(bin_of_level, return_inverse=True)[1][level]


def expected_calibration_error(churned: ArrayLike, probability: ArrayLike, bins: int = BINS) -> float:
    """Mean distance between churn rate and mean probability over equal-mass bins, weighted by their rows.

    Never 0 on finite data: compare it with `reliability(...).noise`.

    References
    ----------
    Naeini, Cooper, Hauskrecht (2015), Obtaining well calibrated probabilities using Bayesian binning, AAAI. Bins of equal mass:
    Nixon et al. (2019), Measuring calibration in deep learning, CVPR workshops.

    Examples
    --------
    >>> round(expected_calibration_error([0, 1], [0.2, 0.9]), 4)
    0.15
    """
    error = np.asarray(churned, dtype=np.float64) - np.asarray(probability, dtype=np.float64)
    return float(np.abs(np.bincount(equal_mass_bins(probability, bins), weights=error)).sum() / len(error))


@dataclass(frozen=True)
class ReliabilityBin:
    """One bin of the reliability table: what was said, what came, and the range that chance alone explains.

    `low` and `high` hold the churn rates that a perfectly calibrated forecast of the same probabilities gives 95 times in 100.
    """

    rows: int
    predicted: float
    churn_rate: float
    low: float
    high: float


@dataclass(frozen=True)
class Reliability:
    """The reliability table, and the band in which the calibration error of a perfect forecast lies (95 %)."""

    bins: tuple[ReliabilityBin, ...]
    noise: tuple[float, float]


def reliability(
    churned: ArrayLike, probability: ArrayLike, rng: np.random.Generator, *, draws: int = 500, bins: int = BINS
) -> Reliability:
    """The reliability table with its consistency bands.

    Parameters
    ----------
    churned, probability : shape (n,).
    rng : source of the simulated outcomes.
    draws : simulations; the bands are NaN with 0.

    Notes
    -----
    Outcomes are drawn from the probabilities themselves, row by row and independently.

    References
    ----------
    Broecker and Smith (2007), Increasing the reliability of reliability diagrams, Weather and Forecasting 22(3).
    """
    p = np.asarray(probability, dtype=np.float64)
    member = equal_mass_bins(p, bins)
    rows = np.bincount(member)
    predicted = np.bincount(member, weights=p) / rows
    observed = np.bincount(member, weights=np.asarray(churned, dtype=np.float64)) / rows
    simulated = _simulated_rates(p, member, rows, rng, draws)
    low, high = band(simulated)
    noise_low, noise_high = band(np.abs(simulated - predicted) @ (rows / len(p)))
    table = zip(rows.tolist(), predicted.tolist(), observed.tolist(), low.tolist(), high.tolist(), strict=True)
    return Reliability(tuple(ReliabilityBin(*cells) for cells in table), (float(noise_low), float(noise_high)))


def _simulated_rates(
    p: NDArray[np.float64], member: NDArray[np.intp], rows: NDArray[np.intp], rng: np.random.Generator, draws: int
) -> NDArray[np.float64]:
    """Churn rates by bin if the probabilities were true; shape (draws, bins)."""
    sorted_p, ends = p[np.argsort(member, kind="stable")], np.cumsum(rows)
    churned = np.empty((draws, len(rows)))
    for draw in range(draws):
        happens = rng.random(len(p)) < sorted_p
        churned[draw] = [np.count_nonzero(happens[end - size : end]) for end, size in zip(ends, rows, strict=True)]
    return churned / rows


@dataclass(frozen=True)
class CalibrationLine:
    """`log-odds of churn = intercept + slope * logit(probability)`; 0 and 1 are perfect.

    A slope below 1 says that the probabilities are too extreme, an intercept above 0 that they are too low.
    """

    intercept: float
    slope: float


def calibration_line(churned: ArrayLike, probability: ArrayLike) -> CalibrationLine:
    """The logistic line of outcome on log-odds, by maximum likelihood.

    A constant forecast has no slope (NaN) and gets the intercept that moves it onto the churn rate. Both are NaN where no
    finite line is the best one: without both outcomes, or when the probabilities part them without error.

    References
    ----------
    Cox (1958), Two further applications of a model for binary regression, Biometrika 45.

    Examples
    --------
    >>> line = calibration_line([1, 0, 0, 1, 1, 0], [0.2, 0.2, 0.2, 0.8, 0.8, 0.8])  # churn rates 1/3 and 2/3: too extreme
    >>> abs(line.intercept) < 1e-9, round(line.slope, 6)
    (True, 0.5)
    """
    y, z = np.asarray(churned, dtype=np.float64), logit(probability)
    if not 0 < y.sum() < len(y):
        return CalibrationLine(np.nan, np.nan)
    if z.min() == z.max():
        return CalibrationLine(float(logit(y.mean()) - z[0]), np.nan)
    if z[y > 0].min() >= z[y == 0].max() or z[y == 0].min() >= z[y > 0].max():
        return CalibrationLine(np.nan, np.nan)
    return _newton(y, z)


def _newton(y: NDArray[np.float64], z: NDArray[np.float64]) -> CalibrationLine:
    """Newton's method with halved steps: the likelihood is concave, and rises until a step promises next to nothing."""
    design, line = np.column_stack((np.ones_like(z), z)), np.array([0.0, 1.0])
    for _ in range(NEWTON_STEPS):
        fitted = expit(design @ line)
        gradient = design.T @ (y - fitted)
        step = np.linalg.solve((design.T * (fitted * (1 - fitted))) @ design, gradient)
        if gradient @ step < NEWTON_TOLERANCE * len(y):
            return CalibrationLine(*(line + step).tolist())
        reached = _log_likelihood(y, design @ line)
        while _log_likelihood(y, design @ (line + step)) < reached:
            step = step / 2
        line = line + step
    return CalibrationLine(np.nan, np.nan)


def _log_likelihood(y: NDArray[np.float64], log_odds: NDArray[np.float64]) -> float:
    return float(y @ log_odds - np.logaddexp(0, log_odds).sum())


def expit(log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities of log-odds, without overflow."""
    return np.exp(-np.logaddexp(0, -log_odds))


def logit(probability: ArrayLike) -> NDArray[np.float64]:
    """Log-odds of clipped probabilities."""
    p = clipped(probability)
    return np.log(p) - np.log1p(-p)
