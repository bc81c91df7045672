"""Pauses counted by hand and by a slow loop over customers and days."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churnscope.activity import Activity
from churnscope.advice import Silences, silences_of
from churnscope.config.models import Activity as ActivityConfig
from churnscope.config.models import Rule
from churnscope.events import Block, Events
from churnscope.timeline import Timing

DAY = 86_400_000_000
AS_OF = 60
WINDOWS = (5, 10)
TIMINGS = (Timing(7), Timing(14, 3), Timing(14, 3, 4))
SHOP = Activity(ActivityConfig(rules=(Rule(source="shop", days=30),)), {"shop": ("purchases", 0), "app": ("engagement", 0)}, 1)
BOTH = Activity(ActivityConfig(rules=(Rule(source="shop", days=30), Rule(source="app", days=9, at_least=4))), SHOP.places, 1)
DAYS = st.lists(st.integers(0, AS_OF - 1), max_size=12)


def events(*days_of_customers: list[int], **signals: list[float]) -> Events:
    customer = np.repeat(np.arange(len(days_of_customers), dtype=np.int32), [len(days) for days in days_of_customers])
    day = np.array([day for days in days_of_customers for day in sorted(days)], np.int32)
    arrays = {name: np.array(values) for name, values in signals.items()}
    return Events(len(days_of_customers), customer, day * np.int64(DAY), day, arrays)


def counted(activity: Activity = SHOP, **logs: Events) -> Silences:
    n = next(iter(logs.values())).n_customers
    blocks = list(Block(0, n, logs).parts(2))
    return silences_of(blocks, activity, span=(0, AS_OF), windows=WINDOWS, timings=TIMINGS)


def test_by_hand() -> None:
    silences = counted(purchases=events([0, 0, 4, 50], [59], []))
    assert {days: n for days, n in enumerate(silences.ended) if n} == {4: 1, 46: 1}
    assert {days: n for days, n in enumerate(silences.lasting) if n} == {1: 1, 10: 1}
    assert (silences.customers, silences.usual_days(0.5), silences.usual_days(0.9)) == (2, 4, 46)
    assert silences.covered(4) == 0.5
    assert silences.called_inactive(9) == 2  # the pause of 46 days, and the one that lasts since day 50


def test_a_pause_of_just_the_window_was_never_called_inactive() -> None:
    silences = counted(purchases=events([40, 50, 59]))
    assert (silences.called_inactive(10), silences.called_inactive(9)) == (0, 1)
    assert silences.return_curve(9).survival[1] == 0


def test_one_that_lasts_is_censored_when_it_was_last_watched() -> None:
    # last active on day 49, inactive from day 55 + 1 on with a window of 6; day 59 is the last one watched
    curve = counted(purchases=events([49])).return_curve(6)
    assert curve.at_risk[: 60 - 49 - 6].tolist() == [1, 1, 1, 1, 1]
    assert curve.at_risk[60 - 49 - 6 :].sum() == 0


def test_returns_do_not_end_a_pause() -> None:
    silences = counted(purchases=events([10, 20, 30], is_return=[False, True, False]))
    assert np.flatnonzero(silences.ended).tolist() == [20]


def test_a_horizon_longer_than_the_data_leaves_nobody() -> None:
    silences = silences_of(
        [Block(0, 1, {"purchases": events([1, 2])})], SHOP, span=(0, AS_OF), windows=(5,), timings=[Timing(AS_OF + 1)]
    )
    assert silences.active.tolist() == [[0]]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(DAYS, DAYS), min_size=1, max_size=5))
def test_a_slow_loop_counts_the_same(histories: list[tuple[list[int], list[int]]]) -> None:
    bought, used = zip(*histories, strict=True)
    silences = counted(BOTH, purchases=events(*bought), engagement=events(*used))
    active_days = [sorted({*one, *other}) for one, other in histories]
    gaps = [later - day for days in active_days for day, later in pairwise(days)]
    assert silences.ended.tolist() == [gaps.count(length) for length in range(AS_OF + 1)]
    ages = [AS_OF - days[-1] for days in active_days if days]
    assert silences.lasting.tolist() == [ages.count(length) for length in range(AS_OF + 1)]
    for row, window in enumerate(WINDOWS):
        for column, timing in enumerate(TIMINGS):
            cutoff = AS_OF - timing.gap_days - timing.horizon_days - timing.delay_days
            active = [days for days in active_days if any(cutoff - window <= day < cutoff for day in days)]
            opens, closes = cutoff + timing.gap_days, timing.outcome_end(cutoff)
            churned = [days for days in active if not any(opens <= day < closes for day in days)]
            assert (silences.active[row, column], silences.churned[row, column]) == (len(active), len(churned))


def test_nothing_has_ended() -> None:
    silences = counted(purchases=events([3]))
    assert silences.usual_days(0.5) == 0
    assert np.isnan(silences.covered(10))


@pytest.mark.parametrize("days", [0, 5, AS_OF - 1])
def test_a_curve_for_every_window(days: int) -> None:
    assert len(counted(purchases=events([1, 30])).return_curve(days).survival)
