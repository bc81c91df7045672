"""Compiled walks: from each cutoff back over a customer's own rows, nested windows in one go.

They answer what differences of totals cannot: sums of floats without cancellation, spread, gaps, streaks, first and last
values. Answers per window have shape (n_windows, n_cutoffs, n_customers).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from churnscope.events.bounds import Bounds
from churnscope.events.compiled import kernel

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Small = NDArray[np.int32]
Values = NDArray[np.int64] | NDArray[np.float64] | NDArray[np.bool_]


@kernel
def settle_ties(customer: Small, time: Whole, values: Values, settled: Floats) -> None:
    """Copy `values`, rising within rows of one customer and instant, so that their order of arrival no longer matters.

    A missing value (NaN) becomes minus infinity, the mark the walks pass over. Shell sort: runs are short, but a log that
    knows only dates can have thousands of rows in one.
    """
    for i in range(len(values)):
        value = np.float64(values[i])
        settled[i] = -np.inf if math.isnan(value) else value
    begin = 0
    for i in range(1, len(values) + 1):
        if i < len(values) and time[i] == time[begin] and customer[i] == customer[begin]:
            continue
        step = (i - begin) // 2
        while step > 0:
            for a in range(begin + step, i):
                value, b = settled[a], a
                while b >= begin + step and settled[b - step] > value:
                    settled[b] = settled[b - step]
                    b -= step
                settled[b] = value
            step //= 2
        begin = i


@kernel
def walk_totals(settled: Floats, bounds: Bounds, known: Floats, total: Floats) -> None:
    """Number and sum of the values that are there."""
    for k in range(len(bounds.last)):
        for c in range(len(bounds.shift)):
            i = bounds.position[bounds.last[k], c]
            n, s = 0, 0.0
            for w in range(len(bounds.lengths)):
                while i > bounds.position[bounds.first[w, k], c]:
                    i -= 1
                    if settled[i] > -np.inf:
                        n += 1
                        s += settled[i]
                known[w, k, c] = n
                total[w, k, c] = s


@kernel
def walk_std(settled: Floats, bounds: Bounds, answer: Floats) -> None:
    """Sample standard deviation of the values that are there; NaN for fewer than two.

    Deviations are taken from the newest value, a member of every window, so that equal large values lose no digits.
    """
    for k in range(len(bounds.last)):
        for c in range(len(bounds.shift)):
            i = bounds.position[bounds.last[k], c]
            n, pivot, s, q = 0, 0.0, 0.0, 0.0
            for w in range(len(bounds.lengths)):
                while i > bounds.position[bounds.first[w, k], c]:
                    i -= 1
                    if settled[i] > -np.inf:
                        if n == 0:
                            pivot = settled[i]
                        n += 1
                        s += settled[i] - pivot
                        q += (settled[i] - pivot) ** 2
                answer[w, k, c] = math.sqrt(max(q - s * s / n, 0.0) / (n - 1)) if n > 1 else np.nan


@kernel
def newest_values(values: Values, time: Whole, bounds: Bounds, w: int, answer: Floats) -> None:
    """The value at the newest instant of window w that has one; the largest of those tied there."""
    for k in range(len(bounds.last)):
        for c in range(len(bounds.shift)):
            i = bounds.position[bounds.last[k], c] - 1
            best, instant = np.nan, np.int64(0)
            while i >= bounds.position[bounds.first[w, k], c] and (math.isnan(best) or time[i] == instant):
                value = np.float64(values[i])
                if not math.isnan(value) and not value <= best:
                    best, instant = value, time[i]
                i -= 1
            answer[k, c] = best


@kernel
def oldest_values(values: Values, time: Whole, bounds: Bounds, w: int, answer: Floats) -> None:
    """The value at the oldest instant of window w that has one; the largest of those tied there."""
    for k in range(len(bounds.last)):
        for c in range(len(bounds.shift)):
            i = bounds.position[bounds.first[w, k], c]
            best, instant = np.nan, np.int64(0)
            while i < bounds.position[bounds.last[k], c] and (math.isnan(best) or time[i] == instant):
                value = np.float64(values[i])
                if not math.isnan(value) and not value <= best:
                    best, instant = value, time[i]
                i += 1
            answer[k, c] = best


@kernel
def log_gaps(day: Small, begin: Small, answer: Floats) -> None:
    """Logarithm of the days since the row before; 0 for a customer's first row."""
    for c in range(len(begin) - 1):
        for i in range(begin[c], begin[c + 1]):
            answer[i] = math.log(day[i] - day[i - 1]) if i > begin[c] else 0.0


