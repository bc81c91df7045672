"""`churnscope call-list`: whom to call first, why, and with what offer, in a workbook and in files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from churnscope.cli.options import ConfigFile, Json, LogFormat, Quiet
from churnscope.cli.rendering import Part, Table, count, shown
from churnscope.cli.score import Wait
from churnscope.cli.session import session
from churnscope.timeline import date_of

if TYPE_CHECKING:
    from churnscope.decisions.list_figures import ListFigures
    from churnscope.project.money.listed import CallListResult

ScoresFile = Annotated[
    Path | None, typer.Option("--scores", metavar="FILE", help="What score wrote. [default: the newest in the outputs folder]")
]
ValuesFile = Annotated[
    Path | None,
    typer.Option("--values", metavar="FILE", help="What value wrote. [default: the newest, else the config's value for all]"),
]
UpliftFile = Annotated[
    Path | None,
    typer.Option("--uplift", metavar="FILE", help="What uplift wrote: actions with an arm count by what it changed."),
]
ListOutput = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write this .xlsx, .csv or .parquet file.")
]
SheetLang = Annotated[
    str | None,
    typer.Option(
        "--lang", metavar="CODE", help="Of all sheets: en, fr, it, pt_BR, zh_Hans. [default: each agent's, else the config's]"
    ),
]


def call_list(
    config: ConfigFile,
    *,
    scores: ScoresFile = None,
    values: ValuesFile = None,
    uplift: UpliftFile = None,
    output: ListOutput = None,
    lang: SheetLang = None,
    wait: Wait = 0,
    json: Json = False,
    log_format: LogFormat = "plain",
    quiet: Quiet = False,
) -> None:
    """Write whom to call first, with what offer.

    Scores and values become the list that is expected to bring most within the agents' minutes and the budget: a workbook with
    a sheet per agent, CSV and Parquet. A control group is left alone, so that the effect can be shown.
    """
    with session(json=json, log_format=log_format, quiet=quiet) as run:
        from churnscope.project import Project

        project = Project(config, progress=run.progress)
        made = project.call_list(scores=scores, values=values, uplift=uplift, output=output, language=lang, wait_seconds=wait)
        run.show(made, describe)


def describe(result: CallListResult) -> Iterator[Part]:
    """What is on the list, who is not, what it is expected to bring, and where the files are."""
    figures = result.figures
    done = "This very run was done before and its files are whole: nothing was written." if result.was_done else "Listed."
    yield f"{done} {result.name}, campaign {figures.campaign}, as of {date_of(result.as_of)}, run {result.run_id}."
    yield _list(figures)
    yield _actions(figures)
    yield _agents(figures)
    if figures.left_out or figures.waiting:
        yield _others(figures)
    if figures.dropped:
        rows = tuple((reason, count(number)) for reason, number in figures.dropped.items())
        yield Table(f"On the list of {figures.last_day} and not on this one", "<>", rows)
    yield ""
    yield from figures.notes
    written = "Already written" if result.was_done else "Written"
    yield from (f"{written}: {shown(path)}" for path in (*result.outputs, result.manifest))


def _list(figures: ListFigures) -> Table:
    budget = "" if figures.budget is None else f" of {figures.budget:,.0f}"
    rows = [
        ("customers to call", count(figures.lines)),
        *([("  again since the last list", count(figures.again))] if figures.last_day else []),
        ("left alone as control", count(figures.control)),
        ("value at risk", f"{figures.value_at_risk:,.0f}"),
        ("cost, if all offers are taken", f"{figures.cost:,.0f}{budget}"),
        ("expected gain", f"{figures.gain:,.0f}"),
        ("no list can exceed", f"{figures.bound:,.0f}"),
        ("gap", f"{figures.gap:.2%}"),
    ]
    return Table("The list", "<>", tuple(rows))


def _actions(figures: ListFigures) -> Table:
    rows = tuple(
        (
            name.replace("_", " "),
            count(use.lines),
            count(use.control),
            f"{use.minutes:,.0f}",
            f"{use.cost:,.0f}",
            f"{use.gain:,.0f}",
        )
        for name, use in figures.actions.items()
    )
    return Table("Actions", "<>>>>>", rows, ("action", "to call", "control", "minutes", "cost", "expected gain"))


def _agents(figures: ListFigures) -> Table:
    rows = tuple(
        (name, count(use.lines), f"{use.minutes:,.0f} of {use.minutes_there:,.0f}") for name, use in figures.agents.items()
    )
    return Table("Agents", "<>>", rows, ("agent", "lines", "minutes"))


def _others(figures: ListFigures) -> Table:
    """Who is not on the list, and why."""
    rows = [(reason, count(number)) for reason, number in figures.left_out.items()]
    rows += [("no room on the list", count(figures.waiting))] if figures.waiting else []
    return Table(f"Not on the list, of {count(figures.scored)} customers in the scores", "<>", tuple(rows))
