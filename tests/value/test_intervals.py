"""The distribution of what one customer buys and spends: against the models' means, and against simulated customers."""

import numpy as np
import pytest
from scipy.special import gammaincinv

from churnscope.value import BGNBD, MBGNBD, NBD, GammaGamma, ParetoNBD, RepeatRows, SpendRows
from churnscope.value.intervals import _gamma_quantile, intervals

MODELS = [
    BGNBD((0.243, 4.414, 0.793, 2.426)),
    MBGNBD((0.525, 6.183, 0.891, 1.614)),
    ParetoNBD((0.553, 10.578, 0.606, 11.669)),
    NBD((0.385, 12.072)),
]
SPEND = GammaGamma(6.25, 3.74, 15.44)
HISTORIES = RepeatRows([0, 0, 2, 26, 7], [0, 0, 213, 216, 245], [272, 7, 272, 217, 272])
WEEKS = 26.0


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.kind)
def test_chances_of_counts_sum_to_one_and_have_the_expected_mean(model):
    frequency, age = HISTORIES.frequency, HISTORIES.age_days / 7
    chances = model.counts_if_alive(frequency, age, WEEKS, 2_000)
    assert chances.sum(axis=1) == pytest.approx(1, abs=1e-7)
    mean = chances @ np.arange(2_001.0)
    assert mean == pytest.approx(model.purchases_if_alive(frequency, age, np.full(len(age), WEEKS)), rel=1e-5)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.kind)
def test_nothing_bought_is_as_likely_as_the_closed_form_says(model):
    frequency, age = HISTORIES.frequency, HISTORIES.age_days / 7
    nothing = model.counts_if_alive(frequency, age, WEEKS, 0)[:, 0]
    assert 1 - nothing == pytest.approx(model.buys_if_alive(frequency, age, 0.0, WEEKS), rel=1e-7)


@pytest.mark.parametrize("model", [BGNBD(MODELS[0].parameters), MODELS[2], MODELS[3]], ids=lambda model: model.kind)
def test_a_customer_just_won_is_a_new_customer(model):
    counts = np.arange(8.0)
    fresh = model.counts_if_alive(np.zeros(1), np.zeros(1), WEEKS, 7)[0]
    assert fresh == pytest.approx(model.purchase_count_probability(counts, 7 * WEEKS), rel=1e-6)


def drawn(model, rows, totals, days, rng):
    """What customers with these histories do, drawn from the model."""
    n, age, horizon = len(rows), rows.age_days / 7, days / 7
    r, alpha, *rest = model.parameters
    rate = rng.gamma(r + rows.frequency) / (alpha + age)
    if model.kind == "nbd":
        counts = rng.poisson(rate * horizon)
    elif model.kind == "pareto_nbd":
        leaving = rng.gamma(rest[0], size=n) / (rest[1] + age)
        counts = rng.poisson(rate * np.minimum(horizon, rng.exponential(1 / leaving)))
    else:
        stops = rng.beta(rest[0], rest[1] + rows.frequency + model.stops_at_first)
        counts = np.minimum(rng.poisson(rate * horizon), rng.geometric(np.maximum(stops, 1e-12)))
    counts = counts * (rng.random(n) < model.alive_probability(rows))
    per_day = rng.gamma(SPEND.p * rows.frequency + SPEND.q) / (SPEND.v + totals)
    return counts, rng.gamma(np.maximum(SPEND.p * counts, 1e-9)) / per_day * (counts > 0)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.kind)
def test_one_in_ten_ends_above(model):
    """Busy customers, so that neither bound is 0: each history repeated, ends counted."""
    histories = RepeatRows(np.repeat([26.0, 60.0], 20_000), np.repeat([268.0, 270.0], 20_000), np.full(40_000, 272.0))
    totals = histories.frequency * 30.0
    days, money = intervals(model, SPEND, histories, totals, horizon_days=182, share=0.8)
    counts, spent = drawn(model, histories, totals, 182.0, np.random.default_rng(0))
    assert ((counts < days.low).mean(), (counts > days.high).mean()) == pytest.approx((0.09, 0.09), abs=0.02)
    assert days.holds(counts).mean() > 0.8
    assert ((spent < money.low).mean(), (spent > money.high).mean()) == pytest.approx((0.1, 0.1), abs=0.01)


def test_an_interval_does_not_depend_on_the_other_customers():
    totals = HISTORIES.frequency * 25.0
    together = intervals(MODELS[2], SPEND, HISTORIES, totals, horizon_days=90, share=0.8)
    for i in range(len(HISTORIES)):
        one = RepeatRows(HISTORIES.frequency[[i]], HISTORIES.recency_days[[i]], HISTORIES.age_days[[i]])
        alone = intervals(MODELS[2], SPEND, one, totals[[i]], horizon_days=90, share=0.8)
        for a, b in zip(together, alone, strict=True):
            assert (a.low[i], a.high[i]) == pytest.approx((b.low[0], b.high[0]), rel=1e-9)


def test_who_has_surely_left_buys_nothing():
    lost = RepeatRows([30], [60], [2_000])
    days, money = intervals(MODELS[0], SPEND, lost, np.array([900.0]), horizon_days=90, share=0.8)
    assert (days.high[0], money.high[0]) == (0, 0)


def test_the_mean_lies_inside_for_busy_customers():
    totals = HISTORIES.frequency * 30.0
    spend = SPEND.expected_spend(SpendRows(HISTORIES.frequency, np.full(5, 30.0)))
    for model in MODELS:
        days, money = intervals(model, SPEND, HISTORIES, totals, horizon_days=182, share=0.8)
        expected = model.expected_purchases(HISTORIES, 182)
        assert days.low[3] < expected[3] < days.high[3]
        assert money.low[3] < expected[3] * spend[3] < money.high[3]
        assert (days.low <= days.high).all()
        assert (money.low <= money.high).all()


def test_large_shapes_have_the_quantiles_of_the_gamma():
    level = np.array([0.01, 0.1, 0.5, 0.9, 0.99])
    assert _gamma_quantile(np.array([[100.0], [3_000.0]]), level) == pytest.approx(
        gammaincinv(np.array([[100.0], [3_000.0]]), level), rel=1e-4
    )
    assert _gamma_quantile(np.array([[0.0]]), level).tolist() == [[0.0] * 5]
