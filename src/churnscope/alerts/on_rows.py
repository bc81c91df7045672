"""Causes in the rows of sources: what happened, a ticket that waits, a new customer who fell silent, data that grew old."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from churnscope.activity import Activity
from churnscope.alerts.causes import STILL, Cause, Found, Ints
from churnscope.customer_types import qualifying_days
from churnscope.events import Events, Grid
from churnscope.events.block import NO_DAY


def rows_of(events: Events, source: int, where: str | None) -> Events:
    """The rows of one source of a role; those that are marked, where a flag or signal is named."""
    keep = np.ones(len(events.day), np.bool_)
    if "source" in events.signals:
        keep &= events.signals["source"] == source
    if where is not None:
        values = events.signals[where]
        keep &= (values != 0) & ~np.isnan(values)
    return events if keep.all() else events.where(keep)


def happened(events: Events, days_open: int) -> Found:
    """A cause for every customer and day with rows.

    Parameters
    ----------
    events : the rows of the rule.
    days_open : after which what happened is no longer news.
    """
    seen = events.seen_from.astype(np.int64)
    begins = _begins(events.customer, events.day)
    first = np.minimum.reduceat(seen, begins) if len(begins) else seen
    rows = np.diff([*begins, len(events.day)]).astype(np.float64) if len(begins) else np.empty(0)
    day = events.day[begins].astype(np.int64)
    return Found(events.customer[begins].astype(np.int64), day, day, first, first + days_open, {"rows": rows})


def waiting(events: Events, days: int, as_of: int) -> Found:
    """A cause for every ticket that was open for longer than so many days.

    Notes
    -----
    A ticket of day d is open for longer than n days from cutoff d + n + 1 on, unless it was resolved before that day.
    """
    resolved = events.signals["resolved_day"].astype(np.int64)
    is_resolved = (resolved != NO_DAY) & (resolved < as_of)
    day = events.day.astype(np.int64)
    over = np.where(is_resolved, np.maximum(resolved, day) + 1, STILL)
    seen = np.maximum(events.seen_from.astype(np.int64), day + days + 1)
    lasted = np.where(is_resolved, over - 1, as_of) - day
    found = Found(events.customer.astype(np.int64), events.time, day, seen, over, {"days_open": lasted.astype(np.float64)})
    found = found.where((seen <= as_of) & (over > seen))
    # Of several tickets of one customer and instant one is told of, the one that waits longest.
    order = np.lexsort((-found.over, found.key, found.customer))
    found = found.where(_mask(order, found))
    return found


def _mask(order: Ints, found: Found) -> NDArray[np.bool_]:
    """The first of each customer and key in this order."""
    customer, key = found.customer[order], found.key[order]
    is_first = np.ones(len(order), np.bool_)
    is_first[1:] = (customer[1:] != customer[:-1]) | (key[1:] != key[:-1])
    keep = np.zeros(len(order), np.bool_)
    keep[order[is_first]] = True
    return keep


def silent_newcomers(activity: Activity, logs: Mapping[str, Events], days: int, as_of: int) -> Found:
    """A cause for every customer without a second day of activity within so many days of the first.

    Notes
    -----
    With the first day d it is seen at cutoff d + n + 1, and gone at the cutoff after the second day.
    """
    grid = Grid([as_of], activity.windows)
    seen_by = {role: grid.see(events.seen_by(as_of)) for role, events in logs.items()}
    rows = qualifying_days(activity, seen_by).events
    keep = rows.day < as_of
    customer, day = rows.customer[keep].astype(np.int64), rows.day[keep].astype(np.int64)
    order = np.lexsort((day, customer))
    customer, day = customer[order], day[order]
    fresh = np.ones(len(day), np.bool_)
    fresh[1:] = (customer[1:] != customer[:-1]) | (day[1:] != day[:-1])
    customer, day = customer[fresh], day[fresh]
    begins = np.flatnonzero(np.r_[True, customer[1:] != customer[:-1]]) if len(day) else np.empty(0, np.int64)
    second = np.full(len(begins), STILL, np.int64)
    has_second = np.diff([*begins, len(day)]) > 1
    second[has_second] = day[begins[has_second] + 1]
    first = day[begins]
    seen = first + days + 1
    over = np.where(second == STILL, STILL, second + 1)
    lasted = np.minimum(second, as_of) - first
    found = Found(customer[begins], first, first, seen, over, {"days_since_first": lasted.astype(np.float64)})
    return found.where((seen <= as_of) & (second > first + days))


def grown_old(rule: str, source: str, newest: int | None, today: int, days: int) -> list[Cause]:
    """The cause that a source's newest row is older than so many days, where it is.

    Parameters
    ----------
    newest : day of the newest row; None where there is none.
    today : the day of the clock; nothing else here reads one.
    """
    if newest is None:
        return [Cause(rule, source, False, "never", today, today, STILL, {})]
    if today - newest <= days:
        return []
    return [Cause(rule, source, False, str(newest), newest, newest + days + 1, STILL, {"days_old": float(today - newest)})]


def _begins(customer: NDArray[np.int32], day: NDArray[np.int32]) -> Ints:
    """Where the rows of each customer and day begin."""
    if not len(day):
        return np.empty(0, np.int64)
    return np.flatnonzero(np.r_[True, (customer[1:] != customer[:-1]) | (day[1:] != day[:-1])])
