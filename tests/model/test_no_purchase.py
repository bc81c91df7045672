"""P0: what purchase days alone say of the outcome window."""

from __future__ import annotations

import json
import logging

import numpy as np
import pytest

from churnscope.features.feature import FeatureSpec
from churnscope.model.contents import READERS
from churnscope.model.logistic import sigmoid
from churnscope.model.no_purchase import p0
from churnscope.timeline import Timing
from churnscope.value import BGNBD

NAMES = ("shop_code", "repeat_purchase_days", "first_to_last_purchase_days", "days_since_first_purchase")
SPECS = tuple(FeatureSpec(name=name, unit="", concept="", sentence="", family="tenure") for name in NAMES)
TRUTH = BGNBD((0.8, 6.0, 0.9, 2.5))
HORIZON = 60


@pytest.fixture(scope="module")
def shop():
    """Histories of 8,000 customers of a BG/NBD world, and whether they bought in the horizon after."""
    rng = np.random.default_rng(0)
    n = 8_000
    age = rng.integers(30, 400, n) / 7
    rate, leaving = rng.gamma(0.8, 1 / 6.0, n), rng.beta(0.9, 2.5, n)
    features, churned = np.full((n, 4), 7, np.float32), np.ones(n, np.int8)
    for row in range(n):
        days, day, stop = [], 0.0, age[row] + HORIZON / 7
        while (day := day + rng.exponential(1 / rate[row])) < stop:
            days.append(day)
            if rng.random() < leaving[row]:
                break
        bought = {np.ceil(7 * day) for day in days if day < age[row]}
        features[row, 1:] = len(bought), max(bought, default=0), np.ceil(7 * age[row]) + 1
        churned[row] = not any(day >= age[row] for day in days)
    return features, churned


@pytest.fixture(scope="module")
def rule(shop):
    return p0(Timing(HORIZON))(*shop, SPECS)


def test_its_probabilities_are_right_where_the_world_is_of_its_form(shop, rule):
    features, churned = shop
    probability = rule.predict(features)
    assert rule.name == "P0"
    assert probability.mean() == pytest.approx(churned.mean(), abs=0.01)
    for part in np.array_split(np.argsort(probability), 5):
        assert probability[part].mean() == pytest.approx(churned[part].mean(), abs=0.04)


def test_who_bought_once_long_ago_is_riskier_than_who_bought_often(rule):
    once, often = [7, 0, 0, 300], [7, 20, 298, 300]
    probability = rule.predict(np.array([once, often], np.float32))
    assert probability[0] > 0.8
    assert probability[1] < 0.2


def test_a_gap_before_the_outcome_is_part_of_the_question(shop):
    features, churned = shop
    at_once, later = (p0(Timing(HORIZON, gap))(features, churned, SPECS).predict(features[:99]) for gap in (0, 30))
    assert (later > at_once).all()


def test_rows_without_a_history_get_the_share_of_those_who_churned_there(shop):
    features, churned = (part.copy() for part in shop)
    features[:100, 1:], churned[:100] = np.nan, np.arange(100) < 30
    assert p0(Timing(HORIZON))(features, churned, SPECS).predict(features[:2]).tolist() == [0.3, 0.3]


def test_numbers_that_fit_no_history_are_answered_too(rule):
    rng = np.random.default_rng(1)
    rows = rng.uniform(0, 300, (500, 4)).astype(np.float32)
    rows[:50, 1], rows[50:100, 2] = 0, 0
    probability = rule.predict(rows)
    assert ((probability >= 0) & (probability <= 1)).all()


def test_without_its_columns_or_without_a_second_purchase_there_is_no_rule(shop, caplog):
    features, churned = shop
    assert p0(Timing(HORIZON), "message")(features, churned, SPECS) is None
    once = np.array([[7, 0, 0, 100]] * 50, np.float32)
    with caplog.at_level(logging.INFO):
        assert p0(Timing(HORIZON))(once, churned[:50], SPECS) is None
    assert "P0 is left out" in caplog.text


def test_contributions_sum_to_the_margin_and_only_its_columns_have_some(shop, rule):
    features = shop[0][:500].copy()
    features[0, 1:] = np.nan
    phi = rule.contributions(features)
    assert phi.shape == (500, len(NAMES) + 1)
    assert np.allclose(phi.sum(axis=1), rule.margin(features), atol=1e-9)
    assert np.all(phi[:, 0] == 0)
    assert np.all(phi[0, :-1] == 0)
    assert np.ptp(phi[1:, -1]) == 0


def test_the_usual_history_owes_nothing_to_any_column(rule):
    usual = np.array([[7, *rule.reference]], np.float32)
    assert np.allclose(rule.contributions(usual)[0, :-1], 0, atol=1e-9)


def test_margins_are_finite_and_mean_the_probability(shop, rule):
    assert np.allclose(sigmoid(rule.margin(shop[0])), rule.predict(shop[0]), atol=1e-8)


def test_json_brings_the_rule_back(shop, rule):
    saved = json.loads(json.dumps(rule.to_json()))
    back = READERS[saved["kind"]](saved, NAMES)
    assert np.array_equal(back.predict(shop[0]), rule.predict(shop[0]))


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("columns", ["shop_code"], "three columns"),
        ("model", {"parameters": {}}, "report"),
        ("horizon_days", None, "NoneType"),
        ("gap_days", "x", "invalid literal"),
        ("reference", [1.0], "reference of three"),
    ],
)
def test_a_damaged_rule_is_refused(rule, key, value, said):
    with pytest.raises((KeyError, TypeError, ValueError), match=said):
        READERS["p0"](rule.to_json() | {key: value}, NAMES)
