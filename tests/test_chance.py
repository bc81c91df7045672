"""Limits of shares and means, and rates of false discoveries: against another implementation and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, t

from churnscope.chance import false_discovery_rates, mean_limits, wilson


@given(st.integers(1, 400), st.floats(0, 1))
def test_limits_of_a_share_are_those_of_another_implementation(among: int, part: float) -> None:
    events = int(part * among)
    theirs = binomtest(events, among).proportion_ci(method="wilson")
    assert np.array(wilson(events, among)) == pytest.approx([events / among, theirs.low, theirs.high], abs=1e-12)


def test_a_share_of_nobody_is_unknown() -> None:
    assert np.isnan(wilson([0, 1], [0, 2])).tolist() == [[True, False]] * 3


def test_the_mean_of_two_has_wide_limits() -> None:
    theirs = t.interval(0.95, 1, 2.0, 1.0)
    assert mean_limits(np.array([1.0, 3.0])) == pytest.approx((2.0, *theirs))
    assert np.isnan(mean_limits(np.array([1.0]))[1:]).all()


def test_rates_are_those_of_the_step_up_procedure() -> None:
    p = np.random.default_rng(5).random(50) ** 2
    order = np.argsort(p)
    stepped = np.minimum.accumulate((p[order] * 50 / np.arange(1, 51))[::-1])[::-1]
    assert false_discovery_rates(p)[order] == pytest.approx(np.minimum(stepped, 1))


def test_rates_of_no_test_are_none() -> None:
    assert np.isnan(false_discovery_rates([np.nan])).all()
    assert len(false_discovery_rates([])) == 0
