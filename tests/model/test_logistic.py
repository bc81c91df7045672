"""Small logistic regressions find the maximum of the likelihood."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from churnscope.model.logistic import fit_logistic, log_odds_of, row_losses, sigmoid, softplus


def made_up(n_rows=400, seed=0):
    rng = np.random.default_rng(seed)
    design = rng.standard_normal((n_rows, 3))
    churned = (rng.random(n_rows) < sigmoid(design @ [1.0, -2.0, 0.0] + 0.5)).astype(np.int8)
    return design, churned


@pytest.mark.parametrize("ridge", [0.0, 1.0, 50.0])
def test_weights_are_where_no_other_optimiser_finds_better(ridge):
    design, churned = made_up()

    def loss(weights):
        return row_losses(design @ weights[:-1] + weights[-1], churned).sum() + ridge * (weights[:-1] ** 2).sum() / 2

    weights = fit_logistic(design, churned, ridge)
    assert np.allclose(weights, minimize(loss, np.zeros(4), method="BFGS", options={"gtol": 1e-8}).x, atol=1e-5)


def test_an_intercept_alone_is_the_log_odds_of_the_share():
    churned = np.array([1, 0, 0, 0], np.int8)
    assert fit_logistic(np.empty((4, 0)), churned)[0] == pytest.approx(log_odds_of(0.25))


def test_an_offset_is_added_before_the_fit():
    churned = np.array([1, 0, 0, 0], np.int8)
    assert fit_logistic(np.empty((4, 0)), churned, offset=np.full(4, 2.0))[0] == pytest.approx(log_odds_of(0.25) - 2)


def test_a_column_of_zeros_has_no_weight():
    design, churned = made_up()
    design[:, 1] = 0
    assert fit_logistic(design, churned)[1] == pytest.approx(0, abs=1e-12)


def test_separable_rows_end():
    design = np.array([[-1.0], [-1.0], [1.0], [1.0]])
    weights = fit_logistic(design, np.array([0, 0, 1, 1], np.int8))
    assert np.isfinite(weights).all()
    assert weights[0] > 10


def test_extreme_log_odds_do_not_overflow():
    extreme = np.array([-1e4, -1.0, 0.0, 1.0, 1e4])
    assert np.isfinite(softplus(extreme)).all()
    assert np.allclose(sigmoid(extreme) + sigmoid(-extreme), 1)
