"""How near a forecast was: exact values by hand, and what holds for any."""

import numpy as np
import pytest

from churnscope.value.alike import Alike
from churnscope.value.histories import Recent
from churnscope.value.intervals import Interval
from churnscope.value.nearness import Ahead, Errors, deviance, normalised_gini, tenths_off, top_tenth_share


@pytest.mark.parametrize(
    ("forecast", "came", "share"),
    [
        (np.arange(20.0), np.r_[np.zeros(18), 3.0, 7.0], 1.0),
        (np.arange(20.0), np.r_[5.0, np.zeros(18), 5.0], 0.5),
        (np.r_[9.0, np.ones(19)], np.ones(20), 0.1),  # the second place of the tenth is drawn among 19
        (np.zeros(3), np.zeros(3), None),
    ],
)
def test_share_of_the_top_tenth(forecast, came, share):
    found = top_tenth_share(forecast, came)
    assert found is None if share is None else found == pytest.approx(share)


@pytest.mark.parametrize(
    ("forecast", "came", "gini"),
    [
        ([3, 2, 1, 0], [5, 0, 0, 0], 1.0),
        ([0, 1, 2, 3], [5, 0, 0, 0], -1.0),
        ([2, 2, 1, 1], [5, 0, 0, 0], 2 / 3),  # the spender stands in the first half, in either place of it
        ([1, 1, 1, 1], [5, 1, 0, 0], 0.0),
        ([1, 2], [0, 0], None),
    ],
)
def test_gini_by_hand(forecast, came, gini):
    found = normalised_gini(np.array(forecast, float), np.array(came, float))
    assert found is None if gini is None else found == pytest.approx(gini)


def test_tenths_miss_what_they_miss():
    came = np.r_[np.full(10, 10.0), np.zeros(90)]
    forecast = np.r_[np.full(10, 6.0), np.linspace(1, 0.1, 90)]
    assert tenths_off(forecast, came) == pytest.approx((40 + forecast[10:].sum()) / 100)
    assert tenths_off(forecast, np.zeros(100)) is None


def test_errors_by_hand():
    came = Recent(np.array([0.0, 2.0]), np.array([0.0, 20.0]))
    within = Interval(np.zeros(2), np.array([1.0, 10.0]), np.array([0.8, 0.9]))
    errors = Errors.of(np.array([4.0, 14.0]), came, days=np.array([1.0, 1.0]), within=(None, within))
    assert (errors.purchase_days_error, errors.purchase_days) == (1.0, 2.0)
    assert errors.spend_error == pytest.approx(np.sqrt((16 + 36) / 2))
    assert (errors.spend_distance, errors.spend_held, errors.spend_promised) == (5.0, 0.5, pytest.approx(0.85))
    assert errors.purchase_days_held is None


def test_the_true_expectation_has_the_smallest_deviance():
    rng = np.random.default_rng(0)
    mean = rng.gamma(1, 20, 40_000)
    came = rng.poisson(mean / 40) * 40.0
    for other in (0.7 * mean, 1.4 * mean, np.full(len(mean), mean.mean())):
        found = Ahead.of(mean, other, came, np.random.default_rng(1))
        assert found.is_clear
        assert found.low < found.value < found.high
    assert deviance(1 + mean, 1 + mean) == pytest.approx(0, abs=1e-6)


def test_money_given_back_and_forecasts_of_nothing_have_a_deviance():
    assert np.isfinite(deviance(np.zeros(2), np.array([-3.0, 5.0]))).all()
    assert deviance(np.zeros(2), np.zeros(2)) == pytest.approx(0, abs=1e-3)  # a forecast is never quite 0


def test_who_is_forecast_alike_is_held_as_promised():
    rng = np.random.default_rng(5)
    forecast = rng.gamma(0.5, 50, 60_000) + 0.01
    came = rng.gamma(0.7, forecast / 0.35) * (rng.random(len(forecast)) < 0.5)
    before, after = slice(0, 30_000), slice(30_000, None)
    within = Alike.of(forecast[before], came[before], share=0.8).around(forecast[after])
    assert within.holds(came[after]).mean() == pytest.approx(within.chance.mean(), abs=0.01)
    assert within.chance.mean() == pytest.approx(0.9, abs=0.01)  # half spend nothing: no interval leaves out a tenth below


def test_few_customers_make_one_group():
    within = Alike.of(np.array([1.0, 2.0]), np.array([2.0, 2.0]), share=0.8).around(np.array([10.0]))
    assert (within.low[0], within.high[0], within.chance[0]) == (0.0, 20.0, 1.0)  # two tell of no least
