"""Profit of a ranking: published figures, integration by hand, and what holds for any ranking."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import beta as beta_distribution

from churnscope.decisions import Offer, OwnValues, ProfitFigures, empc, mpc, profit_curve, profit_figures

HALF = np.repeat([0, 1], 50)
ALTERNATING = np.array([0, 1] * 4)

# Verbraken, Verbeke, Baesens (2013) with the defaults, as other implementations of it have them.
PUBLISHED = [
    ("perfect", HALF, HALF, (28.0, 0.5), (28.0000000000391, 0.499999999728)),
    ("inverted", HALF, -HALF, (22.5, 1.0), (22.5007912244511, 0.99916010)),
    ("constant", HALF, 0 * HALF, (22.5, 1.0), (22.5007912244511, 0.99916010)),
    ("alternating", ALTERNATING, np.arange(8), (23.875, 0.875), (23.875593418348124, 0.8743700763)),
]


@pytest.mark.parametrize(
    ("churned", "score", "at_mean", "over_beta"), [case[1:] for case in PUBLISHED], ids=[c[0] for c in PUBLISHED]
)
def test_published_figures(churned, score, at_mean, over_beta):
    found = mpc(churned, score)
    assert (found.per_customer, found.share) == pytest.approx(at_mean, abs=1e-12)
    found = empc(churned, score)
    assert (found.per_customer, found.share) == pytest.approx(over_beta, abs=1e-8)
    assert found.per_customer == pytest.approx(over_beta[0], abs=1e-12)


def integrated(churned, score, offer):
    """EMPC by its definition: the best profit at every acceptance, weighted by the beta's density."""
    order = np.argsort(-np.asarray(score), kind="stable")
    ends = np.r_[0, np.flatnonzero(np.r_[np.diff(np.asarray(score)[order]) != 0, True]) + 1]
    churners = np.r_[0, np.cumsum(np.asarray(churned)[order])][ends]
    stayers = ends - churners
    density = beta_distribution(*offer.beta).pdf

    def best(acceptance):
        saved = acceptance * (offer.value - offer.offer_cost) - offer.contact_cost
        return (saved * churners - (offer.offer_cost + offer.contact_cost) * stayers).max() / len(order)

    return quad(lambda g: best(g) * density(g), 0, 1, limit=500, epsabs=1e-11)[0]


@pytest.mark.parametrize("seed", range(4))
def test_exact_integral_is_the_numeric_one(seed):
    rng = np.random.default_rng(seed)
    score = np.round(rng.random(40), 1)
    churned = rng.random(40) < score
    offer = Offer(rng.uniform(50, 500), rng.uniform(0, 40), rng.uniform(0, 5), rng.uniform(0.1, 0.8), rng.uniform(5, 60))
    assert empc(churned, score, offer).per_customer == pytest.approx(integrated(churned, score, offer), rel=1e-6)


outcomes = st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=1, max_size=30)
offers = st.builds(
    Offer,
    value=st.floats(20, 1_000),
    offer_cost=st.floats(0, 15),
    contact_cost=st.floats(0, 10),
    acceptance=st.floats(0.05, 0.95),
    acceptance_trials=st.floats(2, 200),
)


@settings(max_examples=60, deadline=None)
@given(outcomes, offers)
def test_what_holds_for_any_ranking(rows, offer):
    churned, score = map(np.array, zip(*rows, strict=True))
    fixed, expected = mpc(churned, score, offer), empc(churned, score, offer)
    assert fixed.per_customer >= 0
    assert 0 <= fixed.share <= 1
    assert 0 <= expected.share <= 1 + 1e-12
    assert expected.per_customer >= fixed.per_customer - 1e-9 * offer.value  # the best cut is convex in the acceptance
    curve = profit_curve(churned, score, offer)
    assert curve[0] == 0
    assert curve.max() >= fixed.per_customer * len(rows) - 1e-6
    assert profit_curve(churned, score, Offer(**{**vars(offer), "value": offer.value * 2}))[-1] >= curve[-1] - 1e-9
    risen = empc(churned, np.exp(score / 3.0), offer)  # only the order counts
    assert (risen.per_customer, risen.share) == pytest.approx((expected.per_customer, expected.share), rel=1e-9, abs=1e-12)
    mixed = np.random.default_rng(0).permutation(len(rows))
    again = mpc(churned[mixed], score[mixed], offer)
    assert (again.per_customer, again.share) == pytest.approx((fixed.per_customer, fixed.share), abs=1e-9)


def test_without_churners_nobody_is_contacted():
    nothing = mpc(np.zeros(5), np.arange(5))
    assert (nothing.per_customer, nothing.share) == (0, 0)
    expected = empc(np.zeros(5), np.arange(5))
    assert (expected.per_customer, expected.share) == pytest.approx((0, 0))


