"""What a feature family is given: one role's events at every cutoff, and the words to speak of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from churnscope.events import EVER, Events, Observed, Signal, Window
from churnscope.events.block import NO_DAY
from churnscope.levels import Level
from churnscope.roles import OUTBOUND, Role

RESERVED_SIGNALS = frozenset({"source", "minute_of_day", "is_return"})  # carried by the engine, not declared by a user


@dataclass(frozen=True)
class Log:
    """The events of one role.

    Parameters
    ----------
    role : its columns and words.
    rows : all rows seen, returns among them.
    columns : names of the signals the rows carry.
    lengths : window lengths in days, rising.
    resolution : currency per unit of money.
    flags : names of those signals that are true or false.
    dates : names of those that are days.
    levels : column -> the values that are common enough to be told apart.
    types : by the name of a type of customers what answers who is of it, shape (n_cutoffs, n_customers).
    """

    role: Role
    rows: Observed
    columns: frozenset[str]
    lengths: tuple[int, ...]
    resolution: float = 1.0
    flags: frozenset[str] = frozenset()
    dates: frozenset[str] = frozenset()
    levels: Mapping[str, tuple[Level, ...]] = field(default_factory=dict)
    types: Mapping[str, Callable[[], NDArray[np.bool_]]] = field(default_factory=dict)

    @property
    def noun(self) -> str:
        """One of what happens: "purchase"."""
        return self.role.noun

    @property
    def own(self) -> str:
        """The same where it must be told apart from what we do: "contact by the customer"."""
        return f"{self.noun} by the customer" if self._tells_direction else self.noun

    @property
    def nouns(self) -> str:
        """Many of them: "purchases"."""
        return f"{self.role.noun}s"

    @property
    def row_nouns(self) -> str:
        """Many rows: "lines" where several make a purchase."""
        return "lines" if self.role.name == "purchases" else self.nouns

    @property
    def windows(self) -> tuple[Window, ...]:
        """Every window, rising, `EVER` last."""
        return (*self.lengths, EVER)

    @property
    def long_windows(self) -> tuple[Window, ...]:
        """The longest bounded window and `EVER`, for what needs several events to say anything."""
        return (*self.lengths[-1:], EVER)

    @property
    def main_windows(self) -> tuple[Window, ...]:
        """The second and the longest bounded window and `EVER`, for what moves slowly."""
        return (*self.lengths[1:-1][:1], *self.long_windows)

    @property
    def main_lengths(self) -> tuple[int, ...]:
        """The bounded ones of the main windows."""
        return tuple(window for window in self.main_windows if window is not EVER)

    @property
    def neighbours(self) -> tuple[tuple[int, int], ...]:
        """Each bounded window with the next longer one."""
        return tuple(pairwise(self.lengths))

    @cached_property
    def kept(self) -> Observed:
        """The rows that count as the customer's activity: all but returns, and of contacts all but those by us."""
        if self._tells_direction:
            outbound = self.role.column("direction").code(OUTBOUND)
            return self.rows.select(self.rows.derive("not by us", lambda rows: rows.signals["direction"] != outbound))
        return self.signalled

    @property
    def _tells_direction(self) -> bool:
        return "direction" in self.columns & self.role.carried.keys()

    @cached_property
    def signalled(self) -> Observed:
        """The rows that signals of one's own speak of: all but returns."""
        return self.rows.select("is_return", 0) if "is_return" in self.columns else self.rows

    @property
    def returned(self) -> Observed:
        """The rows that take goods back; for a log with `is_return`."""
        return self.rows.select("is_return", 1)

    @property
    def own_signals(self) -> tuple[str, ...]:
        """Signals declared in the config, sorted by name."""
        return tuple(sorted(self.columns - self.role.carried.keys() - RESERVED_SIGNALS))

    def held(self, signal: str, make: Callable[[Events], Signal] | None = None) -> NDArray[np.float64]:
        """What was told of the customer last, as it held just before the cutoff; NaN where nothing did, or it is not known.

        The row that holds last counts, until its `valid_to`; of several sources the first that knows it. A date that is not
        past is not known.

        Parameters
        ----------
        make : computes the signal from the rows, where they do not carry it; NaN for what is not known.
        """
        answer = np.full(self.rows.cutoff_days().shape, np.nan)
        for rows in self._by_source:
            told = rows.held(signal if make is None else rows.derive(signal, make))
            if signal in self.dates:
                told = np.where((told == NO_DAY) | (told >= rows.cutoff_days()), np.nan, told)
            answer = np.where(np.isnan(answer) & self._holds(rows), told, answer)
        return answer

    def holds(self, column: str, level: Level) -> NDArray[np.float64]:
        """Whether a text told of the customer is this one: 1 or 0, NaN where it is not known."""

        def is_it(rows: Events) -> Signal:
            codes = rows.signals[column]
            return np.where(codes == 0, np.nan, codes == level.code)

        return self.held(f"{column} is {level.code}", is_it)

    @property
    def _by_source(self) -> list[Observed]:
        if "source" not in self.columns:
            return [self.rows]
        return [self.rows.select("source", number) for number in np.unique(self.rows.events.signals["source"]).tolist()]

    def _holds(self, rows: Observed) -> NDArray[np.bool_]:
        """Whether the newest row still holds at the last instant before the cutoff."""
        if "valid_to" not in self.columns:
            return np.ones(rows.cutoff_days().shape, np.bool_)
        end = rows.held("valid_to")
        holds: NDArray[np.bool_] = (end == NO_DAY) | (end >= rows.cutoff_days())
        return holds

    def count(self, window: Window = EVER) -> NDArray[np.float64]:
        """Purchases (interactions ...): orders where the log has them, since lines are not purchases.

        A line without order is a purchase of its own.
        """
        if "order" not in self.columns:
            return self.kept.count(window)
        single = self.kept.derive("no order", lambda events: events.signals["order"] == 0)
        return self.kept.distinct("order", window) + self.kept.total(single, window)

    def money(self, column: str, window: Window = EVER, *, kept: bool = True) -> NDArray[np.float64]:
        """Total of a money column in currency; without `kept`, returns are taken off."""
        return (self.kept if kept else self.rows).total(column, window) * self.resolution
