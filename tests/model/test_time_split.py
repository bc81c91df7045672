"""Rolling origin: what is learned from had closed before what is judged."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnscope import TimeSplit
from churnscope.errors import ConfigError
from churnscope.model.time_split import cutoff_days

DAYS = np.array([0, 0, 30, 30, 60, 60, 90, 90])


def rows(split):
    return [(train.tolist(), test.tolist()) for train, test in split]


def test_the_newest_cutoffs_are_tests_and_open_outcomes_are_left_out():
    assert rows(TimeSplit(0, 60, n_splits=2).split(DAYS, groups=DAYS)) == [([0, 1], [4, 5]), ([0, 1, 2, 3], [6, 7])]


def test_the_gap_keeps_further_cutoffs_out():
    assert rows(TimeSplit(1, 60, n_splits=1).split(groups=DAYS)) == [([0, 1], [6, 7])]


def test_rows_need_no_order():
    order = np.array([7, 0, 4, 2, 1, 3, 6, 5])
    ((train, test),) = TimeSplit(0, 60, n_splits=1).split(groups=DAYS[order])
    assert set(DAYS[order][train]) == {0, 30}
    assert set(DAYS[order][test]) == {90}


def test_the_number_of_splits_is_told():
    assert TimeSplit(0, 30).get_n_splits() == len(rows(TimeSplit(0, 30).split(groups=DAYS))) == 3


@given(st.lists(st.integers(0, 400), min_size=2, max_size=30), st.integers(0, 20), st.integers(1, 60), st.integers(1, 4))
def test_every_training_outcome_closed_before_the_test(days, gap, horizon, n_splits):
    days = np.array(days)
    try:
        splits = list(TimeSplit(gap, horizon, n_splits=n_splits).split(groups=days))
    except ValueError:
        return
    assert len(splits) == n_splits
    for train, test in splits:
        assert len(train)
        assert len(set(days[test])) == 1
        assert days[train].max() + gap + horizon <= days[test].min()


def test_cutoffs_are_needed():
    with pytest.raises(ValueError, match="give it as `groups`"):
        list(TimeSplit(0, 30).split(DAYS))


@pytest.mark.parametrize("n_splits", [0, 3])
def test_impossible_numbers_of_splits_are_refused(n_splits):
    with pytest.raises(ValueError, match=f"n_splits={n_splits} is impossible: of 4 cutoffs 2 come after"):
        list(TimeSplit(0, 60, n_splits=n_splits).split(groups=DAYS))


def test_an_impossible_horizon_is_refused():
    with pytest.raises(ConfigError, match="horizon_days = 0"):
        list(TimeSplit(0, 0).split(groups=DAYS))


@pytest.mark.parametrize(
    "cutoff",
    [
        [1, 32],
        np.array([1, 32], np.uint16),
        [date(1970, 1, 2), date(1970, 2, 2)],
        np.array(["1970-01-02T23:59", "1970-02-02T00:00"], "datetime64[m]"),
        pd.Series(pd.to_datetime(["1970-01-02", "1970-02-02"])),
        pd.DatetimeIndex(["1970-01-02", "1970-02-02"]),
    ],
    ids=["ints", "unsigned", "dates", "minutes", "series", "index"],
)
def test_a_cutoff_may_be_a_day_number_or_a_date(cutoff):
    assert cutoff_days(cutoff).tolist() == [1, 32]


@pytest.mark.parametrize("cutoff", [[1.5], ["1970-01-02"], [None], [True], np.array(["NaT"], "datetime64[D]"), [object()]])
def test_anything_else_is_no_cutoff(cutoff):
    with pytest.raises(ValueError, match="neither a day number nor a date"):
        cutoff_days(cutoff)
