"""The newest call list in a report: how good it is, who calls, with what, and what it can show."""

from __future__ import annotations

from collections.abc import Iterator

from churnscope.decisions.list_figures import ListFigures
from churnscope.reports.findings import Findings
from churnscope.reports.money_charts import money
from churnscope.reports.page import Section, Table
from churnscope.reports.wording import count, counted, day, points, share


def call_list(findings: Findings) -> Iterator[Section]:
    """The health of the newest list; nothing where none was made, and on a page of those who left already."""
    if findings.call_list is None or findings.config.is_of_reactivation:
        return
    made_on, figures = findings.call_list
    lead = (
        f"The list of {day(made_on)} for {figures.campaign} has {counted(figures.lines, 'lines')} and is expected to bring "
        f"{money(figures.gain)}, {share(figures.gap, 2)} below what no list within its limits can exceed."
    )
    tables = (list_table(figures), actions_table(figures), agents_table(figures), others_table(figures))
    yield Section(
        "call-list",
        "Whom to call first",
        lead,
        tuple(("To know", note) for note in figures.notes),
        tables=tuple(table for table in tables if table.rows),
        origin=f"Call list of {day(made_on)}.",
    )


def list_table(figures: ListFigures) -> Table:
    """What it takes and is expected to bring."""
    budget = "" if figures.budget is None else f" of {money(figures.budget)}"
    effect = figures.smallest_effect
    rows = [
        ("Customers to call", count(figures.lines)),
        ("Left alone as control", count(figures.control)),
        ("Value at risk", money(figures.value_at_risk)),
        ("Cost, if all offers are taken", f"{money(figures.cost)}{budget}"),
        ("Expected gain", money(figures.gain)),
        ("No list can exceed", money(figures.bound)),
        (
            "Smallest effect it can show",
            "none" if effect is None else points(effect),
        ),
    ]
    if figures.last_day is not None:
        rows.insert(1, (f"On the list of {figures.last_day}, too", count(figures.again)))
    return Table("The list", "<>", ("", ""), tuple(rows))


def actions_table(figures: ListFigures) -> Table:
    """By action."""
    rows = tuple(
        (name.replace("_", " "), count(use.lines), count(use.control), f"{use.minutes:,.0f}", money(use.cost), money(use.gain))
        for name, use in figures.actions.items()
    )
    return Table("By action", "<>>>>>", ("action", "to call", "control", "minutes", "cost", "expected gain"), rows)


def agents_table(figures: ListFigures) -> Table:
    """By agent."""
    rows = tuple(
        (name, count(use.lines), f"{use.minutes:,.0f}", f"{use.minutes_there:,.0f}") for name, use in figures.agents.items()
    )
    return Table("By agent", "<>>>", ("agent", "lines", "minutes", "there are"), rows)


def others_table(figures: ListFigures) -> Table:
    """Who is not on it, and why."""
    rows = [(reason, count(number)) for reason, number in figures.left_out.items()]
    rows += [("no room on the list", count(figures.waiting))] if figures.waiting else []
    return Table(f"Not on it, of {counted(figures.scored, 'customers')} in the scores", "<>", ("why", "customers"), tuple(rows))
