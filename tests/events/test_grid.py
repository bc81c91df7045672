"""Windows are half-open and counted in local days, at every cutoff at once."""

from __future__ import annotations

import numpy as np
import pytest

from churnscope.events import EVER, Events, Grid

DAY = 86_400_000_000


def log(days: list[int], customer: list[int] | None = None, n_customers: int = 1, **signals: list[float]) -> Events:
    """Rows at noon of some days."""
    day = np.array(days, np.int32)
    owner = np.zeros(len(days), np.int32) if customer is None else np.array(customer, np.int32)
    time = day.astype(np.int64) * DAY + DAY // 2
    return Events(n_customers, owner, time, day, {name: np.array(values) for name, values in signals.items()})


@pytest.mark.parametrize(("day", "count"), [(92, 0), (93, 1), (99, 1), (100, 0), (101, 0)])
def test_window_holds_its_first_day_and_not_the_cutoff(day: int, count: int) -> None:
    assert Grid([100], [7]).see(log([day])).count(7).tolist() == [[count]]


def test_one_grid_answers_for_all_cutoffs() -> None:
    seen = Grid([100, 110, 120], [10]).see(log([95, 99, 100, 109, 110]))
    assert seen.count(10).tolist() == [[2], [2], [1]]
    assert seen.count(EVER).tolist() == [[2], [4], [5]]


def test_cutoffs_and_windows_may_come_in_any_order_and_twice() -> None:
    grid = Grid([120, 100, 120], [30, 7, 30])
    assert grid.cutoffs.tolist() == [100, 120]
    assert grid.windows == (7, 30, EVER)


def test_customers_without_rows_are_answered_too() -> None:
    seen = Grid([100], [7]).see(log([95, 96], customer=[1, 1], n_customers=3))
    assert seen.count(7).tolist() == [[0, 2, 0]]
    assert np.isnan(seen.days_since_last()).tolist() == [[True, False, True]]


def test_a_grid_can_be_asked_about_no_customer_at_all() -> None:
    assert Grid([100], [7]).see(log([], n_customers=0)).count(7).shape == (1, 0)


def test_shift_moves_the_cutoffs_of_one_customer() -> None:
    events = log([95, 95], customer=[0, 1], n_customers=2)
    seen = Grid([100], [5]).see(events, np.array([0, 1], np.int32))
    assert seen.count(5).tolist() == [[1, 1]]
    assert seen.days_since_last().tolist() == [[5, 4]]
    assert seen.cutoff_days().tolist() == [[100, 99]]


@pytest.mark.parametrize(("cutoffs", "windows"), [([], [7]), ([100], [0]), ([100], [-3])])
def test_impossible_grids_are_refused(cutoffs: list[int], windows: list[int]) -> None:
    with pytest.raises(ValueError, match="a grid needs a cutoff"):
        Grid(cutoffs, windows)
