"""The verdict by the intervals, case by case."""

from __future__ import annotations

import pytest

from churnscope.evaluation.calibration import Reliability
from churnscope.evaluation.figures import Evaluation, PredictorFigures
from churnscope.evaluation.grade import grade
from churnscope.evaluation.intervals import Estimate

WIN, DRAW, LOSS = (0.01, 0.03), (-0.01, 0.02), (-0.03, -0.01)


def evaluation(against, churned=500, rows=2000):
    """Differences by baseline: (AUROC, log loss), each as the interval of the improvement."""

    def figures(auroc, log_loss):
        metrics = {"auroc": Estimate(auroc, auroc, auroc), "log_loss": Estimate(log_loss, log_loss, log_loss)}
        return PredictorFigures(metrics, (), Reliability((), (0.0, 0.0)), ())

    differences = {
        name: {
            "auroc": Estimate(sum(order) / 2, *order),
            "log_loss": Estimate(-sum(loss) / 2, -loss[1], -loss[0]),
        }
        for name, (order, loss) in against.items()
    }
    predictors = {"model": figures(0.73, 0.58), **{name: figures(0.7, 0.6) for name in against}}
    return Evaluation(rows, rows, churned, predictors, differences, None, 500)


@pytest.mark.parametrize(
    ("against", "text"),
    [
        ({"base rate": (WIN, WIN), "recency rule": (WIN, WIN)}, "use it"),
        ({"base rate": (WIN, WIN), "recency rule": (DRAW, WIN)}, "no better than the recency rule"),
        ({"base rate": (DRAW, DRAW), "recency rule": (WIN, WIN)}, "no better than the base rate"),
        ({"base rate": (WIN, WIN), "recency rule": (WIN, DRAW)}, "use the order only"),
        ({"base rate": (WIN, LOSS), "recency rule": (WIN, WIN)}, "use the order only"),
        ({"base rate": (WIN, WIN), "recency rule": (WIN, WIN), "RFM logistic": (DRAW, DRAW)}, "use it"),
        (
            {"base rate": (WIN, WIN), "recency rule": (WIN, WIN), "RFM logistic": (LOSS, WIN)},
            "no better than the logistic rule of recency, frequency and amount",
        ),
        (
            {"base rate": (WIN, WIN), "recency rule": (WIN, WIN), "RFM logistic": (WIN, LOSS)},
            "use the order only",
        ),
        (
            {"base rate": (WIN, WIN), "recency rule": (WIN, WIN), "P0": (DRAW, WIN)},
            "no better than the chance of no purchase by BG/NBD",
        ),
        ({"base rate": (WIN, WIN), "recency rule": (WIN, WIN), "own_rule": (LOSS, LOSS)}, "use it"),
    ],
)
def test_verdict(against, text):
    verdict = grade(evaluation(against))
    assert verdict.text == text
    assert verdict.is_good == (text == "use it")
    assert verdict.reason


@pytest.mark.parametrize(("churned", "rows"), [(199, 2000), (0, 10), (300, 300)])
def test_too_few_outcomes_say_so_whatever_the_figures(churned, rows):
    verdict = grade(evaluation({"base rate": (WIN, WIN)}, churned, rows))
    assert verdict.text == "too little data"
    assert f"{churned} customers churned" in verdict.reason


def test_the_reason_names_figures_and_interval():
    reason = grade(evaluation({"base rate": (WIN, WIN), "recency rule": (DRAW, WIN)})).reason
    assert reason == "AUROC 0.730 against 0.700 of the recency rule: difference +0.005, 95 % interval -0.010 to +0.020."


def test_praise_compares_with_the_hardest_rule():
    assert "the recency rule" in grade(evaluation({"base rate": ((0.2, 0.3), (0.2, 0.3)), "recency rule": (WIN, WIN)})).reason


def test_an_undefined_difference_is_no_win():
    nothing = (float("nan"), float("nan"))
    assert grade(evaluation({"base rate": (nothing, nothing)})).text == "no better than the base rate"


@pytest.mark.parametrize(
    ("order", "churned", "rows", "text"),
    [
        (DRAW, 99, 500, "no better than the base rate"),
        (LOSS, 30, 500, "no better than the base rate"),
        (DRAW, 29, 500, "too little data"),
        (DRAW, 199, 228, "too little data"),
        (WIN, 99, 500, "too little data"),
        ((float("nan"), float("nan")), 99, 500, "too little data"),
    ],
    ids=["not told from chance", "worse than chance", "too few churned", "too few stayed", "better", "nothing resampled"],
)
def test_few_outcomes_can_fail_to_tell_a_model_from_chance(order, churned, rows, text):
    verdict = grade(evaluation({"base rate": (order, order), "recency rule": (WIN, WIN)}, churned, rows))
    assert verdict.text == text
    assert verdict.is_chance == (text == "no better than the base rate")
    assert f"{churned} customers churned" in verdict.reason
