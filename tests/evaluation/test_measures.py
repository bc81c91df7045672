"""All metrics at once, against the same metrics of the rows written out."""

from __future__ import annotations

import numpy as np
import pytest

from churnscope.evaluation.calibration import brier, calibration_line, expected_calibration_error, log_loss
from churnscope.evaluation.measures import Measured, Outcomes, Tops, better
from churnscope.evaluation.ranking import Gains

TOPS = Tops((0.1, 0.5), capacity=25)


@pytest.fixture
def rows():
    rng = np.random.default_rng(2)
    probability = np.round(rng.beta(2, 2, 400), 2)
    return Outcomes.of(rng.random(400) < probability, rng.integers(150, size=400)), probability


def measured(outcomes, probability, counts):
    predictor = Measured(outcomes, probability, TOPS)
    return dict(zip(predictor.names, predictor.measure(counts)[0], strict=True))


def test_each_row_once_gives_the_plain_metrics(rows):
    outcomes, probability = rows
    metrics = measured(outcomes, probability, np.ones((1, outcomes.customers)))
    churned, gains = outcomes.churned, Gains.of(outcomes.churned, probability)
    line = calibration_line(churned, probability)
    constant = np.full(400, churned.mean())
    assert metrics == pytest.approx(
        {
            "auroc": gains.auroc(),
            "average_precision": gains.average_precision(),
            "log_loss": log_loss(churned, probability),
            "brier": brier(churned, probability),
            "log_loss_skill": 1 - log_loss(churned, probability) / log_loss(churned, constant),
            "brier_skill": 1 - brier(churned, probability) / brier(churned, constant),
            "predicted_minus_churned": probability.mean() - churned.mean(),
            "ece": expected_calibration_error(churned, probability),
            "calibration_intercept": line.intercept,
            "calibration_slope": line.slope,
            "lift_10pct": gains.lift_at(0.1),
            "precision_10pct": gains.precision_at(40),
            "recall_10pct": gains.recall_at(40),
            "lift_50pct": gains.lift_at(0.5),
            "precision_50pct": gains.precision_at(200),
            "recall_50pct": gains.recall_at(200),
            "lift_capacity": gains.precision_at(25) / churned.mean(),
            "precision_capacity": gains.precision_at(25),
            "recall_capacity": gains.recall_at(25),
        }
    )


def test_a_drawn_customer_brings_all_rows_as_often_as_drawn(rows):
    outcomes, probability = rows
    counts = np.random.default_rng(4).multinomial(150, np.full(150, 1 / 150)).astype(float)[None, : outcomes.customers]
    metrics = measured(outcomes, probability, counts)
    copies = counts[0][outcomes.customer].astype(int)
    churned, repeated = np.repeat(outcomes.churned, copies), np.repeat(probability, copies)
    gains = Gains.of(churned, repeated)
    assert metrics["auroc"] == pytest.approx(gains.auroc())
    assert metrics["lift_10pct"] == pytest.approx(gains.lift_at(0.1))
    assert metrics["recall_capacity"] == pytest.approx(gains.recall_at(25))
    assert metrics["log_loss"] == pytest.approx(log_loss(churned, repeated))
    line = calibration_line(churned, repeated)
    assert metrics["calibration_slope"] == pytest.approx(line.slope, abs=0.02), "one Newton step is close"
    assert metrics["calibration_intercept"] == pytest.approx(line.intercept, abs=0.02)


def test_a_constant_forecast_has_neither_order_nor_slope(rows):
    outcomes, _ = rows
    metrics = measured(outcomes, np.full(400, 0.5), np.ones((1, outcomes.customers)))
    assert metrics["auroc"] == 0.5
    assert metrics["lift_10pct"] == pytest.approx(1)
    assert np.isnan(metrics["calibration_slope"])
    assert np.isfinite(metrics["calibration_intercept"])


def test_one_kind_of_outcome_gives_losses_and_no_skill():
    outcomes = Outcomes.of([0, 0, 0], [1, 2, 3])
    metrics = measured(outcomes, np.array([0.1, 0.2, 0.3]), np.ones((1, 3)))
    assert np.isfinite([metrics["log_loss"], metrics["brier"], metrics["ece"]]).all()
    undefined = (
        "auroc",
        "average_precision",
        "log_loss_skill",
        "brier_skill",
        "calibration_slope",
        "lift_10pct",
        "recall_10pct",
    )
    assert np.isnan([metrics[name] for name in undefined]).all()


@pytest.mark.parametrize(
    ("metric", "direction"),
    [
        ("auroc", 1),
        ("log_loss", -1),
        ("log_loss_skill", 1),
        ("lift_5pct", 1),
        ("recall_capacity", 1),
        ("calibration_intercept", 0),
    ],
)
def test_each_metric_knows_its_better_side(metric, direction):
    assert better(metric) == direction
