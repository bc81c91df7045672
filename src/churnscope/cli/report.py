"""`churnscope report`: one page to look at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from churnscope.cli.options import AsOf, ConfigFile, Json, LogFormat, Model, Quiet, Reactivation
from churnscope.cli.rendering import Part, shown
from churnscope.cli.session import session
from churnscope.timeline import date_of

if TYPE_CHECKING:
    from churnscope.project.results import ReportResult

PageFile = Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write this .html file.")]
NoCustomers = Annotated[bool, typer.Option("--no-customers", help="Leave out the list of the riskiest customers.")]


def report(
    config: ConfigFile,
    *,
    as_of: AsOf = None,
    model: Model = "champion",
    output: PageFile = None,
    no_customers: NoCustomers = False,
    reactivation: Reactivation = False,
    json: Json = False,
    log_format: LogFormat = "plain",
    quiet: Quiet = False,
) -> None:
    """Write a page on model, scores and data.

    One HTML file that needs no network: the grade and why, the model beside simple rules, calibration, gains, today's scores,
    what drives churn, data quality, and the riskiest customers. The same run again writes nothing.
    """
    with session(json=json, log_format=log_format, quiet=quiet) as run:
        from churnscope.project import Project

        project = Project(config, progress=run.progress, reactivation=reactivation)
        told = project.report(as_of, model=model, output=output, customers=not no_customers)
        run.show(told, describe)


def describe(result: ReportResult) -> Iterator[Part]:
    """The grade, where the page is, and who may read it."""
    if result.was_done:
        yield "This very report was written before and is whole: nothing was written."
    yield f"{result.name} {result.version}, as of {date_of(result.as_of)}, run {result.run_id}."
    yield f"Grade: {result.grade.text}. {result.grade.reason}"
    yield f"{'Already written' if result.was_done else 'Written'}: {shown(result.page)}"
    if result.names_customers:
        yield "It names customers: only its owner can read it (mode 0600). --no-customers leaves them out."
