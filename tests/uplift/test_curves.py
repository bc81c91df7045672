"""Qini and AUUC: published cases, hand tables, properties."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnscope.uplift import auuc, gain_curve, qini, qini_curve, uplift_figures

ROWS = st.lists(st.tuples(st.booleans(), st.integers(-3, 3), st.booleans()), min_size=2, max_size=30)


def columns(rows):
    outcome, score, treated = (np.array(column) for column in zip(*rows, strict=True))
    return outcome, score / 10, treated


@pytest.mark.parametrize(("outcome", "treated", "gained"), [([0, 1], [1, 0], 0.0), ([1, 0], [0, 1], 1.0)])
def test_the_cases_of_scikit_uplift(outcome, treated, gained):
    assert auuc(outcome, [0.1, 0.3], treated) == gained
    assert qini(outcome, [0.1, 0.3], treated) == 1.0


def test_the_curves_of_a_hand_table():
    outcome, uplift, treated = [1, 0, 1, 0, 1, 0], [6, 5, 4, 3, 2, 1], [1, 0, 1, 0, 0, 1]
    taken, gained = qini_curve(outcome, uplift, treated)
    assert taken.tolist() == [0, 1, 2, 3, 4, 5, 6]
    np.testing.assert_allclose(gained, [0, 1, 1, 2, 2, 2 - 2 / 3, 1])
    np.testing.assert_allclose(gain_curve(outcome, uplift, treated)[1], [0, 1, 2, 3, 4, 5 * (1 - 1 / 3), 6 * (2 / 3 - 1 / 3)])


def test_the_best_order_has_the_coefficient_one_and_its_reverse_less_than_nothing():
    outcome, treated = np.array([1, 1, 0, 0, 0, 1, 1, 0]), np.array([1, 1, 1, 1, 0, 0, 0, 0])
    best = outcome * np.where(treated, 1, -1)
    assert qini(outcome, best, treated) == pytest.approx(1)
    assert auuc(outcome, best, treated) == pytest.approx(1)
    assert qini(outcome, -best, treated) < 0


@given(ROWS)
def test_equal_uplifts_are_a_random_order(rows):
    outcome, score, treated = columns(rows)
    for coefficient in (qini, auuc):
        value = coefficient(outcome, np.zeros_like(score), treated)
        assert math.isnan(value) or value == pytest.approx(0, abs=1e-12)


@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_rows_and_any_rising_transform_change_nothing(rows, random):
    plain = columns(rows)
    moved = columns(random.sample(rows, len(rows)))
    for coefficient in (qini, auuc):
        expected = pytest.approx(coefficient(*plain), nan_ok=True, abs=1e-9)
        assert coefficient(*moved) == expected
        assert coefficient(plain[0], np.exp(3 * plain[1]) - 7, plain[2]) == expected


@given(ROWS)
def test_every_customer_twice_is_the_same_figure(rows):
    for coefficient in (qini, auuc):
        assert coefficient(*columns(rows * 2)) == pytest.approx(coefficient(*columns(rows)), nan_ok=True, abs=1e-9)


@given(ROWS)
def test_no_order_is_better_than_the_best(rows):
    outcome, _, treated = columns(rows)
    best = outcome.astype(int) * np.where(treated, 1, -1)
    if treated.any() and not treated.all() and not math.isnan(qini(outcome, best, treated)):
        assert qini(outcome, best, treated) == pytest.approx(1)


def test_random_orders_lie_around_nothing_and_inside_their_intervals():
    random = np.random.default_rng(0)
    treated, outcome = random.random(2_000) < 0.5, random.random(2_000) < 0.3
    scores = random.random((100, 2_000))
    assert np.mean([qini(outcome, score, treated) for score in scores]) == pytest.approx(0, abs=0.01)
    held = [uplift_figures(outcome, score, treated, np.random.default_rng(1), draws=50).qini for score in scores[:20]]
    assert sum(each.low <= 0 <= each.high for each in held) >= 17


def test_the_curve_begins_at_nothing_and_ends_at_the_mean_effect():
    random = np.random.default_rng(0)
    treated, outcome = random.random(500) < 0.5, random.random(500) < 0.3
    figures = uplift_figures(outcome, random.random(500), treated, random, draws=25)
    assert figures.curve[0] == (0.0, 0.0)
    assert figures.curve[-1] == (1.0, pytest.approx(outcome[treated].mean() - outcome[~treated].mean()))
    assert figures.qini.low <= figures.qini.value <= figures.qini.high


def test_a_missing_uplift_is_refused():
    with pytest.raises(ValueError, match="no uplift is missing"):
        qini([1, 0], [0.1, np.nan], [1, 0])
