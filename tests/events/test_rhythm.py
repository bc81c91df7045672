"""Gaps, streaks and clumpiness of active days, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from churnscope.events import Events, Grid
from churnscope.events.rhythm import Rhythm

DAY = 86_400_000_000


def rhythm(*days: int, cutoff: int = 100, windows: tuple[int, ...] = (14,)) -> Rhythm:
    day = np.array(days, np.int32)
    return Grid([cutoff], windows).see(Events(1, np.zeros(len(day), np.int32), day * np.int64(DAY), day)).rhythm


def test_gaps_lie_between_distinct_days() -> None:
    seen = rhythm(60, 88, 88, 91, 97)
    assert seen.gap_count().item() == 3
    assert seen.gap_mean().item() == pytest.approx(37 / 3)
    assert seen.gap_largest().item() == 28
    assert seen.last_gap().item() == 6
    assert seen.gap_log_sum().item() == pytest.approx(math.log(28) + math.log(3) + math.log(6))


def test_a_gap_counts_where_both_ends_lie_in_the_window() -> None:
    seen = rhythm(60, 88, 91, 97)
    assert seen.gap_count(14).item() == 2
    assert seen.gap_mean(14).item() == 4.5
    assert seen.gap_std(14).item() == pytest.approx(np.std([3, 6], ddof=1))
    assert seen.gap_cv(14).item() == pytest.approx(np.std([3, 6], ddof=1) / 4.5)
    assert seen.gap_largest(14).item() == 6


def test_one_day_has_no_gap() -> None:
    seen = rhythm(95, 95)
    assert seen.gap_count().item() == 0
    assert np.isnan([seen.gap_mean(), seen.gap_std(), seen.gap_largest(), seen.last_gap()]).all()


def test_streaks_of_days() -> None:
    seen = rhythm(80, 81, 82, 83, 97, 98, 99)
    assert seen.current_streak(1).item() == 3
    assert seen.longest_streak(1, 14).item() == 3
    assert seen.longest_streak(1).item() == 4


def test_a_streak_that_ended_is_not_current() -> None:
    assert rhythm(97, 98).current_streak(1).item() == 0


def test_weeks_are_counted_back_from_the_cutoff() -> None:
    seen = rhythm(85, 86, 92, 93)  # spans 86-92 and 93-99 are active, and 85 lies in 79-85
    assert seen.current_streak(7).item() == 3
    assert seen.longest_streak(7, 14).item() == 2


@pytest.mark.parametrize("n", [1, 6, 13])
def test_evenly_spread_days_are_not_clumpy(n: int) -> None:
    """n days cut a window of 13 into n + 1 equal parts of its 14 days."""
    step = 14 // (n + 1)
    days = [100 - 13 - 1 + step * (i + 1) for i in range(n)]
    assert rhythm(*days, windows=(13,)).clumpiness(13).item() == pytest.approx(0, abs=1e-12)


def test_days_close_together_are_clumpy() -> None:
    days, parts = [96, 97, 98, 99], np.array([11, 1, 1, 1, 1]) / 15
    expected = 1 + (parts * np.log(parts)).sum() / math.log(5)
    assert rhythm(*days).clumpiness(14).item() == pytest.approx(expected)
    assert rhythm(*days).clumpiness(14).item() > rhythm(87, 90, 93, 96).clumpiness(14).item()


def test_nothing_has_no_clumpiness() -> None:
    assert np.isnan(rhythm(50).clumpiness(14)).item()
