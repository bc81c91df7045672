"""How many customers stand how near to the end of their activity, month by month, and where they stand a month later."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from churnscope.activity import DailyActivity
from churnscope.lifecycle.months import Days, shifted
from churnscope.lifecycle.spells import Spells
from churnscope.lifecycle.stays import CODES_WITH_US, INACTIVE
from churnscope.survival import Floats, Integers

MOST_AWAY: Final = 13  # months away, those who are longer among them
MOST_LEFT: Final = 24  # months until the activity ends, those that last longer among them
HABITS: Final = (2, 4)  # qualifying days in a year from which on somebody is another kind of customer
HABIT_DAYS: Final = 365
MOST_MONTHS: Final = 72  # of history
STATES: Final = 1 + MOST_AWAY + (len(HABITS) + 1) * MOST_LEFT
"""Not with us yet; away for so many months; with us, by habit and by the months left."""
AWAY: Final = slice(1, 1 + MOST_AWAY)
WITH_US: Final = slice(1 + MOST_AWAY, STATES)


@dataclass(frozen=True, eq=False)
class Moves:
    """How many customers moved from state to state in every month.

    Parameters
    ----------
    days : between the months, shape (n_months + 1,); the last one is that of the newest files.
    counts : shape (n_months, STATES, STATES).
    stand : customers by state on every day, shape (n_months + 1, STATES).

    Notes
    -----
    An activity that nothing renews ends on a day that is known beforehand: that of the newest event and the window after it, or
    that of the agreed end and the days of grace. In the k-th month after a day those become inactive who have k months left on
    it and renew nothing before.
    """

    days: Days
    counts: Integers
    stand: Integers

    @classmethod
    def of(cls, daily: DailyActivity, spells: Spells, days: Days) -> Moves:
        """Those of some customers."""
        states = _states(daily, spells, days)
        pairs = (np.bincount(before * STATES + after, minlength=STATES**2) for before, after in pairwise(states))
        counts = np.stack([np.zeros(STATES**2, np.int64), *pairs])[1:].reshape(-1, STATES, STATES)
        return cls(days, counts, np.stack([np.bincount(state, minlength=STATES) for state in states]))

    @classmethod
    def none(cls, days: Days) -> Moves:
        """Those of no customers."""
        return cls(days, np.zeros((len(days) - 1, STATES, STATES), np.int64), np.zeros((len(days), STATES), np.int64))

    def __add__(self, others: Moves) -> Moves:
        """Those of some customers and of others, over the same days."""
        return Moves(self.days, self.counts + others.counts, self.stand + others.stand)

    def since(self, day: int) -> Moves:
        """The months that begin on a day or later."""
        first = int(np.searchsorted(self.days, day))
        return Moves(self.days[first:], self.counts[first:], self.stand[first:])

    @property
    def since_known(self) -> Moves:
        """Without the months before the first customer was known."""
        known = self.stand[:, 1:].any(axis=1)
        return self.since(int(self.days[known.argmax() if known.any() else -1]))

    def until(self, month: int) -> Moves:
        """What was known so many months after the first day."""
        return Moves(self.days[: month + 1], self.counts[:month], self.stand[: month + 1])

    @cached_property
    def bases(self) -> Integers:
        """Customers with us on every day."""
        return np.asarray(self.stand[:, WITH_US].sum(axis=1))

    @property
    def known(self) -> Floats:
        """Who stands where on the last day; those not with us yet are none."""
        return np.asarray(np.r_[0, self.stand[-1, 1:]], np.float64)

    @property
    def arrivals(self) -> Integers:
        """Where those stand as each month ends who were not with us as it began, shape (n_months, STATES)."""
        return np.concatenate([np.zeros((len(self.counts), 1), np.int64), self.counts[:, 0, 1:]], axis=1)

    @cached_property
    def flows(self) -> Integers:
        """The lost, the new and those who came back in every month, shape (n_months, 3)."""
        lost = self.counts[:, WITH_US, : WITH_US.start].sum(axis=(1, 2))
        new, back = (self.counts[:, states, WITH_US].sum(axis=(1, 2)) for states in (slice(0, 1), AWAY))
        return np.stack([lost, new, back], axis=1)


def month_days(day: int, months: int = MOST_MONTHS) -> Days:
    """The days so many months before one, up to it."""
    return np.array([shifted(day, -back) for back in range(months, -1, -1)], np.int32)


def aged() -> Integers:
    """Where everybody of a state stands a month later who neither renews nor comes back, shape (STATES,)."""
    after = np.arange(STATES)
    after[AWAY] = np.minimum(after[AWAY] + 1, MOST_AWAY)
    with_us = after[WITH_US].reshape(-1, MOST_LEFT)
    with_us[:, 1:-1] -= 1  # who has the most has it still
    with_us[:, 0] = 1
    after[WITH_US] = with_us.ravel()
    return after


def _states(daily: DailyActivity, spells: Spells, days: Days) -> list[NDArray[np.int64]]:
    """The state of every customer on every day, shape (n_customers,) each."""
    later = np.array([shifted(int(days[-1]), month) for month in range(1, MOST_LEFT)], np.int32)
    ends = np.concatenate([days, later])
    unknown = int(np.searchsorted(days, spells.entered.min(initial=days[-1])))  # days before anybody was known
    away = np.zeros(spells.n_customers, np.int64)
    states, seen = [away] * unknown, days[unknown:].tolist()
    for place, (day, lasting, often) in enumerate(
        zip(seen, daily.lasting(seen), daily.qualifying_days(seen, HABIT_DAYS), strict=True), unknown
    ):
        stage = spells.on(day)
        left = np.clip(np.searchsorted(ends, lasting) - place, 1, MOST_LEFT)
        habit = np.searchsorted(HABITS, often, side="right")
        away = np.where(stage == INACTIVE, np.minimum(away + 1, MOST_AWAY), 0)
        states.append(np.where(np.isin(stage, CODES_WITH_US), WITH_US.start + habit * MOST_LEFT + left - 1, away))
    return states
