"""A call list in figures: what is on it, what it takes and is expected to bring, and who is not on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from churnscope.decisions.selection import gap


@dataclass(frozen=True)
class ActionUse:
    """How often an action stands on a list, and what that takes and is expected to bring; `control` are those left alone."""

    lines: int
    control: int
    minutes: float
    cost: float
    gain: float


@dataclass(frozen=True)
class AgentUse:
    """The lines of an agent, the minutes they take and those there are."""

    lines: int
    minutes: float
    minutes_there: float


@dataclass(frozen=True)
class ListFigures:
    """A list in figures.

    Parameters
    ----------
    campaign, control_share, universal_share : as the config has them.
    scored : customers in the scores.
    left_out : reason -> customers who cannot be on the list.
    waiting : customers for whom an action would pay and the list has no room.
    last_day : of the campaign's list before this one; None where there was none.
    again : customers who were on that list, too.
    dropped : reason -> customers of that list who are not on this one.
    lines, control : customers to call, and customers left alone whom the same cut would have called.
    cost : of the lines, every offer counted as taken; `budget` is what there is, None where there is no limit.
    gain : expected of all lines, net of all they cost.
    bound : what no list within these limits can exceed.
    value_at_risk : of the customers on the list.
    churn : the mean churn probability on the list.
    smallest_effect : share of customers whose staying this list can show; None where it can show nothing.
    actions, agents : by name.
    notes : what to know before calling.
    """

    campaign: str
    control_share: float
    universal_share: float
    scored: int
    left_out: Mapping[str, int]
    waiting: int
    last_day: str | None
    again: int
    dropped: Mapping[str, int]
    lines: int
    control: int
    cost: float
    budget: float | None
    gain: float
    bound: float
    value_at_risk: float
    churn: float | None
    smallest_effect: float | None
    actions: Mapping[str, ActionUse]
    agents: Mapping[str, AgentUse]
    notes: tuple[str, ...]

    @property
    def gap(self) -> float:
        """The share of the bound that the list does not reach."""
        return gap(self.gain, self.bound)

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self) | {"notes": list(self.notes), "gap": self.gap}

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> ListFigures:
        """What `to_json` wrote."""
        parts = {
            "actions": {name: ActionUse(**use) for name, use in saved["actions"].items()},
            "agents": {name: AgentUse(**use) for name, use in saved["agents"].items()},
            "notes": tuple(saved["notes"]),
        }
        return cls(**{key: value for key, value in saved.items() if key != "gap"} | parts)
