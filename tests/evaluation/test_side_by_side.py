"""Two groups side by side: against scipy, by hand, and how often an interval holds the truth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ttest_ind

from churnscope.evaluation.arms import rate_difference
from churnscope.evaluation.side_by_side import contrast, median


def test_difference_of_means_is_that_of_welch():
    rng = np.random.default_rng(0)
    one, other = rng.exponential(3, 40), rng.exponential(2, 90)
    expected = ttest_ind(one, other, equal_var=False).confidence_interval(0.95)
    found = contrast(one, other).difference
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    assert contrast(one, other).part == pytest.approx(one.sum() / (one.sum() + other.sum()))


def test_difference_of_flags_is_that_of_rates():
    found = contrast(np.repeat([1.0, 0.0], [56, 14]), np.repeat([1.0, 0.0], [48, 32]), is_flag=True)
    assert found.difference == rate_difference(56, 70, 48, 80)
    assert found.is_told_apart


def test_unknown_values_are_left_out():
    found = contrast([1.0, np.nan, 3.0], [np.nan])
    assert (found.one.customers, found.one.mean.value, found.other.customers) == (2, 2.0, 0)
    assert np.isnan(found.difference.value)
    assert not found.is_told_apart


def test_groups_that_do_not_vary_differ_for_sure():
    found = contrast([2.0, 2.0], [1.0, 1.0]).difference
    assert (found.value, found.low, found.high) == (1.0, 1.0, 1.0)


def test_one_customer_has_no_interval():
    found = contrast([2.0], [1.0, 5.0])
    assert found.difference.value == -1.0
    assert np.isnan(found.difference.low)
    assert np.isnan(found.one.median.low)


@pytest.mark.parametrize("n", [6, 25, 200])
def test_the_interval_of_the_median_holds_it(n: int):
    rng = np.random.default_rng(n)
    held = [(found := median(rng.exponential(1, n))).low <= np.log(2) <= found.high for _ in range(600)]
    assert np.mean(held) >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / 600)
