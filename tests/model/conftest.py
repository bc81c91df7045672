"""Synthetic snapshots whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from churnscope.config.models import Model
from churnscope.features.feature import EITHER, FALLING, RISING, FeatureSpec
from churnscope.model.logistic import sigmoid
from churnscope.snapshots import SnapshotTable
from churnscope.timeline import Timing, split_by_time

SPECS = (
    FeatureSpec(
        name="days_since_last_purchase",
        unit="days",
        concept="recency",
        sentence="last purchase {value:.0f} days ago",
        missing="no purchase yet",
        direction=RISING,
        family="recency",
    ),
    FeatureSpec(
        name="purchase_overdue_ratio",
        unit="ratio",
        concept="recency",
        sentence="last purchase {days_since_last_purchase:.0f} days ago, usually every {purchase_gap_mean_days_ever:.0f}",
        missing="no second purchase day yet",
        direction=RISING,
        family="overdue",
    ),
    FeatureSpec(
        name="purchase_gap_mean_days_ever",
        unit="days",
        concept="rhythm",
        sentence="a purchase every {value:.0f} days so far",
        missing="fewer than two purchase days so far",
        direction=EITHER,
        family="regularity",
    ),
    FeatureSpec(
        name="purchase_count_ever",
        unit="purchases",
        concept="frequency",
        sentence="bought {value:.0f} times in all",
        direction=FALLING,
        family="frequency",
    ),
    FeatureSpec(name="shop_code", unit="", concept="shop", sentence="shop {value:.0f}", family="other"),
    FeatureSpec(name="never_known", unit="", concept="shop", sentence="{value:.0f}", missing="not known", family="other"),
)
SETTINGS = Model(seeds=2, rounds=60, patience=20)
TIMING = Timing(30)


def snapshots(n_customers: int = 600, cutoffs: tuple[int, ...] = tuple(range(100, 200, 10)), seed: int = 0) -> SnapshotTable:
    """Customers of whom the long silent and the rarely seen leave; `true_log_odds` knows how likely."""
    rng = np.random.default_rng(seed)
    n_rows = n_customers * len(cutoffs)
    features = np.full((n_rows, len(SPECS)), np.nan, np.float32)
    features[:, 0] = rng.integers(1, 180, n_rows)
    features[:, 3] = rng.geometric(0.3, n_rows)
    often = features[:, 3] > 1
    features[often, 2] = rng.integers(5, 60, often.sum())
    features[:, 1] = features[:, 0] / features[:, 2]
    features[:, 4] = 7
    churned = (rng.random(n_rows) < sigmoid(true_log_odds(features))).astype(np.int8)
    customer = np.tile(np.arange(n_customers, dtype=np.int32), len(cutoffs))
    counts = np.full(len(cutoffs), n_customers)
    cutoff = np.repeat(np.array(cutoffs, np.int32), n_customers)
    return SnapshotTable(customer, cutoff, churned, features, SPECS, cutoffs, counts, 0 * counts, 0 * counts)


def true_log_odds(features: np.ndarray) -> np.ndarray:
    """Of leaving."""
    return 1.2 * np.log(features[:, 0] / 40) - 0.9 * np.log(features[:, 3]) + 0.5


@pytest.fixture(scope="session")
def table() -> SnapshotTable:
    return snapshots()


@pytest.fixture(scope="session")
def split(table):
    return split_by_time(table.cutoffs, TIMING)


@pytest.fixture(scope="session")
def trained(table, split):
    from churnscope.model.training import train

    return train(table, split, SETTINGS, threads=1)
