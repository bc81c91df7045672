"""How near a forecast of purchases and money was to what came, customer by customer, in order and in all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np

from churnscope.value.histories import Recent
from churnscope.value.intervals import Interval
from churnscope.value.repeat_rows import Array

DRAWS = 500
LEAST_SHARE = 0.01  # of the mean that came: a smaller forecast counts as that, so that no single customer decides it all


@dataclass(frozen=True)
class Errors:
    """How far a forecast lay from what came.

    Parameters
    ----------
    purchase_days_error, spend_error : root mean squared error per customer; None where no purchase days were forecast.
    purchase_days, spend : totals that were forecast.
    top_tenth_share : of all the money that came, what the tenth of customers brought for whom most was forecast.
    spend_distance : mean absolute error per customer.
    gini : how well the forecast orders customers by what they spent: 1 as they did, 0 as by chance.
    tenths_off : by how much the tenths of customers by forecast missed what they brought, as a share of all that came.
    purchase_days_held, spend_held : share of customers inside their interval; None for a rule, which has none.
    spend_promised : the share that the intervals of money promised to hold: more than they were asked for where many spend
        nothing, for an interval holds all or none of those.
    """

    purchase_days_error: float | None
    spend_error: float
    purchase_days: float | None
    spend: float
    top_tenth_share: float | None
    spend_distance: float
    gini: float | None
    tenths_off: float | None
    purchase_days_held: float | None = None
    spend_held: float | None = None
    spend_promised: float | None = None

    @classmethod
    def of(
        cls, forecast: Array, came: Recent, *, days: Array | None = None, within: tuple[Interval | None, Interval] | None = None
    ) -> Errors:
        """Of a forecast of spend, shape (n,), beside what came; of purchase days too, where they were forecast.

        Parameters
        ----------
        within : intervals of purchase days and of spend.
        """
        held: tuple[float | None, float | None, float | None] = (None, None, None)
        if within is not None:
            of_days, of_spend = within
            held = (
                None if of_days is None else float(of_days.holds(came.days).mean()),
                float(of_spend.holds(came.spend).mean()),
                None if of_spend.chance is None else float(of_spend.chance.mean()),
            )
        return cls(
            None if days is None else _root_mean_square(days - came.days),
            _root_mean_square(forecast - came.spend),
            None if days is None else float(days.sum()),
            float(forecast.sum()),
            top_tenth_share(forecast, came.spend),
            float(np.abs(forecast - came.spend).mean()),
            normalised_gini(forecast, came.spend),
            tenths_off(forecast, came.spend),
            *held,
        )


@dataclass(frozen=True)
class Ahead:
    """By how much one forecast of spend was nearer than another on the same customers, with a 95 % interval; above 0 is nearer.

    Parameters
    ----------
    value, low, high : in deviance per customer.
    spend_errors : root mean squared errors of the one and of the other.

    Notes
    -----
    Mean difference of the Tweedie deviance of power 1.5, over customers drawn anew. As the squared error, it is smallest for
    the true expectation, but the few who spend most do not decide it. What was given back counts as nothing spent.

    References
    ----------
    T. Gneiting (2011), Making and evaluating point forecasts, Journal of the American Statistical Association 106(494).
    """

    value: float
    low: float
    high: float
    spend_errors: tuple[float, float]

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out 0, and the squared error, which the largest spenders decide, says the same."""
        return self.low > 0 and self.spend_errors[0] < self.spend_errors[1]

    @property
    def text(self) -> str:
        """In figures."""
        one, other = (f"{error:,.2f}" for error in self.spend_errors)
        interval = f"above 0 is nearer; 95 % interval {self.low:+.3g} to {self.high:+.3g}"
        return f"{self.value:+.3g} in deviance ({interval}), root mean squared error {one} against {other}"

    @classmethod
    def from_json(cls, saved: Mapping[str, Any] | None) -> Ahead | None:
        """What `asdict` made of it."""
        return None if saved is None else cls(**{**saved, "spend_errors": tuple(saved["spend_errors"])})

    @classmethod
    def of(cls, one: Array, other: Array, came: Array, rng: np.random.Generator) -> Ahead:
        """One forecast against another, shape (n,) each."""
        gained = deviance(other, came) - deviance(one, came)
        drawn = [gained[rng.integers(0, len(gained), len(gained))].mean() for _ in range(DRAWS)]
        low, high = np.quantile(drawn, (0.025, 0.975))
        errors = _root_mean_square(one - came), _root_mean_square(other - came)
        return cls(float(gained.mean()), float(low), float(high), errors)


def deviance(forecast: Array, came: Array) -> Array:
    """Tweedie deviance of power 1.5 per customer, 4 (y / sqrt(m) + sqrt(m) - 2 sqrt(y)), shape (n,).

    Examples
    --------
    >>> deviance(np.array([4.0, 1.0]), np.array([4.0, 4.0])).tolist()
    [0.0, 4.0]
    """
    spent = np.maximum(came, 0)
    mean = np.maximum(forecast, max(LEAST_SHARE * float(spent.mean()), 1e-9))
    return np.asarray(4 * (spent / np.sqrt(mean) + np.sqrt(mean) - 2 * np.sqrt(spent)))


def normalised_gini(forecast: Array, came: Array) -> float | None:
    """Area between the curve of money by falling forecast and the diagonal, over that of the true order.

    None where nothing came.
    Equal forecasts share what they brought.

    Examples
    --------
    >>> normalised_gini(np.array([3.0, 2.0, 1.0]), np.array([9.0, 1.0, 0.0]))
    1.0
    >>> normalised_gini(np.zeros(3), np.array([9.0, 1.0, 0.0]))
    0.0
    """
    spent = np.maximum(came, 0)
    best = _area(spent, spent)
    return None if not best > 0 else _area(forecast, spent) / best


def _area(forecast: Array, spent: Array) -> float:
    """Area between the curve and the diagonal, ties in a straight line, in units of money times customers."""
    _, place, size = np.unique(-forecast, return_inverse=True, return_counts=True)
    held = np.r_[0.0, np.cumsum(np.bincount(place, spent))]
    return float(((held[1:] + held[:-1]) / 2) @ size - spent.sum() * len(spent) / 2)


def tenths_off(forecast: Array, came: Array) -> float | None:
    """Sum over the tenths of customers by falling forecast of |forecast - came|, as a share of all that came.

    Examples
    --------
    >>> tenths_off(np.full(10, 2.0), np.full(10, 1.0))
    1.0
    """
    if not came.sum() > 0:
        return None
    order = np.argsort(-forecast, kind="stable")
    tenths = np.minimum(np.arange(len(order)) * 10 // max(len(order), 1), 9)
    return float(np.abs(np.bincount(tenths, forecast[order] - came[order])).sum() / came.sum())


def top_tenth_share(forecast: Array, came: Array) -> float | None:
    """What the tenth of customers with the largest forecasts brought, as a share of what all brought.

    Customers with equal forecasts at the edge of the tenth count in part, as if drawn; None where nothing came.

    Examples
    --------
    >>> top_tenth_share(np.arange(10.0), np.full(10, 5.0))
    0.1
    >>> top_tenth_share(np.zeros(10), np.arange(10.0))
    0.1
    """
    if not came.sum() > 0:
        return None
    size = ceil(len(forecast) / 10)
    edge = np.partition(forecast, len(forecast) - size)[len(forecast) - size]
    above, at = forecast > edge, forecast == edge
    money = came[above].sum() + came[at].sum() * (size - above.sum()) / at.sum()
    return float(money / came.sum())


def _root_mean_square(values: Array) -> float:
    return float(np.sqrt(np.mean(values**2)))
