"""The figures as text."""

from __future__ import annotations

import numpy as np
import pytest

from churnscope.config.models import Evaluation as Settings
from churnscope.evaluation.figures import evaluate
from churnscope.evaluation.tables import comparison_table, decile_rows, difference_table

CHURNED = [1, 1, 0, 0] * 10
FORECASTS = {"recency rule": [0.5] * 40, "model": [0.8, 0.6, 0.4, 0.2] * 10}


def judged(bootstraps):
    return evaluate(CHURNED, range(40), FORECASTS, Settings(bootstraps=bootstraps), np.random.default_rng(0))


def test_the_model_comes_first_under_titles():
    table = comparison_table(judged(0), ("auroc", "log_loss", "lift_10pct", "calibration_slope"))
    assert table == [
        ("", "AUROC", "log loss", "lift at 10 %", "calibration slope"),
        ("the model", "1.000", "0.367", "2.000", "-"),
        ("the recency rule", "0.500", "0.693", "1.000", "-"),
    ]


def test_differences_carry_their_sign_and_interval():
    ((_, titled), (row, text)) = difference_table(judged(40), ("log_loss",))
    assert (titled, row) == ("log loss", "model minus the recency rule")
    assert text.startswith("-0.326 [-0.")


def test_a_metric_that_was_not_measured_has_no_column():
    assert comparison_table(judged(0), ("auroc", "lift_capacity"))[0] == ("", "AUROC")


def test_deciles_add_up():
    header, *rows = decile_rows(judged(0))
    assert len(header) == len(rows[0])
    assert rows[0] == ("1", "4", "4", "100.0%", "80.0%", "2.00", "20.0%")
    assert sum(float(row[2]) for row in rows) == pytest.approx(20)
    assert rows[-1][-1] == "100.0%"


def test_what_is_undefined_is_a_dash():
    nobody = evaluate([0, 0], [1, 2], {"model": [0.1, 0.2]}, Settings(bootstraps=0), np.random.default_rng(0))
    assert comparison_table(nobody, ("auroc",))[1] == ("the model", "-")
    assert decile_rows(nobody)[1][-1] == "-"
