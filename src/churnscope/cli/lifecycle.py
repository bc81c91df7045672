"""`churnscope lifecycle`: how many customers are active, who moves where, what is lost, and what that takes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from churnscope.cli.options import AsOf, ConfigFile, Json, LogFormat, Quiet
from churnscope.cli.rendering import Part, Table, shown
from churnscope.cli.score import Wait
from churnscope.cli.session import session
from churnscope.timeline import date_of

if TYPE_CHECKING:
    from churnscope.project.lifecycle.lived import LifecycleResult
    from churnscope.reports.page import Cell, Section
    from churnscope.reports.page import Table as PageTable

All = Annotated[bool, typer.Option("--all", help="Print every part in full.")]
OnePart = Annotated[str | None, typer.Option("--part", metavar="NAME", help="Print one part in full, such as retention.")]
Months = Annotated[int, typer.Option("--months", metavar="N", min=1, help="How many months to look back.")]


def lifecycle(
    config: ConfigFile,
    *,
    as_of: AsOf = None,
    months: Months = 24,
    all_parts: All = False,
    part: OnePart = None,
    wait: Wait = 0,
    json: Json = False,
    log_format: LogFormat = "plain",
    quiet: Quiet = False,
) -> None:
    """Tell stages, moves, losses and budget.

    How many customers are active, who moves where, how fast the base erodes, what it takes to stand still, and what sets those
    apart who fell silent. Stages hold on single days, by the config's own definition of active: prospect, nurtured, new,
    active, loyal, reactivated, inactive. The short answers are printed; every part with its tables and pictures is written, and
    printed with --all or --part.
    """
    with session(json=json, log_format=log_format, quiet=quiet) as run:
        from churnscope.project import Project

        project = Project(config, progress=run.progress)
        result = project.lifecycle(as_of, months=months, wait_seconds=wait)
        sections = result.sections if all_parts else () if part is None else result.part(part).sections
        run.show(result, partial(describe, sections=sections))


def describe(result: LifecycleResult, sections: tuple[Section, ...] = ()) -> Iterator[Part]:
    """The sections that were asked for, or the short answers, and where the files are."""
    yield f"Life cycle of the customers of {result.name}, as of {date_of(result.as_of)}"
    for section in sections:
        yield from section_parts(section)
    if not sections:
        for question, answer in result.brief:
            yield from ("", question)
            yield from (each if isinstance(each, str) else table_part(each) for each in answer)
    yield ""
    yield from written(result, is_short=not sections)


def written(result: LifecycleResult, *, is_short: bool) -> Iterator[Part]:
    """Where the files are, and how to see more."""
    done = "This very run was done before and its files are whole: nothing was written. " if result.was_done else ""
    yield f"{done}Written: {len(result.outputs)} files in {shown(result.manifest.parent)}, run {result.run_id}"
    if is_short:
        told = (name for name, figures in result.figures.items() if figures is not None)
        yield f"In full: --all, or --part with one of {', '.join(told)}"


def section_parts(section: Section) -> Iterator[Part]:
    """A section of a page as text: its sentences and tables; of pictures what they show."""
    yield ""
    yield f"{section.title}."
    yield from filter(None, [section.lead, *(f"{name}: {fact}" for name, fact in section.facts)])
    yield from (f"{picture.sentence}." for picture in section.pictures)
    for table in section.tables:
        yield table_part(table)
        yield from (f"  {term}: {meaning}" for term, meaning in table.notes)
    yield from section.closing


def table_part(table: PageTable) -> Table:
    """A table of a page as text; a wide one without what stands small in its cells."""
    rows = tuple(tuple(_text(cell, small=not table.is_wide) for cell in row) for row in table.rows)
    return Table(table.caption, table.align, rows, table.columns)


def _text(cell: Cell | str, *, small: bool) -> str:
    if isinstance(cell, str):
        return cell
    return f"{cell.text} ({', '.join(cell.small.splitlines())})" if small and cell.small else cell.text
