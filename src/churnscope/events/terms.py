"""Terms of contracts as every cutoff sees them: how many are in force, how many are over."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from churnscope.events import spans
from churnscope.events.block import NO_DAY, Events, Signal

if TYPE_CHECKING:
    from churnscope.events.observed import Answer, Observed

NEVER_DAY, NEVER = np.int64(2**31 - 1), np.int64(2**63 - 1)  # of a term that is open-ended
AGREED, EARLY = "end", "ended"  # what was agreed, and what really ended it before that


def ends_of(terms: Events) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The local day and the instant at which each term ends: as agreed, or before that; never before it starts.

    Returns
    -------
    Two arrays of shape (n_rows,); `NEVER_DAY` and `NEVER` where nothing is said of an end.
    """
    day, time = np.minimum(_told(terms, AGREED), _told(terms, EARLY))
    return np.maximum(day, terms.day), np.maximum(time, terms.time)


def agreed_ends(terms: Events) -> NDArray[np.int64]:
    """The local day at which each term ends as agreed, never before it starts; `NEVER_DAY` where nothing is agreed."""
    day: NDArray[np.int64] = np.maximum(_told(terms, AGREED)[0], terms.day)
    return day


def _told(terms: Events, clock: str) -> NDArray[np.int64]:
    """Days and instants of a time that the rows carry, shape (2, n_rows); never where it is not there."""
    never = np.repeat([[NEVER_DAY], [NEVER]], len(terms.day), axis=1)
    if clock not in terms.signals:
        return never
    day, time = terms.signals[f"{clock}_day"].astype(np.int64), terms.signals[clock].astype(np.int64)
    return np.where(day == NO_DAY, never, (day, time))


def _place(events: Events, days_later: int) -> NDArray[np.int64]:
    """Customer and day of each row as one number, rising with both."""
    return (events.customer.astype(np.int64) << 32) + events.day + days_later


