"""The life cycle in short: of each part a sentence and, where it takes one, the table that a manager needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from churnscope.lifecycle.spells import STAGES, WITH_US
from churnscope.reports.comparison_charts import key_events_sentence, revenue_sentence
from churnscope.reports.comparison_sections import group_table
from churnscope.reports.erosion_charts import attrition_sentence, forecast_sentence, retention_sentence
from churnscope.reports.erosion_sections import budget_sentence, lost_sentence, money_table, month_table
from churnscope.reports.lifecycle_charts import flow_sentence, second_purchase_sentence
from churnscope.reports.lifecycle_sections import LOOKED, flow_notes, move_table, stage_table
from churnscope.reports.page import Table
from churnscope.reports.plan_words import plan_sections
from churnscope.reports.wording import capital, count, counted, share

Figures = Mapping[str, Any]
Brief = Iterator[str | Table]
LATEST_MONTHS: Final = 6
MOST_MEASURES: Final = 6
MOST_RISING: Final = 3
MOST_MARKED: Final = 3


def stage_brief(figures: Figures) -> Brief:
    """How many are with us, and in which stage."""
    days = figures["days"]
    with_us = {name: sum(row[stage] for stage in WITH_US) for name, row in days.items()}
    now, stages = days["now"], [stage for stage in STAGES if stage in WITH_US]
    compared = [_compared(with_us["now"] - with_us[name], words) for name, words in LOOKED.items() if name in days][1:]
    of = f" of {counted(now['known'], 'customers')} known"
    yield (
        f"{count(with_us['now'])}{of} are with us on {now['day']}{', ' if compared else ''}{' and '.join(compared)}; "
        f"{count(now['inactive'])} are inactive."
    )
    yield stage_table(figures)
    yield f"With us are the active by the config's definition: {', '.join(stages[:-1])} or {stages[-1]}."


def transition_brief(figures: Figures) -> Brief:
    """Who moved where in a year, and where customers of each stage are a month later."""
    yield f"{flow_sentence(figures['flow'])}."
    yield from flow_notes(figures["flow"])
    moves = move_table(figures)
    if moves.rows:
        yield moves


def second_purchase_brief(figures: Figures) -> Brief:
    """How many buy again."""
    yield f"{second_purchase_sentence(figures['cohorts'])}."


def erosion_brief(figures: Figures) -> Brief:
    """What is lost in a month."""
    yield lost_sentence(figures)
    yield f"{attrition_sentence(figures)}."
    yield replace(month_table(figures, LATEST_MONTHS), is_wide=True)
    if figures["note"]:
        yield figures["note"]


def retention_brief(figures: Figures) -> Brief:
    """How long customers stay."""
    stay = next((each for each in figures["comparisons"] if each["by"] == "stay"), None)
    yield "Nobody has been with us yet." if stay is None else f"{retention_sentence(stay)}."


def outlook_brief(figures: Figures) -> Brief:
    """The base to come, and what it takes to stand still or to grow."""
    ahead = figures["forecast"]
    if ahead is None:
        yield figures["no_forecast"]
    else:
        yield f"{forecast_sentence(ahead)}."
        yield ahead["verdict"]
    yield budget_sentence(figures["budget"])
    money = money_table(figures["budget"])
    if money.rows:
        yield money
    yield from figures["budget"]["notes"]


def group_brief(figures: Figures) -> Brief:
    """Active against inactive, by what tells most kinds of things."""
    if not figures["inactive"]:
        yield "Nobody is inactive: there is no group to compare with."
        return
    table = group_table(figures, _top(figures["measures"]))
    yield replace(table, caption=f"Active and inactive customers on {figures['as_of']}, means", is_wide=True)
    if any(row["remark"] for row in figures["measures"]):
        yield "* differs by the very definition of active, or stands in for what no source tells; in full it is said which."


def revenue_brief(figures: Figures) -> Brief:
    """Who makes the revenue."""
    yield f"{revenue_sentence(figures)}."


def purchase_brief(figures: Figures) -> Brief:
    """What rises and falls among the things bought."""
    for each in figures["purchased"]:
        rows = each["most_rising"][:MOST_RISING]
        named = ", ".join(
            f"{row['name']} ({count(row['customers_before'])} to {counted(row['customers'], 'customers')})" for row in rows
        )
        yield (
            f"By {each['column']}, {count(each['rising'])} of {count(each['different'])} rose beyond chance in the last "
            f"{each['days']} days{f', above all {named}' if rows else ''}; {count(each['falling'])} fell."
        )


def process_brief(figures: Figures) -> Brief:
    """How far the cases of each process came."""
    for process in figures["processes"]:
        begun, done = process["between"][0]["begun"], process["between"][-1]["finished"]
        last = process["between"][-1]["following"]
        if begun:
            name = capital(process["name"].replace("_", " "))
            cases = counted(begun, "cases")
            yield f"{name}: {share(done / begun, 1)} of {cases} begun in the last 365 days came to the last step, {last}."


def key_event_brief(figures: Figures) -> Brief:
    """After which events more or fewer leave."""
    telling = [row for row in figures["events"] if row["tells"]][:MOST_MARKED]
    yield f"{key_events_sentence(figures)}."
    for row in telling:
        yield f"  {row['source']}, {row['words']}: {share(row['churn'], 1)} leave, without it {share(row['otherwise'], 1)}"


def occasion_brief(figures: Figures) -> Brief:
    """Who has an occasion soon."""
    for row in figures["occasions"]:
        has = "has" if row["customers"] == 1 else "have"
        name = row["occasion"].replace("_", " ")
        yield f"{counted(row['customers'], 'customers')} {has} an occasion ({name}) in the next {counted(row['days'], 'days')}."


def plan_brief(figures: Figures) -> Brief:
    """What is done for whom."""
    (section,) = plan_sections(figures)
    yield section.lead
    yield from section.tables


def nothing_brief(_figures: Figures) -> Brief:
    """A part that is for those who look closer."""
    yield from ()


def _compared(more: int, than: str) -> str:
    if not more:
        return f"as many as {than}"
    return f"{count(abs(more))} {'more' if more > 0 else 'fewer'} than {than}"


def _top(measures: list[Figures]) -> list[Figures]:
    """The first measure of every topic, then what else there is, in their order."""
    first = {row["topic"]: place for place, row in reversed(list(enumerate(measures)))}
    order = sorted(range(len(measures)), key=lambda place: (place not in first.values(), place))
    return [measures[place] for place in sorted(order[:MOST_MEASURES])]
