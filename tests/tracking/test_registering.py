"""Models in the registry: each version once, the alias on the one that serves, whatever is cut short or sent late."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from churnscope.config.models import Tracking
from churnscope.tracking import LoggedRun, Tracker

DEAD = "http://127.0.0.1:9"  # the discard port: nobody listens


def training(saved, key="train:1", **changed):
    tags = {"command": "train", "model": "shop", "model_version": saved.model.version}
    given = {"tags": tags, "metrics": {"auroc": 0.7}, "artifacts": {"figures.json": b"{}"}, "models": (saved.model,)}
    return LoggedRun(key, "training", 1_000, **{**given, **changed})


class Serving:
    """What the champion pointer says."""

    def __init__(self, version=None):
        self.version = version

    def __call__(self, name):
        assert name == "shop"
        return self.version


@pytest.fixture(scope="module")
def empty_database(tmp_path_factory):
    """A store whose tables are there: making them takes seconds."""
    tracker = Tracker(Tracking(), tmp_path_factory.mktemp("empty"), "other")
    assert tracker.log(LoggedRun("k", "n", 0)).state == "logged"
    return tracker.folder / "mlflow.db"


@pytest.fixture
def outputs(tmp_path, empty_database):
    """An outputs folder with an empty store."""
    (tmp_path / "mlflow").mkdir()
    (tmp_path / "mlflow" / "mlflow.db").write_bytes(empty_database.read_bytes())
    return tmp_path


@pytest.fixture
def tracker(outputs):
    """Of a store of its own; its serving version is to be set."""
    return Tracker(Tracking(), outputs, "shop", serving=Serving())


def test_a_model_is_registered_once_however_often_it_is_trained(tracker, models, stored):
    one, _ = models
    tracker.serving.version = one.model.version
    assert {tracker.log(training(one, key)).state for key in ("train:1", "train:2", "train:1")} == {"logged"}
    found = stored(tracker)
    assert found.versions == {one.model.version: ["1"]}
    assert found.models == ["READY"]
    assert found.champion == one.model.version
    assert found.runs == {"train:1": ["FINISHED"], "train:2": ["FINISHED"]}


def test_the_alias_follows_the_champion_forth_and_back(tracker, models, stored):
    one, other = models
    tracker.log(training(one, "train:1"))
    assert stored(tracker).champion is None, "nothing was promoted"
    for champion in (one, other, one):
        tracker.serving.version = champion.model.version
        tracker.log(LoggedRun(f"promote:{champion.model.version}", "promote", 1, models=(champion.model,)))
        assert stored(tracker).champion == champion.model.version


def test_a_version_that_is_not_registered_is_not_shown_as_another(tracker, models, stored):
    one, other = models
    tracker.serving.version = one.model.version
    tracker.log(training(one))
    tracker.serving.version = other.model.version  # promoted while tracking was off
    tracker.log(training(one, "train:2"))
    assert stored(tracker).champion is None


def test_what_is_sent_late_does_not_bring_back_an_earlier_champion(outputs, models, stored):
    one, other = models
    away = Tracker(Tracking(uri=DEAD), outputs, "shop", serving=Serving(one.model.version))
    assert away.log(training(one, "train:1")).state == "pending"
    back = Tracker(Tracking(), outputs, "shop", serving=Serving(other.model.version))
    assert back.log(training(other, "train:2")).state == "logged"
    assert [one.state for one in back.sync()] == ["logged"]
    found = stored(back)
    assert found.champion == other.model.version
    assert found.versions == {other.model.version: ["1"], one.model.version: ["2"]}


def test_an_evaluation_is_shown_below_its_training(tracker, saved, client_of):
    trained = tracker.log(training(saved))
    judged = tracker.log(LoggedRun("evaluate:1", "evaluate", 1, below=f"shop:{saved.model.version}"))
    other = tracker.log(LoggedRun("evaluate:2", "evaluate", 1, below="shop:1999-01-01-00000000"))
    tags = [client_of(tracker).get_run(each.run_id).data.tags for each in (judged, other)]
    assert tags[0]["mlflow.parentRunId"] == trained.run_id
    assert "mlflow.parentRunId" not in tags[1]


def test_run_and_model_know_each_other(tracker, saved, client_of):
    trained = tracker.log(training(saved))
    client = client_of(tracker)
    (output,) = client.get_run(trained.run_id).outputs.model_outputs
    model = client.get_logged_model(output.model_id)
    assert model.source_run_id == trained.run_id
    (version,) = client.search_model_versions("name = 'shop'")
    assert (version.run_id, version.source, version.description) == (trained.run_id, model.artifact_location, "Grade: use it.")
    assert version.tags == {"churnscope.version": saved.model.version, "grade": "use it"}
    assert model.artifact_location.startswith(tracker.place.artifacts.as_uri())


class Killed(BaseException):
    """Nothing catches it, as nothing catches a kill."""


class Dying:
    """A client that does not come back from one of its calls, although the call is done."""

    def __init__(self, client, last):
        self.client, self.last = client, last

    def __getattr__(self, name):
        call = getattr(self.client, name)

        def done(*given, **named):
            answer = call(*given, **named)
            if name == self.last:
                raise Killed
            return answer

        return done


LAST = (
    "create_experiment",
    "create_run",
    "log_batch",
    "log_inputs",
    "log_artifacts",
    "create_logged_model",
    "log_model_artifacts",
    "finalize_logged_model",
    "create_registered_model",
    "create_model_version",
    "log_outputs",
    "set_terminated",
    "set_registered_model_alias",
)


OFTEN = {"create_run", "log_model_artifacts", "create_model_version", "set_terminated"}  # tried in every run of the tests


@pytest.mark.parametrize("last", [pytest.param(last, marks=[] if last in OFTEN else pytest.mark.slow) for last in LAST])
def test_a_kill_after_any_call_leaves_what_the_next_sync_completes_once(last, tracker, saved, stored, client_of, monkeypatch):
    tracker.serving.version = saved.model.version
    run = training(saved, params={"rounds": "1"}, inputs={"sales": "ab" * 32}, children=(LoggedRun("fold:1", "fold", 1),))
    from mlflow import tracking

    client = tracking.MlflowClient
    with monkeypatch.context() as patched:
        patched.setattr(tracking, "MlflowClient", lambda **where: Dying(client(**where), last))
        with pytest.raises(Killed):
            tracker.log(run)
    assert len(tracker.waiting()) == 1
    assert [each.state for each in tracker.sync()] == ["logged"]
    found = stored(tracker)
    assert found.runs == {"train:1": ["FINISHED"], "fold:1": ["FINISHED"]}
    assert (found.models, found.versions, found.champion) == (["READY"], {saved.model.version: ["1"]}, saved.model.version)
    client = client_of(tracker)
    experiment = client.get_experiment_by_name("shop").experiment_id
    (whole,) = client.search_runs([experiment], "tags.`churnscope.key` = 'train:1'")
    assert len(whole.outputs.model_outputs) == len(whole.inputs.dataset_inputs) == 1
    assert len(client.get_metric_history(whole.info.run_id, "auroc")) == 1
    assert tracker.sync() == ()


SEND = """
import os, signal, sys
from pathlib import Path
from churnscope.config.models import Tracking
from churnscope.tracking import Tracker
if sys.argv[2] == "die":  # between the upload and the mark that it was sent
    Path.unlink = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
tracker = Tracker(Tracking(), Path(sys.argv[1]), "shop")
print(*(each.state for each in tracker.sync()))
"""


def start(outputs, how="live"):
    command = [sys.executable, "-W", "ignore", "-c", SEND, str(outputs), how]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_killed_before_it_is_marked_as_sent_and_sent_by_two_at_once_it_is_there_once(outputs, saved, stored):
    away = Tracker(Tracking(uri=DEAD), outputs, "shop")
    for number in (1, 2):
        assert away.log(training(saved, f"train:{number}")).state == "pending"
    killed = start(outputs, "die")
    killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    assert len(away.waiting()) == 2
    both = [start(outputs), start(outputs)]
    said = sorted(one.communicate()[0].split() for one in both)
    assert [one.returncode for one in both] == [0, 0]
    assert said == [[], ["logged", "logged"]], "one of them finds nothing left to send"
    found = stored(Tracker(Tracking(), outputs, "shop"))
    assert found.runs == {"train:1": ["FINISHED"], "train:2": ["FINISHED"]}
    assert found.versions == {saved.model.version: ["1"]}
