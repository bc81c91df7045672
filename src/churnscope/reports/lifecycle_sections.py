"""The life cycle as people read it: sections of sentences, tables and pictures, from figures ready for JSON."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from churnscope.lifecycle.spells import STAGES, WITH_US
from churnscope.reports.lifecycle_charts import (
    draw_flow,
    draw_second_purchase,
    draw_stages,
    flow_sentence,
    second_purchase_sentence,
    stages_sentence,
)
from churnscope.reports.page import Cell, Picture, Section, Table
from churnscope.reports.wording import UNKNOWN, count, counted, share

Figures = Mapping[str, Any]
STAGE_WORDS: Final = {
    "prospect": "known, and nothing done yet that counts as activity",
    "nurtured": "the same, and in touch with us on two days or more",
    "new": "active, and the first activity is not long ago",
    "active": "active, neither new nor loyal nor back again",
    "loyal": "active for long and again and again, or a contract renewed",
    "reactivated": "active again after having been inactive",
    "inactive": "no longer active",
}
TOGETHER: Final = {
    "with_us": "with us, from the first time to inactive",
    "with_us_again": "with us, the second time",
    "away": "inactive, until back",
}
LOOKED: Final = {"now": "now", "month_ago": "a month ago", "year_ago": "a year ago"}
FULL_FLOW: Final = 12  # months
MOST_COHORTS: Final = 12  # the newest, as many as a table is read for; all are in the file
WIDTH: Final = (6.4, 4.2)


def stage_sections(figures: Figures) -> tuple[Section, ...]:
    """How many customers are in each stage, and how that came to be."""
    months = figures["months"]
    picture = Picture(stages_sentence(months), partial(draw_stages, months=months), WIDTH)
    closing = (figures["note"],) if figures["note"] else ()
    title, tables = "Customers by stage of their life cycle", (stage_table(figures),)
    return (Section("stages", title, pictures=(picture,), tables=tables, closing=closing),)


def stage_table(figures: Figures) -> Table:
    """Customers by stage now, a month ago and a year ago, as far as the data tell."""
    days = figures["days"]
    looked = [(name, days[key]) for key, name in LOOKED.items() if key in days]
    there = [stage for stage in STAGES if any(row[stage] for _, row in looked)]
    lines: list[tuple[Cell | str, ...]] = [(stage, *(_part(row, stage) for _, row in looked)) for stage in there]
    with_us: tuple[Cell | str, ...] = (
        "with us",
        *(_counted(sum(row[stage] for stage in WITH_US), row["known"]) for _, row in looked),
    )
    known: tuple[Cell | str, ...] = ("known", *(Cell(count(row["known"])) for _, row in looked))
    notes = tuple((stage, STAGE_WORDS[stage]) for stage in there)
    return Table(
        f"Customers by stage on {days['now']['day']}",
        "<" + ">" * len(looked),
        ("stage", *(f"{name}, {row['day']}" for name, row in looked)),
        (*lines, with_us, known),
        notes,
    )


def transition_sections(figures: Figures) -> tuple[Section, ...]:
    """Who moves where in a month, and how long until inactive."""
    flow = figures["flow"]
    picture = Picture(flow_sentence(flow), partial(draw_flow, flow=flow), WIDTH)
    times = Table(
        "How long until inactive",
        "<>>>",
        ("stage", "customers", "became inactive", "half are, days after entering it"),
        tuple(
            (stage, count(told["spells"]), count(told["over"]), _median(told))
            for stage, told in _in_order(figures["days_to_inactive"])
        ),
        (("days after entering it", "by Kaplan and Meier, whatever the stages between; 95 % limits"),),
    )
    moves = move_table(figures)
    tables = (*([moves] if moves.rows else ()), *([times] if times.rows else ()))
    return (
        Section(
            "transitions", "Who moves where", pictures=(picture,), tables=tables, closing=flow_notes(flow), is_stacked=True
        ),
    )


def flow_notes(flow: Figures) -> tuple[str, ...]:
    """Why the flow is not that of a year, where it is not."""
    if flow["months"] == FULL_FLOW:
        return ()
    return (f"The data tell too little of a year ago: the flow begins on {flow['from']}.",)


def move_table(figures: Figures) -> Table:
    """Where customers of each stage are a month later."""
    rows = {(row["from"], row["to"]): row for row in figures["probabilities"]}
    origins = [stage for stage in STAGES if any(before == stage for before, _ in rows)]
    aims = [stage for stage in STAGES if any(after == stage for _, after in rows)]
    return Table(
        f"Where customers of each stage are a month later, mean of {counted(figures['months'], 'months')} from "
        f"{figures['first']} on",
        "<" + ">" * len(aims),
        ("from", *aims),
        tuple((stage, *(_probability(rows.get((stage, aim))) for aim in aims)) for stage in origins),
        (("limits", "95 % by Wilson, each month of a customer a trial of its own; all of them in probabilities.csv"),),
        is_wide=True,
    )


def time_sections(figures: Figures) -> tuple[Section, ...]:
    """How long it lasts."""
    named = {**dict(zip(STAGES, STAGES, strict=True)), **TOGETHER}
    rows = tuple(
        (words, count(told["spells"]), count(told["over"]), _median(told))
        for name, words in named.items()
        if (told := figures.get(name)) is not None
    )
    table = Table(
        "Days until half of those who enter have left",
        "<>>>",
        ("", "entered", "seen to leave", "median days"),
        rows,
        (
            ("median", "by Kaplan and Meier: who is still there counts for as long as watched; 95 % limits"),
            ("a dash", "more than half are still there, or too few were watched for so long"),
        ),
    )
    return (Section("time_in_stage", "How long it lasts", tables=(table,)),)


def second_purchase_sections(figures: Figures) -> tuple[Section, ...]:
    """Who buys again, and how soon."""
    cohorts = figures["cohorts"]
    rows = tuple(
        (
            "all" if row["cohort"] == "all" else row["cohort"],
            count(row["customers"]),
            share(row["again"] / row["customers"]),
            _within(row, "90"),
            _within(row, "365"),
            UNKNOWN if row["median_of_again"] is None else count(row["median_of_again"]),
        )
        for row in (cohorts[0], *cohorts[1:][-MOST_COHORTS:])
    )
    table = Table(
        "Second purchases by the month of the first one",
        "<>>>>>",
        ("first bought", "customers", "bought again", "within 90 days", "within a year", "days, where again"),
        rows,
        (("within", "one less the estimate of Kaplan and Meier; 95 % limits. A dash: nobody was watched for so long"),),
    )
    picture = Picture(second_purchase_sentence(cohorts), partial(draw_second_purchase, cohorts=cohorts), WIDTH)
    return (Section("second_purchase", "The second purchase", pictures=(picture,), tables=(table,), is_stacked=True),)


def _in_order(told: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [(stage, told[stage]) for stage in STAGES if stage in told]


def _part(row: Mapping[str, Any], stage: str) -> Cell:
    return _counted(row[stage], row["known"])


def _counted(number: int, known: int) -> Cell:
    return Cell(count(number), share(number / known, 1) if known else "")


def _probability(row: Mapping[str, Any] | None) -> Cell:
    if row is None:
        return Cell("")
    return Cell(share(row["probability"], 1), f"{share(row['low'], 1)} to {share(row['high'], 1)}")


def _median(told: Mapping[str, int | None]) -> Cell:
    if told["median_days"] is None:
        return Cell(UNKNOWN)
    high = "more" if told["high"] is None else count(told["high"])
    low = UNKNOWN if told["low"] is None else count(told["low"])
    return Cell(count(told["median_days"]), f"{low} to {high}")


def _within(row: Mapping[str, Any], days: str) -> Cell:
    told = row["within"][days]
    if told is None:
        return Cell(UNKNOWN)
    value, low, high = told
    return Cell(share(value), f"{share(low)} to {share(high)}")
