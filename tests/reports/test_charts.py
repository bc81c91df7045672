"""Pictures: the same bytes twice, no clock, no settings of the user, a sentence that is true."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pytest

from churnscope.config.models import Evaluation as Settings
from churnscope.evaluation.calibration import expit
from churnscope.evaluation.figures import evaluate
from churnscope.reports import charts

CHARTS = (charts.calibration_chart, charts.gains_chart, charts.decile_chart)


def judged(shift=0.0, rows=1500):
    rng = np.random.default_rng(4)
    truth = rng.normal(size=rows)
    churned = rng.random(rows) < expit(truth)
    forecasts = {
        "model": expit(truth + shift),
        "recency rule": expit(truth + rng.normal(size=rows)),
        "base rate": np.full(rows, churned.mean()),
    }
    return evaluate(churned, np.arange(rows), forecasts, Settings(bootstraps=50, capacity=100), rng)


@pytest.fixture(scope="module")
def evaluation():
    return judged()


@pytest.mark.parametrize("chart", CHARTS)
@pytest.mark.parametrize("kind", ["svg", "png"])
def test_same_figures_give_the_same_bytes_under_any_settings(evaluation, chart, kind):
    once = chart(evaluation, kind)
    with mpl.rc_context({"font.size": 20, "svg.hashsalt": "other", "lines.linewidth": 9}):
        assert chart(evaluation, kind) == once
    assert b"dc:date" not in once


@pytest.mark.parametrize("chart", CHARTS)
def test_settings_of_the_user_are_left_alone(evaluation, chart):
    before = dict(mpl.rcParams)
    chart(evaluation)
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize("chart", CHARTS)
def test_tiny_evaluations_are_drawn(chart):
    few = evaluate([1, 0, 0], [1, 2, 3], {"model": [0.5, 0.2, 0.2]}, Settings(bootstraps=0), np.random.default_rng(0))
    assert chart(few, "png").startswith(b"\x89PNG")
    none = evaluate([0, 0], [1, 2], {"model": [0.0, 0.0]}, Settings(bootstraps=0), np.random.default_rng(0))
    assert chart(none).startswith(b"<?xml")


def test_what_is_undefined_is_not_said():
    none = evaluate([0, 0], [1, 2], {"model": [0.0, 0.0]}, Settings(bootstraps=0), np.random.default_rng(0))
    sentences = (charts.calibration_sentence(none), charts.gains_sentence(none), charts.decile_sentence(none))
    assert not any("nan" in sentence for sentence in sentences)


def test_calibration_sentence_tells_chance_from_error(evaluation):
    assert charts.calibration_sentence(evaluation).startswith("The probabilities hold")
    assert ", too high;" in charts.calibration_sentence(judged(shift=1.0))
    assert ", too low;" in charts.calibration_sentence(judged(shift=-1.0))


def test_gains_and_deciles_are_said_with_their_numbers(evaluation):
    reached = evaluation.model.captured[20]
    assert f"hold {reached:.0%} of all who left: {reached / 0.2:.1f} times" in charts.gains_sentence(evaluation)
    assert f"riskiest tenth {evaluation.model.deciles[0].churn_rate:.0%} left" in charts.decile_sentence(evaluation)
