"""A run's id follows from what decides its outputs; the ledger remembers every run, also a failed one."""

import json
from dataclasses import fields, replace

import pytest

from churnscope.errors import InputError, StorageError
from churnscope.operations.run import RunFacts, peak_memory_bytes, recorded

FACTS = RunFacts(
    command="score",
    as_of="2011-12-10",
    version="0.1.0",
    config="c0",
    inputs={"a": "1"},
    model={"m": "2"},
    options={"all": "no"},
)


def entry(folder):
    (path,) = [path for path in folder.iterdir() if path.suffix == ".json"]
    return path.name, json.loads(path.read_text())


def test_the_same_facts_give_the_same_id_in_every_process():
    assert FACTS.run_id == replace(FACTS, inputs=dict(FACTS.inputs)).run_id == "2c77a06fcf939929"


@pytest.mark.parametrize("name", [field.name for field in fields(RunFacts)])
def test_every_fact_changes_the_id(name):
    other = {"x": "y"} if isinstance(getattr(FACTS, name), dict) else "other"
    assert replace(FACTS, **{name: other}).run_id != FACTS.run_id


def test_the_order_of_inputs_does_not_change_the_id():
    forwards, backwards = ({"a": "1", "b": "2"}, {"b": "2", "a": "1"})
    assert replace(FACTS, inputs=forwards).run_id == replace(FACTS, inputs=backwards).run_id


def test_a_run_is_recorded_with_times_memory_and_counts(tmp_path):
    with recorded(tmp_path, "score") as record:
        record.run_id, record.as_of, record.counts, record.tracking = (
            FACTS.run_id,
            "2011-12-10",
            {"active": 3},
            {"run": "mlflow"},
        )
    name, written = entry(tmp_path)
    assert name.endswith(f"Z-score-{FACTS.run_id}.json")
    assert written["exit_code"] == 0
    assert written["counts"] == {"active": 3}
    assert written["tracking"] == {"run": "mlflow"}
    assert written["duration_seconds"] >= 0
    assert 1e6 < written["peak_memory_bytes"] <= peak_memory_bytes()


@pytest.mark.parametrize(
    ("error", "code"),
    [(InputError("a.csv: it is empty."), 3), (KeyboardInterrupt("by hand"), 130), (ZeroDivisionError("bug"), 1)],
)
def test_a_failed_run_is_recorded_with_its_exit_code(tmp_path, error, code):
    with pytest.raises(type(error), match=r"empty|by hand|bug"), recorded(tmp_path, "train"):
        raise error
    name, written = entry(tmp_path)
    assert name.endswith("Z-train-unidentified.json")
    assert (written["exit_code"], written["outcome"]) == (code, type(error).__name__)
    assert written["error"] == ("a.csv: it is empty." if code == 3 else None)


def test_a_record_that_cannot_be_written_does_not_hide_the_failure(tmp_path, caplog):
    ledger = tmp_path / "runs"
    ledger.touch()
    with pytest.raises(InputError, match="empty"), recorded(ledger, "train"):
        raise InputError("a.csv: it is empty.")
    assert "could not be recorded" in caplog.text


def test_a_good_run_that_cannot_be_recorded_is_a_storage_error(tmp_path):
    ledger = tmp_path / "runs"
    ledger.touch()
    with pytest.raises(StorageError, match="runs"), recorded(ledger, "train"):
        pass


def test_runs_within_one_second_do_not_share_a_file(tmp_path):
    for _ in range(5):
        with recorded(tmp_path, "check"):
            pass
    assert len(list(tmp_path.glob("*.json"))) == 5
