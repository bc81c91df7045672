"""The rows of one role for a range of customers, as arrays: the only thing the kernels see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

NO_DAY = -(2**31)  # stands for the day of a time that is not there
_DAY_US = 86_400_000_000  # a stretch of time, no local day: it keeps the order of rows
Signal = NDArray[np.int64] | NDArray[np.float64] | NDArray[np.bool_]


@dataclass(frozen=True)
class Events:
    """Rows of customers 0 .. n_customers - 1, sorted by (customer, time).

    Parameters
    ----------
    n_customers : customers in the range, with or without rows.
    customer : int32, shape (n_rows,), position in the range.
    time : int64, shape (n_rows,), UTC microseconds since 1970-01-01.
    day : int32, shape (n_rows,), local day number since 1970-01-01.
    signals : each of shape (n_rows,); whole numbers (int64) and flags (bool) add up exactly, floats (float64, NaN for missing)
        nearly so. Money is in whole units of the declared resolution.
    visible_day : int32, shape (n_rows,), the first cutoff day at which the row was known; None where every row is known at
        the first cutoff after it happened. A row is seen at cutoff c when `day < c` and `visible_day <= c`.
    """

    n_customers: int
    customer: NDArray[np.int32]
    time: NDArray[np.int64]
    day: NDArray[np.int32]
    signals: Mapping[str, Signal] = field(default_factory=dict)
    visible_day: NDArray[np.int32] | None = None

    @cached_property
    def begin(self) -> NDArray[np.int32]:
        """Where each customer's rows begin, shape (n_customers + 1,)."""
        return np.searchsorted(self.customer, np.arange(self.n_customers + 1, dtype=np.int32)).astype(np.int32)

    @cached_property
    def seen_from(self) -> NDArray[np.int32]:
        """The first cutoff that sees each row, shape (n_rows,)."""
        after = self.day + np.int32(1)
        return after if self.visible_day is None else np.maximum(after, self.visible_day)

    def seen_by(self, cutoff: int) -> Events:
        """The rows that a cutoff sees."""
        seen = self.seen_from <= cutoff
        return self if seen.all() else self.where(seen)

    def part(self, low: int, high: int) -> Events:
        """The rows of customers low .. high - 1, numbered from 0."""
        begin, end = np.searchsorted(self.customer, np.array((low, high), np.int32))
        rows = slice(int(begin), int(end))
        visible_day = None if self.visible_day is None else self.visible_day[rows]
        signals = {name: values[rows] for name, values in self.signals.items()}
        return Events(high - low, self.customer[rows] - np.int32(low), self.time[rows], self.day[rows], signals, visible_day)

    def where(self, keep: NDArray[np.bool_]) -> Events:
        """Only the rows for which `keep` is true, for the same customers."""
        index = np.flatnonzero(keep)
        return self._rows(index, self.customer[index], self.n_customers)

    def of(self, customers: NDArray[np.int64]) -> Events:
        """The rows of some customers, numbered in the order given.

        Parameters
        ----------
        customers : shape (n,), positions in the range.
        """
        index, place = self._rows_of(customers)
        visible_day = None if self.visible_day is None else self.visible_day[index]
        signals = {name: values[index] for name, values in self.signals.items()}
        return Events(len(customers), place, self.time[index], self.day[index], signals, visible_day)

    def by(self, clock: str) -> Events:
        """The rows that have another time, sorted by it: its days decide what is seen, and `own_day` is the day they had.

        Parameters
        ----------
        clock : a time that the rows carry as two signals: the instant `clock` and the local day `clock_day`.

        Notes
        -----
        A row is never seen before its own day.
        """
        index = np.flatnonzero(self.signals[f"{clock}_day"] != NO_DAY)
        return self.moved(index, self.signals[f"{clock}_day"][index], self.signals[clock][index])

    def moved(self, index: NDArray[np.int64], day: NDArray[Any], time: NDArray[Any]) -> Events:
        """Some rows on other days, sorted by them; `own_day` is the day they had, before which none is seen.

        Parameters
        ----------
        index : shape (n,), which rows.
        day, time : shape (n,), the days and instants they move to.
        """
        moved_day = np.maximum(day.astype(np.int32), self.day[index])
        order = np.lexsort((time, moved_day, self.customer[index]))
        index = index[order]
        signals = _Taken(self.signals, index, own_day=self.day[index].astype(np.int64))
        return Events(self.n_customers, self.customer[index], time[order].astype(np.int64), moved_day[order], signals)

    def delayed(self, days: int) -> Events:
        """The same rows so many days later; `own_day` is the day they had."""
        signals = _Taken(self.signals, slice(None), own_day=self.day.astype(np.int64))
        return Events(self.n_customers, self.customer, self.time + days * _DAY_US, self.day + np.int32(days), signals)

    def as_known_at(self, customers: NDArray[np.int64], cutoffs: NDArray[np.int32]) -> Events:
        """One stand-in customer for each (customer, cutoff): the rows that had happened and were known by then.

        Parameters
        ----------
        customers : shape (n,), positions in the range, in any order and number.
        cutoffs : shape (n,), the day at which each is seen.
        """
        index, stand_in = self._rows_of(customers)
        cutoff = cutoffs[stand_in]
        seen = self.day[index] < cutoff
        if self.visible_day is not None:
            seen &= self.visible_day[index] <= cutoff
        return self._rows(index[seen], stand_in[seen], len(customers))

    def _rows_of(self, customers: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Where the rows of some customers are, and whose of the given customers each is."""
        size = self.begin[customers + 1] - self.begin[customers]
        place = np.repeat(np.arange(len(customers), dtype=np.int32), size)
        return np.arange(len(place)) + np.repeat(self.begin[customers] - (np.cumsum(size) - size), size), place

    def _rows(self, index: NDArray[np.int64], customer: NDArray[np.int32], n_customers: int) -> Events:
        return Events(n_customers, customer, self.time[index], self.day[index], _Taken(self.signals, index))


class _Taken(Mapping[str, Signal]):
    """Signals at some rows, taken when asked for: a view rarely needs all of them. `more` are there already."""

    def __init__(self, signals: Mapping[str, Signal], index: NDArray[np.int64] | slice, **more: Signal) -> None:
        self._names = dict.fromkeys((*signals, *more))
        self._signals, self._index, self._taken = signals, index, dict[str, Signal](more)

    def __getitem__(self, name: str) -> Signal:
        if name not in self._taken:
            self._taken[name] = self._signals[name][self._index]
        return self._taken[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


@dataclass(frozen=True)
class Block:
    """All roles' rows for the customers `first` .. `first + n_customers - 1`, numbered densely in the order of their ids."""

    first: int
    n_customers: int
    logs: Mapping[str, Events]

    def parts(self, customers: int) -> Iterator[Block]:
        """The block in pieces of at most so many customers."""
        for low in range(0, self.n_customers, customers):
            high = min(low + customers, self.n_customers)
            yield Block(self.first + low, high - low, {role: events.part(low, high) for role, events in self.logs.items()})

    def of(self, customers: NDArray[np.int64]) -> Block:
        """The rows of some customers, given by their positions in the block, numbered from 0 in the order given."""
        return Block(0, len(customers), {role: events.of(customers) for role, events in self.logs.items()})