class Terms:
    """Answers of shape (n_cutoffs, n_customers) about the terms of a view; made with `Observed.terms`.

    Notes
    -----
    A term counts from its start until its end, and at a cutoff that is the very instant of its end for the last time: what
    follows it starts there, and is not seen yet. The agreed end is known with the row; that a term ended before it shows only
    from the day on at which it did, so that a cutoff never knows of it too early.
    """

    def __init__(self, rows: Observed) -> None:
        self.rows = rows

    @cached_property
    def over(self) -> Observed:
        """The terms that have an end, by the day of it: those that a cutoff sees are over."""
        day, time = ends_of(self.rows.events)
        index = np.flatnonzero(day != NEVER_DAY)
        return self.rows.of(self.rows.events.moved(index, day[index], time[index]))

    def in_force(self) -> Answer:
        """Terms in force at the cutoff.

        Examples
        --------
        >>> from churnscope.events import Events, Grid
        >>> import numpy as np
        >>> signals = {"end": np.array([4, 9]), "end_day": np.array([4, 9])}
        >>> rows = Events(1, np.zeros(2, np.int32), np.array([1, 4]), np.array([1, 4], np.int32), signals)
        >>> Grid([1, 2, 4, 5, 9, 10], []).see(rows).terms.in_force().ravel().tolist()
        [0.0, 1.0, 1.0, 1.0, 1.0, 0.0]
        """
        return self.rows.count() - self.over.count()

    def total(self, signal: str) -> Answer:
        """Sum of a signal over the terms in force; of whole numbers and flags."""
        return self.rows.total(signal) - self.over.total(signal)

    def newest(self, signal: str) -> Answer:
        """The value of the term in force that began last of those with a value; the largest of those tied there."""
        answer, rows = self.rows.unfilled(), self.rows
        spans.newest_in_force(rows.signal(signal), rows.events.time, self._stop, rows.bounds, answer)
        return answer

    def days_to_end(self) -> Answer:
        """Days from the cutoff to the next agreed end of a term in force; NaN where none is agreed.

        Examples
        --------
        >>> from churnscope.events import Events, Grid
        >>> import numpy as np
        >>> signals = {"end": np.array([4, 9]), "end_day": np.array([4, 9])}
        >>> rows = Events(1, np.zeros(2, np.int32), np.array([1, 4]), np.array([1, 4], np.int32), signals)
        >>> Grid([1, 2, 4, 5, 10], []).see(rows).terms.days_to_end().ravel().tolist()
        [nan, 2.0, 0.0, 4.0, nan]
        """
        answer, agreed = self.rows.unfilled(), self.rows.events.signals["end_day"].astype(np.int64)
        spans.days_to_soonest(agreed, self._stop, self.rows.bounds, answer)
        return answer

    def days_covered(self) -> Answer:
        """Days before the cutoff on which a term was in force, that of its start among them and that of its end not."""
        answer = self.rows.unfilled()
        spans.days_covered(self.rows.events.day, self._stop, self.rows.bounds, answer)
        return answer

    @cached_property
    def _stop(self) -> NDArray[np.int64]:
        return ends_of(self.rows.events)[0]

    def most_in_force(self, grace_days: int) -> Answer:
        """The most terms in force at one time: at the cutoff, or at an end at most so many days before it."""
        if not grace_days:
            return self.in_force()
        until = self.over.derive("in force until then", self._in_force_before)
        most: Answer = np.fmax(self.in_force(), self.over.largest(until, grace_days))
        return most

    def due(self, first: int, before: int) -> Answer:
        """Terms in force whose agreed end lies at least `first` and less than `before` days after the cutoff."""
        rows = self.rows.events
        agreed, early = _told(rows, AGREED)[0], _told(rows, EARLY)[0]
        index = np.flatnonzero(agreed != NEVER_DAY)
        enters = np.maximum(agreed - before, rows.day)[index]
        leaves = np.maximum(np.minimum(agreed - first, early)[index], enters)
        near, gone = (self.rows.of(rows.moved(index, day, rows.time[index])) for day in (enters, leaves))
        return near.count() - gone.count()

    def renewed(self, grace_days: int) -> Observed:
        """The agreed ends that were reached and renewed, one a day. A view for labels, as `unrenewed` is."""

        def as_agreed(over: Events) -> Signal:
            kept: Signal = (over.day == _told(over, AGREED)[0]) & ~self._unrenewed(grace_days, over)
            return kept

        return self.over.select(self.over.derive(f"renewed in {grace_days} days", as_agreed)).days

    def unrenewed(self, grace_days: int) -> Observed:
        """The ends after which the customer is without a term: none is in force then, or starts in the days of grace.

        Notes
        -----
        A view for labels: it knows of every later row.
        """
        return self.over.select(self.over.derive(f"unrenewed in {grace_days} days", partial(self._unrenewed, grace_days)))

    def renewals(self, grace_days: int) -> Observed:
        """The terms that begin on the day on which another one ends, or at most so many days after it.

        Examples
        --------
        >>> from churnscope.events import Events, Grid
        >>> import numpy as np
        >>> days = np.array([1, 4, 12], np.int32)
        >>> signals = {"end": np.array([4, 9, 20]), "end_day": np.array([4, 9, 20])}
        >>> rows = Events(1, np.zeros(3, np.int32), days.astype(np.int64), days, signals)
        >>> [Grid([20], []).see(rows).terms.renewals(grace).count().item() for grace in (0, 2, 3)]
        [1.0, 1.0, 2.0]
        """
        return self.rows.select(self.rows.derive(f"renews in {grace_days} days", partial(self._renews, grace_days)))

    def followed(self, grace_days: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Which row begins on the day on which another one ends, or at most so many days after it: pairs of places.

        Examples
        --------
        >>> from churnscope.events import Events, Grid
        >>> import numpy as np
        >>> days = np.array([1, 4, 12], np.int32)
        >>> signals = {"end": np.array([4, 9, 20]), "end_day": np.array([4, 9, 20])}
        >>> rows = Events(1, np.zeros(3, np.int32), days.astype(np.int64), days, signals)
        >>> [part.tolist() for part in Grid([20], []).see(rows).terms.followed(3)]
        [[1, 2], [0, 1]]
        """
        rows = self.rows.events
        day, _ = ends_of(rows)
        ending = np.flatnonzero(day != NEVER_DAY)
        ends = (rows.customer[ending].astype(np.int64) << 32) + day[ending]
        order = np.argsort(ends, kind="stable")
        ends, place = ends[order], ending[order]
        low = np.searchsorted(ends, _place(rows, -grace_days), side="left")
        size = np.searchsorted(ends, _place(rows, 0), side="right") - low
        following = np.repeat(np.arange(len(size)), size)
        ended = place[np.arange(len(following)) + np.repeat(low - (np.cumsum(size) - size), size)]
        others = following != ended  # a term of no length follows no other than itself
        return following[others], ended[others]

    def _renews(self, grace_days: int, rows: Events) -> Signal:
        ends, own = _place(self.over.events, 0), ends_of(rows)[0] == rows.day  # a term of no length follows no other
        begun, late = _place(rows, 0), _place(rows, -grace_days)
        before = np.searchsorted(ends, begun, side="right") - np.searchsorted(ends, late, side="left")
        renews: Signal = before > own
        return renews

    def _unrenewed(self, grace_days: int, over: Events) -> NDArray[np.bool_]:
        """Whether no term that has started by the end of the days of grace lasts beyond the end."""
        rows = self.rows.events
        ends, rank = np.unique(ends_of(rows)[1], return_inverse=True)
        latest = np.maximum.accumulate(rows.customer * np.int64(len(ends)) + rank)
        own = over.customer * np.int64(len(ends)) + np.searchsorted(ends, over.time)
        begun = np.searchsorted(_place(rows, 0), _place(over, grace_days), side="right") - 1
        unrenewed: NDArray[np.bool_] = latest[begun] <= own
        return unrenewed

    def _in_force_before(self, over: Events) -> Signal:
        """The terms of the same customer in force just before each end, itself among them."""
        rows = self.rows.events
        _, rank = np.unique(np.concatenate([rows.time, over.time]), return_inverse=True)
        start = rows.customer * np.int64(len(rank)) + rank[: len(rows.time)]
        end = over.customer * np.int64(len(rank)) + rank[len(rows.time) :]
        begun = np.searchsorted(np.sort(start), end) - rows.begin[over.customer]
        return begun - (np.searchsorted(np.sort(end), end) - over.begin[over.customer])
