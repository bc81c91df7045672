"""Effect curves."""

from __future__ import annotations

import numpy as np
import pytest

from churnscope.features.feature import FeatureSpec
from churnscope.reports.drivers import Driver
from churnscope.reports.effects import effect, strongest_effects

SPEC = FeatureSpec(name="pause", unit="days", concept="recency", sentence="{value:.0f} days")


def driver(values, added):
    return Driver("recency", np.log(np.array(added, float)), 1.0, SPEC, np.array(values, np.float32))


def test_each_value_has_the_mean_of_what_is_added_there():
    curve = effect(driver([1, 1, 5, np.nan], [2, 8, 0.5, 3]))
    assert curve.values.tolist() == [1, 5]
    assert curve.odds == pytest.approx([4, 0.5])  # the mean of the logarithms
    assert (curve.missing, curve.missing_share) == (pytest.approx(3), 0.25)


def test_the_range_holds_the_middle_four_fifths():
    curve = effect(driver(np.ones(11), np.exp(np.arange(11))))
    assert np.log([curve.low[0], curve.high[0]]) == pytest.approx([1, 9])


def test_without_missing_values_nothing_is_said_of_them():
    assert np.isnan(effect(driver([1, 2], [1, 2])).missing)


def test_what_hardly_moves_or_never_varies_has_no_curve():
    flat, alike, steep = driver([1, 2], [1, 1.01]), driver([3, 3], [1, 2]), driver([1, 2], [1, 2])
    assert [curve.odds.tolist() for curve in strongest_effects([flat, alike, steep])] == [pytest.approx([1, 2])]


def test_no_more_curves_than_asked_for():
    assert len(strongest_effects([driver([1, 2], [1, 2])] * 5, most=2)) == 2
