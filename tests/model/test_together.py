"""Rules that speak with one voice, and the small recipe that is made of them."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from churnscope.model.baselines import FITTERS
from churnscope.model.no_purchase import NoPurchase, p0
from churnscope.model.together import Together
from churnscope.model.training import train
from churnscope.value import BGNBD

from .conftest import SETTINGS, SPECS, TIMING, snapshots
from .test_bundle import bundle_of, read_bundle, write_bundle

HISTORY = ("repeat_purchase_days", "first_to_last_purchase_days", "days_since_first_purchase")


@pytest.fixture(scope="module")
def few():
    """Snapshots that hold purchase histories, and of which few customers churned."""
    table, rng = snapshots(250), np.random.default_rng(5)
    first = table.features[:, 0] + rng.integers(0, 300, len(table.features))
    history = np.column_stack([table.features[:, 3] - 1, first - table.features[:, 0], first])
    specs = (*SPECS, *(replace(SPECS[0], name=name, family="tenure") for name in HISTORY))
    churned = (table.churned * np.isin(table.customer, np.arange(100))).astype(np.int8)
    return replace(table, features=np.hstack([table.features, history]).astype(np.float32), specs=specs, churned=churned)


@pytest.fixture(scope="module")
def small(few, split):
    return train(few, split, SETTINGS, fitters=(*FITTERS, p0(TIMING)))


def test_the_small_recipe_is_the_mean_of_the_logistic_rule_and_p0(few, small):
    together = small.final.scorer
    assert small.small
    logistic, never = together.rules
    mean = (logistic.margin(few.features) + never.margin(few.features)) / 2
    assert isinstance(never, NoPurchase)
    assert together.margin(few.features) == pytest.approx(mean, abs=1e-12)
    assert logistic.margin(few.features) == pytest.approx(rule(small, "RFM logistic").margin(few.features), abs=1e-9)


def rule(trained, name):
    return next(each for each in trained.final.baselines if each.name == name)


def test_contributions_sum_to_the_margin(few, small):
    phi = small.final.contributions(few.features[:200])
    assert phi.shape == (200, len(few.specs) + 1)
    assert phi.sum(axis=1) == pytest.approx(small.final.scorer.margin(few.features[:200]), abs=1e-9)


def test_it_comes_back_from_a_bundle(few, small, tmp_path):
    back = read_bundle(write_bundle(tmp_path, bundle_of(small)))
    assert np.array_equal(back.final.predict(few.features, 230), small.final.predict(few.features, 230))
    assert np.array_equal(back.final.contributions(few.features[:9]), small.final.contributions(few.features[:9]))


@pytest.mark.parametrize("rules", [[], [{"kind": "os.system"}], [{"kind": "together", "rules": []}], None])
def test_what_is_no_rule_is_refused(rules):
    with pytest.raises((KeyError, TypeError, ValueError)):
        Together.from_json({"kind": "together", "rules": rules}, HISTORY)


def test_json_gives_the_same_rules():
    never = NoPurchase(BGNBD((0.8, 6.0, 0.9, 2.5)), 60, 0, HISTORY, (0, 1, 2), np.array([1.0, 20.0, 90.0]), 0.5, 3)
    rows = np.array([[2, 30, 90], [0, 0, 40], [np.nan, 5, 9]], np.float32)
    again = Together.from_json(json.loads(json.dumps(Together((never,)).to_json())), HISTORY)
    assert np.array_equal(again.margin(rows), never.margin(rows))
