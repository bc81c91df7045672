"""From rows to spells: the stage of every customer on every day, in one pass over the rows of a block."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from churnscope.activity import Activity, DailyActivity
from churnscope.config.models import Stages
from churnscope.events import Block, Events
from churnscope.events.block import NO_DAY
from churnscope.events.since import NEVER, days_seen_from, first_of
from churnscope.events.stretches import Stretches
from churnscope.lifecycle.spells import STAGES, Spells
from churnscope.roles import ROLES, START
from churnscope.sources.zones import FIRST_DAY

NURTURING = ("contacts", "engagement")  # the roles whose rows tell that somebody without a qualifying event is in touch
TOUCHED_DAYS = 2  # local days with such rows that make one nurtured
CODE = {stage: code for code, stage in enumerate(STAGES)}

Small = NDArray[np.int32]


@dataclass(frozen=True)
class Making:
    """What decides the stages of customers.

    Parameters
    ----------
    activity : who is active.
    numbers : how long a customer is new, reactivated, and when loyal.
    as_of : the last day that is looked at; nothing at or after it is read.

    Notes
    -----
    All that stages are told by either holds on stretches of days (the activity definition) or from a day on for good: something
    is known, there is a qualifying event, the first one is so long ago. A row known late is seen from that day on, and changes
    nothing before it: the stage on a day is the one that was told on it.
    """

    activity: Activity
    numbers: Stages
    as_of: int

    @property
    def until(self) -> int:
        """The day after the last one that is looked at."""
        return self.as_of + 1

    def daily(self, block: Block) -> DailyActivity:
        """Who of a block is active on every day."""
        return DailyActivity(self.activity, block.logs, self.until)

    def spells(self, block: Block) -> Spells:
        """The spells of a block's customers, numbered within it."""
        daily = self.daily(block)
        since = _Since(
            known=known_from(block, self.as_of),
            touched=_touched_from(block),
            qualified=daily.seen_from(),
            settled=daily.seen_ago(self.numbers.onboarding_days),
            loyal=np.maximum(
                daily.seen_ago(self.numbers.loyal_days),
                np.minimum(daily.seen_from(self.numbers.loyal_events), daily.renewed_from()),
            ),
        )
        return _composed(daily.stretches(), since, self.numbers.reactivated_days, self.until)


def known_from(block: Block, as_of: int) -> Small:
    """The first cutoff at which something is known of each customer, shape (n_customers,): a row of any role.

    What is told of a customer without a date is known from the day on which the customer joined, and where nobody says when
    that was, from the first dated row on, or as of the day the files are read.
    """
    answer = np.full(block.n_customers, NEVER, np.int32)
    for role, events in block.logs.items():
        seen_from = _joined_from(events, as_of) if ROLES[role].since else events.seen_from
        answer = np.minimum(answer, first_of(block.n_customers, events.customer, seen_from))
    return answer


def joined(parts: Iterable[tuple[int, Spells]], n_customers: int, until: int) -> Spells:
    """The spells of all customers from those of blocks, each with the number of its first customer, in order."""
    kept = [(np.int32(first), part) for first, part in parts]
    columns = {
        name: np.concatenate([np.empty(0, kind), *(getattr(part, name) for _, part in kept)])
        for name, kind in (("stage", np.int8), ("entered", np.int32), ("left", np.int32))
    }
    customer = np.concatenate([np.empty(0, np.int32), *(part.customer + first for first, part in kept)])
    return Spells(n_customers, customer, **columns, until=until)


@dataclass(frozen=True, eq=False)
class _Since:
    """First cutoffs, shape (n_customers,) each, `NEVER` where it does not come to that.

    Parameters
    ----------
    known : something is known.
    touched : in touch on two days.
    qualified : there is a qualifying event.
    settled : the first one is no longer that of a new customer.
    loyal : the days or a renewal, and the time, that loyalty takes.
    """

    known: Small
    touched: Small
    qualified: Small
    settled: Small
    loyal: Small


def _composed(active: Stretches, since: _Since, reactivated_days: int, until: int) -> Spells:
    """Stages by their first match: pieces of each stage, of which those that last no day are left out."""
    n, everybody = active.n_customers, np.arange(active.n_customers, dtype=np.int32)
    qualified = np.minimum(since.qualified, until)
    touched = np.clip(since.touched, since.known, qualified)
    of, begin, end = active.customer, active.begin, active.end
    is_last = np.append(of[1:] != of[:-1], [True] * bool(len(of)))
    following = np.append(begin[1:], [0] * bool(len(of)))
    first = np.searchsorted(of, everybody)
    has_any = np.diff(np.append(first, len(of))) > 0
    first_begin = np.full(n, until, np.int64)
    first_begin[has_any] = begin[first[has_any]]
    back = np.where(begin > qualified[of], np.minimum(end, begin.astype(np.int64) + reactivated_days), begin)
    new = np.clip(since.settled[of], back, end)
    loyal = np.clip(since.loyal[of], new, end)
    pieces = (
        _Piece("prospect", everybody, since.known, touched),
        _Piece("nurtured", everybody, touched, qualified),
        _Piece("inactive", everybody, qualified, first_begin),
        _Piece("reactivated", of, begin, back),
        _Piece("new", of, back, new),
        _Piece("active", of, new, loyal),
        _Piece("loyal", of, loyal, end),
        _Piece("inactive", of, end, np.where(is_last, until, following)),
    )
    lasting = [(piece, piece.begin < piece.end) for piece in pieces]
    customer, entered, left = (
        np.concatenate([getattr(piece, name)[lasts] for piece, lasts in lasting]).astype(np.int32)
        for name in ("customer", "begin", "end")
    )
    stage = np.concatenate([np.full(np.count_nonzero(lasts), CODE[piece.stage], np.int8) for piece, lasts in lasting])
    order = np.lexsort((entered, customer))
    return Spells(n, customer[order], stage[order], entered[order], left[order], until)


class _Piece(NamedTuple):
    """Customers in one stage from a day until before another; those for whom it would last no day are in it not at all."""

    stage: str
    customer: Small
    begin: NDArray[np.integer[Any]]
    end: NDArray[np.integer[Any]]


def _touched_from(block: Block) -> Small:
    logs = [block.logs[role] for role in NURTURING if role in block.logs]
    none = np.empty(0, np.int32)
    customer = np.concatenate([none, *(events.customer for events in logs)])
    day = np.concatenate([none, *(events.day for events in logs)])
    seen_from = np.concatenate([none, *(events.seen_from for events in logs)])
    return days_seen_from(block.n_customers, customer, day, seen_from, TOUCHED_DAYS)


def _joined_from(events: Events, as_of: int) -> Small:
    """From when on rows that tell what customers are make them known."""
    undated = (events.day == FIRST_DAY) & (events.seen_from <= FIRST_DAY + 1)
    joined = (
        events.signals[START].astype(np.int64) + 1 if START in events.signals else np.full(len(events.day), NO_DAY, np.int64)
    )
    told = np.where((joined > FIRST_DAY) & (joined <= as_of), joined, as_of)
    return np.where(undated, told, events.seen_from).astype(np.int32)
