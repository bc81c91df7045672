"""What `churnscope value` says of its result."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest

from churnscope.cli import value
from churnscope.cli.rendering import print_parts
from churnscope.project.money.valued import ValueFigures, ValueResult, ValueTenth
from churnscope.value import BGNBD, GammaGamma
from churnscope.value.forecast import ValueModel
from churnscope.value.judging import LAST_PERIOD, Errors, Judgement

JUDGEMENT = Judgement(
    cutoff=15_000,
    horizon_days=90,
    customers=120,
    purchase_days=80,
    spend=4_000,
    errors={
        LAST_PERIOD: Errors(1.5, 60, 95, 4_500, 0.3, 21, 0.4, 0.5),
        "trees": Errors(None, 50.1, None, 3_950, 0.4, 20, 0.6, 0.2, None, 0.87, 0.88),
        "bg_nbd": Errors(1.2, 50.5, 78.4, 3_900, 0.4, 20.5, 0.61, 0.25, 0.93, 0.88, 0.9),
    },
    refused={"pareto_nbd": "It stopped."},
)
FIGURES = ValueFigures(
    horizon_days=90,
    margin=0.3,
    discount_rate=0.15,
    model=ValueModel(BGNBD((0.2, 4.4, 0.8, 2.4)), GammaGamma(6, 4, 15)),
    judgement=JUDGEMENT,
    notes=("Amounts are off.",),
    customers=120,
    never_bought=3,
    tenths=tuple(ValueTenth(12, 10 - i, 100.0 * (10 - i), 1_000.0 * (10 - i)) for i in range(10)),
)


@pytest.fixture
def result() -> ValueResult:
    return ValueResult("shop", 15_100, "abc", FIGURES, (Path("out/value.csv"),), Path("out/manifest.json"), was_done=False)


def said(result: ValueResult) -> str:
    stream = io.StringIO()
    print_parts(value.describe(result), stream)
    return stream.getvalue()


def test_the_nearest_model_comes_first_and_the_one_used_is_marked(result: ValueResult) -> None:
    lines = said(result).splitlines()
    first = next(i for i, line in enumerate(lines) if "off by days" in line) + 1
    assert lines[first].split() == ["bg_nbd", "*", "1.200", "78", "93%"]
    assert lines[first + 1].split() == [*LAST_PERIOD.split(), "1.500", "95"]
    assert lines[first + 2].split() == ["trees"]
    assert lines[first + 3].split() == ["what", "came", "80"]
    assert lines[first + 4].split() == ["pareto_nbd", "refused"]


def test_money_has_a_table_of_its_own(result: ValueResult) -> None:
    lines = said(replace(result, figures=replace(FIGURES, spend_by="trees"))).splitlines()
    first = next(i for i, line in enumerate(lines) if "RMSE" in line) + 1
    assert lines[first].split() == ["bg_nbd", "*", "50.50", "20.50", "3,900", "25%", "0.610", "88%", "90%"]
    assert lines[first + 2].split() == ["trees", "*", "50.10", "20.00", "3,950", "20%", "0.600", "87%", "88%"]
    assert lines[first + 3].split() == ["what", "came", "4,000"]


def test_tenths_sum_to_all(result: ValueResult) -> None:
    text = said(result)
    assert "  1             12             10  1,000  10,000         18.2%" in text
    assert "120 customers; 3 more have bought nothing yet. Margin 30%, discounted by 15.0% a year." in text
    assert "Amounts are off.\nWritten: out/value.csv\nWritten: out/manifest.json\n" in text


def test_a_run_done_before_says_so(result: ValueResult) -> None:
    text = said(replace(result, was_done=True, figures=replace(FIGURES, judgement=None, never_bought=0)))
    assert text.startswith("This very run was done before")
    assert "Already written: out/value.csv" in text
    assert "off by days" not in text
    assert "120 customers. Margin" in text
