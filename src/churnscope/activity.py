"""The activity definition: who is active, who left. One definition, answered by the primitives the features use."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from churnscope.config.models import Activity as ActivityConfig
from churnscope.config.models import Rule
from churnscope.errors import InputError
from churnscope.events import Events, Grid, Observed
from churnscope.roles import ROLES
from churnscope.timeline import Timing

CENSORED = -1  # the data end before the outcome window does

LabelKind = Literal["no_event", "not_active", "given"]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Activity:
    """Who counts as active at a cutoff.

    Parameters
    ----------
    definition : the rules of the config and how they combine.
    places : source name -> (role, index of the source among those of its role).
    resolution : currency per unit of money; thresholds of money measures are in currency.

    Notes
    -----
    A qualifying event is a row that any rule counts, such as the start of a term. Returns never count. A term that ended at
    most `grace_days` before the cutoff still counts: its renewal is awaited.
    """

    definition: ActivityConfig
    places: Mapping[str, tuple[str, int]]
    resolution: float

    @property
    def windows(self) -> tuple[int, ...]:
        """The lengths in days the rules read."""
        return tuple(sorted({rule.reach_days for rule in self.definition.rules} - {0}))

    @cached_property
    def roles(self) -> frozenset[str]:
        """The roles the rules read."""
        return frozenset(self.places[rule.source][0] for rule in self.definition.rules)

    def active(self, logs: Mapping[str, Observed]) -> Flags:
        """Whether the definition holds, shape (n_cutoffs, n_customers)."""
        holds = [self._holds(rule, self._rows(rule, logs)) for rule in self.definition.rules]
        combine = np.logical_and if self.definition.combine == "all" else np.logical_or
        flags: Flags = combine.reduce(holds)
        return flags

    def qualifying(self, logs: Mapping[str, Observed]) -> tuple[Observed, ...]:
        """The qualifying rows, one view per rule; views may overlap."""
        return tuple(self._rows(rule, logs) for rule in self.definition.rules)

    def days_since_last(self, logs: Mapping[str, Observed]) -> NDArray[np.float64]:
        """Days since the newest qualifying event, NaN for none, shape (n_cutoffs, n_customers)."""
        ages = [rows.days_since_last() for rows in self.qualifying(logs)]
        newest: NDArray[np.float64] = np.fmin.reduce(ages)
        return newest

    def _rows(self, rule: Rule, logs: Mapping[str, Observed]) -> Observed:
        role, index = self.places[rule.source]
        rows = logs[role]
        if "source" in rows.events.signals:
            rows = rows.select("source", index)
        if "is_return" in rows.events.signals:
            rows = rows.select("is_return", 0)
        return rows if rule.where is None else _marked(rows, rule.where)

    def _holds(self, rule: Rule, rows: Observed) -> Flags:
        if rule.in_force:
            return rows.terms.most_in_force(rule.grace_days) >= rule.at_least
        if rule.measure == "events":
            return rows.count(rule.days) >= rule.at_least
        return rows.total(rule.measure, rule.days) >= self._threshold(rule)

    def _threshold(self, rule: Rule) -> float:
        """Money is compared in whole units: 0.3 is 30 units of 0.01, not 30.000000000000004."""
        kinds = {column.name: column.kind for column in ROLES[self.places[rule.source][0]].columns}
        if kinds.get(rule.measure) != "money":
            return rule.at_least
        return math.ceil(round(rule.at_least / self.resolution, 6))


def churned(
    activity: Activity,
    kind: LabelKind,
    logs: Mapping[str, Events],
    *,
    cutoffs: NDArray[np.int32],
    timing: Timing,
    as_of: int,
    days_together: int = 1,
) -> NDArray[np.int8]:
    """The label of every customer at every cutoff, from every row known when it is built.

    Parameters
    ----------
    kind : `no_event`: 1 when no qualifying event falls in `[c + gap, c + gap + horizon)`; `not_active`: 1 when the activity
        definition does not hold at the end of that window; `given`: as the rows of the role `labels` say, one per customer and
        cutoff, whatever the timing, or as the customer's newest row of the role `snapshot` says; without it there is no label.
    logs : role -> rows.
    cutoffs : int32, shape (n_cutoffs,), rising.
    as_of : first day that is not read.
    days_together : days before a cutoff whose rows of the role `snapshot` are those of the cutoff.

    Returns
    -------
    Shape (n_cutoffs, n_customers): 1 churned, 0 stayed, `CENSORED` where the window does not end by `as_of`.

    Raises
    ------
    InputError : when two given labels of one customer and cutoff differ.
    """
    if kind == "given":
        return _given(logs["labels"], cutoffs) if "labels" in logs else _of_rows(logs["snapshot"], cutoffs, days_together)
    ends = cutoffs + timing.gap_days + timing.horizon_days
    grid = Grid(ends.tolist(), [timing.horizon_days, *activity.windows])
    seen = {role: grid.see(events) for role, events in logs.items() if role in activity.roles}
    if kind == "not_active":
        label = ~activity.active(seen)
    else:
        label = np.logical_and.reduce([rows.count(timing.horizon_days) == 0 for rows in activity.qualifying(seen)])
    return np.where((ends > as_of)[:, None], np.int8(CENSORED), label.astype(np.int8))


def _given(labels: Events, cutoffs: NDArray[np.int32]) -> NDArray[np.int8]:
    """The label of each row at the cutoff it speaks of."""
    answer = np.full((len(cutoffs), labels.n_customers), CENSORED, np.int8)
    place = np.minimum(np.searchsorted(cutoffs, labels.day), len(cutoffs) - 1)
    told = cutoffs[place] == labels.day
    cells, churned_rows = (place[told], labels.customer[told]), labels.signals["churned"][told].astype(np.int8)
    answer[cells] = churned_rows
    contradicted = int(np.count_nonzero(answer[cells] != churned_rows))
    if contradicted:
        raise InputError(
            f"{contradicted:,} given labels differ from another one of the same customer and cutoff.",
            "Give each customer one label a cutoff; which of them is true only you can know.",
        )
    return answer


def _of_rows(rows: Events, cutoffs: NDArray[np.int32], days_together: int) -> NDArray[np.int8]:
    """The label of each customer's newest row of the days before a cutoff."""
    told, customer, day = rows.signals["churned"], rows.customer, rows.day
    label = np.where(np.isnan(told), CENSORED, told).astype(np.int8)
    answer = np.full((len(cutoffs), rows.n_customers), CENSORED, np.int8)
    place = np.searchsorted(cutoffs, day, side="right")
    near = cutoffs[np.minimum(place, len(cutoffs) - 1)] - day
    here = np.flatnonzero((near >= 1) & (near <= days_together))
    answer[place[here], customer[here]] = label[here]  # rows rise with time: the newest one is written last
    same_day = (np.diff(customer) == 0) & (np.diff(day) == 0)
    contradicted = int(np.count_nonzero(same_day & (np.diff(label) != 0)))
    if contradicted:
        raise InputError(
            f"{contradicted:,} rows have another label than a row of the same customer and day.",
            "Give each customer one row a day; which of them is true only you can know.",
        )
    return answer


def _marked(rows: Observed, name: str) -> Observed:
    """The rows whose flag is true, or whose number is neither 0 nor missing."""

    def is_true(events: Events) -> Flags:
        values = events.signals[name]
        marked: Flags = (values != 0) & ~np.isnan(values)
        return marked

    return rows.select(rows.derive(f"true {name}", is_true))
