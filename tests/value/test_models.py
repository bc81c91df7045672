"""Each model against the integrals that define it, and the properties that hold whatever the parameters."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import hyp2f1
from scipy.stats import beta, gamma

from churnscope.value import BGNBD, MBGNBD, NBD, ParetoNBD, RepeatRows

MODELS = [
    BGNBD((0.243, 4.414, 0.793, 2.426)),
    MBGNBD((0.525, 6.183, 0.891, 1.614)),
    ParetoNBD((0.553, 10.578, 0.606, 11.669)),
    ParetoNBD((0.553, 20.0, 1.0, 4.0)),
    NBD((0.385, 12.07)),
]
KINDS = [BGNBD, MBGNBD, ParetoNBD]
HISTORIES = RepeatRows([0, 0, 2, 7, 26, 1], [0, 0, 213, 245, 216, 3], [272, 0, 272, 272, 217, 272])
BUSY = RepeatRows([221, 254, 161, 204], [300, 364, 200, 365], [365, 365, 365, 365])

parameter = st.floats(0.02, 50)
four = st.tuples(parameter, parameter, parameter, parameter)
days = st.floats(0.5, 1500)


@st.composite
def histories(draw):
    """One customer; a repeat purchase at least a day after the first."""
    frequency = draw(st.integers(0, 300))
    recency = draw(st.floats(1, 1000)) if frequency else 0.0
    return RepeatRows([frequency], [recency], [recency + draw(st.floats(0, 1000))])


def ids(model):
    return f"{model.kind}-{model.parameters[1]:g}"


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60, deadline=None)
@given(four, histories(), days, st.floats(0, 200))
def test_predictions_are_finite_and_in_range(kind, parameters, rows, horizon, gap):
    model = kind(parameters)
    chances = [
        model.alive_probability(rows)[0],
        model.no_purchase_probability(rows, horizon)[0],
        model.no_purchase_probability(rows, horizon, gap_days=gap)[0],
    ]
    assert all(0 <= chance <= 1 for chance in chances)
    assert 0 <= model.expected_purchases(rows, horizon)[0] < np.inf
    assert 0 <= model.discounted_purchases(rows, yearly_discount=0.15)[0] < np.inf
    assert np.isfinite(model.log_likelihood(rows))


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40, deadline=None)
@given(four, histories(), days, days)
def test_silence_gets_less_likely_the_longer_it_lasts(kind, parameters, rows, horizon, more):
    model = kind(parameters)
    short, long = (model.no_purchase_probability(rows, h)[0] for h in (horizon, horizon + more))
    assert long <= short + 1e-12
    assert model.expected_purchases(rows, horizon)[0] <= model.expected_purchases(rows, horizon + more)[0] * (1 + 1e-9)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40, deadline=None)
@given(four, histories(), days)
def test_a_purchase_is_no_likelier_than_purchases_are_many(kind, parameters, rows, horizon):
    model = kind(parameters)
    buys = 1 - model.no_purchase_probability(rows, horizon)[0]
    assert buys <= model.expected_purchases(rows, horizon)[0] * (1 + 1e-7) + 1e-12


@pytest.mark.parametrize("model", MODELS, ids=ids)
@pytest.mark.parametrize("horizon", [1, 91, 2000])
def test_counts_of_a_new_customer_sum_to_one_and_to_the_mean(model, horizon):
    counts = np.arange(20_000)
    chances = model.purchase_count_probability(counts, horizon)
    assert chances.sum() == pytest.approx(1, abs=1e-9)
    assert chances @ counts == pytest.approx(model.new_customer_purchases(horizon)[0], rel=1e-6)


@pytest.mark.parametrize("model", MODELS, ids=ids)
def test_nobody_buys_in_no_time(model):
    assert model.no_purchase_probability(HISTORIES, 0).tolist() == [1.0] * len(HISTORIES)
    assert model.expected_purchases(HISTORIES, 0).tolist() == [0.0] * len(HISTORIES)
    assert model.purchase_count_probability([0, 1], 0) == pytest.approx([1, 0], abs=1e-15)


@pytest.mark.parametrize("model", MODELS, ids=ids)
@pytest.mark.parametrize("gap", [0.0, 30.0, 400.0])
def test_in_a_short_moment_one_purchase_is_the_expectation(model, gap):
    moment = 0.01
    buys = 1 - model.no_purchase_probability(HISTORIES, moment, gap_days=gap)
    purchases = model.expected_purchases(HISTORIES, gap + moment) - model.expected_purchases(HISTORIES, gap)
    assert buys == pytest.approx(purchases, rel=0.02, abs=1e-9)


@pytest.mark.parametrize("model", MODELS, ids=ids)
def test_discounted_purchases_are_the_expected_ones_discounted(model):
    discount = np.log1p(0.3) / 365.25
    discounted = model.discounted_purchases(HISTORIES, yearly_discount=0.3)
    for row in (1, 2, 4):
        one = RepeatRows(
            *(column[row : row + 1] for column in (HISTORIES.frequency, HISTORIES.recency_days, HISTORIES.age_days))
        )
        # by parts: the integral of exp(-d t) dE(t) is d times that of exp(-d t) E(t)
        mean, _ = quad(lambda u, one=one: np.exp(-u) * model.expected_purchases(one, u / discount)[0], 0, 60, limit=200)
        assert discounted[row] == pytest.approx(mean, rel=1e-6)


def test_busy_customers_are_finite():
    model = ParetoNBD((0.553, 10.578, 0.606, 11.669))
    assert np.isfinite(model.alive_probability(BUSY)).all()
    assert np.isfinite(model.log_likelihood(BUSY))


@pytest.mark.parametrize("model", MODELS, ids=ids)
def test_expectation_is_smooth_in_the_number_of_purchases(model):
    frequency = np.arange(120, 150)
    rows = RepeatRows(frequency, np.full(30, 115 * 7), np.full(30, 115.5 * 7))
    bends = np.diff(model.expected_purchases(rows, 210), 3)
    assert np.abs(bends).max() < 1e-3


def test_bg_nbd_expectation_is_the_published_hypergeometric_one():
    r, alpha, a, b = MODELS[0].parameters
    x, age, t = HISTORIES.frequency, HISTORIES.age_days / 7, 39.0
    grown = ((alpha + age) / (alpha + age + t)) ** (r + x) * hyp2f1(r + x, b + x, a + b + x - 1, t / (alpha + age + t))
    published = (a + b + x - 1) / (a - 1) * (1 - grown) * MODELS[0].alive_probability(HISTORIES)
    assert MODELS[0].expected_purchases(HISTORIES, 273) == pytest.approx(published, rel=1e-9)


def test_bg_nbd_expectation_has_no_hole_at_a_of_one():
    around = [BGNBD((0.3, 5.0, a, 2.4)).expected_purchases(HISTORIES, 273) for a in (1 - 1e-6, 1.0, 1 + 1e-6)]
    assert around[1] == pytest.approx((around[0] + around[2]) / 2, rel=1e-8)


def mixture(likelihood, density_one, density_two, nodes_one, nodes_two):
    """Integral over two variables by trapezoids in a coordinate u where nodes are x(u), given as (x, dx/du); step of u 0.1."""
    (one, slope_one), (two, slope_two) = nodes_one, nodes_two
    weights = density_one.pdf(one) * slope_one, density_two.pdf(two) * slope_two
    return 0.01 * weights[0] @ likelihood(one[:, None], two[None, :]) @ weights[1]


POSITIVE = [np.exp(np.arange(-45, 6, 0.1))] * 2
SHARE = (1 / (1 + np.exp(-np.arange(-30, 30, 0.1))), 1 / (4 * np.cosh(np.arange(-30, 30, 0.1) / 2) ** 2))


@pytest.mark.parametrize("history", [(0, 0.0, 38.0), (3, 20.0, 38.0), (3, 38.0, 38.0)])
@pytest.mark.parametrize("parameters", [(0.8, 10.6, 0.9, 11.7), (1.5, 20.0, 1.2, 4.0), (1.5, 4.0, 1.2, 20.0)])
def test_pareto_nbd_likelihood_is_the_mixture_over_both_rates(history, parameters):
    frequency, recency, age = history
    r, alpha, s, beta_ = parameters

    def likelihood(rate, leave_rate):
        total = rate + leave_rate
        return rate**frequency / total * (leave_rate * np.exp(-total * recency) + rate * np.exp(-total * age))

    expected = mixture(likelihood, gamma(r, scale=1 / alpha), gamma(s, scale=1 / beta_), POSITIVE, POSITIVE)
    rows = RepeatRows([frequency], [7 * recency], [7 * age])
    assert ParetoNBD(parameters).log_likelihood(rows) == pytest.approx(np.log(expected), abs=1e-9)


@pytest.mark.parametrize("kind", [BGNBD, MBGNBD])
def test_beta_geometric_likelihood_is_the_mixture_over_rate_and_chance(kind):
    r, alpha, a, b = parameters = (0.8, 5.0, 1.3, 2.4)
    frequency, recency, age = 3, 20.0, 38.0
    survived = frequency + kind.stops_at_first

    def likelihood(rate, chance):
        ends = (1 - chance) * np.exp(-rate * age) + chance * np.exp(-rate * recency)
        return rate**frequency * (1 - chance) ** (survived - 1) * ends

    expected = mixture(likelihood, gamma(r, scale=1 / alpha), beta(a, b), POSITIVE, SHARE)
    rows = RepeatRows([frequency], [7 * recency], [7 * age])
    assert kind(parameters).log_likelihood(rows) == pytest.approx(np.log(expected), abs=1e-9)


def test_impossible_questions_are_refused():
    with pytest.raises(ValueError, match="0 or more days"):
        MODELS[0].no_purchase_probability(HISTORIES, -1)
    with pytest.raises(ValueError, match="yearly_discount is above 0"):
        MODELS[0].discounted_purchases(HISTORIES, yearly_discount=0)
    with pytest.raises(ValueError, match="bg_nbd needs 4 positive parameters"):
        BGNBD((1.0, 2.0, 3.0))
