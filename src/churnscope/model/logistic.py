"""Small logistic regressions by Newton's method, and the log-odds arithmetic around them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MOST_STEPS = 100
CLOSE_ENOUGH = 1e-10  # largest change of a coefficient in the last step


def sigmoid(log_odds: Floats) -> Floats:
    """Probability of log-odds, without overflow.

    Examples
    --------
    >>> sigmoid(np.array([-800.0, 0.0, 800.0])).tolist()
    [0.0, 0.5, 1.0]
    """
    small = np.exp(-np.abs(log_odds))
    probability: Floats = np.where(log_odds >= 0, 1, small) / (1 + small)
    return probability


def softplus(log_odds: Floats) -> Floats:
    """log(1 + exp(x)): minus the logarithm of the probability of the other outcome."""
    return np.logaddexp(0.0, log_odds)


def row_losses(log_odds: Floats, churned: NDArray[np.int8]) -> Floats:
    """Log loss of every row, shape (n_rows,)."""
    return softplus(log_odds) - log_odds * churned


def log_odds_of(share: float) -> float:
    """Log-odds of a share strictly between 0 and 1."""
    return float(np.log(share) - np.log1p(-share))


def best_shift(log_odds: Floats, churned: NDArray[np.int8]) -> float:
    """The constant that, added to the log-odds, makes the mean probability the share that churned.

    Parameters
    ----------
    log_odds : shape (n_rows,).
    churned : shape (n_rows,), 1 or 0, both present.

    Examples
    --------
    >>> round(best_shift(np.zeros(4), np.array([1, 0, 0, 0], np.int8)), 6) == round(log_odds_of(0.25), 6)
    True
    """
    shift, share = 0.0, churned.mean()
    for _ in range(MOST_STEPS):
        probability = sigmoid(log_odds + shift)
        step = (probability.mean() - share) / max((probability * (1 - probability)).mean(), CLOSE_ENOUGH)
        shift -= float(np.clip(step, -1, 1))  # far away the slope is no guide to how far
        if abs(step) <= CLOSE_ENOUGH:
            break
    return shift


def fit_logistic(design: Floats, churned: NDArray[np.int8], ridge: float = 0.0, offset: Floats | float = 0.0) -> Floats:
    """Coefficients, the intercept last, shape (n_columns + 1,).

    Parameters
    ----------
    design : shape (n_rows, n_columns), without missing values.
    churned : shape (n_rows,), 1 or 0, both present.
    ridge : weight of the squared coefficients; the intercept is free.
    offset : log-odds known beforehand.

    Notes
    -----
    Newton steps, halved while they do not improve; a nearly separable fit stops after 100 steps.
    """
    columns = np.column_stack([design, np.ones(len(churned))])
    penalty = np.append(np.full(design.shape[1], ridge), 0.0)

    def loss(weights: Floats) -> float:
        return float(row_losses(columns @ weights + offset, churned).sum() + penalty @ weights**2 / 2)

    weights = np.zeros(columns.shape[1])
    for _ in range(MOST_STEPS):
        step = _newton_step(columns, churned, weights, penalty, sigmoid(columns @ weights + offset))
        while loss(weights - step) > loss(weights) and np.abs(step).max() > CLOSE_ENOUGH:
            step = step / 2
        weights = weights - step
        if np.abs(step).max() <= CLOSE_ENOUGH:
            break
    return weights


def _newton_step(columns: Floats, churned: NDArray[np.int8], weights: Floats, penalty: Floats, probability: Floats) -> Floats:
    gradient = columns.T @ (probability - churned) + penalty * weights
    curvature = (columns * (probability * (1 - probability))[:, None]).T @ columns + np.diag(penalty)
    # A column that is 0 throughout has no curvature: least squares leaves its coefficient at 0.
    return np.asarray(np.linalg.lstsq(curvature, gradient, rcond=1e-14)[0], np.float64)
