"""Businesses with contracts, from their raw files to scores; skipped where the data are not at hand."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from churnscope.project import Project

CONFIGS = Path(__file__).parents[2] / "configs"
DATA = Path(os.environ.get("CHURNSCOPE_DATA", CONFIGS.parents[1] / "shared" / "data"))
pytestmark = pytest.mark.slow


@pytest.fixture
def project(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The project of a config, which writes into a folder of its own."""
    if not (DATA / request.param).is_dir():
        pytest.skip(f"no folder {request.param} under CHURNSCOPE_DATA")
    monkeypatch.setenv("CHURNSCOPE_DATA", str(DATA))
    settings = {"EVALUATION__BOOTSTRAPS": 100, "EVALUATION__FOLDS": 1, "TRACKING__ENABLED": "false"}
    settings |= {"FOLDERS__OUTPUTS": tmp_path / "outputs", "FOLDERS__MODELS": tmp_path / "models"}
    for key, value in settings.items():
        monkeypatch.setenv(f"CHURNSCOPE__{key}", str(value))
    return Project(CONFIGS / f"{request.param}.toml")


@pytest.mark.parametrize("project", ["telco_churn"], indirect=True)
def test_telco_churn(project: Project) -> None:
    """Every one of the 1,869 customers who left did so after one of the four cutoffs."""
    report = project.check().reports[0]
    assert (report.rows_in, report.used, report.ignored) == (7_043, 7_032, {"after_as_of": 11})
    trained = project.train()
    assert trained.churned == 1_869
    assert trained.evaluation.customers == 5_390
    assert trained.evaluation.churned == 460
    assert trained.evaluation.model.metrics["auroc"].value > 0.78
    assert trained.promoted
    assert project.evaluate().backtest[0].evaluation.customers == 5_390
    scores = project.score().to_pandas()
    assert scores["churn_probability"].notna().sum() == 7_032 - 1_869


@pytest.mark.parametrize("project", ["megaline"], indirect=True)
def test_megaline(project: Project) -> None:
    """Usage after the day on which a customer left is left aside; so few have left that simple rules serve."""
    reports = {report.name: report for report in project.check().reports}
    after = {name: reports[name].ignored["where"] for name in ("calls", "internet", "messages")}
    assert after == {"calls": 2_961, "internet": 2_463, "messages": 1_591}
    trained = project.train()
    assert "too little data" in trained.grade.verdict
    project.evaluate()
    scores = project.score().to_pandas()
    assert scores["churn_probability"].notna().sum() == 500 - 34


@pytest.mark.parametrize("project", ["ravenstack"], indirect=True)
def test_ravenstack(project: Project) -> None:
    """Generated without any link between behaviour and churn: nothing may be found."""
    reports = {report.name: report for report in project.check().reports}
    assert {name: report.used for name, report in reports.items()} == {
        "subscriptions": 5_000,
        "usage": 25_000,
        "tickets": 2_000,
        "losses": 600,
    }
    trained = project.train()
    assert not trained.promoted
    low = trained.evaluation.differences["base rate"]["auroc"].low
    assert low < 0.02
    project.evaluate()
    assert len(project.score().to_pandas()) == 500
