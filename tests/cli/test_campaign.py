"""What `churnscope outcomes add` and `churnscope campaign report` say of their results."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest

from churnscope.cli import campaign, outcomes
from churnscope.cli.rendering import print_parts
from churnscope.decisions.campaign import NOT_AS_DRAWN, UNKNOWN, WORKED, Arm, Effect
from churnscope.evaluation.intervals import Estimate
from churnscope.outcomes.returned import RULES
from churnscope.project.money.campaigns import CampaignFigures, CampaignResult, ListJudged
from churnscope.project.money.outcomes import OutcomesResult

EFFECT = Effect(
    WORKED,
    Arm(1_000, 700, 120.5),
    Arm(250, 150, 100.0),
    0.8,
    retention=Estimate(0.1, 0.034, 0.168),
    saved=Estimate(100, 34, 168),
    spend=Estimate(20.5, -3, 44),
    cost=2_000.0,
    cost_per_saved=Estimate(20, 11.9, 58.82),
)
FIGURES = CampaignFigures(
    "spring",
    (ListJudged("a1", "2024-03-01", True, 1_000, 250, 800),),
    EFFECT,
    {"refused": 800, "without_result": 200},
    0,
    (2, 1),
    (),
)


@pytest.fixture
def result() -> CampaignResult:
    return CampaignResult("shop", 19_900, "abc", 90, (FIGURES,), (Path("out/campaigns.csv"),), Path("out/manifest.json"), False)


def said(result: CampaignResult) -> str:
    stream = io.StringIO()
    print_parts(campaign.describe(result), stream)
    return stream.getvalue()


def test_both_arms_stand_beside_their_difference(result: CampaignResult) -> None:
    lines = [line.split("  ") for line in said(result).splitlines()]
    rows = {words[1]: [word.strip() for word in words[2:] if word.strip()] for words in lines if len(words) > 2}
    assert rows["customers"] == ["1,000", "250"]
    assert rows["stayed"] == ["70.0%", "60.0%", "+10.0 points", "+3.4 to +16.8"]
    assert rows["customers saved"] == ["+100", "+34 to +168"]
    assert rows["spend of one customer"] == ["120.50", "100.00", "+20.50", "-3.00 to +44.00"]
    assert rows["cost of a saved customer"] == ["20.00", "11.90 to 58.82"]
    assert "profit" not in said(result)


def test_what_was_left_out_is_said(result: CampaignResult) -> None:
    text = said(result)
    assert "Campaign spring: 1 list of 2024-03-01, over 90 days" in text
    assert "1,000 lines to be called: refused 800, without result 200" in text
    assert "left out: 2 to be called and 1 of control without a label, 0 not in the data" in text
    assert "spring: Calling kept customers: retention is 10.0 points higher than in control (+3.4 to +16.8)." in text


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        (UNKNOWN, "Effect unknown: there is no control group."),
        (
            NOT_AS_DRAWN,
            "Effect not told: of 1,250 customers 250 are in control; drawing as planned gives that less than once in",
        ),
    ],
)
def test_what_cannot_be_told_is_not_told(result: CampaignResult, verdict: str, words: str) -> None:
    silent = Effect(verdict, EFFECT.called, EFFECT.control, 0.0)
    text = said(replace(result, campaigns=(replace(FIGURES, effect=silent),)))
    assert f"spring: {words}" in text
    assert "points" not in text


def test_a_campaign_without_an_outcome_and_a_run_done_before_say_so(result: CampaignResult) -> None:
    text = said(replace(result, campaigns=(replace(FIGURES, effect=None, lists=()),), was_done=True))
    assert text.startswith("This very run was done before")
    assert "spring: No list's outcome is known yet." in text


def test_every_rule_has_advice() -> None:
    assert set(outcomes.ADVICE) == set(RULES)


def test_rows_that_are_not_used_are_told_with_what_to_do() -> None:
    made = OutcomesResult(
        "shop", Path("list.xlsx"), 14, 6, 2, 2, 3, {"no line key": 1}, 1, Path("out/list.xlsx.csv"), Path("out/manifest.json")
    )
    stream = io.StringIO()
    print_parts(outcomes.describe(made), stream)
    text = stream.getvalue()
    assert "corrected                 2" in text or "corrected" in text
    assert "no line key  1  rows are found by their line_key alone" in text
    assert "Which rows: out/list.xlsx.csv" in text
    assert "Not kept, for they are no day or time: 1 notes of when to call back." in text
