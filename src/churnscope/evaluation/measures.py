"""Every metric of one predictor at once, under any weighting of the customers.

The resampled intervals ask for the same metrics hundreds of times with other weights. Means, calibration errors and the
calibration line need only sums by customer, so all draws are one matrix product; the ranking metrics need one pass over rows
sorted once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from churnscope.evaluation.calibration import (
    calibration_line,
    equal_mass_bins,
    expit,
    log_losses,
    logit,
    squared_errors,
)
from churnscope.evaluation.ranking import Gains, Ranking

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

BETTER = {  # +1: higher is better, -1: lower is better; metrics absent here have a target or no direction
    "auroc": 1,
    "average_precision": 1,
    "log_loss": -1,
    "brier": -1,
    "log_loss_skill": 1,
    "brier_skill": 1,
    "ece": -1,
    "lift": 1,
    "precision": 1,
    "recall": 1,
}
MEANS = (
    "log_loss",
    "brier",
    "log_loss_skill",
    "brier_skill",
    "predicted_minus_churned",
    "ece",
    "calibration_intercept",
    "calibration_slope",
)
AT_THE_TOP = ("lift", "precision", "recall")


def better(metric: str) -> int:
    """+1 where more of the metric is better, -1 where less is, 0 where neither.

    Examples
    --------
    >>> better("lift_10pct"), better("log_loss"), better("calibration_slope")
    (1, -1, 0)
    """
    return BETTER.get(metric, BETTER.get(metric.split("_", maxsplit=1)[0], 0))


@dataclass(frozen=True)
class Tops:
    """Where the list of the riskiest may be cut: shares of all, and the number of customers the team can contact."""

    shares: tuple[float, ...]
    capacity: int | None

    @property
    def names(self) -> tuple[str, ...]:
        """Suffixes of the metrics: 5pct, 10pct, capacity.

        Examples
        --------
        >>> Tops((0.05, 0.125), 40).names
        ('5pct', '12.5pct', 'capacity')
        """
        return (*(f"{100 * share:g}pct" for share in self.shares), *(("capacity",) if self.capacity else ()))

    def counts(self, gains: Gains) -> list[int]:
        """How many rows lie above each cut."""
        return [*(gains.count(share) for share in self.shares), *((self.capacity,) if self.capacity else ())]


@dataclass(frozen=True)
class Outcomes:
    """What happened to the rows a model is judged on: `churned` of shape (n,), `customer` their code from 0 up."""

    churned: NDArray[np.float64]
    customer: NDArray[np.intp]
    customers: int

    @classmethod
    def of(cls, churned: ArrayLike, customer: ArrayLike) -> Outcomes:
        """Rows with any customer numbers."""
        known, code = np.unique(np.asarray(customer), return_inverse=True)
        return cls(np.asarray(churned, dtype=np.float64), code, len(known))


class Measured:
    """One predictor's probabilities beside the outcomes.

    Parameters
    ----------
    outcomes : what happened, n rows.
    probability : shape (n,), the predicted chance of churn.
    tops : where the list is cut.
    """

    def __init__(self, outcomes: Outcomes, probability: NDArray[np.float64], tops: Tops) -> None:
        self._outcomes = outcomes
        self._tops = tops
        self._ranking = Ranking(outcomes.churned, probability)
        line = calibration_line(outcomes.churned, probability)
        self._line = np.array([line.intercept, line.slope])
        columns = [*_means(outcomes.churned, probability), *_line_terms(outcomes.churned, probability, self._line)]
        self._bins = _bin_errors(outcomes.churned, probability)
        self._sums = _by_customer(outcomes, [*columns, *self._bins])

    @property
    def names(self) -> tuple[str, ...]:
        """The metrics, in the order of `measure`."""
        tops = (f"{metric}_{top}" for top in self._tops.names for metric in AT_THE_TOP)
        return ("auroc", "average_precision", *MEANS, *tops)

    def measure(self, counts: NDArray[np.float64]) -> NDArray[np.float64]:
        """All metrics with customers counted `counts` times, shape (draws, customers); returns (draws, metrics).

        Notes
        -----
        Bins of the calibration error stay those of the rows counted once. The calibration line of other counts is one Newton
        step from the line of the rows counted once, exact to second order.
        """
        means = self._from_sums(counts @ self._sums)
        ranked = np.array([self._from_order(count) for count in counts]).reshape(len(counts), -1)
        return np.column_stack((ranked[:, :2], means, ranked[:, 2:]))

    def gains(self) -> Gains:
        """The gains curve of the rows counted once."""
        return self._ranking.gains()

    def _from_order(self, count: NDArray[np.float64]) -> list[float]:
        gains = self._ranking.gains(count[self._outcomes.customer])
        figures = [gains.auroc(), gains.average_precision()]
        base_rate = gains.churned_rows / gains.rows if gains.rows else np.nan
        for k in self._tops.counts(gains):
            precision = gains.precision_at(k)
            figures += [precision / base_rate if base_rate else np.nan, precision, gains.recall_at(k)]
        return figures

    def _from_sums(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        rows, churned, loss, squared = sums[:, :4].T
        base_rate = churned / rows
        predicted_minus_churned = -sums[:, 9:].sum(axis=1) / rows
        ece = np.abs(sums[:, 9:]).sum(axis=1) / rows
        with np.errstate(divide="ignore", invalid="ignore"):
            loss_skill = 1 - loss / rows / _entropy(base_rate)
            squared_skill = 1 - squared / rows / (base_rate * (1 - base_rate))
        skills = np.where(((churned > 0) & (churned < rows))[:, None], np.column_stack((loss_skill, squared_skill)), np.nan)
        line = self._line + _newton_step(sums[:, 4:9], self._line)
        return np.column_stack((loss / rows, squared / rows, skills, predicted_minus_churned, ece, line))


def _means(churned: NDArray[np.float64], probability: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    return [np.ones_like(churned), churned, log_losses(churned, probability), squared_errors(churned, probability)]


def _bin_errors(churned: NDArray[np.float64], probability: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """One column per bin: outcome minus probability inside the bin, 0 outside."""
    member = equal_mass_bins(probability)
    return [np.where(member == number, churned - probability, 0.0) for number in range(member.max(initial=-1) + 1)]


def _line_terms(
    churned: NDArray[np.float64], probability: NDArray[np.float64], line: NDArray[np.float64]
) -> list[NDArray[np.float64]]:
    """Gradient (2) and curvature (3) of the calibration line's likelihood, row by row, at the line of all rows."""
    z = logit(probability)
    with np.errstate(invalid="ignore"):  # no line at all: everything that follows from it is NaN too
        fitted = expit(line[0] + (line[1] if np.isfinite(line[1]) else 1.0) * z)
    error, curvature = churned - fitted, fitted * (1 - fitted)
    return [error, error * z, curvature, curvature * z, curvature * z * z]


def _newton_step(terms: NDArray[np.float64], line: NDArray[np.float64]) -> NDArray[np.float64]:
    """The step from the line of all rows to that of each draw; shape (draws, 2)."""
    gradient, gradient_z, h, h_z, h_zz = terms.T
    with np.errstate(divide="ignore", invalid="ignore"):
        if not np.isfinite(line[1]):
            return np.column_stack((gradient / h, np.full_like(h, np.nan)))
        step = np.column_stack((h_zz * gradient - h_z * gradient_z, h * gradient_z - h_z * gradient))
        determinant = (h * h_zz - h_z * h_z)[:, None]
        return np.where(determinant > 0, step / determinant, np.nan)


def _by_customer(outcomes: Outcomes, columns: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    summed = [np.bincount(outcomes.customer, weights=column, minlength=outcomes.customers) for column in columns]
    return np.column_stack(summed)


def _entropy(rate: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log loss of the forecast that always says the rate that came."""
    return -rate * np.log(rate) - (1 - rate) * np.log1p(-rate)
