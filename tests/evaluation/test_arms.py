"""What two arms of a campaign tell: published intervals, and what must hold of any arms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnscope.evaluation.arms import adjusted, mean_difference, rate_difference, sample_ratio_p, wilson

counts = st.integers(1, 2_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@pytest.mark.parametrize(
    ("arms", "value", "low", "high"),
    [
        ((56, 70, 48, 80), 0.2, 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.6, 0.1705, 0.8090),
        ((10, 10, 0, 20), 1.0, 0.6791, 1.0),
    ],
)
def test_differences_of_rates_equal_newcombes_table(arms, value: float, low: float, high: float) -> None:
    found = rate_difference(*arms)
    assert (found.value, found.low, found.high) == pytest.approx((value, low, high), abs=5e-5)


@pytest.mark.parametrize(("arm", "low", "high"), [((81, 263), 0.2553, 0.3662), ((0, 20), 0.0, 0.1611)])
def test_rates_equal_wilsons_interval(arm, low: float, high: float) -> None:
    found = wilson(*arm)
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.property
@given(counts, counts)
def test_an_interval_holds_its_difference_and_turns_with_the_arms(one, other) -> None:
    found, turned = rate_difference(*one, *other), rate_difference(*other, *one)
    assert -1 - 1e-12 <= found.low <= found.value <= found.high <= 1 + 1e-12
    assert (found.low, found.high) == pytest.approx((-turned.high, -turned.low), abs=1e-12)


@pytest.mark.property
@given(counts)
def test_more_customers_of_the_same_rate_narrow_the_interval(arm) -> None:
    few, many = wilson(*arm), wilson(arm[0] * 10, arm[1] * 10)
    assert 0 <= few.low <= few.value <= few.high <= 1
    assert many.high - many.low < few.high - few.low


@pytest.mark.parametrize("arm", [(0, 0), (3, 2), (-1, 2)])
def test_a_rate_without_customers_is_refused(arm) -> None:
    with pytest.raises(ValueError, match="a rate needs customers"):
        wilson(*arm)


@pytest.mark.property
@given(
    st.lists(st.tuples(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4)), min_size=2, max_size=50),
)
def test_adjusting_keeps_the_mean_and_never_widens(rows) -> None:
    values, before = np.array(rows).T
    found = adjusted(values, before)
    assert found.mean() == pytest.approx(values.mean(), abs=1e-6)
    assert found.std() <= values.std() * (1 + 1e-6) + 1e-6


def test_adjusting_takes_off_what_was_known_before() -> None:
    rng = np.random.default_rng(1)
    before = rng.normal(size=4_000)
    values = 3 * before + rng.normal(size=4_000)
    together = np.corrcoef(before, values)[0, 1]
    assert adjusted(values, before).var() == pytest.approx(values.var() * (1 - together**2), rel=1e-9)
    assert adjusted(values, np.ones(4_000)) is not None
    assert np.array_equal(adjusted(values, np.ones(4_000)), values)


def test_the_interval_of_money_is_the_same_for_the_same_seed_and_near_the_normal_one() -> None:
    rng = np.random.default_rng(5)
    one, other = rng.gamma(2, 10, 3_000), rng.gamma(2, 9, 1_000)
    found = mean_difference(one, other, np.random.default_rng(0))
    assert found == mean_difference(one, other, np.random.default_rng(0))
    half = 1.96 * np.sqrt(one.var() / 3_000 + other.var() / 1_000)
    assert (found.value - found.low, found.high - found.value) == pytest.approx((half, half), rel=0.08)
    with pytest.raises(ValueError, match="each arm has a customer"):
        mean_difference([], other, rng)


def test_a_split_as_planned_passes_and_one_that_lost_customers_does_not() -> None:
    assert sample_ratio_p(100, np.full(1_000, 0.1)) == pytest.approx(1)
    assert sample_ratio_p(60, np.full(1_000, 0.1)) < 0.001
    assert sample_ratio_p(150, np.r_[np.full(500, 0.1), np.full(500, 0.2)]) == pytest.approx(1)
    assert (sample_ratio_p(0, np.zeros(9)), sample_ratio_p(1, np.zeros(9))) == (1, 0)
