"""Which model to use: each fitted before a past day and held against the purchases that followed, beside a simple rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from math import ceil
from typing import Any, Self

import numpy as np

from churnscope.errors import InputError
from churnscope.value.forecast import Forecast, ValueModel, fitted_spend
from churnscope.value.histories import Histories, Recent
from churnscope.value.repeat_rows import Array

CANDIDATES = ("bg_nbd", "mbg_nbd", "pareto_nbd")  # in this order where they are equally good
LAST_PERIOD = "same as last period"


@dataclass(frozen=True)
class Errors:
    """How far a forecast lay from what came.

    Parameters
    ----------
    purchase_days_error, spend_error : root mean squared error per customer.
    purchase_days, spend : totals that were forecast.
    top_tenth_share : of all the money that came, what the tenth of customers brought for whom most was forecast.
    purchase_days_held, spend_held : share of customers inside their interval; None for a rule, which has none.
    """

    purchase_days_error: float
    spend_error: float
    purchase_days: float
    spend: float
    top_tenth_share: float | None
    purchase_days_held: float | None = None
    spend_held: float | None = None


@dataclass(frozen=True)
class Judgement:
    """What the models were worth on purchases they had not seen.

    Parameters
    ----------
    cutoff : the day they were fitted as of.
    horizon_days : that were forecast.
    customers : who had bought before.
    purchase_days, spend : totals that came.
    errors : by model, and of the rule that everybody does the same as in the period before.
    refused : models that could not be used, and why.
    """

    cutoff: int
    horizon_days: int
    customers: int
    purchase_days: float
    spend: float
    errors: Mapping[str, Errors]
    refused: Mapping[str, str]

    @property
    def best(self) -> str | None:
        """The model with the smallest error of purchase days; None where none could be used."""
        named = [name for name in self.errors if name != LAST_PERIOD]
        return min(named, key=lambda name: self.errors[name].purchase_days_error) if named else None

    def beats_rule(self, name: str) -> bool:
        """Whether a model was nearer than the rule, in purchase days and in money."""
        model, rule = self.errors[name], self.errors[LAST_PERIOD]
        return model.purchase_days_error < rule.purchase_days_error and model.spend_error < rule.spend_error

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> Self:
        """What `to_json` wrote."""
        return cls(**{**saved, "errors": {name: Errors(**errors) for name, errors in saved["errors"].items()}})


def judge(kinds: Iterable[str], past: Histories, came: Recent, *, cutoff: int, horizon_days: int) -> Judgement:
    """Fit each kind of model on the past and hold its forecast against what came.

    Parameters
    ----------
    past : as seen at `cutoff`.
    came : purchase days and money of these customers in the `horizon_days` from then on.

    Raises
    ------
    InputError : when the amounts of the past do not tell what a purchase day is worth.
    """
    spend = fitted_spend(past)
    rule = Recent(past.recent_days, past.recent_spend)
    errors, refused = {}, {}
    for kind in kinds:
        try:
            model = ValueModel.fit(kind, past, spend)
        except InputError as error:
            refused[kind] = error.what
            continue
        made = model.forecast(past, horizon_days)
        errors[kind] = _errors(Recent(made.purchase_days, made.spend), came, made)
    errors[LAST_PERIOD] = _errors(rule, came)
    totals = float(came.days.sum()), float(came.spend.sum())
    return Judgement(cutoff, horizon_days, len(past.customer), *totals, errors, refused)


def _errors(forecast: Recent, came: Recent, made: Forecast | None = None) -> Errors:
    held: tuple[float | None, float | None] = (None, None)
    if made is not None:
        inside = made.purchase_days_within.holds(came.days), made.spend_within.holds(came.spend)
        held = float(inside[0].mean()), float(inside[1].mean())
    return Errors(
        _root_mean_square(forecast.days - came.days),
        _root_mean_square(forecast.spend - came.spend),
        float(forecast.days.sum()),
        float(forecast.spend.sum()),
        top_tenth_share(forecast.spend, came.spend),
        *held,
    )


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
