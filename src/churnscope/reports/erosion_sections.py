"""Erosion as people read it: sections of sentences, tables and pictures, from figures ready for JSON."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from churnscope.lifecycle.rules import DAYS_LEFT, LAST_MONTH, LAST_YEAR, NO_CHANGE
from churnscope.lifecycle.spells import STAGES, WITH_US
from churnscope.reports.erosion_charts import (
    attrition_sentence,
    draw_attrition,
    draw_curves,
    draw_forecast,
    forecast_sentence,
    retention_sentence,
)
from churnscope.reports.page import Cell, Picture, Section, Table
from churnscope.reports.wording import UNKNOWN, count, counted, decimal, share

Figures = Mapping[str, Any]
WIDTH: Final = (6.4, 4.2)
MOST_MONTHS: Final = 12  # the newest, as many as a table is read for; all are in the file
MOST_COHORTS: Final = 12
COHORT_AGES: Final = (1, 3, 6, 12)  # months since the first one
CURVE_DAYS: Final = ("90", "180", "365")
MOST_COMPARED: Final = 5  # things that divide customers, those that tell most
TELLING: Final = 0.05  # p-value below which groups are told apart
PLAIN: Final = ("stay", "stage", "away")
TOTALS: Final = (
    "retention_cost",
    "retention_gain",
    "win_back_cost",
    "win_back_gain",
    "acquisition_cost",
    "acquisition_gain",
    "budget",
    "gain",
    "kept_for_one_acquired",
)
RULES_SAY: Final = {
    DAYS_LEFT: "customers with as many days left until their activity ends renew as such customers did lately",
    NO_CHANGE: "as many come as are lost",
    LAST_MONTH: "every month loses the share of the last one, and as many come",
    LAST_YEAR: "every month as the same one a year before",
}
AS_PLANNED: Final = "as planned"
LEAST_P: Final = 0.001
CAPTIONS: Final = {"stay": "With us", "away": "Away"}
DAYS_THAT_SHOW: Final = 7
CENTS_BELOW: Final = 100


def erosion_sections(figures: Figures) -> tuple[Section, ...]:
    """What is lost and won by month, by stage and by cohort."""
    picture = Picture(attrition_sentence(figures), partial(draw_attrition, figures=figures), WIDTH)
    tables = (month_table(figures, MOST_MONTHS), _stage_table(figures), *_cohort_table(figures))
    note = (figures["note"],) if figures["note"] else ()
    return (
        Section(
            "erosion", "What is lost", lost_sentence(figures), pictures=(picture,), tables=tables, closing=note, is_stacked=True
        ),
    )


def lost_sentence(figures: Figures) -> str:
    """How many are lost and won in a month."""
    lost, new, back = (round(figures[f"{name}_a_month"]) for name in ("lost", "new", "back"))
    months = figures["recent_months"]
    lately = f"In an average month of the last {months}" if months > 1 else "In the last month"
    return (
        f"{lately}, {counted(lost, 'customers')} {'is' if lost == 1 else 'are'} lost, {count(new)} "
        f"{'comes' if new == 1 else 'come'} for the first time and {count(back)} {'comes' if back == 1 else 'come'} back."
    )


def month_table(figures: Figures, most: int) -> Table:
    """The newest months: who was with us, who was lost and who came."""
    rows = tuple(
        (
            row["month"][:7],
            *(count(row[name]) for name in ("base", "lost", "new", "back", "end")),
            _rate(row["attrition"], row["attrition_low"], row["attrition_high"]),
        )
        for row in figures["by_month"][-most:]
    )
    return Table(
        "Customers lost and won by month",
        "<>>>>>>",
        ("month", "with us as it begins", "lost", "new", "back", "with us as it ends", "attrition"),
        rows,
        (
            ("lost", "with us as the month begins and inactive as it ends"),
            ("new, back", "with us as it ends: for the first time, or inactive as it began"),
            ("attrition", "lost, of those with us as it begins; 95 % limits by Wilson"),
        ),
    )


def retention_sections(figures: Figures) -> tuple[Section, ...]:
    """How long customers stay, in all and by group."""
    found = {each["by"]: each for each in figures["comparisons"]}
    groups = sorted((each for name, each in found.items() if name not in PLAIN), key=_p_value)
    shown = [each for each in groups if _p_value(each) < TELLING][:MOST_COMPARED]
    first = found.get("stay")
    if first is None:
        return (Section("retention", "How long customers stay", "Nobody has been with us yet."),)
    picture = Picture(retention_sentence(first), partial(draw_curves, comparison=first), WIDTH)
    tables = tuple(_curve_table(each) for each in (*(found[name] for name in PLAIN if name in found), *shown))
    closing = ["Nobody came back after having been inactive."]
    if figures["returned"]:
        back = counted(figures["returned"], "customers")
        closing = [f"{back} came back after having been inactive; a second stay is apart from the first."]
    if (earliest := first["curves"][0]["earliest_day"] or 0) >= DAYS_THAT_SHOW:
        closing.append(
            f"No first stay was shorter than {counted(earliest, 'days')}: the definition of active lets nobody go sooner."
        )
    if others := [each["by"] for each in groups if each not in shown]:
        words = ", ".join(map(named, others))
        closing.append(f"No difference beyond chance, or a smaller one: {words}. All curves are in retention.parquet.")
    lead = (
        "Who is still with us counts for as long as watched (Kaplan and Meier); 95 % limits by Greenwood, on the log-log scale."
    )
    return (
        Section(
            "retention",
            "How long customers stay",
            lead,
            pictures=(picture,),
            tables=tables,
            closing=tuple(closing),
            is_stacked=True,
        ),
    )


def outlook_sections(figures: Figures) -> tuple[Section, ...]:
    """The base to come, and what the target takes."""
    ahead = figures["forecast"]
    if ahead is None:
        forecast = Section("forecast", "The base to come", figures["no_forecast"] or "")
        return (forecast, _budget_section(figures["budget"]))
    picture = Picture(forecast_sentence(ahead), partial(draw_forecast, figures=ahead), WIDTH)
    months = Table(
        "Customers with us, forecast",
        "<>>>>",
        ("as of", "with us", "lost in the month", "new", "back"),
        tuple((row["day"], *(_ahead(row, name) for name in ("base", "lost", "new", "back"))) for row in ahead["months"]),
        (
            (
                "limits",
                "95 %: no nearer than the errors of the past, how months differ, and chance",
            ),
        ),
    )
    past = Table(
        "How such forecasts did from earlier months",
        "<>>>" + ">" * len(RULES_SAY),
        ("months ahead", "forecasts", "came inside the limits", "off by", *RULES_SAY),
        tuple(
            (
                str(row["months_ahead"]),
                count(row["forecasts"]),
                share(row["inside"]),
                share(row["error"], 1),
                *(_off(row["medians"][rule], row["means"][rule]) for rule in RULES_SAY),
            )
            for row in ahead["past"]
        ),
        (
            ("inside", "the limits as they were known then; 95 % is right"),
            ("off by", "mean distance as a share of what came, by the rule that served then"),
            *(
                (rule, f"{meaning}: half of the forecasts would have been at most so far off (and their mean)")
                for rule, meaning in RULES_SAY.items()
            ),
        ),
    )
    tables = (months, *([past] if past.rows else ()))
    forecast = Section("forecast", "The base to come", ahead["verdict"], pictures=(picture,), tables=tables, is_stacked=True)
    return (forecast, _budget_section(figures["budget"]))


def _budget_section(figures: Figures) -> Section:
    rows = [row for row in figures["rows"] if row["scenario"] == AS_PLANNED]
    given = Table(
        "What the budget starts from",
        "<><",
        ("name", "number", "from"),
        tuple(
            (row["name"], Cell(_number(row["value"], row["unit"]), _limits(row)), row["meaning"])
            for row in rows
            if not row["formula"]
        ),
    )
    table = Table(
        "The budget, every number by its formula",
        "<><<",
        ("name", "number", "formula", "what it is"),
        tuple(
            (row["name"], Cell(_number(row["value"], row["unit"]), _limits(row)), row["formula"], row["meaning"])
            for row in rows
            if row["formula"]
        ),
        (
            ("limits", "as far as the attrition is not known for sure; everything else is taken as given"),
            ("rounded", "customers are shown as whole ones, so that a sum may differ by one; budget.csv has all digits"),
        ),
    )
    closing = (*figures["notes"], "The formulas with their numbers are in budget.csv.")
    money = money_table(figures)
    tables = (*([money] if money.rows else ()), given, table, *_scenario_table(figures), *_channel_table(figures))
    return Section("budget", "What the target takes", budget_sentence(figures), tables=tables, closing=closing)


def budget_sentence(figures: Figures) -> str:
    """How many customers the target takes."""
    value = {row["name"]: row for row in figures["rows"] if row["scenario"] == AS_PLANNED}
    return (
        f"To have {counted(value['target']['value'], 'customers')} with us on {figures['by']} (on {figures['day']} they are "
        f"{count(value['base']['value'])}), the {count(value['lost']['value'])} who become inactive until then have to be made "
        f"up for{_growth(value)}: {_kept(value)}{count(value['to_win_back']['value'])} are to be won back and "
        f"{count(value['to_acquire']['value'])} acquired, {_missing(value['missing']['value'])}."
    )


def money_table(figures: Figures) -> Table:
    """What it costs and brings; no row where nothing was declared."""
    rows = tuple(
        (row["meaning"], _number_cell(row))
        for row in figures["rows"]
        if row["scenario"] == AS_PLANNED and row["name"] in TOTALS
    )
    return Table("What it costs and brings until then", "<>", ("", "money"), rows)


def _growth(value: Mapping[str, Figures]) -> str:
    more = round(value["target"]["value"]) - round(value["base"]["value"])
    if not more:
        return ""
    return f", and {count(more)} more are needed to grow" if more > 0 else f", but for {count(-more)}, as the base is to shrink"


def _kept(value: Mapping[str, Figures]) -> str:
    return f"{count(value['kept']['value'])} are to be kept, " if "kept" in value else ""


def _missing(number: float) -> str:
    if round(number) > 0:
        return f"{count(number)} more than come if it goes on as lately"
    return f"{count(-number)} fewer than come if it goes on as lately" if round(number) < 0 else "as many as come as lately"


def _scenario_table(figures: Figures) -> tuple[Table, ...]:
    names = list(dict.fromkeys(row["scenario"] for row in figures["rows"]))
    if len(names) == 1:
        return ()
    found = {(row["scenario"], row["name"]): row for row in figures["rows"] if row["formula"]}
    shown = [name for name in ("lost", "kept", "to_win_back", "to_acquire", "budget", "gain") if (AS_PLANNED, name) in found]
    rows = tuple((scenario, *(_number_cell(found[scenario, name]) for name in shown)) for scenario in names)
    return (Table("Scenarios", "<" + ">" * len(shown), ("scenario", *shown), rows),)


def _channel_table(figures: Figures) -> tuple[Table, ...]:
    if not figures["channels"]:
        return ()
    rows = tuple(
        (row["channel"], count(row["customers"]), Cell(_number(row["value"], "money"), _limits({**row, "unit": "money"})))
        for row in figures["channels"]
    )
    return (Table("What customers are worth by the channel they came through", "<>>", ("channel", "customers", "value"), rows),)


def _stage_table(figures: Figures) -> Table:
    found = figures["by_stage"]
    rows = tuple(
        (stage, "lost" if stage in WITH_US else "with us", _rate(*(found[stage][end] for end in ("value", "low", "high"))))
        for stage in STAGES
        if stage in found
    )
    return Table(
        "Within a month, by the stage as it begins",
        "<<>",
        ("stage", "become", "share"),
        rows,
        (("share", f"of all such customers in the last {figures['recent_months']} months; 95 % limits by Wilson"),),
    )


def _cohort_table(figures: Figures) -> tuple[Table, ...]:
    cohorts: dict[str, dict[int, Figures]] = {}
    for row in figures["by_cohort"]:
        cohorts.setdefault(row["cohort"], {})[row["months_since"]] = row
    rows = tuple(
        (
            cohort[:7],
            count(next(iter(months.values()))["size"]),
            *(share(months[age]["with_us_share"]) if age in months else "" for age in COHORT_AGES),
        )
        for cohort, months in list(cohorts.items())[-MOST_COHORTS:]
    )
    if not rows:
        return ()
    columns = ("first with us in", "customers", *(f"after {age} month{'s' if age > 1 else ''}" for age in COHORT_AGES))
    notes = (("after", "with us as that month after their first one ends, whoever came back among them"),)
    return (Table("Still or again with us, by cohort", "<" + ">" * (len(columns) - 1), columns, rows, notes),)


def _curve_table(comparison: Figures) -> Table:
    rows = tuple(
        (
            curve["group"],
            count(curve["customers"]),
            count(curve["over"]),
            UNKNOWN if curve["median_days"] is None else count(curve["median_days"]),
            *(_still(curve, age) for age in CURVE_DAYS),
        )
        for curve in comparison["curves"]
    )
    p_value = comparison["p_value"]
    told = "" if p_value is None else f"; log-rank p {'< 0.001' if p_value < LEAST_P else f'= {decimal(p_value)}'}"
    name = CAPTIONS.get(comparison["by"], f"By {named(comparison['by'])}")
    caption = f"{name}, {comparison['sentence']}{told}"
    ends = "came back" if comparison["by"] == "away" else "became inactive"
    columns = ("", "customers", ends, "half gone, days", *(f"after {age} days" for age in CURVE_DAYS))
    return Table(caption, "<>>>>>>", columns, rows)


def named(group: str) -> str:
    """What divides customers, in words."""
    return group.removeprefix("is_").replace("_", " ")


def _still(curve: Figures, age: str) -> Cell:
    told = curve["still_there"].get(age)
    return Cell(UNKNOWN) if told is None else _rate(told["value"], told["low"], told["high"], 0)


def _rate(value: float | None, low: float | None, high: float | None, digits: int = 1) -> Cell:
    if value is None or low is None or high is None:
        return Cell(UNKNOWN)
    return Cell(share(value, digits), f"{share(low, digits)} to {share(high, digits)}")


def _ahead(row: Figures, name: str) -> Cell:
    return Cell(count(row[name]), f"{count(row[f'{name}_low'])} to {count(row[f'{name}_high'])}")


def _off(median: float | None, mean: float | None) -> Cell:
    return Cell(UNKNOWN) if median is None or mean is None else Cell(share(median, 1), share(mean, 1))


def _number_cell(row: Figures) -> Cell:
    return Cell(_number(row["value"], row["unit"]), _limits(row))


def _limits(row: Figures) -> str:
    if row["low"] is None or row["low"] == row["high"]:
        return ""
    return f"{_number(row['low'], row['unit'])} to {_number(row['high'], row['unit'])}"


def _number(value: float | None, unit: str) -> str:
    """A number of a budget."""
    if value is None:
        return UNKNOWN
    if unit == "share":
        return share(value, 1)
    if unit in {"months", "times"}:
        return decimal(value, ",.3g")
    return decimal(value, ",.2f" if unit == "money" and abs(value) < CENTS_BELOW else ",.0f")


def _p_value(comparison: Figures) -> float:
    return 1.0 if comparison["p_value"] is None else float(comparison["p_value"])
