"""Causes between one set of scores and the next: a probability that jumped, a band that became high, too much at risk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from churnscope.alerts.causes import STILL, Cause, Found, Ints, together

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class ScoreSet:
    """The scores of a day by the customers' numbers, shape (n_customers,).

    Parameters
    ----------
    day : the cutoff.
    probability : NaN for customers without one.
    is_high : whose band is high.
    value : of a customer who stays, in currency; NaN where it is not known.
    groups : by name, who belongs to it.
    """

    day: int
    probability: Array
    is_high: Flags
    value: Array
    groups: Mapping[str, Flags] = field(default_factory=dict)

    @cached_property
    def at_risk(self) -> Array:
        """Probability times value, in currency; NaN where either is missing."""
        return self.probability * self.value

    def sums(self) -> dict[str, float]:
        """What is at risk, by group."""
        return {name: float(np.nansum(self.at_risk[holds])) for name, holds in self.groups.items()}


def jumped(sets: Sequence[ScoreSet], jump: float | None, *, becomes_high: bool) -> Found:
    """A cause for every customer whose probability rose by so much, or whose band became high, between two sets.

    It is gone at the first later set in which neither holds any more, or in which the customer has no probability.
    """
    parts = []
    for place, (before, after) in enumerate(pairwise(sets)):
        known = ~np.isnan(before.probability) & ~np.isnan(after.probability)
        rise = np.where(known, after.probability - before.probability, -1.0)
        by_jump = np.zeros(len(rise), np.bool_) if jump is None else rise >= jump - _TINY
        by_band = known & after.is_high & ~before.is_high & becomes_high
        customer = np.flatnonzero(by_jump | by_band)
        over = np.full(len(customer), STILL, np.int64)
        for later in sets[place + 2 :]:
            risen = later.probability[customer] - before.probability[customer]
            holds = by_jump[customer] & (risen >= (jump or 0.0) - _TINY) | by_band[customer] & later.is_high[customer]
            over = np.where((over == STILL) & ~holds, later.day, over)
        numbers = {"probability": after.probability[customer], "probability_before": before.probability[customer]}
        parts.append(_at(customer, after.day, over, numbers))
    return together(parts)


def at_risk(sets: Sequence[ScoreSet], above: float) -> Found:
    """A cause for every customer of whom more is at risk than before and than allowed; gone when it no longer is."""
    parts, before = [], None
    for place, now in enumerate(sets):
        is_above = now.at_risk > above
        was_above = np.zeros(len(is_above), np.bool_) if before is None else before.at_risk > above
        customer = np.flatnonzero(is_above & ~was_above)
        over = np.full(len(customer), STILL, np.int64)
        for later in sets[place + 1 :]:
            over = np.where((over == STILL) & ~(later.at_risk[customer] > above), later.day, over)
        numbers = {"value_at_risk": now.at_risk[customer], "above": np.full(len(customer), above)}
        parts.append(_at(customer, now.day, over, numbers))
        before = now
    return together(parts)


def group_at_risk(rule: str, sets: Sequence[ScoreSet], above: float, groups: Iterable[str]) -> list[Cause]:
    """A cause for every group of which more is at risk than allowed, from the first set on in which it is."""
    causes: list[Cause] = []
    sums = [each.sums() for each in sets]
    for group in groups:
        open_at: int | None = None
        for place, (each, told) in enumerate(zip(sets, sums, strict=True)):
            total = told.get(group, 0.0)
            if total <= above:
                open_at = None
            elif open_at is None:
                open_at = each.day
                calm = (
                    later.day for later, then in zip(sets[place:], sums[place:], strict=True) if then.get(group, 0.0) <= above
                )
                customers = float((each.at_risk[each.groups[group]] > 0).sum())
                numbers = {"value_at_risk": total, "above": above, "customers": customers}
                causes.append(Cause(rule, group, False, str(each.day), each.day, each.day, next(calm, STILL), numbers))
    return causes


_TINY = 1e-9  # 0.5 - 0.3 is a jump of 0.2, not of 0.19999999999999996


def _at(customer: Ints, day: int, over: Ints, numbers: Mapping[str, Array]) -> Found:
    days = np.full(len(customer), day, np.int64)
    return Found(customer.astype(np.int64), days, days, days, over, numbers)
