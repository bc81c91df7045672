"""What every repeat-purchase model can do: be fitted, tell who still buys, and how much is to come.

All models share one shape. The likelihood of a history (x, t_x, T) is a sum of a term of (x, T), "still a customer at the
end", and a term of (x, t_x), "left after the last purchase"; what is to come from a customer who has not left depends on (x, T)
alone. Everything costly is therefore computed once per different pair, of which a million customers have some thousands.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from churnscope.errors import InputError
from churnscope.value.fitting import FitReport, Objective, complex_step, maximise
from churnscope.value.repeat_rows import Array, Cells, RepeatRows

DAYS_PER_YEAR = 365.25
SKETCH_ROWS = 3_000  # enough to come close to the maximum from any start; all rows decide the rest
Numbers = NDArray[Any]  # float64, or complex128 while derivatives are taken


@dataclass(frozen=True)
class RepeatPurchaseModel(ABC):
    """A fitted model of when customers buy again and when they stop.

    Parameters
    ----------
    parameters : positive, in the order of `names`; rates are per time unit.
    days_per_unit : days in the model's time unit, 7 for weeks. Every method speaks of days.
    report : how the fit went; None for parameters taken from elsewhere.

    Raises
    ------
    ValueError : when the number of parameters is wrong, or one of them or the unit is not positive.
    """

    kind: ClassVar[str]
    names: ClassVar[tuple[str, ...]]
    largest: ClassVar[Mapping[str, float]] = {}

    parameters: tuple[float, ...]
    days_per_unit: float = 7.0
    report: FitReport | None = None

    def __post_init__(self) -> None:
        if len(self.parameters) != len(self.names) or not all(0 < p < np.inf for p in (*self.parameters, self.days_per_unit)):
            raise ValueError(
                f"{self.kind} needs {len(self.names)} positive parameters ({', '.join(self.names)}) and a positive unit"
            )

    @classmethod
    def fit(cls, rows: RepeatRows, *, days_per_unit: float = 7.0) -> Self:
        """The model under which these histories are most likely.

        Raises
        ------
        InputError : when the histories cannot tell a buying rate (nobody there, nobody bought twice, nobody watched for a day).
        """
        _refuse_unfittable(rows)
        alike = rows.compressed()
        total = float(alike.customers.sum())
        units = float(alike.customers @ alike.age_days) / days_per_unit
        starts = cls.starts(rate=float(alike.customers @ alike.frequency) / units, span=units / total)
        objective = _mean_surprise(cls, alike, days_per_unit)
        sketch = _mean_surprise(cls, alike.thinned(SKETCH_ROWS), days_per_unit) if len(alike) > SKETCH_ROWS else None
        parameters, report = maximise(objective, starts, cls.names, customers=round(total), sketch=sketch, largest=cls.largest)
        return cls(parameters, days_per_unit, report)

    @classmethod
    @abstractmethod
    def starts(cls, *, rate: float, span: float) -> Sequence[tuple[float, ...]]:
        """First guesses, from the purchases per unit and the mean age in units."""

    @classmethod
    @abstractmethod
    def age_term(cls, parameters: Sequence[Any], frequency: Array, age: Array) -> Numbers:
        """Log of the likelihood's part that depends on (x, T); time in units."""

    @classmethod
    @abstractmethod
    def recency_term(cls, parameters: Sequence[Any], frequency: Array, recency: Array) -> Numbers:
        """Log of the likelihood's part that depends on (x, t_x); -inf where there is none; time in units."""

    @classmethod
    def alive_term(cls, parameters: Sequence[Any], frequency: Array, age: Array) -> Numbers:
        """Log of the likelihood of the history together with being a customer still; time in units."""
        return cls.age_term(parameters, frequency, age)

    @abstractmethod
    def purchases_if_alive(self, frequency: Array, age: Array, horizon: Array) -> Array:
        """Expected purchase days in the horizon of customers who have not left; time in units."""

    @abstractmethod
    def buys_if_alive(self, frequency: Array, age: Array, gap: float, horizon: float) -> Array:
        """Probability of a purchase in (T + gap, T + gap + horizon] for customers who have not left; time in units."""

    @abstractmethod
    def discounted_if_alive(self, frequency: Array, age: Array, discount: float) -> Array:
        """Expected purchase days ever, each worth exp(-discount * t), of customers who have not left; time in units."""

    @abstractmethod
    def counts_if_alive(self, frequency: Array, age: Array, horizon: float, most: int) -> Array:
        """P(X(T, T + horizon) = n), n = 0 .. most, of customers who have not left, shape (n, most + 1); time in units."""

    @abstractmethod
    def count_probability(self, count: Array, horizon: float) -> Array:
        """P(X(t) = n) of a new customer; time in units."""

    def log_likelihood(self, rows: RepeatRows) -> float:
        """Natural log of the likelihood of all customers; without the x! that some papers divide by."""
        return float(rows.customers @ np.logaddexp(*self._terms(rows)))

    def alive_probability(self, rows: RepeatRows) -> Array:
        """P(still a customer | x, t_x, T), shape (n_rows,), in [0, 1].

        Not a churn score: under BG/NBD everyone who bought only once has 1. Use `no_purchase_probability`.
        """
        cells = rows.age_cells
        alive = self.alive_term(self.parameters, cells.frequency, self._units(cells.days))[cells.row]
        return np.asarray(np.exp(np.minimum(alive - np.logaddexp(*self._terms(rows)), 0.0)))

    def expected_purchases(self, rows: RepeatRows, horizon_days: float) -> Array:
        """E[X(T, T + horizon) | x, t_x, T]: expected purchase days in the next `horizon_days`, shape (n_rows,)."""
        cells = rows.age_cells
        horizon = np.full(len(cells.days), _not_negative(horizon_days) / self.days_per_unit)
        return self._if_alive(rows, self.purchases_if_alive(cells.frequency, self._units(cells.days), horizon))

    def no_purchase_probability(self, rows: RepeatRows, horizon_days: float, *, gap_days: float = 0.0) -> Array:
        """P(no purchase in (T + gap, T + gap + horizon] | x, t_x, T), shape (n_rows,): the chance of the label "no event"."""
        cells = rows.age_cells
        gap, horizon = _not_negative(gap_days) / self.days_per_unit, _not_negative(horizon_days) / self.days_per_unit
        return 1.0 - self._if_alive(rows, self.buys_if_alive(cells.frequency, self._units(cells.days), gap, horizon))

    def discounted_purchases(self, rows: RepeatRows, *, yearly_discount: float) -> Array:
        """Discounted expected residual transactions (DERT): purchase days ever to come, in today's value, shape (n_rows,).

        Parameters
        ----------
        yearly_discount : effective rate a year, above 0; 0.15 halves a purchase's worth in five years.

        Raises
        ------
        ValueError : when the rate is not positive: the sum of purchases for ever may then be infinite.
        """
        if not yearly_discount > 0:
            raise ValueError("yearly_discount is above 0: undiscounted purchases for ever may add up to infinity")
        discount = float(np.log1p(yearly_discount)) * self.days_per_unit / DAYS_PER_YEAR
        cells = rows.age_cells
        return self._if_alive(rows, self.discounted_if_alive(cells.frequency, self._units(cells.days), discount))

    def new_customer_purchases(self, horizon_days: ArrayLike) -> Array:
        """E[X(t)]: expected repeat purchase days of a new customer within each of `horizon_days` after the first purchase."""
        horizon = np.atleast_1d(np.asarray(horizon_days, dtype=np.float64)) / self.days_per_unit
        nothing = np.zeros(horizon.shape)
        return self.purchases_if_alive(nothing, nothing, horizon) * self.alive_probability(RepeatRows([0], [0], [0]))

    def purchase_count_probability(self, count: ArrayLike, horizon_days: float) -> Array:
        """P(X(t) = n): the chance that a new customer makes exactly n repeat purchases in `horizon_days`, for each `count`."""
        return self.count_probability(np.atleast_1d(np.asarray(count, dtype=np.float64)), horizon_days / self.days_per_unit)

    def to_json(self) -> dict[str, Any]:
        """The model as plain values for JSON."""
        return {
            "kind": self.kind,
            "parameters": dict(zip(self.names, self.parameters, strict=True)),
            "days_per_unit": self.days_per_unit,
            "report": asdict(self.report) if self.report else None,
        }

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> Self:
        """The model that `to_json` wrote.

        Raises
        ------
        KeyError : when a parameter is missing.
        """
        report = FitReport(**saved["report"]) if saved["report"] else None
        return cls(tuple(saved["parameters"][name] for name in cls.names), saved["days_per_unit"], report)

    def _units(self, days: Array) -> Array:
        return days / self.days_per_unit

    def _terms(self, rows: RepeatRows) -> tuple[Array, Array]:
        by_age, by_recency = rows.age_cells, rows.recency_cells
        still = self.age_term(self.parameters, by_age.frequency, self._units(by_age.days))
        left = self.recency_term(self.parameters, by_recency.frequency, self._units(by_recency.days))
        return still[by_age.row], left[by_recency.row]

    def _if_alive(self, rows: RepeatRows, of_cell: Array) -> Array:
        return self.alive_probability(rows) * of_cell[rows.age_cells.row]


