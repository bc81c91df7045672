"""One log as every cutoff sees it: the primitives."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import cached_property
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from churnscope.events import codes, kernels, walks
from churnscope.events.block import Events, Signal
from churnscope.events.bounds import Bounds
from churnscope.events.grid import EVER, Grid, Window
from churnscope.events.rhythm import Rhythm
from churnscope.events.scratch import empty
from churnscope.events.terms import Terms

Answer = NDArray[np.float64]
Made = TypeVar("Made")
_EXACT = 2**53  # below it every whole number is a float64


class Observed:
    """Answers of shape (n_cutoffs, n_customers), float64, for all cutoffs of a grid at once.

    A count or total over no row is 0; a mean, extreme, date or share of no row is NaN. Missing values (NaN, code 0) are passed
    over. No answer depends on the order of rows with the same instant, on other customers, on other cutoffs, or on rows at or
    after its own cutoff, to the last bit. Every table is made when first asked for and kept.
    """

    def __init__(self, events: Events, grid: Grid, shift: NDArray[np.int32]) -> None:
        self.events, self.grid, self.shift = events, grid, shift
        self._made: dict[Hashable, Any] = {}
        self._derived: dict[str, Signal] = {}

    # -- how much ----------------------------------------------------------------------------------------------------------

    def count(self, window: Window = EVER) -> Answer:
        """Rows in the window."""
        return self._once(("count", window), lambda: self._difference(self.bounds.position, window))

    def total(self, signal: str, window: Window = EVER) -> Answer:
        """Sum of the signal."""
        if self._is_float(signal):
            return self._window(self._float_totals(signal)[1], window)
        return self._once(("total", signal, window), lambda: self._difference(self._totals(signal), window))

    def mean(self, signal: str, window: Window = EVER) -> Answer:
        """Mean of the values that are there."""
        if self._is_float(signal):
            known, total = self._float_totals(signal)
            return ratio(self._window(total, window), self._window(known, window))
        return ratio(self.total(signal, window), self.count(window))

    def share(self, flag: str, window: Window = EVER) -> Answer:
        """Share of rows with the flag, 0 to 1."""
        return self.mean(flag, window)

    def std(self, signal: str, window: Window = EVER) -> Answer:
        """Sample standard deviation of the values that are there; NaN for fewer than two."""
        return self._window(self._once(("std", signal), lambda: self._std(signal)), window)

    def largest(self, signal: str, window: Window = EVER) -> Answer:
        """Largest value."""
        return self._window(self._once(("largest", signal), lambda: self._extreme(signal, 1)), window)

    def smallest(self, signal: str, window: Window = EVER) -> Answer:
        """Smallest value."""
        return self._window(self._once(("smallest", signal), lambda: self._extreme(signal, -1)), window)

    # -- when, and what then -----------------------------------------------------------------------------------------------

    def first(self, signal: str, window: Window = EVER) -> Answer:
        """The value at the oldest instant of the window that has one; the largest of those tied there."""
        answer = self.unfilled()
        walks.oldest_values(self.signal(signal), self.events.time, self.bounds, self.grid.position(window), answer)
        return answer

    def last(self, signal: str, window: Window = EVER) -> Answer:
        """The value at the newest instant of the window that has one; the largest of those tied there."""
        answer = self.unfilled()
        walks.newest_values(self.signal(signal), self.events.time, self.bounds, self.grid.position(window), answer)
        return answer

    def held(self, signal: str) -> Answer:
        """The value in the newest row, there or missing: for rows that say what holds from then on."""
        answer = self.unfilled()
        kernels.values_of_newest(self.signal(signal), self.bounds, answer)
        return answer

    def days_since_last(self, back: int = 0) -> Answer:
        """Days from the newest row to the cutoff, at least 1; with `back`, from the row so many before it."""
        return self._once(("newest", back), lambda: self._newest(back))

    def days_since_first(self, window: Window = EVER) -> Answer:
        """Days from the oldest row of the window to the cutoff."""
        return self._once(("oldest", window), lambda: self._oldest(window))

    def days_since_oldest_open(self, clock: str) -> Answer:
        """Days from the oldest row that is still without its other time to the cutoff; NaN where there is none."""
        return self._once(("open", clock), lambda: self._oldest_open(f"{clock}_day"))

    # -- how many different ------------------------------------------------------------------------------------------------

    def distinct(self, code: str, window: Window = EVER) -> Answer:
        """Different values in the window."""
        return self._window(self._once(("distinct", code), lambda: self._distinct(code)), window)

    def new_values(self, code: str, window: Window = EVER) -> Answer:
        """Values whose first row ever lies in the window."""
        name = self.derive(f"new {code}", lambda events: (self._links(code)[1] == 0) & (events.signals[code] != 0))
        return self.total(name, window)

    def concentration(self, code: str) -> Answer:
        """Chance that two rows drawn with replacement hold the same value (Herfindahl index): 1 where all are the same.

        A value's n-th row raises the sum of squared counts by 2 n - 1.
        """
        known = self.derive(f"known {code}", lambda events: events.signals[code] != 0)
        pairs = self.derive(
            f"pairs {code}",
            lambda events: np.where(events.signals[code] != 0, 2 * self._links(code)[1] + 1, 0).astype(np.int64),
        )
        rows = self.total(known)
        return ratio(self.total(pairs), rows * rows)

    def distinct_days(self, window: Window = EVER) -> Answer:
        """Local days with at least one row."""
        return self.days.count(window)

    # -- other views of the same log ---------------------------------------------------------------------------------------

    @property
    def days(self) -> Observed:
        """One row per customer and local day with a row."""

        def is_new(events: Events) -> NDArray[np.bool_]:
            new = np.ones(len(events.day), np.bool_)
            new[1:] = (events.day[1:] != events.day[:-1]) | (events.customer[1:] != events.customer[:-1])
            return new

        return self._once("days", lambda: self._where(is_new(self.events))) or self

    @cached_property
    def rhythm(self) -> Rhythm:
        """Gaps, streaks and evenness of the days with a row."""
        return Rhythm(self.days)

    @cached_property
    def terms(self) -> Terms:
        """The rows as terms of contracts, each with an end of its own."""
        return Terms(self)

    def of(self, events: Events) -> Observed:
        """Other rows of the same customers, seen at the same cutoffs."""
        return Observed(events, self.grid, self.shift)

    def select(self, signal: str, value: float = 1) -> Observed:
        """Only the rows where the signal equals `value`: every question can be asked again."""
        return self._once(("select", signal, value), lambda: self._where(self.signal(signal) == value)) or self

    def at(self, clock: str) -> Observed:
        """The same rows by another time that they carry, as far as they have it: what is still open is opened less resolved.

        Examples
        --------
        >>> from churnscope.events import Events, Grid
        >>> import numpy as np
        >>> days = {"resolved": np.array([4, 0]), "resolved_day": np.array([4, -(2**31)])}
        >>> tickets = Grid([4, 5], []).see(Events(1, np.zeros(2, np.int32), np.array([1, 2]), np.int32([1, 2]), days))
        >>> (tickets.count() - tickets.at("resolved").count()).ravel().tolist()
        [2.0, 1.0]
        """
        return self._once(("at", clock), lambda: self.of(self.events.by(clock)))

    def after(self, days: int) -> Observed:
        """The same rows so many days later: what is judged only when some time has passed. `own_day` is the day they had."""
        return self._once(("after", days), lambda: self.of(self.events.delayed(days)))

    def again(self, code: str, days: int) -> str:
        """Name the flag of rows whose value stood in an earlier row of the customer, at most so many days before."""

        def is_again(events: Events) -> Signal:
            following, flags = self._links(code)[0], np.zeros(len(events.day), np.bool_)
            earlier = np.flatnonzero(following >= 0)
            flags[following[earlier]] = events.day[following[earlier]] - events.day[earlier] <= days
            return flags

        return self.derive(f"{code} again within {days} days", is_again)

    def signal(self, name: str) -> Signal:
        """The rows' values of a signal of the log, or of one derived from them."""
        return self._derived[name] if name in self._derived else self.events.signals[name]

    def derive(self, name: str, make: Callable[[Events], Signal]) -> str:
        """Name a signal computed from the rows of this view, so that it can be asked about; computed once.

        Examples
        --------
        >>> from churnscope.events import Events, Grid
        >>> import numpy as np
        >>> events = Events(1, np.zeros(2, np.int32), np.array([0, 1]), np.array([0, 3], np.int32))
        >>> seen = Grid([10], [7]).see(events)
        >>> seen.total(seen.derive("late_in_week", lambda rows: rows.day >= 3)).item()
        1.0
        """
        if name not in self._derived:
            self._derived[name] = make(self.events)
        return name

    def flag(self, signal: str, low: float, high: float) -> str:
        """Name the flag `low <= signal < high`."""
        return self.derive(f"{signal} {low} to {high}", lambda _: (self.signal(signal) >= low) & (self.signal(signal) < high))

    def cutoff_days(self) -> NDArray[np.int32]:
        """The cutoff of each answer, shape (n_cutoffs, n_customers)."""
        return cast("NDArray[np.int32]", self.grid.cutoffs[:, None] - self.shift)

    # -- how ---------------------------------------------------------------------------------------------------------------

    @cached_property
    def bounds(self) -> Bounds:
        """Where the rows of each window begin and end."""
        grid, table = self.grid, self._table(np.int32)
        kernels.tabulate_positions(self._cell, self.events.begin, table)
        return Bounds(table, grid.first, grid.last, grid.lengths, grid.cutoffs, self.shift, grid.cutoff_of_row)

    @cached_property
    def _cell(self) -> NDArray[np.int32]:
        events, grid = self.events, self.grid
        cell = empty(len(events.day), dtype=np.int32)
        offset = self.shift - np.int32(grid.earliest)
        kernels.place(events.customer, events.day, offset, grid.row_of_day, cell)
        return cell

    def _once(self, key: Hashable, make: Callable[[], Made]) -> Made:
        if key not in self._made:
            self._made[key] = make()
        made: Made = self._made[key]
        return made

    def addends(self, signal: str) -> Signal:
        """The rows' values as `total` adds them: whole where that is exact; else tied rows rise, minus infinity for none."""
        if not self._is_float(signal):
            return self._addends(signal)
        return self._once(("settled", signal), lambda: self._settled(signal))

    def _addends(self, signal: str) -> Signal:
        return self._once(("addends", signal), lambda: _whole_if_exact(self.signal(signal)))

    def _is_float(self, signal: str) -> bool:
        return self._addends(signal).dtype.kind == "f"

    def unfilled(self) -> Answer:
        """An answer that is still to be written."""
        return empty(len(self.grid.cutoffs), self.events.n_customers)

    def _nested(self) -> Answer:
        return empty(*self.grid.first.shape, self.events.n_customers)

    def _window(self, nested: Answer, window: Window) -> Answer:
        answer: Answer = nested[self.grid.position(window)]
        return answer

    def _difference(self, table: NDArray[np.int32] | NDArray[np.int64], window: Window) -> Answer:
        answer = self.unfilled()
        kernels.window_totals(table, self.grid.first[self.grid.position(window)], self.grid.last, answer)
        return answer

    def _table(self, dtype: type) -> NDArray[Any]:
        return empty(self.grid.n_rows, self.events.n_customers, dtype=dtype)

    def _totals(self, signal: str) -> NDArray[np.int32] | NDArray[np.int64]:
        def make() -> NDArray[np.int32] | NDArray[np.int64]:
            values = self._addends(signal)
            table = self._table(np.int32 if values.dtype == np.bool_ else np.int64)  # a block has fewer than 2^31 rows
            kernels.tabulate_totals(values, self._cell, table)
            return table

        return self._once(("totals", signal), make)

    def _settled(self, signal: str) -> Answer:
        settled, events = empty(len(self.events.day)), self.events
        walks.settle_ties(events.customer, events.time, self.signal(signal), settled)
        return settled

    def _float_totals(self, signal: str) -> tuple[Answer, Answer]:
        def make() -> tuple[Answer, Answer]:
            known, total = self._nested(), self._nested()
            settled = np.asarray(self.addends(signal), np.float64)
            walks.walk_totals(settled, self.bounds, known, total)
            return known, total

        return self._once(("float totals", signal), make)

    def _std(self, signal: str) -> Answer:
        answer = self._nested()
        settled = self._once(("settled", signal), lambda: self._settled(signal))
        walks.walk_std(settled, self.bounds, answer)
        return answer

    def _extreme(self, signal: str, sign: int) -> Answer:
        table, answer = self._table(np.float64), self._nested()
        kernels.tabulate_largest(self.signal(signal), self._cell, sign, table)
        kernels.window_largest(table, self.bounds, sign, answer)
        return answer

    def _newest(self, back: int) -> Answer:
        answer = self.unfilled()
        kernels.ages_of_newest(self.events.day, self.bounds, back, answer)
        return answer

    def _oldest(self, window: Window) -> Answer:
        answer = self.unfilled()
        kernels.ages_of_oldest(self.events.day, self.bounds, self.grid.position(window), answer)
        return answer

    def _oldest_open(self, end: str) -> Answer:
        answer = self.unfilled()
        kernels.ages_of_oldest_open(self.events.day, cast("NDArray[np.int64]", self.signal(end)), self.bounds, answer)
        return answer

    def _links(self, code: str) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        def make() -> tuple[NDArray[np.int32], NDArray[np.int32]]:
            begin, n = self.events.begin, len(self.events.day)
            following, earlier = empty(n, dtype=np.int32), empty(n, dtype=np.int32)
            slots = empty(4 * int(np.diff(begin).max(initial=0)) + 8, dtype=np.int32)
            codes.link_same(cast("NDArray[np.int64]", self.signal(code)), begin, slots, following, earlier)
            return following, earlier

        return self._once(("links", code), make)

    def _distinct(self, code: str) -> Answer:
        following, final, answer = self._links(code)[0], self._table(np.int32), self._nested()
        codes.tabulate_final(following, self._cell, final)
        codes.window_distinct(following, self._cell, final, self.bounds, answer)
        return answer

    def _where(self, keep: NDArray[np.bool_]) -> Observed | None:
        """None for all rows: a view that held itself would keep its memory until the garbage collector comes round."""
        return None if keep.all() else Observed(self.events.where(keep), self.grid, self.shift)


def _whole_if_exact(values: Signal) -> Signal:
    """Floats that are all whole numbers as such: sums that are exact either way need no walk over the rows."""
    if values.dtype.kind != "f" or not len(values) or not np.abs(values).max() * len(values) < _EXACT:
        return values
    return values.astype(np.int64) if (np.trunc(values) == values).all() else values


def ratio(upper: Answer, lower: Answer) -> Answer:
    """`upper / lower`, NaN where `lower` is 0: a share or mean of nothing is missing, never infinite.

    Examples
    --------
    >>> ratio(np.array([[1.0, 0.0, 3.0]]), np.array([[2.0, 0.0, 0.0]]))
    array([[0.5, nan, nan]])
    """
    answer = empty(*upper.shape)
    kernels.divide(np.ravel(upper), np.ravel(lower), np.ravel(answer))
    return answer
