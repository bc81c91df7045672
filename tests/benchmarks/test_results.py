"""The page of results, and the marks that the models have to reach on it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from churnscope.config.models import Evaluation as Settings
from churnscope.evaluation.calibration import expit
from churnscope.evaluation.figures import evaluate

PROJECT = Path(__file__).parents[2]
sys.path.append(str(PROJECT / "benchmarks"))

import results  # noqa: E402
from results import CASES, Case, Judged, Mark, absent, measured, missed, section, summary  # noqa: E402


def judged(cutoff, noise=0.0):
    rng = np.random.default_rng(4)
    truth = rng.normal(size=900)
    churned = rng.random(900) < expit(truth)
    forecasts = {"model": expit(truth + noise * rng.normal(size=900))}
    forecasts |= {rule: expit(truth + rng.normal(size=900)) for rule in results.RULES}
    return Judged(cutoff, evaluate(churned, np.arange(900), forecasts, Settings(bootstraps=50), rng), looks=3)


def case(auroc=0.6, log_loss=0.7):
    return Case("online_retail", "", {"2011-09-10": Mark(auroc, log_loss, (0.99, 0.01))}, ahead_at=("2011-08-11", "2011-09-10"))


FOUND = (judged("2011-08-11"), judged("2011-09-10"))


def test_marks_that_are_reached_are_met_and_the_reference_is_told_beside_them():
    assert missed(case(), FOUND) == []
    rows = [line for line in summary([(case(), FOUND)]).splitlines() if line.startswith("| online_retail")]
    assert [[cell.strip() for cell in row.split("|")][5:-1] for row in rows] == [
        ["at least 0.600", "met", "[0.990]", "missed"],
        ["at most 0.700", "met", "[0.010]", "missed"],
    ]
    assert "2011-08-11, 2011-09-10: met." in summary([(case(), FOUND)])


def test_marks_that_are_not_reached_are_told():
    assert [miss[:21] for miss in missed(case(0.99, 0.01), FOUND)] == ["2011-09-10: AUROC 0.7", "2011-09-10: log loss "]
    poor = (judged("2011-08-11", noise=9), FOUND[1])
    assert "2011-08-11: not ahead of recency rule" in missed(case(), poor)
    assert "missed (2011-08-11" in summary([(case(), poor)])
    assert "2011-08-11 was not judged" in missed(case(), FOUND[1:])


def test_every_predictor_stands_on_the_page_with_its_intervals():
    text = section(case(), FOUND)
    assert text.index("### 2011-09-10, test") < text.index("### 2011-08-11, backtest")
    assert "900 customers, base rate 0.5" in text
    assert "looks: 3" in text
    for name in ("**model**", *results.RULES):
        assert text.count(f"| {name} |") == 2
    assert "nan" not in text


def test_a_case_whose_data_are_not_here_is_told_to_be_skipped(monkeypatch):
    monkeypatch.delenv("CHURNSCOPE_DATA", raising=False)
    assert "CHURNSCOPE_DATA" in absent(CASES[1])
    monkeypatch.setenv("CHURNSCOPE_DATA", "/nowhere")
    assert absent(CASES[1]) == "transactions.parquet is not there."
    assert absent(CASES[0]) == ""
    assert "not measured" in summary([(CASES[1], ())])


@pytest.fixture
def own_folders(tmp_path, monkeypatch):
    """Outputs apart from those of the checkout, and the development data where they are at hand."""
    monkeypatch.setenv("CHURNSCOPE__FOLDERS__OUTPUTS", str(tmp_path / "outputs"))
    monkeypatch.setenv("CHURNSCOPE__FOLDERS__MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("CHURNSCOPE__TRACKING__ENABLED", "false")
    if "CHURNSCOPE_DATA" not in os.environ:
        found = next((path.parent for path in PROJECT.parent.glob("*/data/cdnow")), None)
        if found is not None:
            monkeypatch.setenv("CHURNSCOPE_DATA", str(found))


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.parametrize("asked", [case for case in CASES if case.marks], ids=lambda case: case.config)
def test_the_models_reach_their_marks(asked, own_folders):
    if missing := absent(asked):
        pytest.skip(f"{missing} Set CHURNSCOPE_DATA to the folder that holds {asked.config}/.")
    assert missed(asked, measured(asked, backtest=bool(asked.ahead_at))) == []
