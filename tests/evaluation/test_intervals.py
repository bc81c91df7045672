"""Resampling by customer: exact weights, honest width, coverage of a known truth."""

from __future__ import annotations

import numpy as np
import pytest

from churnscope.evaluation.intervals import band, customer_draws, estimates


def test_every_draw_has_as_many_customers_as_there_are():
    counts = np.concatenate(list(customer_draws(40, 60, np.random.default_rng(0))))
    assert counts.shape == (60, 40)
    assert (counts.sum(axis=1) == 40).all()
    assert counts.mean() == 1
    assert counts.var() == pytest.approx(1, abs=0.15)


def test_no_draws_ask_for_nothing():
    assert list(customer_draws(5, 0, np.random.default_rng(0))) == []


def test_band_leaves_out_draws_without_an_answer():
    drawn = np.array([[0.0, np.nan], [1.0, np.nan], [np.nan, np.nan]])
    low, high = band(drawn)
    assert low.tolist() == pytest.approx([0.025, np.nan], nan_ok=True)
    assert high.tolist() == pytest.approx([0.975, np.nan], nan_ok=True)


def test_nothing_drawn_gives_no_interval():
    (estimate,) = estimates(np.array([0.7]), np.empty((0, 1)))
    assert estimate.value == 0.7
    assert np.isnan([estimate.low, estimate.high]).all()
