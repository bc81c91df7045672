"""Active against inactive, purchases, processes, key events and occasions as people read them, from figures ready for JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from churnscope.evaluation.matched import FALSE_DISCOVERIES, LEAST_CUSTOMERS
from churnscope.lifecycle.buying import LEAST_CUSTOMERS as LEAST_PURCHASERS
from churnscope.reports.comparison_charts import (
    draw_groups,
    draw_key_events,
    draw_revenue,
    groups_sentence,
    key_events_sentence,
    revenue_sentence,
)
from churnscope.reports.page import Cell, Picture, Section, Table
from churnscope.reports.wording import MINUS, UNKNOWN, count, counted, share

Figures = Mapping[str, Any]
MOST_PRODUCTS, MOST_CHANGES, MOST_EVENTS = 8, 5, 12
TALL = (6.4, 5.6)
_HUNDRED = 100
_TESTED = (
    "Tested exactly against the share of purchasers before; of what is said to change, at most {mistakes} are expected to be "
    "mistakes. Nothing is said of what fewer than {least} customers bought."
)
_ALIKE = (
    "on the same day, as long since the last and the first activity, active on as many days; of a mark or a kind, with as many "
    "rows of the source"
)


def group_sections(figures: Figures) -> tuple[Section, ...]:
    """Both groups, measure by measure."""
    measures = figures["measures"]
    picture = Picture(groups_sentence(figures["active"], figures["inactive"]), partial(draw_groups, measures=measures), TALL)
    lead = f"{counted(figures['neither'], 'customers')} never active are in neither group." if figures["neither"] else ""
    lead = lead if figures["inactive"] else "Nobody is inactive: there is no group to compare with."
    closing = tuple(f"* {remark}: {_listed(measures, remark)}." for remark in _remarks(measures))
    title, tables = "Active against inactive customers", (group_table(figures, measures),)
    return (Section("active_inactive", title, lead, pictures=(picture,), tables=tables, closing=closing, is_stacked=True),)


def group_table(figures: Figures, measures: Sequence[Figures]) -> Table:
    """Both groups by some of the measures."""
    rows = tuple(
        (
            f"{row['words']}{' *' if row['remark'] else ''}",
            Cell(_number(row, "active_mean"), _middle(row, "active")),
            Cell(_number(row, "inactive_mean"), _middle(row, "inactive")),
            Cell(_number(row, "difference"), _limits(row, "difference")),
            ""
            if row["active_part_of_total"] is None or row["unit"] in {"share", "days"}
            else share(row["active_part_of_total"]),
        )
        for row in measures
    )
    return Table(
        f"Active and inactive customers on {figures['as_of']}: means, and smaller the medians",
        "<>>>>",
        (
            "",
            f"active, {count(figures['active'])}",
            f"inactive, {count(figures['inactive'])}",
            "difference",
            "part of the active",
        ),
        rows,
        (("intervals", figures["intervals"]),),
    )


def revenue_sections(figures: Figures) -> tuple[Section, ...]:
    """Who makes the revenue."""
    picture = Picture(revenue_sentence(figures), partial(draw_revenue, tenths=figures["tenths"]))
    gini = f"Gini {figures['gini']:.2f}: 0 where all bring the same, towards 1 the more few bring all."
    return (Section("revenue_by_tenth", "Who makes the revenue", gini, pictures=(picture,)),)


def purchase_sections(figures: Figures) -> tuple[Section, ...]:
    """What recent purchasers buy, and what of it rises or falls."""
    tables = tuple(_most_bought(each) for each in figures["purchased"])
    changes = tuple(sentence for each in figures["purchased"] for sentence in _changes(each))
    closing = (
        *changes,
        _TESTED.format(mistakes=f"{FALSE_DISCOVERIES:.0%}", least=LEAST_PURCHASERS),
    )
    return (Section("purchased", "What recent purchasers buy", tables=tables, closing=closing),)


def _most_bought(figures: Figures) -> Table:
    rows = tuple(
        (
            row["name"],
            count(row["customers"]),
            count(row["customers_before"]),
            count(row["customers_year_before"]),
            UNKNOWN if row["revenue"] is None else count(row["revenue"]),
            row["change"],
        )
        for row in figures["most"][:MOST_PRODUCTS]
    )
    now, before, year = map(count, figures["purchasers"])
    columns = (figures["column"], f"customers, of {now}", f"before, of {before}", f"a year ago, of {year}", "revenue", "")
    caption = f"Bought by most customers in the last {figures['days']} days, and in as many days before"
    return Table(caption, "<>>>><", columns, rows)


def _changes(figures: Figures) -> Iterator[str]:
    for key, word in (("rising", "rise"), ("falling", "fall")):
        rows = figures[f"most_{key}"][:MOST_CHANGES]
        if rows:
            named = ", ".join(f"{row['name']} ({row['customers_before']} to {row['customers']} customers)" for row in rows)
            more = f", and {figures[key] - len(rows)} more" if figures[key] > len(rows) else ""
            yield f"By {figures['column']}, {figures[key]} of {count(figures['different'])} {word}: {named}{more}."
    if not figures["rising"] and not figures["falling"]:
        yield f"By {figures['column']}, none of {count(figures['different'])} rises or falls beyond chance."


def process_sections(figures: Figures) -> tuple[Section, ...]:
    """Cases, times between steps, and what fails."""
    rows = tuple(
        (
            f"{process['name']}: {between['step']} to {between['following']}",
            count(between["begun"]),
            share(between["finished"] / between["begun"], 1) if between["begun"] else UNKNOWN,
            count(between["waiting"]),
            _days(between["median_days"]),
            _days(between["slow_days"]),
            _days(between["reached_in_days"]),
            _failing(process),
        )
        for process in figures["processes"]
        for between in process["between"]
    )
    table = Table(
        "Processes: cases begun in the last 365 days, times in days",
        "<>>>>>>>",
        ("", "cases", "reached", "waiting", "half", "nine in ten", "where reached", "failed or late"),
        rows,
        (
            (
                "half, nine in ten",
                "days until so many have reached it, failed ones never (Aalen and Johansen); a dash: fewer have",
            ),
            ("where reached", "the median of those that reached it"),
            ("failed or late", "of all that are decided, with the 95 % limits of Wilson"),
        ),
        is_wide=True,
    )
    return (Section("processes", "What customers go through", tables=(table,)),)


def key_event_sections(figures: Figures) -> tuple[Section, ...]:
    """After which events more or fewer customers leave."""
    tested = [row for row in figures["events"] if row["p"] is not None]
    rows = tuple(
        (
            f"{row['source']}: {row['words']}{' *' if row['tells'] else ''}",
            count(row["customers"]),
            Cell(count(row["matched"]), f"{count(row['unmatched'])} unmatched"),
            share(row["churn"], 1),
            share(row["otherwise"], 1),
            Cell(_signed(row["difference"]), f"{_signed(row['low'])} to {_signed(row['high'])}"),
        )
        for row in tested[:MOST_EVENTS]
    )
    table = Table(
        f"Churn in {counted(figures['horizon_days'], 'days')} after an event of the last {counted(figures['days'], 'days')}, "
        "and of matched customers without it",
        "<>>>>>",
        ("event", "customers", "matched", "churn", "without it", "difference"),
        rows,
        (
            ("matched", _ALIKE),
            ("difference", "95 % limits by customer, who stands for one however many snapshots there are"),
        ),
    )
    few = len(figures["events"]) - len(tested)
    lead = f"{counted(figures['snapshots'], 'snapshots')} of {counted(figures['customers'], 'customers')}."
    marked = f"* differs beyond chance; of all that are marked, at most {FALSE_DISCOVERIES:.0%} are expected to be mistakes."
    closing = [marked] if any(row["tells"] for row in tested) else []
    closing += (
        [f"Of {counted(few, 'events')} nothing is said: fewer than {LEAST_CUSTOMERS} customers could be matched."]
        if few
        else []
    )
    closing.append("An event that goes with leaving need not cause it: only a trial can tell.")
    picture = Picture(key_events_sentence(figures), partial(draw_key_events, events=figures["events"]), TALL)
    tables = (table,) if rows else ()
    return (
        Section(
            "key_events",
            "Which events go with leaving",
            lead,
            pictures=(picture,),
            tables=tables,
            closing=tuple(closing),
            is_stacked=True,
        ),
    )


def occasion_sections(figures: Figures) -> tuple[Section, ...]:
    """How many customers have an occasion soon."""
    rows = tuple(
        (row["occasion"].replace("_", " "), count(row["days"]), count(row["customers"])) for row in figures["occasions"]
    )
    table = Table(
        "Customers with an occasion soon; who they are is in occasions.csv", "<>>", ("", "days ahead", "customers"), rows
    )
    return (Section("occasions", "Occasions", tables=(table,)),)


def _remarks(measures: Sequence[Figures]) -> list[str]:
    """What to know of some measures, each once."""
    return list(dict.fromkeys(row["remark"] for row in measures if row["remark"]))


def _listed(measures: Sequence[Figures], remark: str) -> str:
    return "; ".join(row["words"] for row in measures if row["remark"] == remark)


def _number(row: Figures, name: str) -> str:
    value = row[name]
    if value is None:
        return UNKNOWN
    if row["is_flag"] or row["unit"] == "share":
        return share(value, 1).replace("-", MINUS)
    return (f"{value:,.2f}" if abs(value) < _HUNDRED else f"{value:,.0f}").replace("-", MINUS)


def _limits(row: Figures, name: str) -> str:
    return "" if row[f"{name}_low"] is None else f"{_number(row, f'{name}_low')} to {_number(row, f'{name}_high')}"


def _middle(row: Figures, group: str) -> str:
    """The median below the mean; of a measure that is 0 or 1 it says nothing."""
    return "" if row["is_flag"] or row[f"{group}_median"] is None else _number(row, f"{group}_median")


def _signed(value: float) -> str:
    return f"{value:+.1%}".replace("-", MINUS)


def _days(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:,.0f}"


def _failing(process: Figures) -> str:
    if process["failure_share"] is None:
        return UNKNOWN
    return f"{share(process['failure_share'], 1)} ({share(process['low'], 1)} to {share(process['high'], 1)})"