def test_without_stayers_everybody_is():
    assert mpc(np.ones(5), np.arange(5)).per_customer == pytest.approx(0.3 * 190 - 1)
    assert empc(np.ones(5), np.arange(5)).share == pytest.approx(1, abs=1e-6)


def test_free_contacts_and_offers_reach_all():
    free = Offer(offer_cost=0, contact_cost=0)
    assert empc(ALTERNATING, np.arange(8), free).per_customer == pytest.approx(200 * 0.3 / 2)
    assert empc(ALTERNATING, np.arange(8), free).share == pytest.approx(1)


def test_certain_acceptance_is_the_maximum_at_it():
    sure = Offer(acceptance=1.0)
    for measure in (mpc, empc):
        assert measure(ALTERNATING, np.arange(8), sure).per_customer == pytest.approx(
            (4 * (190 - 1) - 3 * 11) / 8 if measure is mpc else mpc(ALTERNATING, np.arange(8), sure).per_customer
        )


def test_a_tie_is_cut_at_the_mean_of_its_orders():
    assert profit_curve([1, 0], [0.5, 0.5]).tolist() == [0.0, 22.5, 45.0]


@pytest.mark.parametrize(
    ("churned", "score", "said"),
    [([], [], "there is a customer"), ([1], [1, 2], "one length"), ([2], [1], "outcomes are"), ([1], [np.nan], "no score")],
)
def test_nonsense_is_refused(churned, score, said):
    for measure in (mpc, empc, profit_curve):
        with pytest.raises(ValueError, match=said):
            measure(churned, score)


def drawn():
    rng = np.random.default_rng(5)
    score = rng.random(300)
    return (rng.random(300) < score).astype(int), score


def test_figures_of_another_implementation():
    """As empulse 0.13.1 has them."""
    churned, score = drawn()
    dear = Offer(value=350, offer_cost=25, contact_cost=3, acceptance=0.4, acceptance_trials=10)
    assert mpc(churned, score).per_customer == pytest.approx(25.663333333333327, abs=1e-12)
    assert empc(churned, score).per_customer == pytest.approx(25.75913088630981, abs=1e-12)
    assert empc(churned, score, dear).per_customer == pytest.approx(57.60690070246914, abs=1e-12)


@pytest.mark.slow
def test_the_oracle_agrees():
    from empulse.metrics import empc_score, mpc_score

    churned, score = drawn()
    assert empc(churned, score).per_customer == pytest.approx(empc_score(churned, score), rel=1e-9)
    assert mpc(churned, score).per_customer == pytest.approx(mpc_score(churned, score), rel=1e-9)


def test_with_values_of_their_own_customers_are_contacted_by_gain():
    """Three customers at an acceptance of a half, nothing but the offer's cost of 10: worked out by hand."""
    offer = Offer(value=100, offer_cost=10, contact_cost=0, acceptance=0.5)
    churned, chance, value = [1, 0, 1], [0.5, 0.9, 0.2], [210.0, 30.0, 60.0]
    figures = profit_figures(churned, chance, offer, value)
    gains = [0.5 * 0.5 * 200 - 0.5 * 10, 0.9 * 0.5 * 20 - 0.1 * 10, 0.2 * 0.5 * 50 - 0.8 * 10]
    assert gains == pytest.approx([45, 8, -3])
    assert (figures.chosen.size, figures.chosen.profit) == (2, pytest.approx(53))
    assert figures.came == pytest.approx(0.5 * 200 - 10)  # the first left and half accept; the second would have stayed
    assert profit_curve(churned, gains, offer, value).tolist() == pytest.approx([0, 100, 90, 115])
    assert figures.empc == empc(churned, chance, offer)  # as in the literature: by risk, with one value for all
    assert figures.own.value_median == 60
    assert figures.own.never == 0
    assert ProfitFigures.from_json(json.loads(json.dumps(figures.to_json()))) == figures


def test_one_value_for_each_is_the_offers():
    churned, score = drawn()
    plain, same = profit_figures(churned, score, Offer()), profit_figures(churned, score, Offer(), np.full(300, 200.0))
    assert same.curve == pytest.approx(np.array(plain.curve))
    assert same.chosen == plain.chosen
    assert same.sensitivity == plain.sensitivity


def test_some_contacts_pay_at_no_probability():
    own = OwnValues.of(np.r_[np.full(50, 5.0), np.full(50, 500.0)], Offer())
    assert own.never == 0.5
    assert own.break_even_high is None
    assert own.break_even_low == pytest.approx(11 / (0.3 * 490 + 10))
