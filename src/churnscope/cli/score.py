"""`churnscope score`: the customers with their churn probability and reasons, in a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from churnscope.cli.options import AsOf, ConfigFile, Json, Lang, LogFormat, Model, Output, Quiet, Reactivation
from churnscope.cli.rendering import Part, Table, count, share, shown
from churnscope.cli.session import session
from churnscope.timeline import date_of

if TYPE_CHECKING:
    from churnscope.project.results import ScoreResult

Wait = Annotated[
    float, typer.Option("--wait", metavar="SECONDS", min=0, help="Wait for another run that writes the same files.")
]
Contributions = Annotated[
    Path | None,
    typer.Option(
        "--contributions",
        metavar="FILE",
        help="Write what every feature adds to each customer's log-odds too, as .csv or .parquet.",
    ),
]
Values = Annotated[
    Path | None,
    typer.Option("--values", metavar="FILE", help="With --reactivation: rank by chance times value. [default: the newest]"),
]
AllCustomers = Annotated[bool, typer.Option("--all", help="List customers too who are inactive already, or not due.")]


def score(
    config: ConfigFile,
    *,
    as_of: AsOf = None,
    model: Model = "champion",
    output: Output = None,
    contributions: Contributions = None,
    all_customers: AllCustomers = False,
    reactivation: Reactivation = False,
    values: Values = None,
    lang: Lang = None,
    wait: Wait = 0,
    json: Json = False,
    log_format: LogFormat = "plain",
    quiet: Quiet = False,
) -> None:
    """Write who is likely to leave, and why.

    Every active customer with churn probability, decile, risk band and reasons, as CSV and Parquet with a manifest; or every
    inactive one with the chance of coming back. The same run again writes nothing.
    """
    with session(json=json, log_format=log_format, quiet=quiet) as run:
        from churnscope.project import Project

        result = Project(config, progress=run.progress, reactivation=reactivation).score(
            as_of,
            model=model,
            output=output,
            all_customers=all_customers,
            wait_seconds=wait,
            contributions=contributions,
            values=values,
            language=lang,
        )
        run.show(result, describe)


def describe(result: ScoreResult) -> Iterator[Part]:
    """How many customers in which band, and where the files are."""
    done = "This very run was done before and its files are whole: nothing was written." if result.was_done else "Scored."
    yield f"{done} {result.name} {result.version}, as of {date_of(result.as_of)}, run {result.run_id}."
    counts = _counts_of_return if result.predicted == "reactivation" else _counts
    yield Table("Customers", "<>>", tuple(counts(result.counts)))
    yield ""
    written = "Already written" if result.was_done else "Written"
    yield from (f"{written}: {shown(path)}" for path in (*result.outputs, result.manifest))


def _counts(counts: Mapping[str, int]) -> Iterator[tuple[str, str, str]]:
    """Customers by state, the active ones by band."""
    total = sum(counts.get(state, 0) for state in ("active", "not_due", "inactive", "no_history"))
    yield "active", count(counts["active"]), share(counts["active"], total)
    yield from (
        (f"  {band} risk", count(counts[band]), share(counts[band], counts["active"])) for band in ("high", "medium", "low")
    )
    if "not_due" in counts:
        yield "not due", count(counts["not_due"]), share(counts["not_due"], total)
    yield "already inactive", count(counts["inactive"]), share(counts["inactive"], total)
    yield "no history", count(counts["no_history"]), share(counts["no_history"], total)


def _counts_of_return(counts: Mapping[str, int]) -> Iterator[tuple[str, str, str]]:
    """Customers by state, the inactive ones by how likely they are to return."""
    total = sum(counts.get(state, 0) for state in ("active", "inactive", "long_gone", "no_history"))
    yield "inactive", count(counts["inactive"]), share(counts["inactive"], total)
    yield from (
        (f"  return is {band}", count(counts[band]), share(counts[band], counts["inactive"]))
        for band in ("likely", "possible", "unlikely")
    )
    if "long_gone" in counts:
        yield "inactive for too long", count(counts["long_gone"]), share(counts["long_gone"], total)
    yield "still active", count(counts["active"]), share(counts["active"], total)
    yield "no history", count(counts["no_history"]), share(counts["no_history"], total)
