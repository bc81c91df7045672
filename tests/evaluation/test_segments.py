"""The figures of parts of the customers."""

from __future__ import annotations

import json

import numpy as np
import pytest

from churnscope.config.models import Evaluation as Settings
from churnscope.evaluation.calibration import expit
from churnscope.evaluation.figures import Evaluation, evaluate
from churnscope.evaluation.segments import SEGMENT_METRICS, Segmentation

SETTINGS = Settings(bootstraps=20)


@pytest.fixture
def rows():
    """Outcomes, a customer per row, a forecast that is too high for those above 40, and their ages."""
    rng = np.random.default_rng(3)
    truth, age = rng.normal(size=600), np.repeat([20.0, 60.0, 80.0], [300, 251, 49])
    churned = rng.random(600) < expit(truth)
    return churned, np.arange(600), expit(truth + (age > 40)), age


def judged(rows, *segmentations):
    churned, customer, forecast, _ = rows
    forecasts = {"model": forecast, "base rate": np.full(600, 0.5)}
    return evaluate(churned, customer, forecasts, SETTINGS, np.random.default_rng(0), segmentations=segmentations)


def ages(rows):
    return Segmentation.at("age", rows[3], [40, 70], ["young", "middle", "old"])


def test_a_segment_begins_on_its_cut():
    assert Segmentation.at("age", [39.9, 40, 70, np.nan], [40, 70], "abc").member.tolist() == [0, 1, 2, 3]


def test_quarters_hold_equally_many_and_missing_values_stand_apart():
    quarters = Segmentation.quarters("days", [*range(1, 401), np.nan])
    assert np.bincount(quarters.member) == pytest.approx([100, 100, 100, 100, 1], abs=1)  # cuts have three digits
    assert quarters.names[-1] == "not known"


def test_few_different_values_are_segments_of_their_own():
    quarters = Segmentation.quarters("flag", [1, 0, 1, 5])
    assert (quarters.names, quarters.member.tolist()) == (("0", "1", "5", "not known"), [1, 0, 1, 2])


def test_a_column_that_is_never_known_is_one_segment():
    assert Segmentation.quarters("flag", [np.nan, np.nan]).member.tolist() == [1, 1]


def test_figures_of_a_segment_are_those_of_its_rows_alone(rows):
    churned, customer, forecast, age = rows
    young = judged(rows, ages(rows)).segments[0]
    here = age < 40
    alone = evaluate(churned[here], customer[here], {"model": forecast[here]}, SETTINGS, np.random.default_rng(0))
    assert (young.by, young.name, young.rows, young.churned) == ("age", "young", 300, alone.churned)
    for metric in SEGMENT_METRICS:
        assert young.metrics[metric].value == alone.model.metrics[metric].value
        assert young.metrics[metric].low <= young.metrics[metric].value <= young.metrics[metric].high


def test_a_forecast_that_is_too_high_for_some_shows_there(rows):
    young, middle = judged(rows, ages(rows)).segments
    assert young.metrics["predicted_minus_churned"].low < 0.05
    assert middle.metrics["predicted_minus_churned"].low > 0.05


def test_fewer_than_fifty_customers_are_not_shown(rows):
    assert [segment.name for segment in judged(rows, ages(rows)).segments] == ["young", "middle"]
    churned, _, forecast, age = rows
    repeated = (churned, np.minimum(np.arange(600), 40), forecast, age)  # many rows of few customers
    assert [segment.name for segment in judged(repeated, ages(rows)).segments] == []


def test_segments_change_no_other_figure(rows):
    without, with_segments = judged(rows).to_json(), judged(rows, ages(rows)).to_json()
    assert without | {"segments": []} == with_segments | {"segments": []}


def test_segments_survive_json(rows):
    evaluation = judged(rows, ages(rows))
    written = json.loads(json.dumps(evaluation.to_json(), allow_nan=False))
    assert Evaluation.from_json(written).segments == evaluation.segments
    del written["segments"]
    assert Evaluation.from_json(written).segments == ()


def test_only_chosen_rows_are_left():
    assert Segmentation("age", ("a", "b"), np.array([0, 1, 1])).of(np.array([True, False, True])).member.tolist() == [0, 1]
