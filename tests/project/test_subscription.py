"""A streaming service whose customers are active while a contract is in force: from raw files to scores."""

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

CONFIG = Path(__file__).parents[2] / "configs" / "subscription.toml"
FAST = {
    "MODEL__SEEDS": "1",
    "MODEL__ROUNDS": "100",
    "MODEL__LEARNING_RATE": "0.1",
    "MODEL__ALLOW_SMALL": "true",
    "EVALUATION__BOOTSTRAPS": "40",
    "TRACKING__ENABLED": "false",
}


def made(folder: Path, customers: int) -> Path:
    """The config beside its files."""
    simulate(PRESETS["subscription"], folder / "data" / "subscription", customers=customers, days=730)
    (folder / "configs").mkdir()
    return Path(shutil.copy(CONFIG, folder / "configs"))


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("service"), customers=600)


def test_its_files_are_read_whole_and_by_every_role(service: Path) -> None:
    with open_engine(load_config(service)) as engine:
        loaded = engine.load()
    assert [report.role for report in loaded.reports] == ["subscriptions", "engagement", "support", "contacts"]
    assert all(report.used == report.rows_in for report in loaded.reports)


def test_who_is_in_force_and_whose_contract_ends(service: Path) -> None:
    """Population and label, against the file of contracts read by itself."""
    config = load_config(service)
    with open_engine(config) as engine:
        loaded = engine.load()
        cutoff = loaded.as_of - 40
        table = build_snapshots(loaded.blocks(), SnapshotPlan.from_config(config, loaded, [cutoff]))
        ids = loaded.ids()[table.customer].tolist()
    times = ["start", "end", "ended"]
    terms = pd.read_csv(service.parents[1] / "data" / "subscription" / "subscriptions.csv", parse_dates=times)
    day = pd.Timestamp(np.datetime64(cutoff, "D"))
    terms["over"] = terms["end"].where(terms["ended"].isna(), terms["ended"])
    then = terms["over"].where(terms["ended"] < day, terms["end"])  # an end that is not told yet is not known
    assert sorted(ids) == sorted(set(terms["customer"][(terms["start"] < day) & (then >= day)]))
    last = terms.groupby("customer")["over"].max()  # terms of a customer follow one another without a gap
    gone = last[(last >= day) & (last < day + pd.Timedelta(days=30))].index
    labels = dict(zip(ids, table.churned.tolist(), strict=True))
    assert {customer for customer, churned in labels.items() if churned == 1} == set(gone) & set(ids)
    assert 0.02 < np.mean([label == 1 for label in labels.values()]) < 0.2


def test_the_config_of_the_simulation_says_the_same(tmp_path: Path) -> None:
    """What `simulate` writes beside the files maps every column and defines active and churned as the example does."""
    written = load_config(simulate(PRESETS["subscription"], tmp_path / "s", customers=20, days=90).config)
    example = load_config(CONFIG)
    assert written.sources["subscriptions"].columns == example.sources["contracts"].columns
    assert written.label == example.label
    assert [rule.in_force for rule in written.activity.rules] == [True]


@pytest.mark.slow
def test_check_train_and_score(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for key, value in FAST.items():
        monkeypatch.setenv(f"CHURNSCOPE__{key}", value)
    project = Project(made(tmp_path, customers=3_000))
    assert project.check().reports[0].role == "subscriptions"
    trained = project.train()
    assert trained.promoted
    assert trained.evaluation.model.metrics["auroc"].value > 0.85
    scores = project.score().to_pandas()
    told = pd.concat([scores["reason_1"], scores["reason_2"], scores["reason_3"]]).dropna()
    assert told.str.contains("gave notice|notice given|renews? by|term ends in|renewed|contract").any(), told.unique()
    assert not told.str.contains("nan").any()