def _mean_surprise(model: type[RepeatPurchaseModel], rows: RepeatRows, days_per_unit: float) -> Objective:
    """Mean negative log-likelihood per customer and its exact gradient, as a function of the logs of the parameters."""
    by_age, by_recency, share = rows.age_cells, rows.recency_cells, rows.customers / rows.customers.sum()
    age, recency = by_age.days / days_per_unit, by_recency.days / days_per_unit

    def surprise(logs: Array) -> tuple[float, Array]:
        still, still_slopes = complex_step(lambda p: model.age_term(p, by_age.frequency, age), logs)
        left, left_slopes = complex_step(lambda p: model.recency_term(p, by_recency.frequency, recency), logs)
        log_likelihood = np.logaddexp(still[by_age.row], left[by_recency.row])
        weight_still = share * np.exp(still[by_age.row] - log_likelihood)
        slope = still_slopes @ _per_cell(by_age, weight_still) + left_slopes @ _per_cell(by_recency, share - weight_still)
        return -float(share @ log_likelihood), -slope

    return surprise


def _per_cell(cells: Cells, weight: Array) -> Array:
    return np.bincount(cells.row, weights=weight, minlength=len(cells.days)).astype(np.float64)


def _not_negative(days: float) -> float:
    if not 0 <= days < np.inf:
        raise ValueError("horizon and gap are 0 or more days")
    return days


def _refuse_unfittable(rows: RepeatRows) -> None:
    if not len(rows):
        raise InputError(
            "No customer has a purchase to learn from.", "Give a source of purchases with history before the cutoff."
        )
    if not rows.frequency.any():
        raise InputError(
            f"None of {rows.customers.sum():.0f} customers bought on a second day, so nothing tells how often they buy.",
            "Give a longer history, or use a rule on days since the last purchase.",
        )
