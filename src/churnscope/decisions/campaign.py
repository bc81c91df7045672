"""Whether calling worked: those who were to be called against those who would have been, had chance not held them back.

Both arms were chosen by the same cut of the same ranking, and a hash drew who is called. So everybody is compared as drawn,
called or not (intention to treat), from the first list that chose them: what a call changes cannot choose who is compared.

References
----------
E. Ascarza (2018), Retention futility: targeting high-risk customers might be ineffective, Journal of Marketing Research 55(1),
80-98.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from churnscope.evaluation.arms import DRAWS, adjusted, mean_difference, rate_difference, sample_ratio_p
from churnscope.evaluation.intervals import Estimate

Array = NDArray[np.float64]
Measure = tuple[str, float | None, float | None, Estimate | None]
LEAST_P = 0.001  # below it, the split is not the one that was planned
FEWEST = 30  # customers of an arm whose money is worth an interval
UNKNOWN, NOT_AS_DRAWN, WORKED, HARMED, OPEN = "unknown", "not as drawn", "worked", "harmed", "cannot tell"


@dataclass(frozen=True, eq=False)
class Chosen:
    """Customers by the first list that chose them, shape (n,) each.

    Parameters
    ----------
    control : held back.
    stayed : did not churn.
    planned_share : of the control group, with which each was drawn.
    spend : from the list's day to the end of the outcome window; None where nothing is said of money.
    spend_before : in as many days before the list's.
    cost : of contacts and offers; 0 in control; None where nothing is said of costs.
    """

    control: NDArray[np.bool_]
    stayed: NDArray[np.bool_]
    planned_share: Array
    spend: Array | None = None
    spend_before: Array | None = None
    cost: Array | None = None

    def part(self, rows: NDArray[np.bool_]) -> Chosen:
        """Some of them."""
        parts: dict[str, Any] = {name: column if column is None else column[rows] for name, column in vars(self).items()}
        return Chosen(**parts)


@dataclass(frozen=True)
class Arm:
    """One arm: its customers, how many stayed, and what one spent on average."""

    customers: int
    stayed: int
    spend: float | None

    @property
    def rate(self) -> float | None:
        """Share who stayed; None where there is nobody."""
        return self.stayed / self.customers if self.customers else None


@dataclass(frozen=True)
class Effect:
    """What calling changed, per customer that was to be called; None where it cannot be told.

    Parameters
    ----------
    verdict : one of `unknown` (no control group), `not as drawn` (the arms cannot be compared), `worked`, `harmed`,
        `cannot tell`: by the interval of `retention`.
    retention : share of those to be called who stayed, less that of control.
    saved : the same in customers.
    spend : difference of the mean spend; `spend_adjusted` the same with what was foreseeable from the spend before taken off.
    profit : margin times spend, less cost; `profit_adjusted` likewise.
    cost : of all contacts and offers.
    cost_per_saved : by customer kept; told where calling worked.
    sample_ratio_p : how likely so uneven a split is, were it drawn as planned.
    """

    verdict: str
    called: Arm
    control: Arm
    sample_ratio_p: float
    retention: Estimate | None = None
    saved: Estimate | None = None
    spend: Estimate | None = None
    spend_adjusted: Estimate | None = None
    profit: Estimate | None = None
    profit_adjusted: Estimate | None = None
    cost: float | None = None
    cost_per_saved: Estimate | None = None

    @property
    def measures(self) -> tuple[Measure, ...]:
        """By name, a figure of those to be called, the same of control, and the difference."""
        called, control = self.called, self.control
        return (
            ("retention", called.rate, control.rate, self.retention),
            ("customers_saved", None, None, self.saved),
            ("spend", called.spend, control.spend, self.spend),
            ("spend_adjusted", None, None, self.spend_adjusted),
            ("profit", None, None, self.profit),
            ("profit_adjusted", None, None, self.profit_adjusted),
            ("cost", self.cost, None, None),
            ("cost_per_saved", None, None, self.cost_per_saved),
        )

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> Effect:
        """What `to_json` wrote."""
        parts: dict[str, Any] = {name: Arm(**saved[name]) for name in ("called", "control")}
        parts |= {name: Estimate(**value) for name, value in saved.items() if isinstance(value, dict) and "low" in value}
        return cls(**{**saved, **parts})


def effect(chosen: Chosen, *, margin: float = 1.0, draws: int = DRAWS, seed: int = 0) -> Effect:
    """What calling changed.

    Parameters
    ----------
    margin : share of the spend that is earned.
    draws, seed : of the bootstrap behind the intervals of money.

    Notes
    -----
    Retention is compared by Newcombe's interval, money by the percentile bootstrap, adjusted money after CUPED with the spend
    before; see `churnscope.evaluation.arms`.
    """
    called, control = (_arm(chosen.part(rows)) for rows in (~chosen.control, chosen.control))
    p = sample_ratio_p(control.customers, chosen.planned_share)
    cost = None if chosen.cost is None else float(chosen.cost.sum())
    if not control.customers or not called.customers:
        return Effect(UNKNOWN, called, control, p, cost=cost)
    if p < LEAST_P:
        return Effect(NOT_AS_DRAWN, called, control, p, cost=cost)
    retention = rate_difference(called.stayed, called.customers, control.stayed, control.customers)
    verdict = WORKED if retention.low > 0 else HARMED if retention.high < 0 else OPEN
    saved = _times(retention, called.customers)
    per_saved = None
    if verdict == WORKED and cost is not None:
        per_saved = Estimate(cost / saved.value, cost / saved.high, cost / saved.low)
    money = _money(chosen, margin, draws, seed) if min(called.customers, control.customers) >= FEWEST else {}
    return Effect(verdict, called, control, p, retention, saved, cost=cost, cost_per_saved=per_saved, **money)


def _arm(chosen: Chosen) -> Arm:
    customers = len(chosen.stayed)
    spend = float(chosen.spend.mean()) if chosen.spend is not None and customers else None
    return Arm(customers, int(chosen.stayed.sum()), spend)


def _money(chosen: Chosen, margin: float, draws: int, seed: int) -> dict[str, Estimate]:
    """Differences of what customers spend and earn, as they are and adjusted."""
    if chosen.spend is None:
        return {}
    amounts = {"spend": chosen.spend}
    if chosen.cost is not None:
        amounts["profit"] = margin * chosen.spend - chosen.cost
    if chosen.spend_before is not None:
        amounts |= {f"{name}_adjusted": adjusted(amount, chosen.spend_before) for name, amount in amounts.items()}
    return {
        name: mean_difference(amount[~chosen.control], amount[chosen.control], np.random.default_rng(seed), draws=draws)
        for name, amount in amounts.items()
    }


def _times(estimate: Estimate, customers: int) -> Estimate:
    return Estimate(estimate.value * customers, estimate.low * customers, estimate.high * customers)