@kernel
def walk_gaps(day: Small, log_gap: Floats, bounds: Bounds, answers: Floats) -> None:
    """Statistics of the days between neighbouring rows that both lie in the window; `day` has one row per customer and day.

    `answers`, shape (4, n_windows, n_cutoffs, n_customers): standard deviation, maximum, sum of log(gap), sum of gap log(gap).
    The sums under the deviation are of whole numbers below 2^53: exact.
    """
    for k in range(len(bounds.last)):
        for c in range(len(bounds.shift)):
            i = bounds.position[bounds.last[k], c] - 1
            n, s, q, best, logs, products = 0, 0.0, 0.0, 0.0, 0.0, 0.0
            for w in range(len(bounds.lengths)):
                while i > bounds.position[bounds.first[w, k], c]:
                    gap = np.float64(day[i] - day[i - 1])
                    n += 1
                    s += gap
                    q += gap * gap
                    best = max(best, gap)
                    logs += log_gap[i]
                    products += log_gap[i] * gap
                    i -= 1
                answers[0, w, k, c] = math.sqrt(max(q - s * s / n, 0.0) / (n - 1)) if n > 1 else np.nan
                answers[1, w, k, c] = best if n > 0 else np.nan
                answers[2, w, k, c] = logs
                answers[3, w, k, c] = products


@kernel
def clumpiness(day: Small, products: Floats, bounds: Bounds, w: int, answer: Floats) -> None:
    """One minus the scaled entropy of the parts into which the active days of window w cut its length + 1 days."""
    length = bounds.lengths[w] + 1.0
    for k in range(len(bounds.last)):
        for c in range(len(bounds.shift)):
            begin, end = bounds.position[bounds.first[w, k], c], bounds.position[bounds.last[k], c]
            if begin == end:
                answer[k, c] = np.nan
                continue
            cutoff = bounds.cutoff[k] - bounds.shift[c]
            before, after = length - (cutoff - day[begin]), np.float64(cutoff - day[end - 1])
            parts = products[w, k, c] + before * math.log(before) + after * math.log(after)
            answer[k, c] = 1.0 + (parts / length - math.log(length)) / math.log(end - begin + 1.0)


@kernel
def walk_streaks(day: Small, bounds: Bounds, period: int, longest: Floats, current: Floats) -> None:
    """Runs of neighbouring spans of `period` days, counted back from the cutoff, that have at least one row.

    `longest` per window, from the window's rows alone; `current` is the run that reaches the cutoff, 0 where the newest span
    is empty.
    """
    for k in range(len(bounds.last)):
        for c in range(len(bounds.shift)):
            i = bounds.position[bounds.last[k], c]
            newest = bounds.cutoff[k] - bounds.shift[c] - 1
            span, run, best, unbroken = np.int64(-1), 0, 0, 0
            for w in range(len(bounds.lengths)):
                while i > bounds.position[bounds.first[w, k], c]:
                    i -= 1
                    age = np.int64(np.uint32(newest - day[i]) // np.uint32(period))  # unsigned: half the time of a signed one
                    if age != span:
                        run = run + 1 if age == span + 1 else 1
                        span = age
                        best = max(best, run)
                        unbroken = run if run == age + 1 else unbroken
                longest[w, k, c] = best
            current[k, c] = unbroken
