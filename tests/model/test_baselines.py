"""The rules anyone could write."""

from __future__ import annotations

import json

import numpy as np
import pytest

from churnscope.features import FeatureSpec
from churnscope.model.baselines import CONTRACT_RULE, FITTERS, BaseRate, LogisticRule
from churnscope.model.contents import READERS
from churnscope.model.logistic import sigmoid

NAMES = [
    "days_since_last_purchase",
    "purchase_overdue_ratio",
    "purchase_gap_mean_days_ever",
    "purchase_count_ever",
    "shop_code",
    "never_known",
]


@pytest.fixture(scope="module")
def rules(table):
    return [fit(table.features, table.churned, table.specs) for fit in FITTERS]


def test_every_rule_is_fitted_where_its_features_are_there(rules):
    assert [rule.name for rule in rules] == ["base rate", "recency rule", "overdue ratio", "RFM logistic"]


def test_a_rule_without_its_features_is_left_out(table):
    overdue = FITTERS[2]
    assert overdue(table.features[:, :1], table.churned, table.specs[:1]) is None


def test_a_rule_of_contracts_reads_how_soon_the_term_ends(table):
    days = np.float32([[5], [50], [np.nan]] * 40)
    churned = np.int8([1, 0, 0] * 40)
    spec = FeatureSpec(name="days_to_term_end", unit="days", concept="renewal", sentence="", family="renewal")
    soon, late, never = CONTRACT_RULE(days, churned, [spec]).predict(days[:3])
    assert soon > 0.9 > 0.1 > max(late, never)
    assert CONTRACT_RULE(table.features, table.churned, table.specs) is None


def test_the_base_rate_is_the_share_that_churned(table, rules):
    assert rules[0].predict(table.features[:3]).tolist() == [table.churned.mean()] * 3


def test_mean_predictions_are_the_base_rate(table, rules):
    for rule in rules:
        assert rule.predict(table.features).mean() == pytest.approx(table.churned.mean(), abs=1e-9)


def test_longer_silence_is_riskier(rules):
    silence = np.full((3, len(NAMES)), np.nan, np.float32)
    silence[:, 0] = [1, 30, 180]
    assert np.all(np.diff(rules[1].predict(silence)) > 0)


def test_the_truth_is_found_where_it_is_of_this_form():
    rng = np.random.default_rng(0)
    days = rng.integers(0, 200, 100_000).astype(np.float32)[:, None]
    churned = (rng.random(100_000) < sigmoid(0.8 * np.log1p(days[:, 0].astype(float)) - 3)).astype(np.int8)
    rule = LogisticRule.fit("recency rule", ["days"], days, churned, ["days"])
    assert rule.margin(np.float32([[0], [10], [100]])) == pytest.approx(
        [-3, 0.8 * np.log(11) - 3, 0.8 * np.log(101) - 3], abs=0.12
    )


def test_a_missing_value_has_a_weight_of_its_own():
    known, absent = np.full((4_000, 1), 5, np.float32), np.full((1_000, 1), np.nan, np.float32)
    churned = np.r_[np.arange(4_000) % 4 == 0, np.arange(1_000) % 10 != 0].astype(np.int8)
    rule = LogisticRule.fit("r", ["a"], np.vstack([known, absent]), churned, ["a"])
    assert rule.predict(np.float32([[5], [np.nan]])) == pytest.approx([0.25, 0.9], abs=0.01)


def test_contributions_sum_to_the_margin(table, rules):
    phi = rules[3].contributions(table.features)
    assert phi.shape == (len(table.features), len(NAMES) + 1)
    assert np.allclose(phi.sum(axis=1), rules[3].margin(table.features), atol=1e-12)


def test_json_brings_a_rule_back(table, rules):
    for rule in rules:
        saved = json.loads(json.dumps(rule.to_json()))
        back = READERS[saved["kind"]](saved, NAMES)
        assert back.name == rule.name
        assert np.array_equal(back.predict(table.features), rule.predict(table.features))


@pytest.mark.parametrize("key", ["columns", "weights", "centre"])
def test_a_damaged_rule_is_refused(rules, key):
    saved = rules[1].to_json() | {key: []}
    with pytest.raises(ValueError, match="do not fit its columns"):
        LogisticRule.from_json(saved, NAMES)


def test_a_rule_on_a_column_that_is_not_there_is_refused(rules):
    with pytest.raises(ValueError, match="not in list"):
        LogisticRule.from_json(rules[1].to_json(), NAMES[1:])


def test_a_base_rate_reads_no_feature():
    assert BaseRate(0.25).predict(np.empty((2, 0), np.float32)).tolist() == [0.25, 0.25]
