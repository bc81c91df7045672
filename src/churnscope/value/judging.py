"""Which model to use: each fitted before a past day and held against the purchases that followed, beside a simple rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np

from churnscope.errors import InputError
from churnscope.value.alike import Alike
from churnscope.value.forecast import ValueModel, fitted_spend
from churnscope.value.histories import Histories, Recent
from churnscope.value.intervals import Interval
from churnscope.value.nearness import Ahead, Errors
from churnscope.value.repeat_rows import Array

CANDIDATES = ("bg_nbd", "mbg_nbd", "pareto_nbd")  # in this order where they are equally good
LAST_PERIOD = "same as last period"
TREES = "trees"


@dataclass(frozen=True)
class Choice:
    """What was chosen on an earlier day than that of the judgement, which so stays one on purchases that nobody had seen.

    Parameters
    ----------
    cutoff : the day the models were fitted as of.
    purchase_days_errors : by model, root mean squared error per customer.
    trees : by how much boosted trees were nearer in money than the best of them; None where there were none.
    """

    cutoff: int
    purchase_days_errors: Mapping[str, float]
    trees: Ahead | None = None

    @property
    def nearest_first(self) -> tuple[str, ...]:
        """The models by rising error."""
        return tuple(sorted(self.purchase_days_errors, key=self.purchase_days_errors.__getitem__))

    @property
    def uses_trees(self) -> bool:
        """Whether the trees were clearly nearer."""
        return self.trees is not None and self.trees.is_clear

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> Self:
        """What `asdict` made of it."""
        return cls(**{**saved, "trees": Ahead.from_json(saved["trees"])})


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
    choice : how the models compared before; None where there was no earlier day to compare them on.
    trees : by how much boosted trees were nearer in money than the purchase model that is used; None where there were none.
    """

    cutoff: int
    horizon_days: int
    customers: int
    purchase_days: float
    spend: float
    errors: Mapping[str, Errors]
    refused: Mapping[str, str]
    choice: Choice | None = None
    trees: Ahead | None = None

    @property
    def ranked(self) -> tuple[str, ...]:
        """Models and rule by rising error of purchase days; last what forecasts none."""
        far = float("inf")
        return tuple(sorted(self.errors, key=lambda name: _or(self.errors[name].purchase_days_error, far)))

    @property
    def best(self) -> str | None:
        """The model with the smallest error of purchase days; None where none could be used."""
        return next((name for name in self.ranked if name not in {LAST_PERIOD, TREES}), None)

    def beats_rule(self, name: str) -> bool:
        """Whether a model was nearer than the rule, in purchase days and in money."""
        model, rule = self.errors[name], self.errors[LAST_PERIOD]
        assert rule.purchase_days_error is not None
        is_nearer_in_days = model.purchase_days_error is None or model.purchase_days_error < rule.purchase_days_error
        return is_nearer_in_days and model.spend_error < rule.spend_error

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> Self:
        """What `to_json` wrote."""
        parts = {
            "errors": {name: Errors(**errors) for name, errors in saved["errors"].items()},
            "choice": None if saved["choice"] is None else Choice.from_json(saved["choice"]),
            "trees": Ahead.from_json(saved["trees"]),
        }
        return cls(**{**saved, **parts})


@dataclass(frozen=True, eq=False)
class TreesSaid:
    """What boosted trees forecast of the spend of some customers, shape (n,); NaN where they were not asked."""

    spend: Array
    alike: Alike

    def filled(self, otherwise: Array) -> tuple[Array, Interval]:
        """The forecast, and that of another model where there is none; between what and what it lies."""
        spend = np.where(np.isnan(self.spend), otherwise, self.spend)
        return spend, self.alike.around(spend)


def choose(kinds: Iterable[str], past: Histories, came: Recent, *, cutoff: int, horizon_days: int) -> tuple[Choice, ValueModel]:
    """How far each kind of model, fitted on the past, is from the purchase days that came; and the nearest model.

    Raises
    ------
    InputError : when none of them can be fitted.
    """
    spend = fitted_spend(past)
    models, errors, refused = {}, {}, []
    for kind in kinds:
        try:
            models[kind] = ValueModel.fit(kind, past, spend)
        except InputError as error:
            refused.append(error)
            continue
        missed = models[kind].purchases.expected_purchases(past.rows, horizon_days) - came.days
        errors[kind] = float(np.sqrt(np.mean(missed**2)))
    if not models:
        raise refused[0]
    choice = Choice(cutoff, errors)
    return choice, models[choice.nearest_first[0]]


def judge(
    kinds: Iterable[str],
    past: Histories,
    came: Recent,
    *,
    cutoff: int,
    horizon_days: int,
    choice: Choice | None = None,
    trees: TreesSaid | None = None,
) -> Judgement:
    """Fit each kind of model on the past and hold its forecast against what came.

    Parameters
    ----------
    past : as seen at `cutoff`.
    came : purchase days and money of these customers in the `horizon_days` from then on.
    choice : made before.
    trees : what boosted trees said of these customers; held against the model that was chosen, else the first kind.

    Raises
    ------
    InputError : when the amounts of the past do not tell what a purchase day is worth.
    """
    spend = fitted_spend(past)
    errors, refused, forecasts = {}, {}, {}
    for kind in kinds:
        try:
            model = ValueModel.fit(kind, past, spend)
        except InputError as error:
            refused[kind] = error.what
            continue
        made = model.forecast(past, horizon_days)
        within = made.purchase_days_within, made.spend_within
        errors[kind] = Errors.of(made.spend, came, days=made.purchase_days, within=within)
        forecasts[kind] = made.spend
    ahead = None
    if trees is not None and forecasts:
        preferred = () if choice is None else choice.nearest_first
        other = next(forecasts[kind] for kind in (*preferred, *forecasts) if kind in forecasts)
        said, within_trees = trees.filled(other)
        errors[TREES] = Errors.of(said, came, within=(None, within_trees))
        ahead = Ahead.of(said, other, came.spend, np.random.default_rng(0))
    errors[LAST_PERIOD] = Errors.of(past.recent_spend, came, days=past.recent_days)
    totals = float(came.days.sum()), float(came.spend.sum())
    return Judgement(cutoff, horizon_days, len(past.customer), *totals, errors, refused, choice, ahead)


def _or(number: float | None, otherwise: float) -> float:
    return otherwise if number is None else number
