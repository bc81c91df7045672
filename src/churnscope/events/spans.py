"""Compiled loops over rows that last: each from its own day to the day `stop`, which is at least that.

A row is in force at the cutoffs after its day, up to that of its stop. Rows that are over at one cutoff are over at all later
ones: those before the oldest that is not are passed once.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from churnscope.events.block import NO_DAY
from churnscope.events.bounds import Bounds
from churnscope.events.compiled import kernel

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Small = NDArray[np.int32]
Values = NDArray[np.int64] | NDArray[np.float64] | NDArray[np.bool_]


@kernel
def days_covered(day: Small, stop: Whole, bounds: Bounds, answer: Floats) -> None:
    """Days before the cutoff on which a row was in force: from its own day on, and without that of its stop.

    All rows seen start before the cutoff: of the days covered, those from the cutoff on are the ones up to the latest stop.
    """
    for c in range(len(bounds.shift)):
        i, covered, reach = bounds.position[0, c], np.int64(0), np.int64(NO_DAY)
        for k in range(len(bounds.last)):
            while i < bounds.position[bounds.last[k], c]:
                covered += max(stop[i] - max(np.int64(day[i]), reach), 0)
                reach = max(reach, stop[i])
                i += 1
            answer[k, c] = covered - max(reach - (bounds.cutoff[k] - bounds.shift[c]), 0)


@kernel
def days_to_soonest(moment: Whole, stop: Whole, bounds: Bounds, answer: Floats) -> None:
    """Days from the cutoff to the first day `moment` among the rows in force that have one; NaN where none has."""
    for c in range(len(bounds.shift)):
        begin = bounds.position[0, c]
        for k in range(len(bounds.last)):
            cutoff, until = np.int64(bounds.cutoff[k]) - bounds.shift[c], bounds.position[bounds.last[k], c]
            while begin < until and stop[begin] < cutoff:
                begin += 1
            best = np.inf
            for i in range(begin, until):
                if stop[i] >= cutoff and moment[i] > NO_DAY:
                    best = min(best, np.float64(moment[i] - cutoff))
            answer[k, c] = best if best < np.inf else np.nan


@kernel
def newest_in_force(values: Values, time: Whole, stop: Whole, bounds: Bounds, answer: Floats) -> None:
    """The value of the row in force that began last of those with a value; the largest of those tied there."""
    for c in range(len(bounds.shift)):
        begin = bounds.position[0, c]
        for k in range(len(bounds.last)):
            cutoff, until = np.int64(bounds.cutoff[k]) - bounds.shift[c], bounds.position[bounds.last[k], c]
            while begin < until and stop[begin] < cutoff:
                begin += 1
            best, instant, i = np.nan, np.int64(0), until - 1
            while i >= begin and (math.isnan(best) or time[i] == instant):
                value = np.float64(values[i])
                if stop[i] >= cutoff and not math.isnan(value) and not value <= best:
                    best, instant = value, time[i]
                i -= 1
            answer[k, c] = best


@kernel
def enough_from(start: Whole, stop: Whole, seen_from: Small, begin: Small, enough: float) -> Small:
    """The first cutoff that sees at least so many rows in force just before the instant at which each row stops.

    Such a row has started before that instant and stops at it or later. 2^31 - 1 where there are too few.
    """
    answer = np.empty(len(start), np.int32)
    for c in range(len(begin) - 1):
        seen = np.empty(begin[c + 1] - begin[c], np.int32)
        for i in range(begin[c], begin[c + 1]):
            n = 0
            for j in range(begin[c], begin[c + 1]):
                if start[j] >= stop[i]:
                    break
                if stop[j] >= stop[i]:
                    seen[n] = seen_from[j]
                    n += 1
            answer[i] = np.sort(seen[:n])[math.ceil(enough) - 1] if n >= enough else 2**31 - 1
    return answer
