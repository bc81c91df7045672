"""Who is active: one definition, answered by the primitives the features use."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from churnscope.config.models import Activity as ActivityConfig
from churnscope.config.models import Rule
from churnscope.events import Events, Observed
from churnscope.roles import ROLES

CONTRACTS = "subscriptions"  # the role whose rows are terms
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

    def active(self, logs: Mapping[str, Observed]) -> Flags:
        """Whether the definition holds, shape (n_cutoffs, n_customers)."""
        holds = [self._holds(rule, logs) for rule in self.definition.rules]
        combine = np.logical_and if self.definition.combine == "all" else np.logical_or
        flags: Flags = combine.reduce(holds)
        return flags

    def qualifying(self, logs: Mapping[str, Observed]) -> tuple[Observed, ...]:
        """The qualifying rows, one view per rule; views may overlap."""
        return tuple(self._rows(rule, logs) for rule in self.definition.rules)

    def terms(self, logs: Mapping[str, Observed]) -> Observed:
        """The counted terms: those of any rule of terms in force, each once."""
        rules = [rule for rule in self.definition.rules if rule.in_force]
        if len(rules) == 1:
            return self._rows(rules[0], logs)
        rows = logs[CONTRACTS]
        return rows.select(
            rows.derive("counted", lambda events: np.any([self._counts(rule, events) for rule in rules], axis=0))
        )

    def rows(self, source: str, where: str | None, logs: Mapping[str, Observed]) -> Observed:
        """The rows of a source; those that are marked, where a flag or signal is named. Returns are none of them."""
        role, index = self.places[source]
        rows = logs[role]
        if "source" in rows.events.signals:
            rows = rows.select("source", index)
        if "is_return" in rows.events.signals:
            rows = rows.select("is_return", 0)
        return rows if where is None else _marked(rows, where)

    def amount(self, rule: Rule, logs: Mapping[str, Observed], window: int) -> NDArray[np.float64]:
        """How much of what a rule counts lies in a window."""
        rows = self._rows(rule, logs)
        return rows.count(window) if rule.measure == "events" else rows.total(rule.measure, window)

    def due(self, logs: Mapping[str, Observed], first: int, before: int) -> Flags:
        """Whose counted term ends, by what was agreed, at least `first` and less than `before` days after the cutoff."""
        return self.terms(logs).terms.due(first, before) > 0

    def days_since_last(self, logs: Mapping[str, Observed]) -> NDArray[np.float64]:
        """Days since the newest qualifying event, NaN for none, shape (n_cutoffs, n_customers)."""
        ages = [rows.days_since_last() for rows in self.qualifying(logs)]
        newest: NDArray[np.float64] = np.fmin.reduce(ages)
        return newest

    def days_silent(self, logs: Mapping[str, Observed]) -> NDArray[np.float64]:
        """Days since the newest qualifying event or the newest end of a counted term; NaN for none, shape as `active`."""
        ends = [self._rows(rule, logs).terms.over.days_since_last() for rule in self.definition.rules if rule.in_force]
        newest: NDArray[np.float64] = np.fmin.reduce([self.days_since_last(logs), *ends])
        return newest

    def _rows(self, rule: Rule, logs: Mapping[str, Observed]) -> Observed:
        return self.rows(rule.source, rule.where, logs)

    def _counts(self, rule: Rule, terms: Events) -> Flags:
        """Which terms a rule counts."""
        marked = np.ones(len(terms.day), np.bool_) if rule.where is None else _is_marked(terms, rule.where)
        return marked & (terms.signals["source"] == self.places[rule.source][1]) if "source" in terms.signals else marked

    def _holds(self, rule: Rule, logs: Mapping[str, Observed]) -> Flags:
        if rule.in_force:
            return self._rows(rule, logs).terms.most_in_force(rule.grace_days) >= rule.at_least
        return self.amount(rule, logs, rule.reach_days) >= self.threshold(rule)

    def threshold(self, rule: Rule) -> float:
        """How much a rule asks for. Money is compared in whole units: 0.3 is 30 units of 0.01, not 30.000000000000004."""
        kinds = {column.name: column.kind for column in ROLES[self.places[rule.source][0]].columns}
        if kinds.get(rule.measure) != "money":
            return rule.at_least
        return math.ceil(round(rule.at_least / self.resolution, 6))


def _marked(rows: Observed, name: str) -> Observed:
    return rows.select(rows.derive(f"true {name}", lambda events: _is_marked(events, name)))


def _is_marked(events: Events, name: str) -> Flags:
    """Whether a flag is true, or a number neither 0 nor missing."""
    values = events.signals[name]
    marked: Flags = (values != 0) & ~np.isnan(values)
    return marked
