"""Fits on the CDNOW sample of 2,357 customers against published and independently refitted figures."""

import numpy as np
import pytest

from churnscope.value import BGNBD, MBGNBD, NBD, GammaGamma, ParetoNBD

pytestmark = pytest.mark.data

REFITTED = [
    (BGNBD, (0.24259291, 4.41353153, 0.79288625, 2.4257538), -9582.425561),
    (ParetoNBD, (0.55327551, 10.57761198, 0.60621369, 11.66791603), -9594.973930),
    (MBGNBD, (0.52483804, 6.18299234, 0.89135615, 1.61399908), -9582.132685),
    (NBD, (0.384768, 12.072085), -9763.660222),
]


@pytest.fixture(scope="module")
def fitted(cdnow):
    return {model: model.fit(cdnow) for model, _, _ in REFITTED}


def test_histories_are_the_published_ones(cdnow):
    assert len(cdnow) == 2357
    assert cdnow.frequency.sum() == 2457
    assert (cdnow.frequency == 0).sum() == 1411
    assert cdnow.recency_days.sum() / 7 == pytest.approx(16135.52, abs=5e-3)
    assert cdnow.age_days.sum() / 7 == pytest.approx(77111.21, abs=5e-3)


@pytest.mark.parametrize(("model", "parameters", "log_likelihood"), REFITTED)
def test_maximum_is_the_refitted_one(fitted, model, parameters, log_likelihood):
    fit = fitted[model]
    assert fit.parameters == pytest.approx(parameters, rel=1e-4)
    assert fit.report.log_likelihood == pytest.approx(log_likelihood, abs=1e-5)
    assert fit.report.converged
    assert fit.report.note == ""


def test_standard_errors_are_the_published_ones(fitted):
    errors = fitted[ParetoNBD].report.standard_errors
    assert list(errors.values()) == pytest.approx([0.0476, 0.8427, 0.1873, 6.2105], rel=1e-3)


def test_log_likelihood_of_the_histories_is_that_of_the_fit(fitted, cdnow):
    for fit in fitted.values():
        assert fit.log_likelihood(cdnow) == pytest.approx(fit.report.log_likelihood, abs=1e-6)


def test_forecast_of_the_next_39_weeks(fitted, cdnow):
    assert fitted[BGNBD].expected_purchases(cdnow, 273).sum() == pytest.approx(1653.4, abs=0.1)
    assert fitted[ParetoNBD].expected_purchases(cdnow, 273).sum() == pytest.approx(1665.5, abs=0.1)
    published = BGNBD((0.243, 4.414, 0.793, 2.426))
    assert (1 - published.no_purchase_probability(cdnow, 273)).sum() == pytest.approx(617.4, abs=0.1)


def test_spend_model_is_the_refitted_one(cdnow_spend):
    fit = GammaGamma.fit(cdnow_spend)
    assert fit.report.customers == 946
    assert (fit.p, fit.q, fit.v) == pytest.approx((6.2488, 3.7446, 15.4477), rel=1e-3)
    assert fit.report.log_likelihood == pytest.approx(-4055.92, abs=0.01)
    assert fit.population_mean == pytest.approx(35.171, abs=1e-3)
    assert cdnow_spend.correlation() == pytest.approx(0.1139, abs=1e-4)


def test_compressed_rows_have_the_same_likelihood(fitted, cdnow):
    alike = cdnow.compressed()
    assert len(alike) < len(cdnow) / 2
    assert fitted[BGNBD].log_likelihood(alike) == pytest.approx(fitted[BGNBD].log_likelihood(cdnow), rel=1e-12)
    assert np.isclose(alike.customers.sum(), 2357)
