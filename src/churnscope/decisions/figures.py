"""A model's ranking and probabilities in money, on customers whose outcome is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from churnscope.decisions.lists import ListChoice, SensitivityRow, best_list, sensitivity
from churnscope.decisions.offer import Offer
from churnscope.decisions.profit import Profit, empc, mpc, profit_curve

CURVE_POINTS = 100


@dataclass(frozen=True)
class ProfitFigures:
    """What contacting customers would have brought, and what was to be expected.

    Parameters
    ----------
    offer : what was assumed of costs, acceptance and value.
    customers : whose outcome is known.
    mpc, empc : what the ranking is worth at best, at the acceptance and over all the beta allows.
    break_even : churn probability from which a contact pays; None where none is enough.
    chosen : the list with the largest expected profit.
    came : what that list would have brought with the outcomes as they were; ties at its end in part.
    curve : per hundredth of the customers contacted, riskiest first, what it would have brought and what was expected.
    best_size : customers contacted at the largest profit there was to be had with this order.
    sensitivity : the same choice at other acceptances and values.
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


def profit_figures(churned: ArrayLike, probability: ArrayLike, offer: Offer) -> ProfitFigures:
    """A model in money, at one cutoff.

    Parameters
    ----------
    churned : shape (n,), 1 churned, 0 stayed; n at least 1.
    probability : shape (n,), calibrated.
    """
    leaves = np.asarray(probability, dtype=np.float64)
    realised = profit_curve(churned, leaves, offer)
    expected = np.r_[0.0, np.cumsum(np.sort(offer.expected_gain(leaves))[::-1])]
    chosen, needed = best_list(leaves, offer), float(offer.break_even())
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
        sensitivity(leaves, offer),
    )
