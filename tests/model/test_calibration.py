"""Corrections find the truth they were made from, and change nothing where there is nothing to correct."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from churnscope.model.calibration import Beta, Calibration, Season
from churnscope.model.logistic import row_losses, sigmoid


def drawn(true_log_odds, seed=0):
    return (np.random.default_rng(seed).random(len(true_log_odds)) < sigmoid(true_log_odds)).astype(np.int8)


def scores(n_rows=200_000):
    return np.random.default_rng(1).normal(0, 1.5, n_rows)


@pytest.mark.parametrize("truth", [Beta(1, 1, 0), Beta(0.5, 2.0, -1.0), Beta(2.0, 0.3, 0.7)])
def test_the_map_that_made_the_labels_is_found(truth):
    log_odds = scores()
    found = Beta.fit(log_odds, drawn(truth(log_odds)))
    assert (found.a, found.b, found.c) == pytest.approx((truth.a, truth.b, truth.c), abs=0.08)


def test_the_map_has_the_largest_likelihood():
    log_odds = scores(2_000)
    churned = drawn(0.4 * log_odds - 0.3)

    def loss(parameters):
        return row_losses(Beta(*parameters)(log_odds), churned).sum()

    found = Beta.fit(log_odds, churned)
    best = minimize(loss, [1.0, 1.0, 0.0], bounds=[(0, None), (0, None), (None, None)], tol=1e-12)
    assert loss((found.a, found.b, found.c)) == pytest.approx(best.fun, abs=1e-4)


@pytest.mark.parametrize("sign", [-1, 1])
def test_a_side_that_would_fall_is_left_out(sign):
    log_odds = scores(20_000)
    bend = np.where(sign * log_odds > 0, log_odds, -log_odds)  # falls on one side of 0
    found = Beta.fit(log_odds, drawn(2 * bend))
    assert min(found.a, found.b) == 0
    assert np.all(np.diff(found(np.linspace(-20, 20, 101))) >= 0)


@settings(max_examples=50, deadline=None)
@given(st.floats(0, 5), st.floats(0, 5), st.floats(-5, 5))
def test_a_map_never_falls(a, b, c):
    assert np.all(np.diff(Beta(a, b, c)(np.linspace(-700, 700, 201))) >= -1e-9)


def test_the_map_of_ones_changes_nothing():
    log_odds = np.linspace(-30, 30, 61)
    assert np.allclose(Beta(1, 1, 0)(log_odds), log_odds, atol=1e-12)


def test_the_season_of_a_year_earlier_is_found():
    cutoff = np.repeat(np.arange(0, 360, 90, dtype=np.int32), 50_000)
    log_odds = scores(len(cutoff))
    truth = np.array([0.0, -0.5, 0.8, 0.0])
    season = Season.fit(log_odds, drawn(log_odds + truth[cutoff // 90]), cutoff)
    assert season.at(np.arange(0, 360, 90) + 365) == pytest.approx(truth, abs=0.05)


def test_between_two_cutoffs_the_season_goes_in_proportion_to_the_days():
    season = Season((100, 140), (1.0, 3.0))
    assert season.at(np.array([100, 110, 140]) + 365).tolist() == [1.0, 1.5, 3.0]


def test_far_from_any_cutoff_of_the_year_before_there_is_no_season():
    season = Season((100, 140), (1.0, 3.0))
    assert season.at(np.array([79, 80, 160, 161, 500]) + 365).tolist() == [0.0, 1.0, 3.0, 0.0, 0.0]
    assert Season((), ()).at(500) == 0


def test_cutoffs_at_which_all_or_none_churned_have_no_season():
    cutoff = np.repeat(np.array([10, 20], np.int32), 4)
    season = Season.fit(np.zeros(8), np.array([1, 1, 1, 1, 1, 0, 0, 0], np.int8), cutoff)
    assert season.cutoffs == (20,)


@pytest.mark.parametrize("calibration", [Calibration(), Calibration(Beta(0.5, 2, 1), Season((10, 20), (0.5, -0.5)))])
def test_json_brings_it_back(calibration):
    assert Calibration.from_json(json.loads(json.dumps(calibration.to_json()))) == calibration


def test_the_season_comes_before_the_map():
    both = Calibration(Beta(2, 2, 0), Season((10,), (1.0,)))
    assert both.probability(np.array([0.5]), 375) == pytest.approx(sigmoid(np.array([3.0])))
