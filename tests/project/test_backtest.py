"""The model refitted before earlier cutoffs, and the count of looks at each cutoff."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import churnscope.project.models.backtesting as backtesting
from churnscope.config.models import Config, Tracking
from churnscope.model.bundle import read_bundle, resolve
from churnscope.project.results import EvaluateResult
from churnscope.timeline import Timing, date_of
from churnscope.tracking import LoggedRun

from .conftest import Shop


@pytest.fixture(scope="module")
def judged(trained: Shop) -> EvaluateResult:
    return trained.project().evaluate()


def test_every_fold_learned_only_from_outcomes_that_had_closed(judged: EvaluateResult, trained: Shop) -> None:
    assert len(judged.backtest) == trained.project().config.evaluation.folds
    assert [fold.cutoff for fold in judged.backtest] == sorted({fold.cutoff for fold in judged.backtest})
    for fold in judged.backtest:
        assert all(Timing(30).outcome_end(cutoff) <= fold.cutoff for cutoff in fold.split.before_test)
        assert fold.evaluation.rows > 100
        assert set(fold.evaluation.differences) >= {"base rate", "recency rule", "RFM logistic", "P0"}


def test_the_newest_fold_is_the_evaluation_itself(judged: EvaluateResult) -> None:
    assert judged.backtest[-1].cutoff == judged.cutoff
    assert judged.backtest[-1].evaluation.to_json() == judged.evaluation.to_json()


@pytest.mark.slow
def test_training_the_newest_fold_again_gives_the_same_figures(
    judged: EvaluateResult, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backtesting.Backtesting, "_is_of_the_bundle", lambda *_: False)
    project = one_fold(shop)
    (fold,) = project.evaluate().backtest
    assert fold.evaluation.to_json() == judged.backtest[-1].evaluation.to_json()


def one_fold(shop: Shop, folds: int = 1, **changes: object):
    project = shop.project()
    evaluation = project.config.evaluation.model_copy(update={"folds": folds})
    project.config = project.config.model_copy(update={"evaluation": evaluation, **changes})
    return project


@pytest.mark.slow
@pytest.mark.parametrize(("folds", "backtest"), [(0, True), (3, False)])
def test_a_backtest_can_be_left_out(shop: Shop, folds: int, backtest: bool) -> None:
    result = one_fold(shop, folds).evaluate(backtest=backtest)
    assert result.backtest == ()
    assert result.evaluation.rows > 100


def test_the_file_holds_every_fold(judged: EvaluateResult) -> None:
    (path,) = [path for path in judged.outputs if path.name == "evaluation.json"]
    document = json.loads(path.read_text())
    assert [fold["cutoff"] for fold in document["backtest"]] == [str(date_of(fold.cutoff)) for fold in judged.backtest]
    assert document["backtest"] == judged.to_json()["backtest"]
    assert json.dumps(document, allow_nan=False)


@pytest.mark.slow
def test_a_fold_with_too_little_to_learn_from_is_left_out_and_logged(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("churnscope.model.training.FEWEST_CHURNED", 10_000)
    with caplog.at_level("INFO"):
        folds = shop.project().evaluate().backtest
    assert [date_of(fold.cutoff).isoformat() for fold in folds] == bundle_of(shop).definition["split"]["test"]  # its twin
    assert "The backtest leaves out" in caplog.text


def bundle_of(shop: Shop):
    return read_bundle(resolve(shop.folder.parent / "models", "corner_shop", "champion"))


@pytest.mark.slow
def test_folds_are_steps_and_runs_below_the_run(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    logged: list[LoggedRun] = []

    def keep(_config: Config, run: LoggedRun, _record: object):
        logged.append(run)
        return Tracking()

    monkeypatch.setattr("churnscope.project.models.evaluate.track", keep)
    result = shop.project().evaluate()
    (run,) = logged
    aurocs = {
        int(date_of(fold.cutoff).strftime("%Y%m%d")): fold.evaluation.model.metrics["auroc"].value for fold in result.backtest
    }
    assert run.steps["backtest/auroc"] == aurocs
    assert [child.metrics["auroc"] for child in run.children] == list(aurocs.values())
    assert len({child.key for child in run.children} | {run.key}) == len(run.children) + 1
    kept = json.dumps(run.to_json())
    assert json.dumps(LoggedRun.from_json(json.loads(kept)).to_json()) == kept


def test_newcomers_are_those_no_cutoff_before_held(judged: EvaluateResult) -> None:
    counts = [0 if fold.newcomers is None else fold.newcomers.rows for fold in judged.backtest]
    assert np.all(np.array(counts) < [fold.evaluation.rows for fold in judged.backtest])


@pytest.mark.slow
def test_different_runs_that_look_at_a_cutoff_are_counted(shop: Shop, tmp_path: Path) -> None:
    project = one_fold(shop, 0)
    assert [project.evaluate(backtest=backtest).looks for backtest in (False, True)] == [1, 2]
    counted = json.loads((tmp_path / "outputs" / "corner_shop" / "looks.json").read_text())
    assert [len(runs) for runs in counted.values()] == [2]
