"""The customers of a day."""

from __future__ import annotations

import numpy as np
import pytest

from churnscope.features.feature import FeatureSpec
from churnscope.model.baselines import LogisticRule
from churnscope.model.calibration import Calibration
from churnscope.model.predictor import Predictor
from churnscope.reports import explained
from churnscope.reports.explained import explain
from churnscope.scoring import Bands
from churnscope.snapshots import ACTIVE, INACTIVE, NO_HISTORY, ScoringRows, SnapshotTable

SPECS = (FeatureSpec(name="pause", unit="days", concept="recency", sentence="last bought {value:.0f} days ago"),)
IDS = np.array(["anna", "bert", "carl", "dora", "emil"], object)


@pytest.fixture(scope="module")
def predictor():
    rng = np.random.default_rng(0)
    pause = rng.integers(1, 90, 200).astype(np.float32)[:, None]
    churned = (rng.random(200) < pause[:, 0] / 90).astype(np.int8)
    return Predictor(SPECS, LogisticRule.fit("rule", ("pause",), pause, churned, ["pause"]), Calibration(), ())


def rows(pauses):
    """Customers 0, 1, ... active after these pauses, the others gone or never there."""
    active = len(pauses)
    status = np.array([ACTIVE] * active + [INACTIVE, NO_HISTORY, INACTIVE, INACTIVE, INACTIVE], np.int8)[: len(IDS)]
    customer, cutoff = np.arange(active, dtype=np.int32), np.full(active, 100, np.int32)
    features = np.array(pauses, np.float32).reshape(active, 1)
    counts = np.array([active])
    table = SnapshotTable(customer, cutoff, np.full(active, -1, np.int8), features, SPECS, (100,), counts, counts, counts)
    return ScoringRows(table, status, np.full(len(IDS), np.nan, np.float32))


def test_the_riskiest_come_first_with_their_reasons(predictor):
    found = explain(IDS, rows([5, 80, 40]), predictor, 100, Bands.around(0.3), listed=2)
    assert [each.customer_id for each in found.listed] == ["bert", "carl"]
    assert found.listed[0].reasons == ("last bought 80 days ago",)
    assert found.listed[0].probability == found.probability.max()
    assert (found.inactive, found.no_history) == (1, 1)


def test_nobody_is_named_where_none_is_asked_for(predictor):
    assert explain(IDS, rows([5, 80]), predictor, 100, Bands.around(0.3), listed=0).listed == ()


def test_a_day_without_active_customers_is_described_too(predictor):
    found = explain(IDS, rows([]), predictor, 100, Bands.around(0.3), listed=20)
    assert (len(found.probability), found.drivers, found.effects, found.listed) == (0, (), (), ())


def test_of_many_customers_evenly_spaced_ones_are_explained(predictor, monkeypatch):
    monkeypatch.setattr(explained, "MOST_EXPLAINED", 2)
    found = explain(IDS, rows([5, 80, 40]), predictor, 100, Bands.around(0.3), listed=0)
    assert found.drivers[0].values.tolist() == [5, 40]
    assert len(found.probability) == 3
