"""The tables of a report."""

from __future__ import annotations

import numpy as np

from churnscope.config.models import Evaluation as Settings
from churnscope.config.models import Stages
from churnscope.evaluation.figures import evaluate
from churnscope.evaluation.intervals import Estimate
from churnscope.reports import tables
from churnscope.reports.explained import Explained
from churnscope.reports.page import Cell
from churnscope.reports.tables import comparison_table, decile_table, difference_table, source_table, type_table
from churnscope.scoring import Bands

from .conftest import SALES, judged_rows


def texts(table):
    return [[cell.text or cell.small if isinstance(cell, Cell) else cell for cell in row] for row in table.rows]


def test_differences_say_which_is_better_beyond_chance(evaluation):
    row = difference_table(evaluation).rows[0]
    cells = dict(zip(difference_table(evaluation).columns, row, strict=True))
    assert cells["AUROC"].tone == "good"
    assert cells["AUROC"].small.endswith("better")
    assert tables._difference("auroc", Estimate(-0.1, -0.2, -0.05)).tone == "bad"
    assert tables._difference("auroc", Estimate(0.1, -0.2, 0.4)).tone == ""
    assert tables._difference("log_loss", Estimate(-0.1, -0.2, -0.05)).tone == "good"


def test_the_best_predictor_stands_first(evaluation):
    assert [row[0] for row in texts(comparison_table(evaluation))] == ["model", "recency rule", "base rate"]


def test_what_is_not_defined_is_not_printed():
    few = evaluate(
        [0, 0], [1, 2], {"model": [0.5, 0.2], "base rate": [0.1, 0.1]}, Settings(bootstraps=0), np.random.default_rng(0)
    )
    for table in (comparison_table(few), difference_table(few), decile_table(few)):
        printed = f"{table.rows}"
        assert "nan" not in printed


def test_rows_of_a_source_add_up_and_are_said_in_words():
    rows = {row[0]: row[1:] for row in texts(source_table(SALES))}
    assert rows["used"] == ["700", "70.0%"]
    assert rows["ignored"] == ["297", "29.7%"]
    assert rows["in another file too"] == ["47", "4.7%"]
    assert rows["bad time"] == ["3", "0.3%"]
    assert "rows that repeat another" not in rows  # not counted
    assert rows["days covered"] == ["1,090", ""]
    assert "1 May 2008 to 25 April 2011" in f"{source_table(SALES).rows}"
    assert source_table(SALES).caption == "Source \u201csales\u201d (purchases), 1 file"


def test_cutoffs_are_listed_with_the_rule_that_was_hardest_to_beat():
    row = tables.history_table({15_000: judged_rows(seed=1)}).rows[0]
    assert row[0] == "26 January 2011"
    assert row[4].small == "recency rule"


def test_active_customers_are_told_by_type_and_one_can_be_of_several():
    customers = Explained(
        np.array([0.1, 0.9, 0.8, 0.2]),
        Bands(high=0.8, low=0.15),
        0,
        0,
        (),
        (),
        (),
        {"is_loyal": np.array([True, True, False, False]), "is_contact": np.zeros(4, bool)},
    )
    table = type_table(customers, Stages(loyal_events=2))
    assert [(row[0], row[1].text, row[1].small, row[2], row[3].text) for row in table.rows] == [
        ("loyal customers", "2", "50%", "50%", "1"),
        ("contacts", "0", "0%", "\u2013", "0"),
    ]
    assert dict(table.notes)["loyal customers"].startswith("active on 2 days or more")
