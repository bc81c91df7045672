"""One customer's rows of one role as one cutoff sees them, in plain Python. Slow, and written apart from the package."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from churnscope.levels import Level

NAN = math.nan
NO_DAY = -(2**31)  # of a ticket that was never resolved


@dataclass(frozen=True)
class Row:
    day: int
    time: int
    visible_day: int
    signals: dict[str, float] = field(default_factory=dict)

    def __getattr__(self, name: str) -> float:
        return self.signals[name]


@dataclass(frozen=True)
class History:
    """Rows that happened and were known before the cutoff, oldest first."""

    rows: list[Row]
    cutoff: int
    lengths: tuple[int, ...]
    columns: frozenset[str]
    noun: str
    own: tuple[str, ...] = ()
    resolution: float = 1.0
    flags: frozenset[str] = frozenset()
    dates: frozenset[str] = frozenset()
    levels: dict[str, tuple[Level, ...]] = field(default_factory=dict)
    others: Mapping[str, list[Row]] = field(default_factory=dict)  # rows of every role
    qualifying: tuple[int, ...] = ()  # days on which a row counts as activity, rising
    has_renewed: bool = False  # a contract that counts as activity

    @property
    def kept(self) -> list[Row]:
        """Without returns, and without contacts by us, whose direction is 2."""
        return [row for row in self.signalled if row.signals.get("direction") != 2]

    @property
    def signalled(self) -> list[Row]:
        return [row for row in self.rows if not row.signals.get("is_return", False)]

    @property
    def returned(self) -> list[Row]:
        return [row for row in self.rows if row.signals.get("is_return", False)]

    @property
    def windows(self) -> list[int | None]:
        return [*self.lengths, None]

    @property
    def long_windows(self) -> list[int | None]:
        return [*self.lengths[-1:], None]

    @property
    def main_windows(self) -> list[int | None]:
        middle = list(self.lengths[1:2]) if len(self.lengths) > 2 else []
        return [*middle, *self.long_windows]

    @property
    def neighbours(self) -> list[tuple[int, int]]:
        return list(zip(self.lengths[:-1], self.lengths[1:], strict=True))

    def within(self, rows: Iterable[Row], window: int | None) -> list[Row]:
        return [row for row in rows if window is None or self.cutoff - window <= row.day < self.cutoff]

    def count(self, window: int | None = None) -> int:
        """Purchases: orders where there are any, and lines without one."""
        rows = self.within(self.kept, window)
        if "order" not in self.columns:
            return len(rows)
        return len({row.order for row in rows if row.order != 0}) + sum(row.order == 0 for row in rows)

    def units(self, column: str, window: int | None = None) -> int:
        return sum(int(row.signals[column]) for row in self.within(self.kept, window))

    def since_first(self) -> float:
        return self.cutoff - self.kept[0].day if self.kept else NAN

    def since_last(self) -> float:
        return self.cutoff - self.kept[-1].day if self.kept else NAN

    def days(self, window: int | None = None) -> list[int]:
        return sorted({row.day for row in self.within(self.kept, window)})

    def gaps(self, window: int | None = None) -> list[int]:
        days = self.days(window)
        return [later - earlier for earlier, later in pairwise(days)]


def suffix(window: int | None) -> str:
    return "ever" if window is None else f"{window}d"


def divide(upper: float, lower: float) -> float:
    return NAN if math.isnan(lower) or lower == 0 else upper / lower


def mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values) if values else NAN


def spread(values: Sequence[float]) -> float:
    return statistics.stdev(values) if len(values) > 1 else NAN


def known(rows: Iterable[Row], signal: str) -> list[float]:
    return [row.signals[signal] for row in rows if not math.isnan(row.signals[signal])]


def newest(rows: Sequence[Row], signal: str) -> float:
    there = [row for row in rows if not math.isnan(row.signals[signal])]
    return max((row.signals[signal] for row in there if row.time == there[-1].time), default=NAN)


def codes(rows: Iterable[Row], column: str) -> list[float]:
    return [row.signals[column] for row in rows if row.signals[column] != 0]


def longest_run(spans: set[int]) -> int:
    best = 0
    for span in spans:
        length = 0
        while span + length in spans:
            length += 1
        best = max(best, length)
    return best
