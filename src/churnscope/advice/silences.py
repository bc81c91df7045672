"""Pauses between a customer's active days, the one that still lasts among them, and who would have been called churned."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from churnscope.activity import Activity
from churnscope.events import Block, Grid
from churnscope.survival import SurvivalCurve, kaplan_meier
from churnscope.timeline import Timing

Counts = NDArray[np.int64]
_DAYS = np.int64(1 << 20)  # more than any calendar: customer and day in one number


@dataclass(frozen=True, eq=False)
class Silences:
    """Pauses counted by length, over all customers.

    Parameters
    ----------
    ended : shape (n_days + 1,), pauses of so many days between two active days.
    lasting : shape (n_days + 1,), customers whose last active day lies so many days before `as_of`.
    active : shape (n_windows, n_horizons), customers active at the newest cutoff that each horizon leaves.
    churned : as `active`, those of them without an active day in the outcome window.
    """

    ended: Counts
    lasting: Counts
    active: Counts
    churned: Counts

    @property
    def customers(self) -> int:
        """Customers with an active day."""
        return int(self.lasting.sum())

    def usual_days(self, share: float) -> int:
        """The length that this share of the ended pauses does not exceed; 0 where none has ended."""
        total = int(self.ended.sum())
        return int(np.searchsorted(np.cumsum(self.ended), share * total)) if total else 0

    def covered(self, days: int) -> float:
        """Share of the ended pauses that are no longer than `days`; NaN where none has ended."""
        total = int(self.ended.sum())
        return float(self.ended[: days + 1].sum() / total) if total else float("nan")

    def called_inactive(self, days: int) -> int:
        """How often a window of `days` would have called a customer inactive."""
        return int(self.ended[days + 1 :].sum() + self.lasting[days + 1 :].sum())

    def return_curve(self, days: int) -> SurvivalCurve:
        """Share of those called inactive who have not come back, by days since they were called so.

        A customer is inactive at a cutoff more than `days` after the last active day. A pause that still lasts is censored: it
        is known to have lasted through the day before `as_of`.
        """
        back, still = self.ended[days:].copy(), self.lasting[days + 1 :]
        back[0] = 0  # a pause of just `days` was never called inactive
        watched = np.zeros_like(back)
        watched[: len(still)] = still
        return kaplan_meier(back, watched)


def silences_of(
    blocks: Iterable[Block],
    activity: Activity,
    *,
    span: tuple[int, int],
    windows: Sequence[int],
    timings: Sequence[Timing],
) -> Silences:
    """Count the pauses between the days of qualifying events.

    Parameters
    ----------
    blocks : all customers.
    activity : its rules say which rows qualify; how many it asks for within how many days is not read.
    span : day of the oldest row, and `as_of`, the first day that is not read.
    windows : lengths in days to count active customers for.
    timings : what would be predicted: one column of `active` and `churned` each.
    """
    first, as_of = span
    grid, length = Grid([as_of], []), as_of - first + 1
    ended, lasting = np.zeros(length, np.int64), np.zeros(length, np.int64)
    active, churned = (np.zeros((len(windows), len(timings)), np.int64) for _ in range(2))
    for block in blocks:
        keys = _active_days(block, activity, grid, first)
        if not len(keys):
            continue
        customer, day = keys // _DAYS, keys % _DAYS
        newest = np.append(customer[1:] != customer[:-1], True)
        ended += np.bincount(np.diff(day)[~newest[:-1]], minlength=length)
        lasting += np.bincount(as_of - first - day[newest], minlength=length)
        for column, timing in enumerate(timings):
            age, left = _outcomes(keys, customer[newest], as_of - first, timing)
            for row, window in enumerate(windows):
                active[row, column] += np.count_nonzero(age <= window)
                churned[row, column] += np.count_nonzero((age <= window) & left)
    return Silences(ended, lasting, active, churned)


def _active_days(block: Block, activity: Activity, grid: Grid, first: int) -> Counts:
    """Customer and day, counted from the oldest, of every active day: one rising number each."""
    seen = {role: grid.see(events) for role, events in block.logs.items()}
    days = [rows.days.events for rows in activity.qualifying(seen)]
    keys = [events.customer.astype(np.int64) * _DAYS + (events.day - first) for events in days]
    return keys[0] if len(keys) == 1 else np.unique(np.concatenate(keys))


def _outcomes(keys: Counts, customers: Counts, as_of: int, timing: Timing) -> tuple[Counts, NDArray[np.bool_]]:
    """Days since the last active day at the newest complete cutoff, and whether the outcome window is empty.

    Customers without an active day before the cutoff are given an age beyond every window.
    """
    cutoff = as_of - timing.outcome_end(0) - timing.delay_days
    if cutoff < 0:
        return np.full(len(customers), _DAYS), np.zeros(len(customers), np.bool_)
    before = np.searchsorted(keys, customers * _DAYS + cutoff) - 1
    known = (before >= 0) & (keys[np.maximum(before, 0)] // _DAYS == customers)
    age = np.where(known, cutoff - keys[np.maximum(before, 0)] % _DAYS, _DAYS)
    opening = np.searchsorted(keys, customers * _DAYS + cutoff + timing.gap_days)
    closing = np.searchsorted(keys, customers * _DAYS + timing.outcome_end(cutoff))
    return age, opening == closing
