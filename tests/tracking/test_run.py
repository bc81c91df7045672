"""A run as it waits in the outbox, and an evaluation as metrics."""

from __future__ import annotations

import json

import numpy as np
import pytest

from churnscope.config.models import Evaluation as Settings
from churnscope.evaluation.figures import evaluate
from churnscope.tracking.run import LoggedRun, SavedModel, flat_metrics


def test_json_comes_back_equal():
    child = LoggedRun("train-1/fold-1", "fold", 7, metrics={"auroc": 0.7})
    run = LoggedRun(
        "train-1",
        "training",
        5,
        params={"rounds": "120"},
        metrics={"auroc": 0.73, "undefined": float("nan")},
        steps={"auroc": {10_000: 0.71, 10_030: 0.72}},
        tags={"grade": "use it"},
        artifacts={"pictures/gains.svg": b"\x00<svg/>\xff"},
        children=(child,),
        below="shop:1",
        inputs={"sales": "ab"},
        models=(SavedModel("shop", "1", {"model.json": b"{}"}, ("a", "b"), {"grade": "use it"}, "good"),),
    )
    back = LoggedRun.from_json(json.loads(json.dumps(run.to_json())))
    assert back.artifacts == run.artifacts
    assert back.steps == run.steps
    assert back.children == (child,)
    assert back.models == run.models
    assert repr(back) == repr(run)  # NaN is unequal to itself


def test_numbers_are_finite_and_steps_win():
    run = LoggedRun("k", "n", 0, metrics={"a": 1.0, "b": float("nan"), "c": float("inf")}, steps={"d": {3: 2.0}})
    assert list(run.numbers()) == [("a", 0, 1.0), ("d", 3, 2.0)]


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "a/../../b", ""])
def test_artifacts_stay_inside_their_run(name):
    with pytest.raises(ValueError, match="no name of an artifact"):
        LoggedRun("k", "n", 0, artifacts={name: b""})


def test_runs_of_earlier_versions_are_still_read():
    written = LoggedRun("k", "n", 0).to_json()
    earlier = {key: value for key, value in written.items() if key not in {"below", "inputs", "models"}}
    assert LoggedRun.from_json(earlier) == LoggedRun("k", "n", 0)


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd"])
def test_files_of_models_stay_inside_their_folder(name):
    with pytest.raises(ValueError, match="no name of an artifact"):
        SavedModel("shop", "1", {name: b""}, ())


@pytest.mark.parametrize("key", ["", "it's", "a b", "x" * 201])
def test_keys_need_no_quoting(key):
    with pytest.raises(ValueError, match="no key"):
        LoggedRun(key, "n", 0)


def test_an_evaluation_is_flat_metrics():
    rng = np.random.default_rng(0)
    probability = rng.random(200)
    forecasts = {"model": probability, "recency, rule": rng.random(200)}
    evaluation = evaluate(rng.random(200) < probability, np.arange(200), forecasts, Settings(bootstraps=20), rng)
    flat = flat_metrics(evaluation)
    assert flat["auroc_low"] < flat["auroc"] < flat["auroc_high"]
    assert flat["recency_rule/auroc_difference"] == pytest.approx(flat["auroc"] - flat["recency_rule/auroc"])
    assert flat["base_rate"] == evaluation.base_rate
    assert flat["recency_rule/brier"] == evaluation.predictors["recency, rule"].metrics["brier"].value
    assert not {"recency_rule/brier_difference", "recency_rule/brier_low"} & set(flat), "for those, see evaluation.json"
