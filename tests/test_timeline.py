"""Days, cutoffs, and groups of cutoffs that never reach into each other."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnscope.errors import ConfigError, InputError
from churnscope.timeline import Timing, date_of, day_number, plan_cutoffs, split_by_time


@given(st.dates())
def test_a_day_number_is_the_day_again(day):
    assert date_of(day_number(day)) == day


def test_the_epoch_is_day_zero():
    assert day_number(date(1970, 1, 1)) == 0


@pytest.mark.parametrize("days", [(0, 0, 0), (1, -1, 0), (1, 0, -1), (1, 0, 0, -1)])
def test_impossible_times_are_refused(days):
    with pytest.raises(ConfigError, match="horizon_days = "):
        Timing(*days)


def test_a_cutoff_is_complete_once_outcome_and_delay_lie_before_the_day():
    timing = Timing(horizon_days=30, gap_days=7, delay_days=2)
    assert timing.outcome_end(100) == 137
    assert timing.is_complete(100, 139)
    assert not timing.is_complete(100, 138)


def test_planned_cutoffs_are_complete_and_have_history_before_them():
    timing = Timing(30, 5, 1)
    cutoffs = plan_cutoffs(100, 400, timing, most=50, spacing_days=10)
    assert min(cutoffs) >= 100
    assert max(cutoffs) == 364
    assert timing.is_complete(max(cutoffs), 400)


def test_days_of_grace_belong_to_the_outcome():
    timing = Timing(horizon_days=30, gap_days=7, delay_days=2, grace_days=14)
    assert timing.outcome_end(100) == 151
    assert timing.is_complete(100, 153)
    assert not timing.is_complete(100, 152)
    assert plan_cutoffs(0, 153, timing, most=1, spacing_days=1) == (100,)


@given(st.sets(st.integers(0, 600), max_size=25), st.integers(1, 90), st.integers(0, 30), st.integers(0, 30))
def test_no_group_of_a_split_reaches_into_the_next(cutoffs, horizon, gap, grace):
    timing = Timing(horizon, gap, grace_days=grace)
    try:
        split = split_by_time(sorted(cutoffs), timing)
    except InputError:
        return
    groups = [group for group in (split.fit, split.stop, split.calibrate, split.test) if group]
    for earlier, later in pairwise(groups):
        assert all(timing.outcome_end(cutoff) <= min(later) for cutoff in earlier)
    assert all(timing.outcome_end(cutoff) <= split.test[0] for cutoff in split.before_test)
    assert all(timing.outcome_end(cutoff) > split.test[0] for cutoff in split.late)
    assert split.all == tuple(sorted(cutoffs))


def test_a_calibrate_cutoff_is_kept_back_only_where_three_are_left_to_fit_on():
    timing = Timing(20)
    assert split_by_time(range(0, 80, 10), timing).calibrate == ()
    split = split_by_time(range(0, 90, 10), timing)
    assert (split.fit, split.stop, split.calibrate, split.test) == ((0, 10, 20), (40,), (60,), (80,))


def test_too_few_cutoffs_are_refused_with_advice():
    with pytest.raises(InputError, match=r"(?s)3 complete cutoffs do not leave.*Give more history"):
        split_by_time([0, 10, 20], Timing(20))
