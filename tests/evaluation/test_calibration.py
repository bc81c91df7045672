"""Probability metrics against answers by hand, scikit-learn and known truth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss
from sklearn.metrics import log_loss as sklearn_log_loss

from churnscope.evaluation.calibration import (
    brier,
    calibration_line,
    equal_mass_bins,
    expected_calibration_error,
    expit,
    log_loss,
    logit,
    reliability,
)


def test_losses_by_hand():
    assert log_loss([1, 0], [0.8, 0.4]) == pytest.approx(-(np.log(0.8) + np.log(0.6)) / 2)
    assert brier([1, 0], [0.8, 0.4]) == pytest.approx((0.04 + 0.16) / 2)


def test_a_certain_mistake_is_costly_and_finite():
    assert log_loss([1], [0.0]) == pytest.approx(15 * np.log(10))
    assert log_loss([0], [1.0]) == pytest.approx(15 * np.log(10), rel=1e-2)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1), st.floats(0.001, 0.999)), min_size=1, max_size=40))
def test_losses_equal_scikit_learn(table):
    churned, probability = np.array(table).T
    assert log_loss(churned, probability) == pytest.approx(sklearn_log_loss(churned, probability, labels=[0, 1]))
    assert brier(churned, probability) == pytest.approx(brier_score_loss(churned, probability))


def test_bins_hold_equally_many_rows():
    assert np.bincount(equal_mass_bins(np.random.default_rng(0).random(1000))).tolist() == [100] * 10


def test_equal_probabilities_share_a_bin_whatever_the_row_order():
    probability = np.array([0.1] * 7 + [0.5] * 3 + [0.9] * 10)
    order = np.random.default_rng(0).permutation(20)
    assert (equal_mass_bins(probability)[order] == equal_mass_bins(probability[order])).all()
    assert len(np.unique(equal_mass_bins(probability))) == 3
    assert equal_mass_bins([0.3] * 50).max() == 0


def test_calibration_error_by_hand():
    churned, probability = [0, 0, 1, 1], [0.1, 0.3, 0.6, 0.6]
    assert expected_calibration_error(churned, probability, bins=2) == pytest.approx((2 * 0.2 + 2 * 0.4) / 4)
    assert expected_calibration_error([0, 1, 1, 0], [0.5] * 4) == 0


def test_a_true_forecast_lies_within_its_noise_and_a_shifted_one_above():
    rng = np.random.default_rng(7)
    probability = rng.beta(2, 3, 5000)
    churned = rng.random(5000) < probability
    low, high = reliability(churned, probability, rng, draws=300).noise
    assert low < expected_calibration_error(churned, probability) < high
    assert expected_calibration_error(churned, np.clip(probability + 0.1, 0, 1)) > 2 * high


def test_noise_is_near_its_published_floor():
    table = reliability(
        np.zeros(4000), np.full(4000, 0.5) + np.linspace(-1e-6, 1e-6, 4000), np.random.default_rng(1), draws=400
    )
    assert np.mean(table.noise) == pytest.approx(0.4 * np.sqrt(10 / 4000), rel=0.2)


def test_consistency_bands_hold_about_95_of_100_bins_of_a_true_forecast():
    rng = np.random.default_rng(3)
    inside = []
    for _ in range(20):
        probability = rng.random(500)
        table = reliability(rng.random(500) < probability, probability, rng, draws=200)
        inside += [row.low <= row.churn_rate <= row.high for row in table.bins]
    assert 0.9 < np.mean(inside) < 0.995


def test_without_draws_there_is_a_table_and_no_band():
    table = reliability([0, 1], [0.2, 0.8], np.random.default_rng(0), draws=0)
    assert [(row.rows, row.predicted, row.churn_rate) for row in table.bins] == [(1, 0.2, 0.0), (1, 0.8, 1.0)]
    assert np.isnan(table.noise).all()


def test_line_of_a_distorted_forecast_is_the_distortion():
    rng = np.random.default_rng(5)
    truth = rng.normal(size=200_000)
    churned = rng.random(200_000) < expit(truth)
    line = calibration_line(churned, expit((truth - 0.4) / 0.5))  # truth = 0.4 + 0.5 * said
    assert line.intercept == pytest.approx(0.4, abs=0.02)
    assert line.slope == pytest.approx(0.5, abs=0.02)


def test_line_equals_scikit_learn():
    rng = np.random.default_rng(11)
    probability = rng.beta(1, 4, 300)
    churned = rng.random(300) < probability**1.5
    fitted = LogisticRegression(C=np.inf, tol=1e-10).fit(logit(probability)[:, None], churned)
    line = calibration_line(churned, probability)
    assert line.slope == pytest.approx(fitted.coef_[0, 0], abs=1e-5)
    assert line.intercept == pytest.approx(fitted.intercept_[0], abs=1e-5)


def test_line_converges_from_absurd_probabilities():
    probability = np.array([1e-15, 1e-12, 0.5, 1 - 1e-12, 1e-15, 1 - 1e-15])
    line = calibration_line([0, 1, 0, 1, 0, 0], probability)
    fitted = expit(line.intercept + line.slope * logit(probability))
    assert fitted.sum() == pytest.approx(2)


def test_a_constant_forecast_has_an_intercept_and_no_slope():
    line = calibration_line([1, 0, 0, 0], [0.5] * 4)
    assert line.intercept == pytest.approx(np.log(1 / 3))
    assert np.isnan(line.slope)


@pytest.mark.parametrize(
    ("churned", "probability"),
    [([1, 1], [0.2, 0.3]), ([0, 0], [0.2, 0.3]), ([0, 0, 1, 1], [0.1, 0.2, 0.3, 0.4]), ([1, 1, 0], [0.1, 0.2, 0.2])],
    ids=["all churned", "all stayed", "parted", "parted the wrong way"],
)
def test_no_line_where_none_is_finite(churned, probability):
    line = calibration_line(churned, probability)
    assert np.isnan([line.intercept, line.slope]).all()
