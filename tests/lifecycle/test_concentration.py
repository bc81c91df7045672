"""How much of the revenue few customers make: by hand and by definition."""

from __future__ import annotations

import numpy as np
import pytest

from churnscope.lifecycle.concentration import concentration


def test_equal_customers_make_equal_tenths():
    found = concentration(np.full(37, 5.0))
    assert found is not None
    assert found.tenths == pytest.approx([0.1] * 10)
    assert found.gini == pytest.approx(0)


def test_tenths_of_twenty_customers_hold_two_each():
    revenue = np.arange(1.0, 21.0)
    found = concentration(np.random.default_rng(0).permutation(revenue))
    assert found is not None
    assert found.tenths == pytest.approx([(40 - 4 * k - 1) / 210 for k in range(10)])
    gaps = np.abs(revenue[:, None] - revenue[None, :]).sum()
    assert found.gini == pytest.approx(gaps / (2 * 20 * 210))


def test_refunds_and_the_unknown_are_no_revenue():
    found = concentration([10.0, -3.0, 0.0, np.nan])
    assert found is not None
    assert (found.customers, found.total, found.top(10)) == (1, 10.0, pytest.approx(1))
    assert concentration([0.0, -1.0]) is None
