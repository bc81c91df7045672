"""Importance by concept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from churnscope.features.feature import EITHER, FALLING, RISING, FeatureSpec
from churnscope.reports.drivers import bins_of, drivers, tendency

RECENT, GAP, SPEND = (
    FeatureSpec(name=name, unit="", concept=concept, sentence="{value}")
    for name, concept in (("recent", "recency"), ("gap", "recency"), ("spend", "spend"))
)


def test_features_of_a_concept_count_together():
    contributions = np.array([[1.0, -1.0, 0.5, 9.0], [0.5, 0.5, -0.5, 9.0]])
    found = drivers(contributions, np.array([[1.0, 2.0, 3.0], [2.0, 3.0, 4.0]]), (RECENT, GAP, SPEND))
    assert [(driver.concept, driver.share) for driver in found] == [("recency", 0.5), ("spend", 0.5)]
    assert found[0].added.tolist() == [0.0, 1.0]


def test_a_concept_that_moves_no_score_is_left_out():
    found = drivers(np.array([[0.0, 0.0, 0.5, 1.0]]), np.ones((1, 3)), (RECENT, GAP, SPEND))
    assert [driver.concept for driver in found] == ["spend"]


def test_nobody_to_explain_is_no_driver():
    assert drivers(np.empty((0, 4)), np.empty((0, 3)), (RECENT, GAP, SPEND)) == ()


def test_the_value_that_tells_most_speaks_even_where_another_feature_carries_more():
    rng = np.random.default_rng(0)
    gap = rng.normal(size=200)
    contributions = np.column_stack([0.9 * gap, 0.1 * gap, np.zeros(200), np.zeros(200)])
    features = np.column_stack([rng.normal(size=200), gap, gap])
    assert drivers(contributions, features, (RECENT, GAP, SPEND))[0].teller is GAP


def test_what_may_not_be_spoken_does_not_speak_unless_alone():
    values = np.arange(50.0)
    contributions = np.column_stack([values, values, values, values])
    features = np.column_stack([np.ones(50), values, values])
    silent = (RECENT, replace(GAP, spoken=False), replace(SPEND, spoken=False))
    assert [driver.teller.name for driver in drivers(contributions, features, silent)] == ["recent", "spend"]


def test_what_is_the_same_for_all_is_common():
    found = drivers(np.ones((4, 4)), np.array([[7.0, np.nan, 1.0], [7.0, np.nan, 2.0]] * 2), (RECENT, GAP, SPEND))
    assert {driver.concept: driver.is_common for driver in found} == {"recency": True, "spend": False}


@pytest.mark.parametrize(
    ("added", "said"),
    [([1, 2, 3, 4], RISING), ([4, 3, 2, 1], FALLING), ([1, 4, 4, 1], EITHER), ([2, 2, 2, 2], EITHER)],
)
def test_tendency(added, said):
    assert tendency(np.arange(4.0), np.array(added, float)) == said
    assert tendency(np.array([np.nan, 5.0]), np.array([1.0, 2.0])) == EITHER


def test_missing_values_have_a_bin_of_their_own():
    assert bins_of(np.array([np.nan, 2.0, np.nan, 1.0])).tolist() == [0, 2, 0, 1]
    assert bins_of(np.full(3, np.nan)).tolist() == [0, 0, 0]
