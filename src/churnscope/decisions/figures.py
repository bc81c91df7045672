"""A model's ranking and probabilities in money, on customers whose outcome is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from churnscope.decisions.lists import ListChoice, SensitivityRow, best_list, sensitivity
from churnscope.decisions.offer import Offer
from churnscope.decisions.profit import Profit, empc, mpc, profit_curve

CURVE_POINTS = 100


@dataclass(frozen=True)
class OwnValues:
    """Customers who differ in what they are worth if kept; a tenth lies below `low` and a tenth above `high`.

    Parameters
    ----------
    value_low, value_median, value_high : in currency.
    break_even_low, break_even_high : churn probability from which the contact of a customer of `value_high`, and of one of
        `value_low`, pays; None where none is enough.
    never : share of the customers whose contact pays at no probability.
    """

    value_low: float
    value_median: float
    value_high: float
    break_even_low: float | None
    break_even_high: float | None
    never: float

    @classmethod
    def of(cls, value: NDArray[np.float64], offer: Offer) -> Self:
        """From the values of all customers, shape (n,)."""
        low, median, high = np.quantile(value, (0.1, 0.5, 0.9)).tolist()
        needed = (float(offer.break_even(each)) for each in (high, low))
        from_high, from_low = (each if each <= 1 else None for each in needed)
        never = float((offer.break_even(value) > 1).mean())
        return cls(low, median, high, from_high, from_low, never)


@dataclass(frozen=True)
class ProfitFigures:
    """What contacting customers would have brought, and what was to be expected.

    Parameters
    ----------
    offer : what was assumed of costs, acceptance and value; the mean value where each customer has one of their own.
    customers : whose outcome is known.
    mpc, empc : what the ranking by risk is worth at best, at the acceptance and over all the beta allows; with one value for
        all, as in the literature.
    break_even : churn probability from which a contact pays at that value; None where none is enough.
    chosen : the list with the largest expected profit.
    came : what that list would have brought with the outcomes as they were; ties at its end in part.
    curve : per hundredth of the customers contacted, riskiest first (by expected gain where values
        differ), what it would have brought and what was expected.
    best_size : customers contacted at the largest profit there was to be had with this order.
    sensitivity : the same choice at other acceptances and values.
    own : how the values differ, where each customer has one of their own; then list, curve and sensitivity go by these.
    """

    offer: Offer
    customers: int
    mpc: Profit
    empc: Profit
    break_even: float | None
    chosen: ListChoice
    came: float
    curve: tuple[tuple[float, float], ...]
    best_size: int
    sensitivity: tuple[SensitivityRow, ...]
    own: OwnValues | None = None

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self) | {"curve": [list(point) for point in self.curve]}

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> Self:
        """What `to_json` wrote."""
        parts = {
            "offer": Offer(**saved["offer"]),
            "mpc": Profit(**saved["mpc"]),
            "empc": Profit(**saved["empc"]),
            "chosen": ListChoice(**saved["chosen"]),
            "curve": tuple((came, expected) for came, expected in saved["curve"]),
            "sensitivity": tuple(SensitivityRow(**row) for row in saved["sensitivity"]),
            "own": None if saved.get("own") is None else OwnValues(**saved["own"]),
        }
        return cls(**{**saved, **parts})

    def metrics(self) -> dict[str, float]:
        """Numbers to compare runs by, under their names."""
        named = {
            "profit/mpc": self.mpc.per_customer,
            "profit/mpc_share": self.mpc.share,
            "profit/empc": self.empc.per_customer,
            "profit/empc_share": self.empc.share,
            "profit/list_size": float(self.chosen.size),
            "profit/list_expected": self.chosen.profit,
            "profit/list_came": self.came,
        }
        return named if self.break_even is None else named | {"profit/break_even": self.break_even}


def profit_figures(churned: ArrayLike, probability: ArrayLike, offer: Offer, value: ArrayLike | None = None) -> ProfitFigures:
    """A model in money, at one cutoff.

    Parameters
    ----------
    churned : shape (n,), 1 churned, 0 stayed; n at least 1.
    probability : shape (n,), calibrated.
    value : shape (n,), of each customer; default: the offer's for all.
    """
    leaves = np.asarray(probability, dtype=np.float64)
    worth = None if value is None else np.asarray(value, dtype=np.float64)
    gain = offer.expected_gain(leaves, worth)
    realised = profit_curve(churned, leaves if worth is None else gain, offer, worth)
    expected = np.r_[0.0, np.cumsum(np.sort(gain)[::-1])]
    chosen, needed = best_list(leaves, offer, worth), float(offer.break_even())
    sizes = np.linspace(0, len(leaves), CURVE_POINTS + 1)
    places = np.arange(len(leaves) + 1)
    points = zip(np.interp(sizes, places, realised).tolist(), np.interp(sizes, places, expected).tolist(), strict=True)
    return ProfitFigures(
        offer,
        len(leaves),
        mpc(churned, leaves, offer),
        empc(churned, leaves, offer),
        needed if needed <= 1 else None,
        chosen,
        float(realised[chosen.size]),
        tuple(points),
        int(np.argmax(realised)),
        sensitivity(leaves, offer, worth),
        None if worth is None else OwnValues.of(worth, offer),
    )
