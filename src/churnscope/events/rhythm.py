"""Gaps, streaks and evenness of a customer's active days."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from churnscope.events import walks
from churnscope.events.grid import EVER, Window
from churnscope.events.scratch import empty

if TYPE_CHECKING:
    from churnscope.events.observed import Observed

Answer = NDArray[np.float64]


class Rhythm:
    """Statistics of the days between neighbouring active days, both inside the window. Shapes (n_cutoffs, n_customers).

    Parameters
    ----------
    days : the log with one row per customer and active day. A gap is therefore a whole number of days, at least 1, and n
        active days have n - 1 gaps.
    """

    def __init__(self, days: Observed) -> None:
        self.days = days
        self._made: dict[int, tuple[Answer, Answer]] = {}

    def gap_count(self, window: Window = EVER) -> Answer:
        """Number of gaps."""
        return np.maximum(self.days.count(window) - 1, 0)

    def gap_mean(self, window: Window = EVER) -> Answer:
        """Mean gap; NaN for fewer than two active days."""
        from churnscope.events.observed import ratio

        return ratio(self._span(window), self.gap_count(window))

    def gap_std(self, window: Window = EVER) -> Answer:
        """Sample standard deviation of the gaps; NaN for fewer than three active days."""
        return self._nested(self._gaps[0], window)

    def gap_cv(self, window: Window = EVER) -> Answer:
        """Standard deviation of the gaps over their mean."""
        return self.gap_std(window) / self.gap_mean(window)

    def gap_largest(self, window: Window = EVER) -> Answer:
        """Longest gap; NaN for fewer than two active days."""
        return self._nested(self._gaps[1], window)

    def last_gap(self) -> Answer:
        """Days between the two newest active days."""
        return self.days.days_since_last(1) - self.days.days_since_last()

    def gap_log_sum(self, window: Window = EVER) -> Answer:
        """Sum of the logarithms of the gaps; 0 for no gap.

        References
        ----------
        Platzer, M., Reutterer, T. (2016). Ticking away the moments: timing regularity helps to better predict customer
        activity. Marketing Science 35(5): the statistic that, beside x, t_x and T, suffices to describe regularity.
        """
        return self._nested(self._gaps[2], window)

    def clumpiness(self, window: int) -> Answer:
        """How far the active days lie in clumps: 0 evenly spread over the window, towards 1 all at once; NaN for none.

        `1 + sum(p log p) / log(n + 1)` over the n + 1 shares p into which n active days cut `window + 1` days.

        References
        ----------
        Zhang, Y., Bradlow, E. T., Small, D. S. (2015). Predicting customer value using clumpiness: from RFM to RFMC.
        Marketing Science 34(2), 195-208.
        """
        days, answer = self.days, self._empty()
        walks.clumpiness(days.events.day, self._gaps[3], days.bounds, days.grid.position(window), answer)
        return answer

    def current_streak(self, period: int) -> Answer:
        """Spans of `period` days in a row, counted back from the cutoff, that have an active day."""
        return self._streaks(period)[1]

    def longest_streak(self, period: int, window: Window = EVER) -> Answer:
        """Longest such run of spans anywhere in the window."""
        return self._nested(self._streaks(period)[0], window)

    def _span(self, window: Window) -> Answer:
        """Days from the first to the last active day of the window: what all its gaps add up to. NaN for no active day."""
        return self.days.days_since_first(window) - self.days.days_since_last()

    def _nested(self, answers: Answer, window: Window) -> Answer:
        answer: Answer = answers[self.days.grid.position(window)]
        return answer

    def _empty(self) -> Answer:
        return empty(len(self.days.grid.cutoffs), self.days.events.n_customers)

    def _shape(self) -> tuple[int, ...]:
        return (*self.days.grid.first.shape, self.days.events.n_customers)

    @cached_property
    def _gaps(self) -> Answer:
        """Standard deviation, maximum, sum of logarithms and sum of products with them, by window."""
        events, answers = self.days.events, empty(4, *self._shape())
        log_gap = empty(len(events.day))
        walks.log_gaps(events.day, events.begin, log_gap)
        walks.walk_gaps(events.day, log_gap, self.days.bounds, answers)
        return answers

    def _streaks(self, period: int) -> tuple[Answer, Answer]:
        if period not in self._made:
            longest, current = empty(*self._shape()), self._empty()
            walks.walk_streaks(self.days.events.day, self.days.bounds, period, longest, current)
            self._made[period] = longest, current
        return self._made[period]
