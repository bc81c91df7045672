"""A small business with a model of two features, and all that a report says of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from churnscope.config.models import Config
from churnscope.config.models import Evaluation as Settings
from churnscope.evaluation.calibration import expit
from churnscope.evaluation.figures import evaluate
from churnscope.evaluation.grade import grade
from churnscope.evaluation.segments import Segmentation
from churnscope.features.feature import FALLING, RISING, FeatureSpec
from churnscope.reports.drivers import drivers
from churnscope.reports.effects import strongest_effects
from churnscope.reports.explained import Explained, Listed
from churnscope.reports.findings import Findings, Judged, Stamp
from churnscope.scoring import Bands
from churnscope.sources.report import FileFacts, SourceReport

CUTOFF, AS_OF = 15_000, 15_090  # 26 January and 26 April 2011
HOSTILE = '<script>alert("x")</script><img src=x onerror=alert(1)>&amp;\u202e$x^2$'

SPECS = (
    FeatureSpec(
        name="days_since_last_purchase",
        unit="days",
        concept="recency",
        sentence="last purchase {value:.0f} days ago",
        missing="no purchase yet",
        direction=RISING,
    ),
    FeatureSpec(
        name="spend_90d", unit="currency", concept="spend", sentence="spent {value:,.2f}", window=90, direction=FALLING
    ),
    FeatureSpec(name="cutoff_month", unit="month of the year", concept="season", sentence="month {value:.0f} of the year"),
)
SALES = SourceReport(
    name="sales",
    role="purchases",
    files=(FileFacts("sales.csv", 10, "0" * 64, 1000),),
    rows_in=1000,
    used=700,
    quarantined={"bad_time": 3},
    ignored={"overlap": 47, "no_customer": 250},
    customers=120,
    missing_ids=250,
    duplicates=None,
    first_day=14_000,
    last_day=15_089,
    counted={"repeated_hour": 2},
    advice=("Give more history.",),
)


def small_config(**changes):
    """A shop that sells."""
    settings = {
        "name": "corner_shop",
        "sources": {
            "sales": {"role": "purchases", "format": "csv", "files": "a.csv", "columns": {"customer": "c", "time": "t"}}
        },
        "activity": {"rules": [{"source": "sales", "days": 60}]},
        "prediction": {"horizon_days": 30},
    }
    return Config.model_validate(settings | changes)


def judged_rows(rows=900, shift=0.0, bootstraps=20, seed=4):
    """An evaluation of a model that knows more than its baselines."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=rows)
    churned = rng.random(rows) < expit(truth)
    forecasts = {
        "model": expit(truth + shift),
        "recency rule": expit(truth + rng.normal(size=rows)),
        "base rate": np.full(rows, churned.mean()),
    }
    old = Segmentation("tenure", ("below a year", "a year and more"), np.arange(rows) % 3 // 2)
    return evaluate(churned, np.arange(rows), forecasts, Settings(bootstraps=bootstraps), rng, segmentations=(old,))


def scored(rows=300):
    """Customers of whom the long silent leave, and who tell nothing by the month."""
    rng = np.random.default_rng(1)
    features = np.column_stack([rng.integers(1, 60, rows), rng.gamma(2, 50, rows), np.full(rows, 4)]).astype(np.float32)
    features[:20, 0] = np.nan
    silent = np.nan_to_num(features[:, 0], nan=60)
    contributions = np.column_stack([(silent - 30) / 20, -features[:, 1] / 200, np.full(rows, 0.1), np.full(rows, -0.5)])
    found = drivers(contributions, features, SPECS)
    return Explained(
        probability=expit(contributions.sum(axis=1)),
        bands=Bands.around(0.4),
        inactive=40,
        no_history=0,
        drivers=found,
        effects=strongest_effects(found),
        listed=(Listed("c1", 0.91, ("last purchase 59 days ago", "spent 3.20")), Listed(HOSTILE, 0.9, (HOSTILE,))),
    )


@pytest.fixture(scope="session")
def evaluation():
    return judged_rows()


@pytest.fixture(scope="session")
def findings(evaluation):
    """Judged at one cutoff, customers named."""
    return Findings(
        config=small_config(),
        as_of=AS_OF,
        learned_from=(14_900, 14_950, CUTOFF),
        stands_in="",
        features=3,
        dropped=0,
        judged=Judged(CUTOFF, evaluation, grade(evaluation)),
        looks=1,
        past={CUTOFF: evaluation},
        newcomers={},
        customers=scored(),
        names_customers=True,
        sources=(SALES, replace(SALES, name="web", advice=(), first_day=None, last_day=None, rows_in=0, used=0)),
        audit=(),
        stamp=Stamp("corner_shop v1", "0.1.0", "2c77a06fcf939929", "ab" * 32, {"sales 1: sales.csv": "cd" * 32}, {}),
    )
