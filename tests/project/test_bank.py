"""A bank whose customers are active when they use the account, ask for help or get in touch: from raw files to scores."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from churnscope.config.load import load_config
from churnscope.engines.duckdb import open_engine
from churnscope.project import Project
from churnscope.simulation import PRESETS, simulate
from churnscope.snapshots import SnapshotPlan, build_snapshots

CONFIG = Path(__file__).parents[2] / "configs" / "bank.toml"
FAST = {
    "MODEL__SEEDS": "1",
    "MODEL__ROUNDS": "100",
    "MODEL__LEARNING_RATE": "0.1",
    "EVALUATION__BOOTSTRAPS": "40",
    "TRACKING__ENABLED": "false",
}


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The config beside its files."""
    folder = tmp_path_factory.mktemp("bank")
    simulate(PRESETS["bank"], folder / "data" / "bank", customers=3_000, days=730)
    (folder / "configs").mkdir()
    return Path(shutil.copy(CONFIG, folder / "configs"))


def test_its_files_are_read_whole_and_by_every_role(bank: Path) -> None:
    with open_engine(load_config(bank)) as engine:
        loaded = engine.load()
    assert [report.role for report in loaded.reports] == ["engagement", "support", "contacts", "customers"]
    assert all(report.used == report.rows_in and not report.advice for report in loaded.reports)


@pytest.mark.slow
def test_whoever_does_anything_is_active_but_a_letter_of_ours_is_nothing(bank: Path) -> None:
    """The population, against the files read by themselves."""
    config = load_config(bank)
    with open_engine(config) as engine:
        loaded = engine.load()
        plan = SnapshotPlan.from_config(config, loaded, [loaded.as_of - 60])
        table = build_snapshots(loaded.blocks(), plan)
        ids = loaded.ids()[table.customer].tolist()
    expected: set[str] = set()
    end = pd.Timestamp(np.datetime64(loaded.as_of - 60, "D"))
    for name in ("engagement", "support", "contacts"):
        rows = pd.read_csv(bank.parents[1] / "data" / "bank" / f"{name}.csv", parse_dates=["time"])
        if name == "contacts":
            rows = rows[rows["direction"] == "inbound"]
        rows = rows[(rows["time"] >= end - pd.Timedelta(days=90)) & (rows["time"] < end)]
        expected |= set(rows["customer"])
    assert ids == sorted(expected)


@pytest.mark.slow
def test_check_train_and_score(bank: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for key, value in FAST.items():
        monkeypatch.setenv(f"CHURNSCOPE__{key}", value)
    project = Project(bank)
    assert project.check().reports[1].role == "support"
    assert project.advise().name == "bank"
    trained = project.train()
    assert trained.evaluation.model.metrics["auroc"].value > 0.85
    assert {"recency rule", "P0"} <= set(trained.evaluation.differences)
    scores = project.score().to_pandas()
    told = pd.concat([scores["reason_1"], scores["reason_2"], scores["reason_3"]]).dropna()
    assert told.str.contains("answered our contact of|rated our help|asked for help|ticket|got in touch").any(), told.unique()
    assert not told.str.contains("nan").any()
