"""What customers had bought by a day, and in the days before it, from sorted blocks by the events' primitives."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from churnscope.events import Block, Events, Grid
from churnscope.events.block import Signal
from churnscope.features import Log
from churnscope.roles import ROLES
from churnscope.value.gamma_gamma import SpendRows
from churnscope.value.repeat_rows import Array, RepeatRows

ROLE = ROLES["purchases"]
FACTS = ("purchase_days", "since_first", "since_last", "repeat_spend", "recent_days", "recent_spend")
NEVER = np.iinfo(np.int32).max


@dataclass(frozen=True)
class View:
    """A day to look back from: rows before `cutoff` that were known by `known`, the last `horizon_days` also on their own."""

    cutoff: int
    known: int
    horizon_days: int


@dataclass(frozen=True, eq=False)
class Histories:
    """Purchases as seen from a day, one row per customer who had bought by then.

    Returns are no purchases, as in the activity definition; the money they give back is taken off on the day they come.

    Parameters
    ----------
    customer : shape (n,), rising, the customers' numbers.
    rows : purchase days after the first one, and when they lay.
    spend : their mean amount in currency.
    recent_days, recent_spend : shape (n,), purchase days and net amount in the last horizon before the day.
    """

    customer: NDArray[np.int64]
    rows: RepeatRows
    spend: SpendRows
    recent_days: Array
    recent_spend: Array


@dataclass(frozen=True, eq=False)
class Recent:
    """Purchase days and net amount of every customer in the horizon before a day, shape (n_customers,) each."""

    days: Array
    spend: Array

    def of(self, customers: NDArray[np.int64]) -> Recent:
        """Those of some customers."""
        return Recent(self.days[customers], self.spend[customers])


@dataclass(frozen=True, eq=False)
class Seen:
    """All that was seen from one day, a column per fact, shape (n_customers,); NaN where nobody had bought."""

    columns: Mapping[str, Array]

    @property
    def recent(self) -> Recent:
        """What every customer did in the horizon before the day."""
        return Recent(self.columns["recent_days"], self.columns["recent_spend"])

    def histories(self) -> Histories:
        """The customers who had bought."""
        customer = np.flatnonzero(self.columns["purchase_days"] > 0)
        facts = {name: column[customer] for name, column in self.columns.items()}
        days, repeats = facts["purchase_days"], facts["purchase_days"] - 1
        rows = RepeatRows.at_cutoff(
            purchase_days=days, days_since_first=facts["since_first"], days_since_last=facts["since_last"]
        )
        spend = SpendRows(repeats, facts["repeat_spend"] / np.maximum(repeats, 1))
        return Histories(customer, rows, spend, facts["recent_days"], facts["recent_spend"])


def look(
    blocks: Iterable[Block],
    views: Sequence[View],
    columns: frozenset[str],
    resolution: float,
    progress: Callable[[int], None] = lambda _done: None,
) -> tuple[Seen, ...]:
    """What every view sees, in one pass over the blocks.

    Parameters
    ----------
    blocks : all customers in order, with the rows of the role `purchases`.
    columns : names of the signals these rows carry, `amount` among them.
    resolution : currency per unit of money.
    progress : told the customers done so far.
    """
    parts: list[list[dict[str, Array]]] = [[] for _ in views]
    for block in blocks:
        for view, part in zip(views, parts, strict=True):
            part.append(_facts(block.logs[ROLE.name], view, columns, resolution))
        progress(block.first + block.n_customers)
    return tuple(
        Seen({name: np.concatenate([np.zeros(0), *(facts[name] for facts in part)]) for name in FACTS}) for part in parts
    )


def _facts(events: Events, view: View, columns: frozenset[str], resolution: float) -> dict[str, Array]:
    known = events if events.visible_day is None else events.where(events.visible_day <= view.known)
    log = Log(ROLE, Grid([view.cutoff], [view.horizon_days]).see(known), columns, (view.horizon_days,), resolution)
    repeat = log.rows.derive("repeat amount", lambda rows: _after_first_day(rows, returns="is_return" in columns))
    answers = (
        log.kept.distinct_days(),
        log.kept.days_since_first(),
        log.kept.days_since_last(),
        log.money(repeat, kept=False),
        log.kept.distinct_days(view.horizon_days),
        log.money("amount", view.horizon_days, kept=False),
    )
    return {name: np.array(answer[0]) for name, answer in zip(FACTS, answers, strict=True)}


def _after_first_day(events: Events, *, returns: bool) -> Signal:
    """The amount of rows that lie after the customer's first purchase day; 0 of the others."""
    bought = events.signals["is_return"] == 0 if returns else np.ones(len(events.day), np.bool_)
    customer, row = np.unique(events.customer[bought], return_index=True)
    first = np.full(events.n_customers, NEVER, np.int32)
    first[customer] = events.day[bought][row]
    return np.where(events.day > first[events.customer], events.signals["amount"], 0)
