"""What `churnscope uplift` says of its result."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from churnscope.cli import uplift
from churnscope.cli.rendering import print_parts
from churnscope.evaluation.intervals import Estimate
from churnscope.project.money.uplifted import CampaignFigures, OfferFigures, UpliftResult
from churnscope.reports.uplift_chart import qini_sentence
from churnscope.uplift import ArmRate, PolicyValue, UpliftFigures

FOUND = UpliftFigures(Estimate(0.06, 0.02, 0.1), Estimate(0.09, 0.03, 0.15), ((0.0, 0.0), (1.0, 0.05)))
MAIL = OfferFigures(
    ArmRate("mail", 1_000, 150, Estimate(0.05, 0.02, 0.08)),
    0.25,
    Estimate(0.501, 0.46, 0.54),
    {"s": FOUND, "t": FOUND, "x": replace(FOUND, qini=Estimate(-0.01, -0.05, 0.03))},
    700,
)
FIGURES = CampaignFigures(
    outcome="retained",
    value=20.0,
    learner="x",
    control=ArmRate("control", 1_000, 100),
    offers=(MAIL,),
    policies=(PolicyValue("everyone: mail", 1.0, Estimate(2.75, 2.5, 3.0), Estimate(0.75, -0.00001, 1.5)),),
    left_out={"were not active on the day": 12},
    notes=("Few outcomes.",),
    listed=2_000,
)
RESULT = UpliftResult("shop", 15_100, "abc", FIGURES, (Path("out/uplift.csv"),), Path("out/manifest.json"), was_done=False)


@pytest.fixture
def said() -> str:
    stream = io.StringIO()
    print_parts(uplift.describe(RESULT), stream)
    return stream.getvalue()


def test_arms_with_their_effects_and_costs(said: str) -> None:
    assert "the outcome is: retained" in said
    (control,) = (line.split() for line in said.splitlines() if line.startswith("  control"))
    assert control == ["control", "1,000", "10.00%"]
    mail = next(line.split() for line in said.splitlines() if line.startswith("  mail"))
    assert mail == ["mail", "1,000", "15.00%", "+5.00", "[+2.00,", "+8.00]", "0.501", "0.25", "700"]


def test_the_learner_that_ranks_is_marked(said: str) -> None:
    assert [line.split()[1:3] for line in said.splitlines() if "0.090" in line] == [["S", "0.060"], ["T", "0.060"], ["X", "*"]]


def test_rules_are_told_per_hundred_customers_without_a_minus_before_nought(said: str) -> None:
    rule = next(line for line in said.splitlines() if line.startswith("  everyone"))
    assert rule.split() == ["everyone:", "mail", "100.0%", "275.00", "75.00", "[0.00,", "150.00]"]


def test_the_list_what_is_left_out_and_the_notes(said: str) -> None:
    assert "for 700 of 2,000 customers on the list, by the X-learner, an outcome being worth 20." in said
    assert "Left out: 12 were not active on the day." in said
    assert said.splitlines()[-3:] == ["Few outcomes.", "Written: out/uplift.csv", "Written: out/manifest.json"]


def test_a_file_of_values_is_named() -> None:
    said = list(uplift.describe(replace(RESULT, figures=replace(FIGURES, values="worth.csv"))))
    assert any("an outcome being worth what worth.csv says (20 otherwise)." in part for part in said if isinstance(part, str))


def test_json_holds_all_of_it_and_comes_back() -> None:
    document = json.loads(json.dumps(RESULT.to_json()))
    assert document["as_of"] == "2011-05-06"
    assert document["offers"][0]["learners"]["s"]["qini"] == {"value": 0.06, "low": 0.02, "high": 0.1}
    assert CampaignFigures.from_json(json.loads(json.dumps(FIGURES.to_json()))) == FIGURES


def test_a_picture_says_whether_the_order_is_better_than_chance() -> None:
    assert qini_sentence({"mail": MAIL.learners}, "x") == "The X-learner's order is not surely better than a random one"
    assert "beats a random one for mail (Qini 0.060 [0.020, 0.100])" in qini_sentence({"mail": MAIL.learners}, "s")
