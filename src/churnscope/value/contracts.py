"""Contracts as seen from a day: their terms, which term goes on in which, and what a day of each costs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from churnscope.events import Block, Events, Grid
from churnscope.events.block import NO_DAY
from churnscope.events.terms import ends_of
from churnscope.roles import ROLES
from churnscope.value.repeat_rows import Array

ROLE = ROLES["subscriptions"]
DAYS_PER_MONTH = 365.25 / 12
OPEN_ENDED = 0  # months of a term that nothing is agreed for

Days = NDArray[np.int64]


@dataclass(frozen=True)
class Pricing:
    """What is read off the rows.

    Parameters
    ----------
    price : the signal that holds it.
    resolution : currency per unit of money.
    open_days : days that the price of a term without an agreed end covers.
    grace_days : after the end of a term in which its renewal is awaited.
    """

    price: str
    resolution: float
    open_days: float = DAYS_PER_MONTH
    grace_days: int = 0


@dataclass(frozen=True, eq=False)
class Terms:
    """Terms as known on a day, shape (n_terms,) each; those of no length are left out.

    Parameters
    ----------
    customer : the customer's number.
    start, end : first day, and first day after it as known then; far ahead where nothing is said of an end.
    begun : the day on which the contract began that the term renews, its own start where it renews none.
    is_renewed : whether a later term renews it.
    day_price : of one day, in currency.
    plan : code of what was agreed on, 0 where it is not told.
    months : its agreed length, rounded; `OPEN_ENDED` where there is none.
    """

    customer: Days
    start: Days
    end: Days
    begun: Days
    is_renewed: NDArray[np.bool_]
    day_price: Array
    plan: Days
    months: Days

    def keep(self, which: NDArray[Any]) -> Terms:
        """Some of them, by a mask or by their places."""
        return Terms(*(getattr(self, each.name)[which] for each in fields(self)))

    @classmethod
    def joined(cls, parts: Sequence[Terms]) -> Terms:
        """Those of several blocks, in order; at least one."""
        return cls(*(np.concatenate([getattr(part, each.name) for part in parts]) for each in fields(cls)))


@dataclass(frozen=True, eq=False)
class Came:
    """What every customer paid for the days of a horizon, shape (n_customers,) each, in currency.

    Parameters
    ----------
    going_on : for contracts that were in force on its first day, and for what renewed them.
    begun_later : for contracts that were not.
    """

    going_on: Array
    begun_later: Array


def look_at_contracts(
    blocks: Iterable[Block],
    pricing: Pricing,
    *,
    as_of: int,
    past: int,
    horizon_days: int,
    progress: Callable[[int], None] = lambda _done: None,
) -> tuple[Terms, Terms, Came]:
    """The terms as known at `as_of` and on a past day, and what came in the horizon from that day on, in one pass."""
    now: list[Terms] = []
    then: list[Terms] = []
    going_on: list[Array] = []
    later: list[Array] = []
    for block in blocks:
        events = block.logs[ROLE.name]
        seen_now, seen_then = _Seen(events, pricing, as_of), _Seen(events, pricing, past)
        went_on = np.isin(seen_now.root, seen_now.root_of(seen_then.row[in_force(seen_then.terms, past, pricing.grace_days)]))
        money = _money_within(seen_now.terms, past, past + horizon_days)
        for which, sums in ((went_on, going_on), (~went_on, later)):
            customer = seen_now.terms.customer[which]
            sums.append(np.bincount(customer, money[which], minlength=block.n_customers).astype(np.float64))
        now.append(_numbered(seen_now.terms, block.first))
        then.append(_numbered(seen_then.terms, block.first))
        progress(block.first + block.n_customers)
    return Terms.joined(now), Terms.joined(then), Came(np.concatenate(going_on), np.concatenate(later))


def contracts_on(blocks: Iterable[Block], pricing: Pricing, day: int, progress: Callable[[int], None]) -> Terms:
    """The terms as known on one day."""
    parts = []
    for block in blocks:
        parts.append(_numbered(_Seen(block.logs[ROLE.name], pricing, day).terms, block.first))
        progress(block.first + block.n_customers)
    return Terms.joined(parts)


def in_force(terms: Terms, day: int, grace_days: int) -> NDArray[np.bool_]:
    """Which terms run on a day as known then, or ended so shortly before that their renewal is still awaited."""
    return np.asarray((terms.end + grace_days >= day) & ~terms.is_renewed)


class _Seen:
    """The terms of a block as known on a day, with the row of each and the row that its contract began with."""

    def __init__(self, events: Events, pricing: Pricing, day: int) -> None:
        known = (events.day < day) if events.visible_day is None else (events.day < day) & (events.visible_day <= day)
        signals = {name: values[known] for name, values in events.signals.items()}
        agreed = signals.get("end_day", np.full(int(known.sum()), NO_DAY)).astype(np.int64)
        if "ended_day" in signals:  # that a term ended early shows from the day after on
            signals["ended_day"] = np.where(signals["ended_day"] < day, signals["ended_day"], NO_DAY)
        seen = Events(events.n_customers, events.customer[known], events.time[known], events.day[known], signals)
        row, start, end = np.flatnonzero(known), seen.day.astype(np.int64), ends_of(seen)[0]
        before = _renewed_by(seen, pricing.grace_days, end > start)
        root = _roots(before)
        renewed = np.zeros(len(row), np.bool_)
        renewed[before[before != np.arange(len(before))]] = True
        days = np.where(agreed > start, agreed - start, 0)
        lasts = end > start
        terms = Terms(
            seen.customer.astype(np.int64),
            start,
            end,
            start[root],
            renewed,
            signals[pricing.price] * pricing.resolution / np.where(days > 0, days, pricing.open_days),
            signals.get("plan", np.zeros(len(row))).astype(np.int64),
            np.where(days > 0, np.maximum(np.rint(days / DAYS_PER_MONTH), 1), OPEN_ENDED).astype(np.int64),
        )
        self.terms, self.row, self.root = terms.keep(lasts), row[lasts], row[root][lasts]

    def root_of(self, rows: NDArray[np.intp]) -> NDArray[np.intp]:
        """With which rows the contracts of some rows began; all of these are seen."""
        return np.asarray(self.root[np.isin(self.row, rows)])


def _renewed_by(terms: Events, grace_days: int, lasts: NDArray[np.bool_]) -> NDArray[np.int64]:
    """For every row the one that it renews, itself where it renews none; each is renewed once at most, alike plans first."""
    before = np.arange(len(terms.day))
    following, ended = Grid([0], []).see(terms).terms.followed(grace_days)
    lasting = lasts[following] & lasts[ended]
    following, ended = following[lasting], ended[lasting]
    plan = terms.signals.get("plan")
    differs = np.zeros(len(ended), np.bool_) if plan is None else plan[following] != plan[ended]
    order = np.lexsort((ended, following, differs))
    following, ended = following[order], ended[order]
    while len(following):
        agreed = _is_first(following) & _is_first(ended)  # the first pair of all always is
        before[following[agreed]] = ended[agreed]
        left = ~np.isin(following, following[agreed]) & ~np.isin(ended, ended[agreed])
        following, ended = following[left], ended[left]
    return before


def _is_first(values: NDArray[np.int64]) -> NDArray[np.bool_]:
    first = np.zeros(len(values), np.bool_)
    first[np.unique(values, return_index=True)[1]] = True
    return first


def _roots(before: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where the chains of `before` begin."""
    while not np.array_equal(before, further := before[before]):
        before = further
    return before


def _money_within(terms: Terms, first: int, until: int) -> Array:
    days = np.minimum(terms.end, until) - np.maximum(terms.start, first)
    return np.asarray(terms.day_price * np.maximum(days, 0))


def _numbered(terms: Terms, first: int) -> Terms:
    return Terms(terms.customer + first, *(getattr(terms, each.name) for each in fields(terms)[1:]))
