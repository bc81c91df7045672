"""The evaluation of a model beside its baselines."""

from __future__ import annotations

import json

import numpy as np
import pytest

from churnscope.config.models import Evaluation as Settings
from churnscope.evaluation.calibration import expit
from churnscope.evaluation.figures import Evaluation, decile_table, evaluate
from churnscope.evaluation.ranking import Gains

SETTINGS = Settings(bootstraps=60, capacity=30)


def judged(settings=SETTINGS, seed=0):
    rng = np.random.default_rng(9)
    truth = rng.normal(size=800)
    churned = rng.random(800) < expit(truth)
    probabilities = {
        "model": expit(truth),
        "recency rule": expit(truth + rng.normal(size=800)),
        "base rate": np.full(800, churned.mean()),
    }
    return evaluate(churned, np.arange(800) // 2, probabilities, settings, np.random.default_rng(seed))


def test_counts_are_those_of_the_rows():
    evaluation = judged()
    assert (evaluation.rows, evaluation.customers, evaluation.bootstraps) == (800, 400, 60)
    assert evaluation.base_rate == evaluation.churned / 800


def test_every_interval_holds_its_value():
    evaluation = judged()
    judged_on = [
        evaluation.model.metrics,
        evaluation.predictors["recency rule"].metrics,
        evaluation.differences["recency rule"],
    ]
    for metric, figure in [pair for figures in judged_on for pair in figures.items()]:
        assert figure.low < figure.value < figure.high, metric


def test_differences_are_model_minus_baseline_and_narrower_than_unpaired_ones():
    evaluation = judged()
    model, recency = (evaluation.predictors[name].metrics["auroc"] for name in ("model", "recency rule"))
    difference = evaluation.differences["recency rule"]["auroc"]
    assert difference.value == pytest.approx(model.value - recency.value)
    assert difference.high - difference.low < (model.high - model.low) + (recency.high - recency.low)
    assert set(evaluation.differences) == {"recency rule", "base rate"}


def test_same_seed_gives_the_same_figures_and_another_seed_other_intervals():
    once, again, other = judged().to_json(), judged().to_json(), judged(seed=1).to_json()
    assert once == again
    assert once["predictors"]["model"]["metrics"]["auroc"] != other["predictors"]["model"]["metrics"]["auroc"]


def test_json_holds_no_nan_and_comes_back_equal():
    evaluation = judged()
    text = json.dumps(evaluation.to_json(), allow_nan=False)
    back = Evaluation.from_json(json.loads(text))
    assert back.to_json() == evaluation.to_json()
    assert back.model == evaluation.model
    assert np.isnan(back.predictors["base rate"].metrics["calibration_slope"].value)


def test_without_bootstraps_there_are_values_and_no_intervals():
    figure = judged(Settings(bootstraps=0)).model.metrics["auroc"]
    assert 0.5 < figure.value < 1
    assert np.isnan([figure.low, figure.high]).all()


def test_repeated_rows_of_a_customer_do_not_narrow_the_interval():
    rng = np.random.default_rng(1)
    probability = rng.random(300)
    churned = rng.random(300) < probability
    settings = Settings(bootstraps=200)
    once = evaluate(churned, np.arange(300), {"model": probability}, settings, np.random.default_rng(0))
    five = [np.tile(values, 5) for values in (churned, np.arange(300), probability)]
    copied = evaluate(five[0], five[1], {"model": five[2]}, settings, np.random.default_rng(0))
    assert copied.model.metrics["auroc"].low == pytest.approx(once.model.metrics["auroc"].low)
    assert copied.model.metrics["log_loss"].high == pytest.approx(once.model.metrics["log_loss"].high)


def test_intervals_hold_the_truth_about_95_times_in_100():
    rng = np.random.default_rng(12)
    held = []
    for _ in range(40):
        churned = rng.random(400) < 0.5
        score = expit(churned * 1.0 + rng.normal(size=400))  # true AUROC is Phi(1 / sqrt 2) = 0.7602
        figure = evaluate(churned, np.arange(400), {"model": score}, Settings(bootstraps=80), rng).model.metrics["auroc"]
        held.append(figure.low <= 0.76025 <= figure.high)
    assert 0.85 <= np.mean(held) <= 1


def test_deciles_by_hand():
    churned = [1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    probability = np.linspace(0.95, 0.0, 20)
    table = decile_table(Gains.of(churned, probability), probability)
    assert [row.rows for row in table] == [2] * 10
    assert [row.churned for row in table] == [2, 1] + [0] * 8
    assert table[0].predicted == pytest.approx(0.925)
    assert table[0].lift == pytest.approx(1 / 0.15)
    assert [row.captured for row in table[:2]] == pytest.approx([2 / 3, 1])


def test_deciles_of_a_constant_forecast_all_hold_the_base_rate():
    table = decile_table(Gains.of([1, 0, 0, 0, 0] * 5, [0.2] * 25), np.full(25, 0.2))
    assert sum(row.rows for row in table) == 25
    assert [row.churn_rate for row in table] == pytest.approx([0.2] * 10)


def test_fewer_than_ten_rows_still_have_a_table():
    assert sum(row.rows for row in decile_table(Gains.of([1, 0, 1], [0.3, 0.2, 0.1]), np.array([0.3, 0.2, 0.1]))) == 3


@pytest.mark.parametrize(
    ("churned", "customer", "probability", "message"),
    [
        ([], [], [], "at least one row|a row"),
        ([1, 0], [1], [0.5, 0.5], "2 outcomes and 1 customers"),
        ([1, -1], [1, 2], [0.5, 0.5], "leave censored rows out"),
        ([1, 0], [1, 2], [0.5], r"shape \(1,\)"),
        ([1, 0], [1, 2], [0.5, 1.2], r"within \[0, 1\]"),
        ([1, 0], [1, 2], [0.5, np.nan], r"within \[0, 1\]"),
    ],
)
def test_impossible_rows_are_refused(churned, customer, probability, message):
    with pytest.raises(ValueError, match=message):
        evaluate(churned, customer, {"model": probability}, SETTINGS, np.random.default_rng(0))
