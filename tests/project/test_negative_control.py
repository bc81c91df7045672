"""Where labels do not depend on behaviour nothing is found and nothing but the base rate serves; where they do, it is."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest

from churnscope.project import Project
from churnscope.project.results import TrainResult

from .conftest import Shop, simulated_sales

DATA = Path(os.environ.get("CHURNSCOPE_DATA", Path(__file__).parents[3] / "shared" / "data"))
CONFIGS = Path(__file__).parents[2] / "configs"
CHANCE = "no better than the base rate"
SEEDS = range(6)
MOST_PASSES = 1  # of 6 at 2.5 % each: two and more come by chance once in 100 times


@dataclass(frozen=True)
class Control:
    """A shop of 500 customers; without `signal` labels are dealt out anew among the customers of each cutoff."""

    folder: Path
    seed: int
    signal: bool

    def train(self) -> TrainResult:
        return self.project().train()

    def project(self) -> Project:
        configs = self.folder / "configs"
        configs.mkdir()
        config = configs / "config.toml"
        built = Shop(configs, simulated_sales(self.seed)).project()
        text = (
            config.read_text().replace("bootstraps = 40", "bootstraps = 200").replace("[model]", "[model]\nallow_small = true")
        )
        if not self.signal:
            labels = built.snapshots().to_arrow().select(["customer_id", "cutoff", "churned"])
            pyarrow.csv.write_csv(dealt_out(labels, np.random.default_rng(self.seed)), configs / "left.csv")
            given = 'label = { path = "left.csv", customer = "customer_id", cutoff = "cutoff", churned = "churned" }'
            text = f"{given}\n{text}"
        config.write_text(text)
        return Project(config)


def dealt_out(labels: pa.Table, rng: np.random.Generator) -> pa.Table:
    """Each cutoff keeps its share of churned customers."""
    churned, cutoff = labels["churned"].to_numpy(), labels["cutoff"].to_numpy()
    other = churned.copy()
    for day in np.unique(cutoff):
        rows = np.flatnonzero(cutoff == day)
        other[rows] = churned[rng.permutation(rows)]
    return labels.set_column(2, "churned", pa.array(other.astype(bool)))


@pytest.mark.slow
def test_labels_without_behaviour_are_graded_so_and_only_the_base_rate_serves(tmp_path: Path) -> None:
    control = Control(tmp_path, seed=0, signal=False)
    trained = control.train()
    assert (trained.grade.verdict, trained.grade.text) == ("no better", CHANCE)
    assert (trained.promoted, trained.promotion) == (False, CHANCE)
    assert trained.stand_in is not None
    assert trained.stand_in.rule == "base rate"
    scores = Project(tmp_path / "configs" / "config.toml").score().to_pandas()
    assert scores["churn_probability"].nunique() == 1
    assert (scores["reason_1"] == "").all()


@pytest.mark.slow
def test_the_same_pipeline_promotes_a_business_of_equal_size_with_signal(tmp_path: Path) -> None:
    trained = Control(tmp_path, seed=0, signal=True).train()
    assert trained.grade.text != CHANCE
    assert trained.promoted
    assert trained.evaluation.differences["base rate"]["auroc"].low > 0.1


@pytest.mark.slow
def test_over_many_seeds_chance_passes_no_more_often_than_the_intervals_allow(tmp_path: Path) -> None:
    results = []
    for seed in SEEDS:
        (tmp_path / str(seed)).mkdir()
        results.append(Control(tmp_path / str(seed), seed, signal=False).train())
    assert sum(result.promoted for result in results) <= MOST_PASSES
    rules = [result.stand_in.rule for result in results if result.stand_in is not None]
    assert sum(rule != "base rate" for rule in rules) <= MOST_PASSES


@pytest.mark.slow
def test_nothing_is_found_in_ravenstack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Synthetic: its churn events do not depend on what accounts do."""
    if not (DATA / "ravenstack").is_dir():
        pytest.skip("needs ravenstack/: set CHURNSCOPE_DATA to the folder that holds it")
    monkeypatch.setenv("CHURNSCOPE_DATA", str(DATA))
    monkeypatch.setenv("CHURNSCOPE__TRACKING__ENABLED", "false")
    monkeypatch.setenv("CHURNSCOPE__FOLDERS__OUTPUTS", str(tmp_path / "outputs"))
    monkeypatch.setenv("CHURNSCOPE__FOLDERS__MODELS", str(tmp_path / "models"))
    trained = Project(CONFIGS / "ravenstack.toml").train()
    assert trained.grade.text == CHANCE
    assert (trained.promoted, trained.promotion) == (False, CHANCE)
    assert trained.stand_in is not None
    assert trained.stand_in.rule == "base rate"
