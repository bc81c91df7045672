"""The product-limit estimate: by hand, and against another implementation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churnscope.survival import Waits, cumulative_incidence, kaplan_meier, log_rank

COUNTS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=2, max_size=30)


def test_by_hand() -> None:
    # 10 watched; 2 on day 1 (8/10), 1 censored there; of the 7 left 3 on day 2 (4/7), and so on
    curve = kaplan_meier(np.array([0, 2, 3, 0]), np.array([0, 1, 0, 4]))
    assert curve.survival == pytest.approx([1, 0.8, 0.8 * 4 / 7, 0.8 * 4 / 7])
    assert curve.at_risk.tolist() == [10, 10, 7, 4]
    assert (curve.longest(5), curve.longest(11)) == (2, 0)


def test_nobody_watched_is_no_event() -> None:
    curve = kaplan_meier(np.zeros(3, np.int64), np.zeros(3, np.int64))
    assert curve.survival.tolist() == [1, 1, 1]


@settings(max_examples=25, deadline=None)
@given(COUNTS)
def test_another_implementation_says_the_same(counts: list[tuple[int, int]]) -> None:
    lifelines = pytest.importorskip("lifelines", reason="lifelines is not installed")
    happened, censored = (np.array(column) for column in zip(*counts, strict=True))
    if not happened.sum():
        return
    days = np.arange(len(counts))
    durations = np.concatenate([np.repeat(days, happened), np.repeat(days, censored)])
    observed = np.repeat([1, 0], [happened.sum(), censored.sum()])
    fitter = lifelines.KaplanMeierFitter().fit(durations, observed, timeline=days)
    curve = kaplan_meier(happened, censored)
    seen = curve.at_risk > 0
    assert curve.survival[seen] == pytest.approx(fitter.survival_function_.to_numpy()[seen, 0])
    inner = seen & (curve.survival > 0) & (curve.survival < 1)
    limits = fitter.confidence_interval_.to_numpy()
    assert curve.low[inner] == pytest.approx(limits[inner, 0], abs=1e-9)
    assert curve.high[inner] == pytest.approx(limits[inner, 1], abs=1e-9)


WAITS = st.lists(st.tuples(st.integers(1, 12), st.booleans(), st.integers(0, 11)), min_size=2, max_size=40)


def waits_of(rows: list[tuple[int, bool, int]]) -> tuple[np.ndarray, ...]:
    days, happened, late = (np.array(column) for column in zip(*rows, strict=True))
    return days, happened.astype(bool), np.minimum(late, days - 1)


@settings(max_examples=25, deadline=None)
@given(WAITS)
def test_another_implementation_says_the_same_of_those_watched_late(rows: list[tuple[int, bool, int]]) -> None:
    lifelines = pytest.importorskip("lifelines", reason="lifelines is not installed")
    days, happened, late = waits_of(rows)
    late[0] = 0  # the other one wants somebody on the first day
    if not happened.any():
        return
    waits = Waits.of(days, happened, late)
    curve = waits.curve()
    # It stops, or goes on from 0, once nobody is watched in between; up to there both say the same.
    gap = np.flatnonzero(curve.at_risk[: days.max() + 1] == 0)
    until = int(gap[0]) if len(gap) else int(days.max()) + 1
    try:
        fitter = lifelines.KaplanMeierFitter().fit(days, happened, entry=late, timeline=np.arange(until))
    except lifelines.exceptions.StatError:  # it refuses curves that are 0 while others are still watched
        return
    assert curve.survival[:until] == pytest.approx(fitter.survival_function_.to_numpy()[:, 0])
    inner = (curve.survival[:until] > 0) & (curve.survival[:until] < 1)
    limits = fitter.confidence_interval_.to_numpy()
    assert curve.low[:until][inner] == pytest.approx(limits[inner, 0], abs=1e-9)
    assert curve.high[:until][inner] == pytest.approx(limits[inner, 1], abs=1e-9)


@pytest.mark.filterwarnings("ignore:Starting with pandas version 4.0")  # of the other one's own calls
@settings(max_examples=15, deadline=None)
@given(st.lists(st.lists(st.tuples(st.integers(1, 9), st.booleans()), min_size=2, max_size=15), min_size=2, max_size=4))
def test_groups_are_compared_as_another_implementation_does(groups: list[list[tuple[int, bool]]]) -> None:
    statistics = pytest.importorskip("lifelines.statistics", reason="lifelines is not installed")
    days, happened = (np.array([row[column] for group in groups for row in group]) for column in (0, 1))
    places = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    first = days[happened.astype(bool)].min(initial=99)
    if any(days[places == place].max() < first for place in range(len(groups))):
        return  # a group left before anything happened counts for nothing here, and as a group without a difference there
    waits = [Waits.of(days[places == place], happened[places == place].astype(bool)) for place in range(len(groups))]
    try:
        expected = statistics.multivariate_logrank_test(days, places, happened).p_value
    except np.linalg.LinAlgError:  # singular there
        return
    if np.isfinite(expected):
        assert log_rank(waits) == pytest.approx(expected, abs=1e-6)


def test_a_group_that_left_before_anything_happened_is_not_compared() -> None:
    gone, alike = (
        Waits.of(np.array(days), np.array(happened)) for days, happened in (([1, 1], [False] * 2), ([2, 3], [True] * 2))
    )
    other = Waits.of(np.array([2, 4]), np.array([True, False]))
    assert np.isnan(log_rank([gone, alike]))
    assert log_rank([gone, alike, other]) == log_rank([alike, other])


def test_one_group_is_not_compared() -> None:
    waits = Waits.of(np.array([1, 2]), np.array([True, False]))
    assert np.isnan(log_rank([waits]))
    assert np.isnan(log_rank([]))


def test_the_share_of_a_day_and_the_day_of_a_share() -> None:
    curve = Waits.of(np.array([1, 2, 2, 5]), np.array([True, True, True, False])).curve()
    assert curve.at(2)[0] == 0.25
    assert np.isnan(curve.at(6)).all()
    assert (curve.first_at_most(0.5), curve.first_at_most(0.1)) == (2, None)


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=20))
def test_what_happens_and_what_rules_it_out_make_all_that_happened(counts: list[tuple[int, int, int]]) -> None:
    happened, otherwise, censored = (np.array(column) for column in zip(*counts, strict=True))
    either = cumulative_incidence(happened, otherwise, censored) + cumulative_incidence(otherwise, happened, censored)
    assert either == pytest.approx(1 - kaplan_meier(happened + otherwise, censored).survival)


def test_where_nobody_is_lost_sight_of_it_is_the_share_that_was_seen() -> None:
    happened, otherwise, nobody = np.array([0, 3, 1]), np.array([1, 2, 3]), np.zeros(3, np.int64)
    assert cumulative_incidence(happened, otherwise, nobody) == pytest.approx(np.cumsum(happened) / 10)
