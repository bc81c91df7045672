"""Reasons by hand."""

from __future__ import annotations

import numpy as np
import pytest

from churnscope.features.feature import FeatureSpec
from churnscope.model.reasons import reasons

from .conftest import SPECS

PAUSE, OVERDUE, GAP, COUNT = range(4)


def row(pause=74, gap=21, count=5):
    ratio = np.nan if np.isnan(gap) else pause / gap
    return np.float32([[pause, ratio, gap, count]])


def said(contributions, features, specs=SPECS[:4], most=3):
    return reasons(np.array([[*contributions, -1.5]]), features, specs, most)[0].tolist()


def test_the_strongest_feature_of_a_concept_speaks_with_its_numbers():
    assert said([0.2, 0.5, 0.1, 0.3], row()) == [
        "last purchase 74 days ago, usually every 21",
        "bought 5 times in all",
        "a purchase every 21 days so far",
    ]


def test_a_concept_counts_with_all_its_features():
    assert said([0.2, 0.2, 0.0, 0.3], row(), most=1) == ["last purchase 74 days ago"]


def test_what_lowers_the_risk_fills_up_and_says_so():
    assert said([0.2, 0.0, -0.1, -0.3], row()) == [
        "last purchase 74 days ago",
        "bought 5 times in all (speaks for staying)",
        "a purchase every 21 days so far (speaks for staying)",
    ]


def test_the_feature_that_pulls_the_way_of_its_concept_speaks():
    assert said([-0.6, 0.2, 0.0, 0.0], row(), most=1) == ["last purchase 74 days ago (speaks for staying)"]


def test_a_concept_without_weight_says_nothing():
    assert said([0.2, 0.0, 0.0, 0.0], row()) == ["last purchase 74 days ago", "", ""]


def test_a_missing_value_is_said_in_its_words():
    assert said([0.0, 0.4, 0.0, 0.3], row(gap=np.nan, count=1)) == ["no second purchase day yet", "bought 1 time in all", ""]


def test_a_number_speaks_before_an_absence():
    assert said([0.1, 0.4, 0.0, 0.3], row(gap=np.nan, count=1))[0] == "last purchase 74 days ago"


def test_a_sentence_whose_other_numbers_are_missing_gives_way_to_the_next_of_its_concept():
    broken = row()
    broken[0, GAP] = np.nan  # the ratio is known, the gap it names is not
    assert said([0.1, 0.4, 0.0, 0.0], broken, most=1) == ["last purchase 74 days ago"]


def test_a_sentence_that_names_a_feature_that_is_not_built_is_never_used():
    specs = (SPECS[PAUSE], SPECS[OVERDUE])
    assert said([0.1, 0.4], row()[:, :2], specs, most=1) == ["last purchase 74 days ago"]


def test_what_is_always_known_has_no_words_for_its_absence():
    spec = FeatureSpec(name="n", unit="", concept="n", sentence="{value:.0f} of them")
    assert said([0.4], np.float32([[np.nan]]), (spec,), most=1) == [""]


def test_equal_contributions_keep_the_order_of_the_catalogue():
    assert said([0.2, 0.0, 0.2, 0.2], row())[1:] == ["a purchase every 21 days so far", "bought 5 times in all"]


@pytest.mark.parametrize("n_rows", [0, 1, 500])
def test_every_row_is_answered_as_if_it_were_alone(trained, table, n_rows):
    features = table.features[:n_rows]
    together = reasons(trained.final.contributions(features), features, table.specs)
    assert together.shape == (n_rows, 3)
    for place in range(0, n_rows, 100):
        alone = features[place : place + 1]
        assert reasons(trained.final.contributions(alone), alone, table.specs)[0].tolist() == together[place].tolist()
