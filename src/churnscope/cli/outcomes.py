"""`churnscope outcomes`: what came of the calls of a list."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from churnscope.cli.options import ConfigFile, Json, LogFormat, Quiet, example
from churnscope.cli.rendering import Part, Table, count, shown
from churnscope.cli.session import session

if TYPE_CHECKING:
    from churnscope.project.money.outcomes import OutcomesResult

outcomes = typer.Typer(
    name="outcomes",
    help="Take back what came of calls.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)

Returned = Annotated[Path, typer.Argument(metavar="FILE", help="The list as it came back, .xlsx or .csv.")]
Day = Annotated[
    str | None,
    typer.Option("--day", metavar="DAY", help="Day of rows without one: a date, today or yesterday. [default: their list's]"),
]
DayFormat = Annotated[
    str | None,
    typer.Option("--day-format", metavar="FORMAT", help="How days are written in text, as %d/%m/%Y. [default: 2024-02-28]"),
]
ADVICE = {
    "no line key": "rows are found by their line_key alone: copy it from the list",
    "line of no recorded list": "no list of this config has such a line",
    "unreadable result": "choose one of the list's: reached, no answer, accepted, refused, do not call, wrong number",
    "unreadable day": "write days as 2024-02-28, or say how with --day-format",
    "day before the list's": "nobody is called before the list is made",
    "two results of one line and day": "leave the one that is true",
}


@outcomes.command(
    epilog=example("outcomes add my_shop.toml list.xlsx", "outcomes add my_shop.toml monday.csv --day 2024-03-04 --json")
)
def add(
    config: ConfigFile,
    file: Returned,
    *,
    day: Day = None,
    day_format: DayFormat = None,
    json: Json = False,
    log_format: LogFormat = "plain",
    quiet: Quiet = False,
) -> None:
    """Store what came of calls, from a list that came back.

    Rows are found by their line key, whatever was sorted, deleted or renamed. Another result of the same line and day corrects
    the stored one; the same file again changes nothing. Formulas are never read; rows that cannot be used are named.
    """
    with session(json=json, log_format=log_format, quiet=quiet) as run:
        from churnscope.project import Project

        run.show(Project(config, progress=run.progress).add_outcomes(file, day=day, day_format=day_format), describe)


def describe(result: OutcomesResult) -> Iterator[Part]:
    """Where every row went."""
    rows = [
        ("stored", count(result.stored)),
        ("corrected", count(result.corrected)),
        ("known already", count(result.known)),
        ("without a result", count(result.without_result)),
        ("quarantined", count(sum(result.quarantined.values()))),
    ]
    yield Table(f"{result.file.name}: {count(result.rows)} rows", "<>", tuple(rows))
    if result.quarantined:
        told = tuple((rule, count(rows), ADVICE[rule]) for rule, rows in result.quarantined.items())
        yield Table("Quarantined", "<><", told)
        yield ""
        yield f"Which rows: {shown(result.quarantine)}"
    if result.call_backs_left_out:
        yield f"Not kept, for they are no day or time: {count(result.call_backs_left_out)} notes of when to call back."
