"""The product-limit estimate: by hand, and against another implementation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churnscope.survival import kaplan_meier

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
