"""The spend model: recovery, shrinkage, and amounts that tell nothing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import approx_fprime

from churnscope.errors import InputError, ModelError
from churnscope.value import GammaGamma, SpendRows
from churnscope.value.gamma_gamma import _mean_surprise

MODEL = GammaGamma(6.25, 3.74, 15.44)


@pytest.fixture
def simulated():
    rng = np.random.default_rng(5)
    frequency = rng.integers(1, 12, 8000)
    rate = rng.gamma(3.5, 1 / 15.0, 8000)
    return SpendRows(frequency, rng.gamma(5.0 * frequency) / rate / frequency)


def test_fit_finds_the_parameters_amounts_were_made_with(simulated):
    fit = GammaGamma.fit(simulated)
    assert (fit.p, fit.q, fit.v) == pytest.approx((5.0, 3.5, 15.0), rel=0.1)
    assert fit.report.converged
    assert fit.log_likelihood(simulated) == pytest.approx(fit.report.log_likelihood)


def test_gradient_is_that_of_differences(simulated):
    surprise = _mean_surprise(simulated)
    logs = np.log([4.0, 2.0, 20.0])
    assert surprise(logs)[1] == pytest.approx(approx_fprime(logs, lambda at: surprise(at)[0], 1e-7), abs=1e-5)


@given(st.integers(1, 500), st.floats(0.01, 1e5))
def test_expected_spend_lies_between_the_customer_and_everyone(frequency, mean_spend):
    expected = MODEL.expected_spend(SpendRows([frequency], [mean_spend]))[0]
    low, high = sorted([mean_spend, MODEL.population_mean])
    assert low * (1 - 1e-12) <= expected <= high * (1 + 1e-12)


def test_unknown_customers_are_expected_to_spend_the_population_mean():
    assert MODEL.expected_spend(SpendRows([0], [np.nan])).tolist() == pytest.approx([MODEL.population_mean])


def test_free_purchases_do_not_count_as_spending():
    assert SpendRows([2, 1, 0], [0.0, 5.0, np.nan]).spenders().frequency.tolist() == [1]


@pytest.mark.parametrize("spend", [[], [10.0], [10.0, 10.0], [0.0, 0.0]])
def test_amounts_that_do_not_differ_are_refused(spend):
    with pytest.raises(InputError, match="do not tell how spending differs"):
        GammaGamma.fit(SpendRows([2] * len(spend), spend))


def test_correlation_needs_variation():
    assert np.isnan(SpendRows([2, 2], [5.0, 6.0]).correlation())
    assert SpendRows([1, 2, 3], [5.0, 6.0, 7.0]).correlation() == pytest.approx(1)


def test_spend_without_a_mean_is_refused():
    with pytest.raises(ValueError, match="q > 1"):
        GammaGamma(6.0, 1.0, 15.0)
    with pytest.raises(ValueError, match="one length"):
        SpendRows([1, 2], [5.0])


def test_saved_model_is_the_same(simulated):
    fit = GammaGamma.fit(simulated)
    assert GammaGamma.from_json(fit.to_json()) == fit
    with pytest.raises(ModelError, match="gamma_gamma model is damaged"):
        GammaGamma.from_json({"p": 1.0})
