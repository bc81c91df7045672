"""What each customer will buy, spend and be worth: one purchase model and the spend model, put together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from churnscope.errors import InputError
from churnscope.value.gamma_gamma import GammaGamma
from churnscope.value.histories import Histories
from churnscope.value.intervals import Interval, intervals
from churnscope.value.repeat_purchase import DAYS_PER_YEAR, RepeatPurchaseModel
from churnscope.value.repeat_rows import Array
from churnscope.value.saved import REPEAT_PURCHASE_MODELS, model_from_json

INTERVAL_SHARE = 0.8  # of customers alike, four in five end inside


@dataclass(frozen=True, eq=False)
class Forecast:
    """Of each customer of some histories, shape (n,) each; money in currency.

    Parameters
    ----------
    alive : P(still a customer).
    purchase_days, spend : expected in the horizon.
    purchase_days_within, spend_within : between what and what they lie for four in five customers alike.
    """

    alive: Array
    purchase_days: Array
    spend: Array
    purchase_days_within: Interval
    spend_within: Interval


@dataclass(frozen=True)
class ValueModel:
    """When customers buy, and what a purchase day is worth.

    References
    ----------
    P. Fader, B. Hardie, K. L. Lee (2005), RFM and CLV: using iso-value curves for customer base analysis, Journal of Marketing
    Research 42(4): value as expected spend times discounted expected residual transactions.
    """

    purchases: RepeatPurchaseModel
    spend: GammaGamma

    @classmethod
    def fit(cls, kind: str, histories: Histories, spend: GammaGamma | None = None) -> Self:
        """The model of a kind, such as "bg_nbd", under which the histories are most likely.

        Parameters
        ----------
        spend : a spend model fitted on the same histories already.

        Raises
        ------
        InputError : when the histories do not tell its parameters, or the search for them does not end.
        """
        purchases = REPEAT_PURCHASE_MODELS[kind].fit(histories.rows)
        report = purchases.report
        if report is not None and not report.converged:
            raise InputError(f"{kind}: {report.note}", "Choose another [value] model, or give a longer history.")
        return cls(purchases, fitted_spend(histories) if spend is None else spend)

    def forecast(self, histories: Histories, horizon_days: int) -> Forecast:
        """What the customers of these histories will do in the horizon."""
        rows, totals = histories.rows, (histories.spend.frequency * histories.spend.mean_spend).clip(0)
        within = intervals(self.purchases, self.spend, rows, totals, horizon_days=horizon_days, share=INTERVAL_SHARE)
        days = self.purchases.expected_purchases(rows, horizon_days)
        spend = days * self.spend.expected_spend(histories.spend)
        return Forecast(self.purchases.alive_probability(rows), days, spend, *within)

    def expected_spend(self, histories: Histories, horizon_days: int) -> Array:
        """What each customer is expected to spend in the horizon, shape (n,): the spend of `forecast` alone."""
        return self.purchases.expected_purchases(histories.rows, horizon_days) * self.spend.expected_spend(histories.spend)

    def worth(self, histories: Histories, *, margin: float, yearly_discount: float) -> Array:
        """What all purchases ever to come of each customer earn, discounted to today, in currency, shape (n,).

        Parameters
        ----------
        margin : share of the revenue that is earned.
        yearly_discount : effective rate a year, above 0.
        """
        to_come = self.purchases.discounted_purchases(histories.rows, yearly_discount=yearly_discount)
        return margin * self.spend.expected_spend(histories.spend) * to_come

    def worth_if_back(self, histories: Histories, *, margin: float, yearly_discount: float) -> Array:
        """What each customer would be worth who bought today: that purchase, and all ever to come after it, shape (n,).

        Parameters
        ----------
        margin, yearly_discount : as in `worth`.

        Notes
        -----
        A return is a purchase, so that whoever comes back has bought once more than the history says. Worth over P(alive), what
        those are worth who never left, is less by far: it counts neither that purchase nor what it tells of the ones to come.
        """
        to_come = self.purchases.discounted_purchases(histories.rows.bought_again(), yearly_discount=yearly_discount)
        return margin * self.spend.expected_spend(histories.spend) * (1 + to_come)

    def to_json(self) -> dict[str, Any]:
        """The model as plain values for JSON."""
        return {"purchases": self.purchases.to_json(), "spend": self.spend.to_json()}

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> Self:
        """The model that `to_json` wrote.

        Raises
        ------
        ModelError : when it is damaged.
        """
        return cls(model_from_json(saved["purchases"]), GammaGamma.from_json(saved["spend"]))


def worth_with_spend(
    worth: Array, by_model: Array, spend: Array, *, margin: float, yearly_discount: float, horizon_days: int
) -> Array:
    """Worth where another model tells the spend in the horizon: that, and what the purchase model expects after it.

    Parameters
    ----------
    worth, by_model : of the purchase model, all to come and the spend in the horizon, shape (n,).
    spend : of the other model in the horizon.

    Notes
    -----
    The horizon is discounted to its middle.

    Examples
    --------
    >>> money = {"margin": 0.5, "yearly_discount": 1e-9, "horizon_days": 90}
    >>> worth_with_spend(np.array([100.0]), np.array([40.0]), np.array([60.0]), **money).round(6).tolist()
    [110.0]
    """
    earned = margin * (1 + yearly_discount) ** (-horizon_days / 2 / DAYS_PER_YEAR)
    return np.asarray(earned * spend + np.maximum(worth - earned * by_model, 0))


def fitted_spend(histories: Histories) -> GammaGamma:
    """The spend model of some histories.

    Raises
    ------
    InputError : when the amounts do not tell its parameters, or the search for them does not end.
    """
    spend = GammaGamma.fit(histories.spend)
    if spend.report is not None and not spend.report.converged:
        raise InputError(f"Spend model: {spend.report.note}", "Give a longer history.")
    return spend
