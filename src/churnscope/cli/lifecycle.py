"""`churnscope lifecycle`: in which stage customers are, who moves where, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterator
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

Months = Annotated[int, typer.Option("--months", metavar="N", min=1, help="How many months to look back.")]


def lifecycle(
    config: ConfigFile,
    *,
    as_of: AsOf = None,
    months: Months = 24,
    wait: Wait = 0,
    json: Json = False,
    log_format: LogFormat = "plain",
    quiet: Quiet = False,
) -> None:
    """Tell who is in which stage, who moves where.

    Stages hold on single days, by the config's own definition of active: prospect, nurtured, new, active, loyal, reactivated,
    inactive. Told are the customers in each now and before, the moves from month to month with their probabilities, how long a
    stage lasts, how long until customers are inactive, and how soon they buy a second time.
    """
    with session(json=json, log_format=log_format, quiet=quiet) as run:
        from churnscope.project import Project

        project = Project(config, progress=run.progress)
        run.show(project.lifecycle(as_of, months=months, wait_seconds=wait), describe)


def describe(result: LifecycleResult) -> Iterator[Part]:
    """Every part, and where the files are."""
    done = "This very run was done before and its files are whole: nothing was written." if result.was_done else "Told."
    yield f"{done} {result.name}, as of {date_of(result.as_of)}, run {result.run_id}."
    for section in result.sections:
        yield from section_parts(section)
    yield ""
    written = "Already written" if result.was_done else "Written"
    yield from (f"{written}: {shown(path)}" for path in (*result.outputs, result.manifest))


def section_parts(section: Section) -> Iterator[Part]:
    """A section of a page as text: its sentences and tables; of pictures what they show."""
    yield ""
    yield f"{section.title}."
    yield from filter(None, [section.lead, *(f"{name}: {fact}" for name, fact in section.facts)])
    yield from (f"{picture.sentence}." for picture in section.pictures)
    yield from map(table_part, section.tables)
    yield from section.closing


def table_part(table: PageTable) -> Table:
    """A table of a page as text; a wide one without what stands small in its cells."""
    rows = tuple(tuple(_text(cell, small=not table.is_wide) for cell in row) for row in table.rows)
    return Table(table.caption, table.align, rows, table.columns)


def _text(cell: Cell | str, *, small: bool) -> str:
    if isinstance(cell, str):
        return cell
    return f"{cell.text} ({', '.join(cell.small.splitlines())})" if small and cell.small else cell.text
