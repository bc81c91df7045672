"""Who is active on every single day: the activity definition, answered once for all days instead of day by day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from churnscope.activity.definition import Activity
from churnscope.config.models import Rule
from churnscope.events import Events, Grid, Observed
from churnscope.events.since import NEVER, days_seen_from, first_of
from churnscope.events.spans import enough_from
from churnscope.events.stretches import Spans, Stretches, Windowed, all_of, any_of, float_stretches
from churnscope.events.terms import NEVER_DAY, agreed_ends, ends_of

_SEEN = "seen_from"  # the first cutoff that sees a row: it goes with the row through every view
Small = NDArray[np.int32]


@dataclass(frozen=True)
class DailyActivity:
    """The activity of customers on every day up to one.

    Parameters
    ----------
    activity : the definition.
    logs : role -> rows, with the day from which each is known.
    until : the day after the last one that is looked at.

    Notes
    -----
    Days are cutoffs: a row is seen on day c when it happened before c and was known by c. What a rule counts changes only on
    the day on which a row is seen first, and on the day after its window; terms in force only on the days on which one is seen
    first, is over, or has been for the days of grace. `Activity.active` at any cutoff answers the same.
    """

    activity: Activity
    logs: Mapping[str, Events]
    until: int

    def stretches(self) -> Stretches:
        """The days on which the definition holds."""
        combine = all_of if self.activity.definition.combine == "all" else any_of
        return combine([self._of_rule(rule) for rule in self.activity.definition.rules])

    def lasting(self, days: Sequence[int]) -> Small:
        """From when on the definition holds no longer if nothing becomes known after each day, shape (n_days, n_customers).

        It tells of those for whom the definition holds on the day; of the others it says nothing.
        """
        ends = [self._lasting(rule, days) for rule in self.activity.definition.rules]
        combine = np.minimum if self.activity.definition.combine == "all" else np.maximum
        last: Small = combine.reduce(ends)
        return last

    def qualifying_days(self, days: Sequence[int], window: int) -> Small:
        """The local days with qualifying events in the window before each day, as seen on it, shape (n_days, n_customers)."""
        customer, at, seen_from = self._qualifying
        order = np.lexsort((seen_from, at, customer))
        customer, at, seen_from = customer[order], at[order], seen_from[order]
        is_first = np.ones(len(order), np.bool_)
        is_first[1:] = (np.diff(customer) != 0) | (np.diff(at) != 0)
        customer, at, seen_from = customer[is_first], at[is_first], seen_from[is_first]
        inside = ((seen_from <= day) & (at >= day - window) for day in days)
        counts = [np.bincount(customer[rows], minlength=self._n_customers) for rows in inside]
        return np.stack(counts).astype(np.int32)

    def seen_from(self, days: int = 1) -> Small:
        """The first cutoff that sees qualifying events on at least so many local days, shape (n_customers,)."""
        return days_seen_from(self._n_customers, *self._qualifying, days)

    def seen_ago(self, days: int) -> Small:
        """The first cutoff at which a qualifying event that is seen lies at least so many days back, shape (n_customers,)."""
        customer, day, seen_from = self._qualifying
        return first_of(self._n_customers, customer, np.maximum(seen_from, day + np.int32(days)))

    def renewed_from(self) -> Small:
        """The first cutoff that sees a counted term which renews another one, shape (n_customers,)."""
        rules = [rule for rule in self.activity.definition.rules if rule.in_force]
        if not rules:
            return np.full(self._n_customers, NEVER, np.int32)
        rows = self.activity.terms(self._views)
        seen_from = _seen_from(rows)
        following, ending = rows.terms.followed(max(rule.grace_days for rule in rules))
        both = np.maximum(seen_from[following], seen_from[ending])
        return first_of(self._n_customers, rows.events.customer[following], both)

    @property
    def _n_customers(self) -> int:
        return next(iter(self.logs.values())).n_customers

    @cached_property
    def _views(self) -> dict[str, Observed]:
        """The rows under a clock of their own: seen on their day, and from when on they are known as a signal."""
        grid = Grid([self.until], [])
        return {
            role: grid.see(
                replace(events, signals={**events.signals, _SEEN: events.seen_from.astype(np.int64)}, visible_day=None)
            )
            for role, events in self.logs.items()
        }

    @cached_property
    def _qualifying(self) -> tuple[Small, Small, Small]:
        """Customer, day and first cutoff of every qualifying event; one that two rules count stands twice."""
        views = self.activity.qualifying(self._views)
        rows = [(view.events.customer, view.events.day, _seen_from(view)) for view in dict.fromkeys(views)]
        customer, day, seen_from = (np.concatenate(column) for column in zip(*rows, strict=True))
        return customer, day, seen_from

    def _of_rule(self, rule: Rule) -> Stretches:
        rows, enough = self.activity.rows(rule.source, rule.where, self._views), self.activity.threshold(rule)
        if rule.in_force:
            return self._in_force(rows, enough, rule.grace_days)
        events, seen_from = rows.events, _seen_from(rows)
        weight = None if rule.measure == "events" else rows.addends(rule.measure)
        if weight is not None and weight.dtype.kind == "f":
            return self._until_last(float_stretches(_settled(rows, rule.measure), rule.reach_days, enough))
        return self._spans(events.customer, seen_from, events.day + (rule.reach_days + 1), weight).at_least(enough)

    def _lasting(self, rule: Rule, days: Sequence[int]) -> Small:
        rows, enough = self.activity.rows(rule.source, rule.where, self._views), self.activity.threshold(rule)
        events, seen_from = rows.events, _seen_from(rows)
        weight: NDArray[np.float64] | None = None
        early = end = events.day.astype(np.int64) + (rule.reach_days + 1)
        if rule.in_force:
            (ended, stop), agreed = ends_of(events), agreed_ends(events)
            early, end = (np.minimum(of + (rule.grace_days + 1), NEVER) for of in (ended, agreed))
            early = np.where(stop > events.time, early, 0)  # a term that ended as it began was never in force
        elif rule.measure != "events":
            weight = np.nan_to_num(np.asarray(rows.signal(rule.measure), np.float64))
        answers = []
        for day in days:
            known = np.where(early <= day + rule.grace_days + 1, early, end)  # what ends a term early is known from then on
            live = (seen_from <= day) & (known > day)
            kept = None if weight is None else weight[live]
            spans = Spans(self._n_customers, events.customer[live], seen_from[live], known[live].astype(np.int32), kept)
            answers.append(spans.lasting(enough))
        return np.stack(answers)

    def _in_force(self, rows: Observed, enough: float, grace_days: int) -> Stretches:
        """A term counts up to the cutoff on the day of its end; in the days of grace, those that were in force at an end."""
        terms, seen_from = rows.events, _seen_from(rows)
        end_day, end = ends_of(terms)
        in_force = self._spans(terms.customer, seen_from, end_day + 1).at_least(enough)
        if not grace_days:
            return in_force
        known = np.maximum(seen_from, enough_from(terms.time, end, seen_from, terms.begin, enough))
        over = end_day != NEVER_DAY
        after = np.maximum(known, np.minimum(end_day + 1, NEVER))[over]
        awaited = self._spans(terms.customer[over], after, end_day[over] + (grace_days + 1)).at_least(1)
        return any_of([in_force, awaited])

    def _spans(
        self,
        customer: Small,
        begin: NDArray[np.int32] | NDArray[np.int64],
        end: NDArray[np.int32] | NDArray[np.int64],
        weight: NDArray[np.int64] | NDArray[np.float64] | NDArray[np.bool_] | None = None,
    ) -> Spans:
        low, high = (np.minimum(day, self.until).astype(np.int32) for day in (begin, end))
        return Spans(self._n_customers, customer, low, high, weight)

    def _until_last(self, found: Stretches) -> Stretches:
        kept = found.begin < self.until
        return Stretches(
            found.n_customers, found.customer[kept], found.begin[kept], np.minimum(found.end[kept], np.int32(self.until))
        )


def _settled(rows: Observed, measure: str) -> Windowed:
    """Rows with their values, so that tied ones rise whichever of them a day sees; each keeps the day that sees it first."""
    events = rows.events
    values = np.asarray(rows.signal(measure), np.float64)
    values = np.where(np.isnan(values), -np.inf, values)
    order = np.lexsort((values, events.time, events.customer))
    return Windowed(events.begin.astype(np.int64), events.day[order], _seen_from(rows)[order], values[order])


def _seen_from(rows: Observed) -> Small:
    return rows.signal(_SEEN).astype(np.int32)
