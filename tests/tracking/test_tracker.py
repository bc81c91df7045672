"""Runs written to MLflow's own store and read back by MLflow; servers that are absent or slow."""

from __future__ import annotations

import json
import logging
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from churnscope.config.models import Tracking
from churnscope.errors import ServiceError, StorageError
from churnscope.tracking import LoggedRun, Tracker, store
from churnscope.tracking import tracker as module

DEAD = "http://ann:secret@127.0.0.1:9"  # the discard port: nobody listens


def run(key="train-1", **changed):
    fold = LoggedRun(f"{key}/fold-1", "fold 1998-03-03", 1_000, metrics={"auroc": 0.71})
    given = {
        "params": {"rounds": "120", "long": "x" * 10_000},
        "metrics": {"auroc": 0.73, "undefined": float("nan")},
        "steps": {"auroc_by_cutoff": {10_288: 0.71, 10_318: 0.73}},
        "tags": {"grade": "use it"},
        "artifacts": {"figures.json": b"{}", "pictures/gains.svg": b"<svg/>"},
        "children": (fold,),
        "inputs": {"sales 1: sales.csv": "ab" * 32},
    }
    return LoggedRun(key, "training", 1_000, **{**given, **changed})


@pytest.fixture(scope="module")
def logged(tmp_path_factory):
    tracker = Tracker(Tracking(), tmp_path_factory.mktemp("outputs"), "cdnow")
    return tracker, tracker.log(run())


def test_a_run_is_in_the_store_whole(logged, client_of):
    tracker, tracked = logged
    assert tracked.state == "logged"
    client = client_of(tracker)
    found = client.get_run(tracked.run_id)
    assert found.info.status == "FINISHED"
    assert found.info.run_name == "training"
    assert found.data.params["rounds"] == "120"
    assert len(found.data.params["long"]) == 6_000
    assert found.data.metrics == {"auroc": 0.73, "auroc_by_cutoff": 0.73}
    assert found.data.tags["grade"] == "use it"
    assert [(m.step, m.value) for m in client.get_metric_history(tracked.run_id, "auroc_by_cutoff")] == [
        (10_288, 0.71),
        (10_318, 0.73),
    ]
    assert {file.path for file in client.list_artifacts(tracked.run_id)} == {"figures.json", "pictures"}


def test_children_lie_below_their_parent(logged, client_of):
    tracker, tracked = logged
    experiment = client_of(tracker).get_experiment_by_name("cdnow")
    children = client_of(tracker).search_runs([experiment.experiment_id], f"tags.mlflow.parentRunId = '{tracked.run_id}'")
    assert [(child.info.run_name, child.data.metrics) for child in children] == [("fold 1998-03-03", {"auroc": 0.71})]


def test_the_same_run_logged_again_is_one_run(logged, client_of):
    tracker, tracked = logged
    assert tracker.log(run()).run_id == tracked.run_id
    experiment = client_of(tracker).get_experiment_by_name("cdnow")
    assert len(client_of(tracker).search_runs([experiment.experiment_id])) == 2, "the training and its fold"


def test_a_run_cut_short_is_completed_not_repeated(logged, client_of, monkeypatch):
    tracker, _ = logged
    with monkeypatch.context() as patched:
        patched.setattr("mlflow.tracking.MlflowClient.log_artifacts", lambda *_: (_ for _ in ()).throw(OSError("disk gone")))
        assert tracker.log(run("train-2")).reason.endswith("disk gone")
    (tracked,) = tracker.sync()
    assert tracked.state == "logged"
    client = client_of(tracker)
    experiment = client.get_experiment_by_name("cdnow").experiment_id
    (found,) = client.search_runs([experiment], "tags.`churnscope.key` = 'train-2'")
    assert found.info.status == "FINISHED"
    assert len(client.get_metric_history(found.info.run_id, "auroc_by_cutoff")) == 2
    assert tracker.waiting() == []


def test_the_command_to_look_names_the_store(logged, monkeypatch, tmp_path):
    tracker, tracked = logged
    store_uri = f"--backend-store-uri sqlite:///{tracker.outputs}/mlflow/mlflow.db"
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    assert tracker.look == f"mlflow ui {store_uri}"
    monkeypatch.setenv("PATH", str(tmp_path))
    assert tracker.look == f"{sys.executable} -m mlflow ui {store_uri}"
    assert tracked.look.endswith(store_uri)


def test_the_command_to_look_can_be_pasted_whatever_the_folder_is_called(tmp_path):
    tracker = Tracker(Tracking(), tmp_path / "my shop's $HOME", "x")
    assert shlex.split(tracker.look)[-1] == f"sqlite:///{tmp_path}/my shop's $HOME/mlflow/mlflow.db"


