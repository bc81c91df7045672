"""`churnscope score`: the customers with their churn probability and reasons, in a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from churnscope.cli.options import AsOf, ConfigFile, Json, LogFormat, Model, Output, Quiet
from churnscope.cli.rendering import Part, Table, count, share
from churnscope.cli.session import session
from churnscope.timeline import date_of

if TYPE_CHECKING:
    from churnscope.project.results import ScoreResult

AllCustomers = Annotated[bool, typer.Option("--all", help="List customers who are already inactive too.")]


def score(
    config: ConfigFile,
    *,
    as_of: AsOf = None,
    model: Model = "champion",
    output: Output = None,
    all_customers: AllCustomers = False,
    json: Json = False,
    log_format: LogFormat = "plain",
    quiet: Quiet = False,
) -> None:
    """Write who is likely to leave, and why.

    Every active customer with churn probability, decile, risk band and reasons, as CSV and Parquet with a manifest. The same
    run again writes nothing.
    """
    with session(json=json, log_format=log_format, quiet=quiet) as run:
        from churnscope.project import Project

        project = Project(config, progress=run.progress)
        run.show(project.score(as_of, model=model, output=output, all_customers=all_customers), describe)


def describe(result: ScoreResult) -> Iterator[Part]:
    """How many customers in which band, and where the files are."""
    done = "This very run was done before and its files are whole: nothing was written." if result.was_done else "Scored."
    yield f"{done} {result.name} {result.version}, as of {date_of(result.as_of)}, run {result.run_id}."
    total = sum(result.counts.get(state, 0) for state in ("active", "inactive", "no_history"))
    rows = tuple((name.replace("_", " "), count(number), share(number, total)) for name, number in result.counts.items())
    yield Table("Customers", "<>>", rows)
    yield ""
    yield from (f"Written: {path}" for path in (*result.outputs, result.manifest))
