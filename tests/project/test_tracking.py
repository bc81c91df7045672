"""What a project leaves in MLflow, and that no customer is in it."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from churnscope.config.models import Profit, Tracking
from churnscope.errors import ServiceError
from churnscope.features import FeatureSpec
from churnscope.model.bundle import read_bundle, resolve, write_bundle
from churnscope.project import Project
from churnscope.project.results import EvaluateResult, TrainResult
from churnscope.tracking import store

from .conftest import Shop

DEAD = "http://127.0.0.1:9"  # the discard port: nobody listens


def tracked(shop: Shop, **settings: Any) -> Project:
    """The shop's project with tracking, customers under names that nothing else holds."""
    project = shop.project([replace(sale, customer=f"Zyx~{sale.customer}") for sale in shop.sales])
    model = project.config.model.model_copy(update={"allow_small": True})
    evaluation = project.config.evaluation.model_copy(update={"folds": 2})
    changed = {"tracking": Tracking(**settings), "model": model, "evaluation": evaluation, "profit": Profit(value=120)}
    project.config = project.config.model_copy(update=changed)
    return project


@dataclass(frozen=True)
class Done:
    """A training and an evaluation that were logged."""

    project: Project
    folder: Path
    trained: TrainResult
    judged: EvaluateResult
    worked_in: Path


@pytest.fixture(scope="module")
def done(trained: Shop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Done]:
    home = tmp_path_factory.mktemp("tracked")
    (home / "configs").mkdir()
    (home / "elsewhere").mkdir()
    project = tracked(replace(trained, folder=home / "configs"))
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(home / "elsewhere")
        yield Done(
            project, home / "outputs" / "corner_shop" / "mlflow", project.train(), project.evaluate(), home / "elsewhere"
        )


@pytest.fixture(scope="module")
def client(done: Done) -> Iterator[Any]:
    with store._quiet_mlflow():
        from mlflow.tracking import MlflowClient

        uri = f"sqlite:///{done.folder / 'mlflow.db'}"
        yield MlflowClient(tracking_uri=uri, registry_uri=uri)


def artifact(client: Any, run_id: str, name: str, to: Path) -> bytes:
    return Path(client.download_artifacts(run_id, name, str(to))).read_bytes()


@pytest.mark.slow
def test_everything_is_under_the_declared_folder_and_nothing_beside_it(done: Done) -> None:
    assert {path.name for path in done.folder.iterdir()} == {"mlflow.db", "artifacts", "outbox", ".lock"}
    assert list(done.worked_in.iterdir()) == []
    assert list((done.folder / "outbox").iterdir()) == []
    assert done.trained.tracking.look.endswith(f"ui --backend-store-uri sqlite:///{done.folder}/mlflow.db")


@pytest.mark.slow
def test_training_evaluation_and_folds_hang_together(done: Done, client: Any) -> None:
    trained, judged = (client.get_run(result.tracking.run_id) for result in (done.trained, done.judged))
    assert "mlflow.parentRunId" not in trained.data.tags
    assert judged.data.tags["mlflow.parentRunId"] == trained.info.run_id
    experiment = client.get_experiment(trained.info.experiment_id)
    assert (experiment.name, experiment.tags["mlflow.experimentKind"]) == ("corner_shop", "custom_model_development")
    folds = client.search_runs([experiment.experiment_id], f"tags.mlflow.parentRunId = '{judged.info.run_id}'")
    days = [fold.cutoff for fold in done.judged.backtest]
    assert len(folds) == len(days) == 2
    history = client.get_metric_history(judged.info.run_id, "backtest/auroc")
    money = done.judged.profit.metrics()
    assert {name: judged.data.metrics[name] for name in money} == money
    assert [(point.step, point.value) for point in history] == sorted(
        (int(fold.data.tags["cutoff"].replace("-", "")), fold.data.metrics["auroc"]) for fold in folds
    )


