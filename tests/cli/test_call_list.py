"""What `churnscope call-list` says of its result."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

from churnscope.cli import call_list
from churnscope.cli.rendering import print_parts
from churnscope.decisions.list_figures import ActionUse, AgentUse, ListFigures
from churnscope.project.money.listed import CallListResult

FIGURES = ListFigures(
    campaign="spring",
    control_share=0.1,
    universal_share=0.0,
    scored=3_539,
    left_out={"without a probability": 61},
    waiting=2_159,
    last_day="2011-12-02",
    again=12,
    dropped={"contacted lately": 30},
    lines=44,
    control=3,
    cost=498.0,
    budget=500.0,
    gain=32_923.4,
    bound=32_949.1,
    value_at_risk=244_224.0,
    churn=0.4,
    smallest_effect=None,
    actions={"free_carriage": ActionUse(44, 3, 200.0, 498.0, 32_923.4)},
    agents={"Grace": AgentUse(24, 120.0, 120.0), "Tom": AgentUse(20, 80.0, 80.0)},
    notes=("Nobody can tell.",),
)
RESULT = CallListResult("shop", 15_317, "r", FIGURES, (Path("out/call_list.xlsx"),), Path("out/manifest.json"), was_done=False)


def said(result: CallListResult) -> str:
    stream = io.StringIO()
    print_parts(call_list.describe(result), stream)
    return stream.getvalue()


def test_it_says_what_is_on_the_list_and_who_is_not() -> None:
    text = said(RESULT)
    assert text.startswith("Listed. shop, campaign spring, as of 2011-12-09, run r.")
    for line in (
        "cost, if all offers are taken 498 of 500",
        "gap 0.08%",
        "free carriage 44 3 200 498 32,923",
        "Tom 20 80 of 80",
        "Not on the list, of 3,539 customers in the scores",
        "no room on the list 2,159",
        "again since the last list 12",
        "On the list of 2011-12-02 and not on this one contacted lately 30",
        "Nobody can tell.",
        "Written: out/call_list.xlsx",
    ):
        assert line in " ".join(text.split())


def test_a_list_that_was_written_before_says_so() -> None:
    text = said(replace(RESULT, was_done=True))
    assert "nothing was written" in text
    assert "Already written: out/call_list.xlsx" in text


def test_without_limits_or_others_there_is_less_to_say() -> None:
    text = said(replace(RESULT, figures=replace(FIGURES, budget=None, left_out={}, waiting=0, last_day=None, dropped={})))
    assert "498 of" not in text
    assert "Not on the list" not in text
    assert "last list" not in text
    assert "not on this one" not in text


def test_the_command_hands_its_options_on(churnscope_run, monkeypatch) -> None:
    import churnscope.project

    asked = {}

    class FakeProject:
        def __init__(self, config, *, progress):
            asked["config"] = config

        def call_list(self, **options):
            asked.update(options)
            return RESULT

    monkeypatch.setattr(churnscope.project, "Project", FakeProject)
    ended = churnscope_run("call-list", "shop.toml", "--scores", "s.csv", "--values", "v.csv", "-o", "l.xlsx", "--json")
    assert (ended.code, ended.document["lines"], ended.document["agents"]["Tom"]["lines"]) == (0, 44, 20)
    assert asked == {
        "config": Path("shop.toml"),
        "scores": Path("s.csv"),
        "values": Path("v.csv"),
        "output": Path("l.xlsx"),
        "wait_seconds": 0,
        "language": None,
        "uplift": None,
    }


def test_figures_are_read_back_as_they_were() -> None:
    assert ListFigures.from_json(FIGURES.to_json()) == FIGURES
