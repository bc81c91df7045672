"""What is done for whom by stage and type: how many customers that is, what it costs and what it is expected to bring."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from churnscope.config.models import Action, PlanLine
from churnscope.decisions.actions import Customers, Flags, acceptance, action_gains
from churnscope.lifecycle.spells import STAGES


@dataclass(frozen=True)
class PlanRow:
    """A line of the plan, at one stage.

    Parameters
    ----------
    stage : of the customers.
    types : of which they are one; empty: of any, or none.
    action : what is done; None: nothing, since no line fits.
    customers : how many they are.
    scored : of these, those of whom a churn probability and a value are known.
    gain : expected of these, net of all it costs; None where there is none of them.
    cost : expected for these: the offers that will be taken, contacts and time.
    """

    stage: str
    types: tuple[str, ...]
    action: str | None
    customers: int
    scored: int
    gain: float | None
    cost: float | None

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self) | {"types": list(self.types)}


def planned(
    lines: Sequence[PlanLine],
    actions: Mapping[str, Action],
    stages: NDArray[np.int8],
    scored: Customers,
    *,
    hour_cost: float = 0.0,
) -> tuple[PlanRow, ...]:
    """The plan for customers as they are: every one is counted once, under the first line that fits.

    Parameters
    ----------
    stages : codes of `STAGES`, shape (n,); customers of no stage are left out.
    scored : the same customers, in the same order; probability and value are NaN where they are not known, and then only the
        types that are known say whom a line fits.
    hour_cost : of whoever makes the contacts.

    Raises
    ------
    KeyError : for a type of customers that nothing tells.

    Notes
    -----
    With churn probability p, acceptance g and value V, an action brings p g V and costs the rest of `action_gains`: the offer
    where it is taken, the contact and the time. Whoever must not be contacted, is at rest or has no channel is counted too.
    """
    free = stages >= 0
    rows: list[PlanRow] = []
    for line in lines:
        fits = free & _fits(line, stages, scored)
        free &= ~fits
        rows += _rows(line, actions[line.action], fits, stages, scored, hour_cost=hour_cost)
    for code, stage in enumerate(STAGES):
        if left := int(((stages == code) & free).sum()):
            rows.append(PlanRow(stage, (), None, left, 0, None, None))
    return tuple(rows)


def _fits(line: PlanLine, stages: NDArray[np.int8], scored: Customers) -> Flags:
    fits = np.ones(len(stages), np.bool_)
    if line.stages:
        fits &= np.isin(stages, [STAGES.index(name) for name in line.stages])
    if line.types:
        fits &= np.logical_or.reduce([scored.flags[name] for name in line.types])
    return fits


def _rows(
    line: PlanLine, action: Action, fits: Flags, stages: NDArray[np.int8], scored: Customers, *, hour_cost: float
) -> Iterator[PlanRow]:
    gains = action_gains(scored, action, hour_cost)
    told = np.isfinite(gains)
    kept = scored.probability * acceptance(scored, action) * scored.value
    for code, stage in enumerate(STAGES):
        here = fits & (stages == code)
        if not here.any():
            continue
        known = here & told
        gain, cost = (float(gains[known].sum()), float((kept - gains)[known].sum())) if known.any() else (None, None)
        yield PlanRow(stage, line.types, line.action, int(here.sum()), int(known.sum()), gain, cost)
