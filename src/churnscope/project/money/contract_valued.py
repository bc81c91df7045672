"""What `value` answers where customers have contracts: how long these last, how that was judged, and the totals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from churnscope.project.models.past import day_of
from churnscope.project.results import iso
from churnscope.value.nearness import Errors


@dataclass(frozen=True)
class ContractTenth:
    """A tenth of the customers by falling value; totals. `price` is that of the horizon if nobody left."""

    customers: int
    price: float
    spend: float
    value: float


@dataclass(frozen=True)
class GroupLasts:
    """How long contracts of one plan and length of term last.

    Parameters
    ----------
    contracts, ended : how many were watched, and how many of their ends.
    known_days : the age up to which enough were watched.
    shares : by days, the share of new contracts that last longer.
    later_yearly : share of those older than `known_days` that is taken to last a further year.
    """

    name: str
    contracts: int
    ended: int
    known_days: int
    shares: Mapping[int, float]
    later_yearly: float


@dataclass(frozen=True)
class ContractJudgement:
    """Forecast and revenue of the horizon from a past day on.

    Parameters
    ----------
    cutoff : the day it was made as of, from what was known then.
    horizon_days : that were forecast.
    customers, contracts : with a contract in force on that day.
    spend : paid for the days of the horizon, for these contracts and what renewed them.
    begun_later : paid by the same customers for contracts begun later, which are not forecast.
    errors : of the rates by age, of one rate for all ages, and of the rule that nobody leaves.
    """

    cutoff: int
    horizon_days: int
    customers: int
    contracts: int
    spend: float
    begun_later: float
    errors: Mapping[str, Errors]

    def to_json(self) -> dict[str, Any]:
        """JSON-ready, the day as a date."""
        return asdict(self) | {"cutoff": iso(self.cutoff)}

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> ContractJudgement:
        """What `to_json` wrote."""
        errors = {name: Errors(**each) for name, each in saved["errors"].items()}
        return cls(**{**saved, "cutoff": day_of(saved["cutoff"]), "errors": errors})


@dataclass(frozen=True)
class ContractFigures:
    """What a file of values of contracts was made from, and what it sums to.

    Parameters
    ----------
    horizon_days : that the expected spend covers.
    margin, discount_rate : of the value; the rate is per year.
    judgement : how it did on revenue it had not seen; None where there is no history for it.
    notes : what to know before using the numbers.
    customers : with a contract in force, each with a row.
    without_contract : customers who have none.
    contracts : in force.
    groups : how long contracts last; last, all of them together.
    tenths : of the customers, the most valuable first.
    """

    horizon_days: int
    margin: float
    discount_rate: float
    judgement: ContractJudgement | None
    notes: tuple[str, ...]
    customers: int
    without_contract: int
    contracts: int
    groups: tuple[GroupLasts, ...]
    tenths: tuple[ContractTenth, ...]

    @property
    def counts(self) -> dict[str, int]:
        """For the manifest."""
        return {"customers": self.customers, "without_contract": self.without_contract, "contracts": self.contracts}

    def total(self, what: str) -> float:
        """Sum over all customers of price, spend or value."""
        return float(sum(getattr(tenth, what) for tenth in self.tenths))

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        judged = None if self.judgement is None else self.judgement.to_json()
        return asdict(self) | {"kind": "contracts", "judgement": judged, "notes": list(self.notes)}

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> ContractFigures:
        """What `to_json` wrote."""
        judged = saved["judgement"]
        groups = [{**each, "shares": {int(days): share for days, share in each["shares"].items()}} for each in saved["groups"]]
        parts = {
            "judgement": None if judged is None else ContractJudgement.from_json(judged),
            "notes": tuple(saved["notes"]),
            "groups": tuple(GroupLasts(**each) for each in groups),
            "tenths": tuple(ContractTenth(**tenth) for tenth in saved["tenths"]),
        }
        return cls(**{**{key: each for key, each in saved.items() if key != "kind"}, **parts})
