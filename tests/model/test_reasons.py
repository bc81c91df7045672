"""Reasons by hand."""

from __future__ import annotations

import numpy as np
import pytest

from churnscope.features.feature import FeatureSpec
from churnscope.model.profile import Profile
from churnscope.model.reasons import reasons

from .conftest import SPECS

PAUSE, OVERDUE, GAP, COUNT = range(4)


def row(pause=74, gap=21, count=5):
    ratio = pause / gap if gap > 0 else np.nan
    return np.float32([[pause, ratio, gap, count]])


def said(contributions, features, specs=SPECS[:4], most=3, usual=None):
    return reasons(np.array([[*contributions, -1.5]]), features, specs, most, usual=usual)[0].tolist()


def customers(pause=(60, 80), gap=(10, 30), count=(4, 6)):
    """How customers are distributed: each feature evenly between two values, or as it is listed."""
    columns = [np.linspace(*ends, 101) if len(ends) == 2 else np.array(ends, float) for ends in (pause, gap, count)]
    pause, gap, count = (np.resize(column, 1010) for column in columns)
    return Profile.of(np.column_stack([pause, np.full(1010, 3), gap, count]).astype(np.float32))


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
    assert said([0.0, 0.4, 0.0, 0.3], row(gap=np.nan, count=1)) == ["bought 1 time in all", "no second purchase day yet", ""]


def test_a_number_speaks_before_an_absence():
    assert said([0.1, 0.4, 0.0, 0.3], row(gap=np.nan, count=1))[0] == "last purchase 74 days ago"


def test_an_absence_is_told_before_what_lowers_the_risk():
    told = said([0.0, 0.4, 0.0, -0.3], row(gap=np.nan, count=1))
    assert told == ["no second purchase day yet", "bought 1 time in all (speaks for staying)", ""]


def test_what_sets_a_customer_apart_is_told_before_what_moves_the_score_a_little_more():
    usual_pause, far_from_usual = row(pause=70, gap=90), [0.4, 0.0, 0.3, 0.0]
    assert said(far_from_usual, usual_pause, most=1) == ["last purchase 70 days ago"]
    assert said(far_from_usual, usual_pause, most=1, usual=customers()) == ["a purchase every 90 days so far"]


def test_a_value_nobody_else_has_keeps_its_strength():
    assert said([0.4, 0.0, 0.3, 0.0], row(pause=99, gap=20), most=1, usual=customers()) == ["last purchase 99 days ago"]


def test_within_a_concept_the_value_that_sets_the_customer_apart_speaks():
    features = row(pause=150, gap=50)  # the ratio, 3, is that of everyone
    assert said([0.4, 0.5, 0.0, 0.0], features, most=1, usual=customers()) == ["last purchase 150 days ago"]


@pytest.mark.parametrize("lacking", [0, np.nan])
def test_what_most_customers_lack_is_told_only_where_there_is_nothing_else(lacking):
    most_lack = customers(gap=(lacking, lacking, 20))
    told = said([0.0, 0.0, 0.9, -0.1], row(gap=lacking), usual=most_lack)
    assert told[0] == "bought 5 times in all (speaks for staying)"
    assert told[1] in {"a purchase every 0 days so far", "fewer than two purchase days so far"}
    few_lack = customers(gap=(lacking, 20, 30))
    assert said([0.0, 0.0, 0.9, -0.1], row(gap=lacking), usual=few_lack)[0] == told[1]


def test_what_all_customers_have_can_still_be_the_only_reason():
    everyone = customers(pause=(70, 70, 70))
    assert said([0.4, 0.0, 0.0, 0.0], row(pause=70), usual=everyone) == ["last purchase 70 days ago", "", ""]


def test_the_same_amount_is_told_once():
    specs = [FeatureSpec(name=n, concept=n, unit="currency", sentence=f"{n} {{value:.2f}}") for n in "abc"]
    assert said([0.4, 0.3, 0.2], np.float32([[52, 52, 7]]), specs, most=2) == ["a 52.00", "c 7.00"]
    assert said([0.4, 0.3, 0.2], np.float32([[52, -52, 52]]), specs, most=3) == ["a 52.00", "b -52.00", "c 52.00"]


def test_that_nothing_happened_is_told_once():
    specs = [FeatureSpec(name=n, concept=n, unit="", sentence=f"{n} {{value:.0f}}") for n in "abc"]
    assert said([0.4, 0.3, 0.2], np.float32([[0, 0, 7]]), specs, most=3) == ["a 0", "c 7", "b 0"]
    assert said([0.4, 0.3, 0.2], np.float32([[7, 7, 0]]), specs, most=3) == ["a 7", "b 7", "c 0"]


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
    usual = Profile.of(table.features)
    together = reasons(trained.final.contributions(features), features, table.specs, usual=usual)
    assert together.shape == (n_rows, 3)
    for place in range(0, n_rows, 100):
        alone = features[place : place + 1]
        one = reasons(trained.final.contributions(alone), alone, table.specs, usual=usual)
        assert one[0].tolist() == together[place].tolist()


def test_no_reason_for_the_risk_stands_behind_one_for_staying(trained, table):
    features = table.features[:500]
    told = reasons(trained.final.contributions(features), features, table.specs)
    for row in told.tolist():
        stays = ["speaks for staying" in text for text in row if text]
        assert stays == sorted(stays)


PLANS = [
    FeatureSpec(
        name=f"plan_is_{word}", unit="1 or 0", concept="plan", sentence=f"plan is {word}", at_zero=f"plan is not {word}"
    )
    for word in ("basic", "family")
]


@pytest.mark.parametrize(
    ("plan", "told"),
    [([1, 0], "plan is basic"), ([0, 1], "plan is family"), ([0, 0], "plan is not family")],
)
def test_the_level_that_a_customer_has_speaks_for_the_others(plan, told):
    assert said([0.1, 0.4], np.float32([plan]), PLANS) == [told, "", ""]
    lowering = said([-0.1, -0.4], np.float32([plan]), PLANS)
    assert lowering == [f"{told} (speaks for staying)", "", ""]
