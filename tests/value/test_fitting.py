"""Fitting: exact gradients, recovery of known parameters, and data that say little."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from churnscope.errors import InputError
from churnscope.value import BGNBD, MBGNBD, NBD, REPEAT_PURCHASE_MODELS, FitReport, ParetoNBD, RepeatRows
from churnscope.value.fitting import maximise
from churnscope.value.repeat_purchase import _mean_surprise

KINDS = list(REPEAT_PURCHASE_MODELS.values())
SOME = RepeatRows([0, 2, 7, 1, 0], [0, 213, 245, 3, 0], [272, 272, 272, 272, 10], [50, 20, 5, 9, 3])


@pytest.mark.parametrize("kind", KINDS)
def test_gradient_is_that_of_differences(kind):
    logs = np.log([0.6, 9.0, 0.8, 3.0][: len(kind.names)])
    surprise = _mean_surprise(kind, SOME, 7.0)
    differences = approx_fprime(logs, lambda at: surprise(at)[0], 1e-7)
    assert surprise(logs)[1] == pytest.approx(differences, abs=1e-6)


def test_surprise_is_minus_the_mean_log_likelihood():
    surprise, _ = _mean_surprise(BGNBD, SOME, 7.0)(np.log([0.6, 9.0, 0.8, 3.0]))
    assert surprise == pytest.approx(-BGNBD((0.6, 9.0, 0.8, 3.0)).log_likelihood(SOME) / SOME.customers.sum())


def assert_recovered(fit, truth):
    errors = np.array([fit.report.standard_errors[name] for name in fit.names])
    assert np.abs((np.array(fit.parameters) - truth) / errors).max() < 3
    assert fit.parameters == pytest.approx(truth, rel=0.3)


@pytest.mark.slow
def test_pareto_nbd_finds_the_parameters_customers_were_made_with(simulate_pareto):
    truth = (0.8, 8.0, 0.7, 12.0)
    assert_recovered(ParetoNBD.fit(simulate_pareto(truth, 4000, seed=1)), truth)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [BGNBD, MBGNBD])
def test_beta_geometric_finds_the_parameters_customers_were_made_with(kind, simulate_beta_geometric):
    truth = (0.8, 6.0, 0.9, 2.5)
    rows = simulate_beta_geometric(truth, 6000, seed=2, stops_at_first=bool(kind.stops_at_first))
    assert_recovered(kind.fit(rows), truth)


def test_fit_on_a_sketch_ends_at_the_same_maximum(simulate_pareto, monkeypatch):
    rows = simulate_pareto((0.8, 8.0, 0.7, 12.0), 1500, seed=3)
    whole = BGNBD.fit(rows)
    monkeypatch.setattr("churnscope.value.repeat_purchase.SKETCH_ROWS", 300)
    assert BGNBD.fit(rows).parameters == pytest.approx(whole.parameters, rel=1e-6)


def test_weights_stand_for_repeated_customers():
    counts = SOME.customers.astype(int)
    spelled_out = RepeatRows(*(np.repeat(column, counts) for column in (SOME.frequency, SOME.recency_days, SOME.age_days)))
    assert BGNBD.fit(spelled_out).parameters == pytest.approx(BGNBD.fit(SOME).parameters, rel=1e-9)


def test_time_unit_scales_the_rates_only():
    weeks, days = NBD.fit(SOME, days_per_unit=7), NBD.fit(SOME, days_per_unit=1)
    assert days.parameters == pytest.approx((weeks.parameters[0], 7 * weeks.parameters[1]), rel=1e-6)


HARD = {
    "one customer": ([3], [100], [365]),
    "one repeater": ([0] * 50 + [1], [0] * 50 + [5], [365] * 51),
    "everyone daily": ([365] * 50, [365] * 50, [365] * 50),
    "all gone at once": ([5] * 50 + [0] * 50, [6] * 50 + [0] * 50, [700] * 100),
    "very busy": ([221, 254, 161, 204, 3000], [300, 364, 200, 365, 3000], [365, 365, 365, 365, 3000]),
    "just arrived": ([0, 0, 2, 1], [0, 0, 5, 1], [0, 0, 5, 3]),
    "all alike": ([1] * 100, [30] * 100, [60] * 100),
}


@pytest.mark.parametrize("kind", [pytest.param(kind, marks=pytest.mark.slow if kind is ParetoNBD else ()) for kind in KINDS])
@pytest.mark.parametrize("case", HARD)
def test_poor_histories_still_give_a_usable_model(kind, case):
    rows = RepeatRows(*HARD[case])
    model = kind.fit(rows)
    assert model.report.converged
    silent = model.no_purchase_probability(rows, 90)
    assert ((silent >= 0) & (silent <= 1)).all()
    assert np.isfinite(model.expected_purchases(rows, 90)).all()


def test_report_names_what_the_histories_do_not_tell():
    report = BGNBD.fit(RepeatRows(*HARD["all alike"])).report
    assert "hardly tell" in report.note
    assert None in report.standard_errors.values()


@pytest.mark.parametrize("kind", KINDS)
def test_histories_without_a_second_purchase_are_refused(kind):
    with pytest.raises(InputError, match="None of 3 customers bought on a second day"):
        kind.fit(RepeatRows([0, 0, 0], [0, 0, 0], [10, 20, 30]))


@pytest.mark.parametrize("kind", KINDS)
def test_no_histories_are_refused(kind):
    with pytest.raises(InputError, match="No customer has a purchase"):
        kind.fit(RepeatRows([], [], []))


def test_a_likelihood_that_is_nowhere_finite_is_refused():
    with pytest.raises(InputError, match="no finite likelihood"):
        maximise(lambda logs: (np.inf, np.zeros_like(logs)), [(1.0,)], ("r",), customers=1)


def test_a_search_that_stops_early_says_so():
    # a slope that never ends in level ground: every step of the search is refused
    _, report = maximise(lambda logs: (0.0, np.ones_like(logs)), [(1.0,)], ("r",), customers=10)
    assert isinstance(report, FitReport)
    assert not report.converged
    assert "do not use this model" in report.note
