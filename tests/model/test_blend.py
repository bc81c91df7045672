"""Trees and a logistic rule of attributes: only where both are better than one, and saved like any other model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from churnscope.config.models import Model
from churnscope.features import FeatureSpec
from churnscope.model.baselines import LogisticRule, attributes_rule
from churnscope.model.blend import Blend
from churnscope.model.boosters import Boosters
from churnscope.model.bundle import read_bundle, write_bundle
from churnscope.model.logistic import sigmoid
from churnscope.model.training import Trained, train
from churnscope.snapshots import SnapshotTable
from churnscope.timeline import CUSTOMER_PARTS, part_number, split_around

from .test_bundle import bundle_of

SETTINGS = Model(seeds=1, rounds=80, patience=10, learning_rate=0.1)
PARTS = tuple(part_number(place) for place in range(1, CUSTOMER_PARTS + 1))
SPLIT = split_around(PARTS[-1])


def told(n: int = 4_000, *, steps: bool = False, role: str = "snapshot", seed: int = 0) -> SnapshotTable:
    """Six attributes: what they say adds up, or, with `steps`, hangs on two of them being alike."""
    rng = np.random.default_rng(seed)
    features = np.asfortranarray(rng.normal(size=(n, 6)).astype(np.float32))
    features[:, 0] *= 40  # money owed: also below nought
    log_odds = features[:, 1] + features[:, 2] - features[:, 3] + np.sign(features[:, 0]) * np.log1p(np.abs(features[:, 0])) / 3
    if steps:
        log_odds = 2.5 * np.sign(features[:, 1] * features[:, 2])
    churned = (rng.random(n) < sigmoid(log_odds - 1)).astype(np.int8)
    words = {"unit": "", "concept": "x", "sentence": "{value:.2f}", "role": role, "family": "attributes"}
    specs = tuple(FeatureSpec(name=f"x{place}", **words) for place in range(6))
    part = np.sort(np.resize(np.array(PARTS, np.int32), n))
    counts = np.full(len(PARTS), n // len(PARTS))
    return SnapshotTable(np.arange(n, dtype=np.int32), part, churned, features, specs, PARTS, counts, counts, counts)


@pytest.fixture(scope="module")
def table() -> SnapshotTable:
    return told()


@pytest.fixture(scope="module")
def blended(table: SnapshotTable) -> Trained:
    return train(table, SPLIT, SETTINGS, threads=1)


def test_where_everything_adds_up_the_rule_speaks_too(blended: Trained) -> None:
    assert isinstance(blended.final.scorer, Blend)
    assert isinstance(blended.evaluation.scorer, Blend)
    assert blended.rounds == blended.final.scorer.rounds


def test_where_trees_know_more_they_speak_alone() -> None:
    assert isinstance(train(told(steps=True), SPLIT, SETTINGS, threads=1).final.scorer, Boosters)


def test_what_events_say_is_left_to_trees() -> None:
    assert isinstance(train(told(role="purchases"), SPLIT, SETTINGS, threads=1).final.scorer, Boosters)


def test_contributions_sum_to_the_log_odds(blended: Trained, table: SnapshotTable) -> None:
    rows = table.features[:200]
    np.testing.assert_allclose(blended.final.contributions(rows).sum(axis=1), blended.final.scorer.margin(rows), atol=1e-9)


def test_it_comes_back_as_it_was_saved(blended: Trained, table: SnapshotTable, tmp_path) -> None:
    back = read_bundle(write_bundle(tmp_path, bundle_of(blended)))
    assert np.array_equal(back.final.predict(table.features, 230), blended.final.predict(table.features, 230))
    assert np.array_equal(back.final.contributions(table.features[:99]), blended.final.contributions(table.features[:99]))


def test_few_churned_customers_are_told_by_the_rule_alone(table: SnapshotTable) -> None:
    few = (table.churned * (np.arange(len(table.churned)) % 20 == 0)).astype(np.int8)
    trained = train(replace(table, churned=few), SPLIT, SETTINGS, threads=1)
    assert trained.small
    assert isinstance(trained.final.scorer, LogisticRule)
    assert trained.final.scorer.columns == tuple(spec.name for spec in table.specs)


def test_what_is_owed_counts_by_its_sign(table: SnapshotTable) -> None:
    rule = attributes_rule(table.features, table.churned, table.specs)
    assert rule is not None
    rows = np.zeros((3, 6), np.float32)
    rows[:, 0] = -30, 0, 30
    margins = rule.margin(rows)
    assert margins[0] < margins[1] < margins[2]
    assert margins[1] - margins[0] == pytest.approx(margins[2] - margins[1])
    assert LogisticRule.from_json(rule.to_json(), [spec.name for spec in table.specs]).margin(rows).tolist() == margins.tolist()