@pytest.mark.slow
def test_a_training_tells_all_that_decided_it(done: Done, client: Any, tmp_path: Path) -> None:
    run = client.get_run(done.trained.tracking.run_id)
    bundle = read_bundle(done.trained.folder)
    assert run.data.params["prediction.horizon_days"] == "30"
    assert run.data.params["features.windows_days"] == "[14, 60]"
    assert run.data.params["features"] == str(len(bundle.specs))
    tags = run.data.tags
    assert (tags["grade"], tags["model_version"], tags["as_of"]) == (done.trained.grade.text, bundle.version, "2023-02-27")
    assert tags["mlflow.note.content"].endswith(done.trained.grade.reason)
    assert len(tags["config_hash"]) == len(tags["definition_hash"]) == 64
    (read,) = run.inputs.dataset_inputs
    assert read.dataset.name == "sales 1: sales.csv"
    assert hashlib.sha256(json.loads(read.dataset.source)["sha256"].encode()).hexdigest() == tags["data_fingerprint"]
    assert (
        json.loads(artifact(client, run.info.run_id, "features.json", tmp_path))["features"][0]["name"] == bundle.specs[0].name
    )
    rows = list(csv.DictReader(io.StringIO(artifact(client, run.info.run_id, "features.csv", tmp_path).decode())))
    assert [row["name"] for row in rows] == [spec.name for spec in bundle.specs]
    assert set(rows[0]) == set(FeatureSpec.__dataclass_fields__)
    assert json.loads(artifact(client, run.info.run_id, "definition.json", tmp_path)) == bundle.definition
    assert {file.path for file in client.list_artifacts(run.info.run_id, "pictures")} == {
        f"pictures/{name}.svg" for name in ("calibration", "deciles", "gains", "profit")
    }


@pytest.mark.slow
def test_no_customer_is_in_anything_that_was_stored(done: Done) -> None:
    stored = [path for path in done.folder.rglob("*") if path.is_file()]
    assert len(stored) > 30
    for path in stored:
        assert b"Zyx~" not in path.read_bytes(), path
    read = {line.partition(",")[0] for line in (done.worked_in.parent / "configs" / "sales.csv").read_text().splitlines()[1:]}
    assert all(customer.startswith("Zyx~") for customer in read)
    assert len(read) > 400


@pytest.mark.slow
def test_the_alias_follows_promotion_and_rollback(done: Done, client: Any) -> None:
    models, first = done.project.config.folders.models, done.trained.version
    assert done.trained.promoted
    assert champion_in(client) == first
    bundle = read_bundle(resolve(models, "corner_shop", first))
    other = write_bundle(models, replace(bundle, config={**bundle.config, "note": "again"}, version="", stands_in="P0")).name
    served = done.project.promote(other, force=True)
    assert champion_in(client) == other
    assert client.get_model_version("corner_shop", "2").tags["recipe"] == "P0"
    change = client.get_run(served.tracking.run_id).data.tags
    assert (change["command"], change["before"], change["reason"]) == ("models promote", first, "forced")
    assert done.project.rollback().version == first
    assert champion_in(client) == first
    assert len(client.search_model_versions("name = 'corner_shop'")) == 2


@pytest.mark.slow
def test_a_rule_that_stands_in_for_a_model_is_registered_and_serves(done: Done, client: Any) -> None:
    models = done.project.config.folders.models
    (models / "corner_shop" / "champion.json").unlink()
    cautious = done.project.config.model.model_copy(update={"allow_small": False})
    result = Project(done.project.config.model_copy(update={"model": cautious})).train()
    assert result.stand_in is not None
    assert champion_in(client) == result.stand_in.version
    assert len(client.get_run(result.tracking.run_id).outputs.model_outputs) == 2
    (rule,) = client.search_model_versions(f"name = 'corner_shop' and tags.`churnscope.version` = '{result.stand_in.version}'")
    assert rule.tags["recipe"] == result.stand_in.rule


def champion_in(client: Any) -> str:
    return str(client.get_model_version_by_alias("corner_shop", "champion").tags["churnscope.version"])


@pytest.mark.slow
def test_a_server_that_is_away_changes_nothing_but_the_note(shop: Shop) -> None:
    project = tracked(shop, uri=DEAD)
    result = project.train()
    assert "Connection refused" in result.tracking.pending
    assert resolve(project.config.folders.models, "corner_shop", "champion").name == result.version
    assert project.sync().runs[0].pending
    required = tracked(shop, uri=DEAD, required=True)
    with pytest.raises(ServiceError, match="1 of 1 runs are still waiting") as failure:
        required.sync()
    assert failure.value.exit_code == 8
    with pytest.raises(ServiceError, match="does not take the run") as failure:
        required.train()
    assert failure.value.exit_code == 8
    living = tracked(shop)
    assert all(run.run_id for run in living.sync().runs)
    assert living.sync().runs == ()