def test_inputs_are_shown_with_their_fingerprints(logged, client_of):
    tracker, tracked = logged
    (read,) = client_of(tracker).get_run(tracked.run_id).inputs.dataset_inputs
    assert (read.dataset.name, read.dataset.digest) == ("sales 1: sales.csv", "ab" * 18)
    assert json.loads(read.dataset.source) == {"sha256": "ab" * 32}


def test_store_and_files_are_for_their_owner_alone(logged):
    tracker, _ = logged
    assert tracker.folder.stat().st_mode & 0o777 == 0o700
    assert {path.name for path in tracker.folder.iterdir()} == {"mlflow.db", "artifacts", "outbox", ".lock"}


def test_a_dead_server_keeps_the_run_and_a_later_sync_sends_it_once(tmp_path, logged, client_of):
    tracker = Tracker(Tracking(uri=DEAD), tmp_path, "later")
    kept = tracker.log(run())
    assert (kept.state, kept.run_id) == ("pending", "")
    assert kept.reason.startswith("The tracking store http://***@127.0.0.1:9 does not take the run: ")
    assert kept.reason.endswith("Connection refused")
    assert "secret" not in f"{kept}{tracker.look}"
    assert all("secret" not in path.read_text() for path in tracker.waiting())
    assert [one.state for one in tracker.sync()] == ["pending"]

    living = Tracker(Tracking(uri=logged[0].place.uri), tmp_path, "later")
    assert [one.state for one in living.sync()] == ["logged"]
    assert living.sync() == ()
    experiment = client_of(living).get_experiment_by_name("later").experiment_id
    assert len(client_of(living).search_runs([experiment])) == 2


def test_a_required_server_that_is_dead_is_a_failure_and_still_loses_nothing(tmp_path):
    tracker = Tracker(Tracking(uri=DEAD, required=True), tmp_path, "x")
    with pytest.raises(ServiceError, match="does not take the run") as failure:
        tracker.log(run())
    assert "secret" not in str(failure.value)
    assert "churnscope sync" in failure.value.advice
    assert len(tracker.waiting()) == 1


def test_nothing_more_is_asked_when_the_time_is_over(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "RUN_SECONDS", (10, -1.0))
    tracker = Tracker(Tracking(uri=DEAD), tmp_path, "x")
    assert "longer than it is given" in tracker.log(run()).reason


@pytest.mark.parametrize(
    "uri",
    ["sqlite:////nonexistent/folder/mlflow.db", "postgresql://ann:secret@127.0.0.1:9/x", "nosuch://x", "sqlite://a/b?c=d"],
)
def test_a_store_that_cannot_be_opened_keeps_the_run(tmp_path, uri):
    tracked = Tracker(Tracking(uri=uri), tmp_path, "x").log(run())
    assert tracked.state == "pending"
    assert tracked.reason
    assert "secret" not in str(tracked)


def test_a_file_that_is_no_database_keeps_the_run(tmp_path):
    (tmp_path / "mlflow").mkdir()
    (tmp_path / "mlflow" / "mlflow.db").write_text("not a database, but long enough to be read as the header of one " * 20)
    assert "not a database" in Tracker(Tracking(), tmp_path, "x").log(run()).reason


def test_a_damaged_file_in_the_outbox_is_named(tmp_path):
    tracker = Tracker(Tracking(), tmp_path, "x")
    (tmp_path / "mlflow" / "outbox").mkdir(parents=True)
    (tmp_path / "mlflow" / "outbox" / "1.json").write_text("{}")
    with pytest.raises(StorageError, match=r"1\.json is damaged"):
        tracker.sync()


def test_tracking_that_is_off_writes_nothing(tmp_path):
    tracker = Tracker(Tracking(enabled=False), tmp_path, "x")
    assert tracker.log(run()).state == "off"
    assert tracker.sync() == ()
    assert list(tmp_path.iterdir()) == []


def test_environment_and_loggers_are_left_as_they_were(logged, capfd):
    tracker, _ = logged
    environment = dict(os.environ)
    levels = {name: logging.getLogger(name).level for name in store.QUIET_LOGGERS}
    tracker.log(run("train-3"))
    assert dict(os.environ) == environment
    assert {name: logging.getLogger(name).level for name in store.QUIET_LOGGERS} == levels
    assert capfd.readouterr() == ("", "")


def test_importing_the_tracker_loads_no_mlflow():
    code = "import sys, churnscope.tracking; assert not {'mlflow', 'sqlalchemy', 'numpy', 'pandas'} & set(sys.modules), 'heavy'"
    subprocess.run([sys.executable, "-c", code], check=True)
