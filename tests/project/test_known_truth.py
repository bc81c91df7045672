"""A model trained through the whole project on customers whose truth is known comes close to the best that can be said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from churnscope.evaluation.calibration import log_loss
from churnscope.evaluation.ranking import Gains
from churnscope.project import Project
from churnscope.simulation import PRESETS, simulate
from churnscope.simulation.ceiling import Histories, silence_probability
from churnscope.simulation.clock import Clock
from churnscope.timeline import date_of, day_number

BUSINESS = PRESETS["pareto_nbd"]
DAYS = 730
SHORT_OF_THE_BEST_AUROC, ABOVE_THE_BEST_LOG_LOSS = 0.012, 0.012


def best_probabilities(purchases: Path, customers: list[str], cutoff: int) -> np.ndarray:
    """The best possible probability of no purchase in 90 days, in the order of `customers`."""
    log = pyarrow.csv.read_csv(purchases)
    first = day_number(BUSINESS.first_day)
    time = log["time"].to_numpy().astype("datetime64[s]").astype(np.int64) / 86_400 - first
    owner = np.array([int(customer[1:]) for customer in log["customer"].to_pylist()])
    before = time < cutoff - first
    order = np.lexsort((time[before], owner[before]))
    owner, time = owner[before][order], time[before][order]
    numbers, start, counts = np.unique(owner, return_index=True, return_counts=True)
    seen = Histories(time[start], counts - 1, time[start + counts - 1])
    clock = Clock.of(BUSINESS.season, BUSINESS.first_day, DAYS)
    best = silence_probability(BUSINESS, clock, seen, cutoff=cutoff - first, horizon_days=90)
    return best[np.searchsorted(numbers, [int(customer[1:]) for customer in customers])]


@pytest.mark.slow
def test_model_comes_close_to_the_best_possible(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHURNSCOPE__TRACKING__ENABLED", "false")
    written = simulate(BUSINESS, tmp_path / "shop", customers=6_000, days=DAYS, seed=3)
    project = Project(written.config)
    trained = project.train()
    cutoff = trained.split.test[0]
    rows = pq.read_table(project.features(cutoffs=[date_of(cutoff)]).output, columns=["customer_id", "churned"])
    churned = rows["churned"].to_numpy().astype(np.int8)
    best = best_probabilities(written.files["purchases"][0], rows["customer_id"].to_pylist(), cutoff)
    model = trained.evaluation.model.metrics
    assert trained.evaluation.rows == len(churned)
    assert model["auroc"].value > Gains.of(churned, best).auroc() - SHORT_OF_THE_BEST_AUROC
    assert model["log_loss"].value < log_loss(churned, best) + ABOVE_THE_BEST_LOG_LOSS
    assert trained.evaluation.differences["recency rule"]["auroc"].low > 0


@pytest.mark.slow
def test_value_foresees_what_customers_of_a_known_business_spend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHURNSCOPE__VALUE__MODEL", "pareto_nbd")
    written = simulate(BUSINESS, tmp_path / "shop", customers=6_000, days=DAYS, seed=5)
    project = Project(written.config)
    judged = project.value().figures.judgement
    errors = judged.errors["pareto_nbd"]
    assert judged.beats_rule("pareto_nbd")
    assert errors.purchase_days == pytest.approx(judged.purchase_days, rel=0.05)
    assert errors.spend == pytest.approx(judged.spend, rel=0.05)
    assert (
        0.85 < errors.spend_held < 0.96
    )  # at least four in five: many buy nothing, and no money is inside or outside as a whole
    assert errors.top_tenth_share > judged.errors["same as last period"].top_tenth_share
