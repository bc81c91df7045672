"""Ranking metrics against answers by hand, scikit-learn and all orders of a tie."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from churnscope.evaluation.ranking import Gains, Ranking

CHURNED = [1, 0, 1, 0, 0, 1, 0, 0, 0, 0]
SCORE = [0.9, 0.8, 0.7, 0.7, 0.7, 0.3, 0.3, 0.2, 0.1, 0.0]  # three tied at 0.7, two at 0.3


def test_hand_table():
    gains = Gains.of(CHURNED, SCORE)
    assert gains.reached.tolist() == [0, 1, 2, 5, 7, 8, 9, 10]
    assert gains.churned.tolist() == [0, 1, 1, 2, 3, 3, 3, 3]
    # Of 21 pairs the churned win: 7; 4 and two ties; 3 and one tie.
    assert gains.auroc() == pytest.approx((7 + 5 + 3.5) / 21)
    assert gains.average_precision() == pytest.approx((1 / 1 + 2 / 5 + 3 / 7) / 3)


@pytest.mark.parametrize(
    ("k", "found"),
    [(0, 0), (1, 1), (2, 1), (3, 4 / 3), (4, 5 / 3), (5, 2), (6, 2.5), (7, 3), (10, 3), (99, 3)],
)
def test_a_cut_inside_a_tie_counts_the_expectation(k, found):
    assert Gains.of(CHURNED, SCORE).found(k) == pytest.approx(found)


def test_expectation_inside_a_tie_is_the_mean_over_all_orders():
    tied = [1, 1, 0, 0, 0]
    by_order = [np.mean(order[:3]) for order in permutations(tied)]
    assert Gains.of(tied, [0.5] * 5).precision_at(3) == pytest.approx(np.mean(by_order))


def test_lift_precision_recall_at_a_share_and_a_count():
    gains = Gains.of(CHURNED, SCORE)
    assert gains.lift_at(0.1) == pytest.approx(1 / 0.3)
    assert gains.lift_at(0.11) == pytest.approx((1 / 2) / 0.3), "the top share is its ceiling"
    assert gains.precision_at(4) == pytest.approx(5 / 12)
    assert gains.recall_at(4) == pytest.approx(5 / 9)


def test_more_calls_than_customers_reach_everyone():
    gains = Gains.of(CHURNED, SCORE)
    assert gains.precision_at(1000) == pytest.approx(0.3)
    assert gains.recall_at(1000) == 1


@pytest.mark.parametrize(("share", "rows", "count"), [(0.07, 100, 7), (0.1, 30, 3), (0.1, 31, 4), (1.0, 7, 7), (0.05, 3, 1)])
def test_a_share_is_counted_without_binary_fractions(share, rows, count):
    assert Gains.of([0] * rows, [0.5] * rows).count(share) == count


@pytest.mark.parametrize("churned", [0, 1])
def test_one_kind_of_outcome_has_no_order(churned):
    gains = Gains.of([churned] * 4, [0.1, 0.2, 0.3, 0.4])
    assert np.isnan(gains.auroc())
    assert np.isnan(gains.average_precision()) == (churned == 0)
    assert np.isnan(gains.lift_at(0.5)) == (churned == 0)


def test_no_rows_have_no_figures():
    gains = Gains.of([], [])
    assert np.isnan([gains.auroc(), gains.average_precision(), gains.precision_at(3), gains.recall_at(3)]).all()


rows = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 8)), min_size=2, max_size=60).filter(
    lambda r: 0 < sum(c for c, _ in r) < len(r)
)


@settings(max_examples=60, deadline=None)
@given(rows)
def test_equals_scikit_learn(table):
    churned, score = np.array(table).T
    gains = Gains.of(churned, score)
    assert gains.auroc() == pytest.approx(roc_auc_score(churned, score))
    assert gains.average_precision() == pytest.approx(average_precision_score(churned, score))


@settings(max_examples=40, deadline=None)
@given(rows, st.randoms(use_true_random=False))
def test_row_order_and_rising_transforms_change_nothing(table, random):
    before = Gains.of(*np.array(table).T)
    shuffled = random.sample(table, len(table))
    churned, score = np.array(shuffled).T
    after = Gains.of(churned, np.exp(score / 3))
    assert after.auroc() == before.auroc()
    assert after.average_precision() == before.average_precision()
    assert [after.found(k) for k in range(len(table))] == [before.found(k) for k in range(len(table))]


@settings(max_examples=40, deadline=None)
@given(rows, st.data())
def test_a_weight_is_a_number_of_copies(table, data):
    churned, score = np.array(table).T
    copies = np.array(data.draw(st.lists(st.integers(0, 3), min_size=len(table), max_size=len(table))))
    weighted = Ranking(churned, score).gains(copies.astype(float))
    repeated = Gains.of(np.repeat(churned, copies), np.repeat(score, copies))
    assert weighted.auroc() == pytest.approx(repeated.auroc(), nan_ok=True)
    assert weighted.average_precision() == pytest.approx(repeated.average_precision(), nan_ok=True)
    assert weighted.found(5) == pytest.approx(repeated.found(5))
