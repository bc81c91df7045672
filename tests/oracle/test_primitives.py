"""Every primitive on every kind of signal and window, on both clocks, against plain Python."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
import pytest

from churnscope.events import EVER, Grid, Observed
from oracle.expected import ROUNDING, visible
from oracle.families import clumpiness
from oracle.history import NAN, History, Row, codes, divide, known, longest_run, mean, newest, spread
from oracle.scenes import CUTOFFS, WINDOWS, Shape, rows_of, scene

Answers = Callable[[Observed, str, int | None], np.ndarray]
Plain = Callable[[History, Sequence[Row], str, int | None], float]
NUMBERS, FLAGS, CODES = ("amount", "weight", "gift"), ("gift",), ("product", "order")
NO_SIGNAL = ("",)


def first(rows: Sequence[Row], signal: str) -> float:
    there = [row for row in rows if not math.isnan(row.signals[signal])]
    return max((row.signals[signal] for row in there if row.time == there[0].time), default=NAN)


def new(h: History, rows: Sequence[Row], signal: str) -> int:
    before = [row for row in h.rows if row not in rows]
    return len(set(codes(rows, signal)) - set(codes(before, signal)))


def weeks(h: History, w: int | None) -> set[int]:
    return {(h.cutoff - 1 - day) // 7 for day in h.days(w)}


PRIMITIVES: dict[str, tuple[Sequence[str], Answers, Plain]] = {
    "count": (NO_SIGNAL, lambda o, _, w: o.count(w), lambda h, rows, s, w: len(rows)),
    "distinct_days": (NO_SIGNAL, lambda o, _, w: o.distinct_days(w), lambda h, rows, s, w: len(h.days(w))),
    "days_since_first": (
        NO_SIGNAL,
        lambda o, _, w: o.days_since_first(w),
        lambda h, rows, s, w: h.cutoff - rows[0].day if rows else NAN,
    ),
    "days_since_last": (NO_SIGNAL, lambda o, _, w: o.days_since_last(), lambda h, rows, s, w: h.since_last()),
    "total": (NUMBERS, Observed.total, lambda h, rows, s, w: math.fsum(known(rows, s))),
    "mean": (NUMBERS, Observed.mean, lambda h, rows, s, w: mean(known(rows, s))),
    "std": (("amount", "weight"), Observed.std, lambda h, rows, s, w: spread(known(rows, s))),
    "largest": (NUMBERS, Observed.largest, lambda h, rows, s, w: max(known(rows, s), default=NAN)),
    "smallest": (NUMBERS, Observed.smallest, lambda h, rows, s, w: min(known(rows, s), default=NAN)),
    "first": (NUMBERS, Observed.first, lambda h, rows, s, w: first(rows, s)),
    "last": (NUMBERS, Observed.last, lambda h, rows, s, w: newest(rows, s)),
    "share": (FLAGS, Observed.share, lambda h, rows, s, w: divide(sum(row.signals[s] for row in rows), len(rows))),
    "distinct": (CODES, Observed.distinct, lambda h, rows, s, w: len(set(codes(rows, s)))),
    "new_values": (CODES, Observed.new_values, lambda h, rows, s, w: new(h, rows, s)),
    "select": (FLAGS, lambda o, s, w: o.select(s).count(w), lambda h, rows, s, w: sum(row.signals[s] for row in rows)),
    "gap_mean": (NO_SIGNAL, lambda o, _, w: o.rhythm.gap_mean(w), lambda h, rows, s, w: mean(h.gaps(w))),
    "gap_std": (NO_SIGNAL, lambda o, _, w: o.rhythm.gap_std(w), lambda h, rows, s, w: spread(h.gaps(w))),
    "gap_cv": (NO_SIGNAL, lambda o, _, w: o.rhythm.gap_cv(w), lambda h, rows, s, w: divide(spread(h.gaps(w)), mean(h.gaps(w)))),
    "gap_largest": (NO_SIGNAL, lambda o, _, w: o.rhythm.gap_largest(w), lambda h, rows, s, w: max(h.gaps(w), default=NAN)),
    "gap_count": (NO_SIGNAL, lambda o, _, w: o.rhythm.gap_count(w), lambda h, rows, s, w: len(h.gaps(w))),
    "gap_log_sum": (
        NO_SIGNAL,
        lambda o, _, w: o.rhythm.gap_log_sum(w),
        lambda h, rows, s, w: math.fsum(map(math.log, h.gaps(w))),
    ),
    "last_gap": (NO_SIGNAL, lambda o, _, w: o.rhythm.last_gap(), lambda h, rows, s, w: h.gaps()[-1] if h.gaps() else NAN),
    "longest_streak": (
        NO_SIGNAL,
        lambda o, _, w: o.rhythm.longest_streak(7, w),
        lambda h, rows, s, w: longest_run(weeks(h, w)),
    ),
    "clumpiness": (
        NO_SIGNAL,
        lambda o, _, w: o.rhythm.clumpiness(w or WINDOWS[-1]),
        lambda h, rows, s, w: clumpiness(h, w or WINDOWS[-1]),
    ),
}


@cache
def drawn(late: float) -> tuple[Observed, list[History]]:
    """Every customer as every cutoff knew them, and the same in plain Python."""
    events = scene(Shape(31, customers=40, late=late)).logs["purchases"]
    customer, cutoff = (part.ravel() for part in np.meshgrid(np.arange(events.n_customers), np.array(CUTOFFS, np.int32)))
    seen = Grid([CUTOFFS[-1]], WINDOWS).see(events.as_known_at(customer, cutoff), np.int32(CUTOFFS[-1]) - cutoff)
    rows = [rows_of(events, c) for c in range(events.n_customers)]
    histories = [
        History(visible(rows[c], int(k)), int(k), WINDOWS, frozenset(), "purchase")
        for c, k in zip(customer, cutoff, strict=True)
    ]
    return seen, [History([_bare(row) for row in h.rows], h.cutoff, h.lengths, h.columns, h.noun) for h in histories]


def _bare(row: Row) -> Row:
    """The same row; that it is a return is the families' business."""
    return Row(row.day, row.time, row.visible_day, {name: value for name, value in row.signals.items() if name != "is_return"})


@pytest.mark.parametrize("late", [0.0, 0.01, 1.0])
@pytest.mark.parametrize("primitive", PRIMITIVES)
def test_a_primitive_equals_plain_python_on_both_clocks(primitive: str, late: float) -> None:
    signals, ask, plain = PRIMITIVES[primitive]
    seen, histories = drawn(late)
    for signal in signals:
        for window in (*WINDOWS, EVER):
            expected = [float(plain(h, h.within(h.rows, window), signal, window)) for h in histories]
            assert ask(seen, signal, window)[0].tolist() == pytest.approx(expected, nan_ok=True, **ROUNDING), (signal, window)
