"""`churnscope features`: the snapshot table as a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from churnscope.cli.figures import UNLABELLED
from churnscope.cli.options import AsOf, ConfigFile, Json, LogFormat, Output, Quiet
from churnscope.cli.rendering import Part, count, shown
from churnscope.cli.session import session
from churnscope.timeline import date_of

if TYPE_CHECKING:
    from churnscope.project.results import FeaturesResult

Cutoffs = Annotated[
    str | None,
    typer.Option("--cutoffs", metavar="DAYS", help="Cutoffs as days with commas between them. [default: those of training]"),
]


def features(
    config: ConfigFile,
    *,
    as_of: AsOf = None,
    cutoffs: Cutoffs = None,
    output: Output = None,
    json: Json = False,
    log_format: LogFormat = "plain",
    quiet: Quiet = False,
) -> None:
    """Write the table of features and labels.

    One row per active customer and cutoff: customer_id, cutoff, churned (empty where the outcome is not complete), then every
    feature (empty where missing; `churnscope catalog` says what that means). For any library to be fitted on.
    """
    with session(json=json, log_format=log_format, quiet=quiet) as run:
        from churnscope.project import Project

        days = [day.strip() for day in cutoffs.split(",")] if cutoffs else []
        run.show(Project(config, progress=run.progress).features(as_of, cutoffs=days, output=output), describe)


def describe(result: FeaturesResult) -> Iterator[Part]:
    """How large the table is and where."""
    days = ", ".join(str(date_of(cutoff)) for cutoff in result.cutoffs)
    yield f"{count(result.rows)} snapshots with {count(len(result.features))} features at {days}."
    if result.unlabelled:
        yield f"{count(result.unlabelled)} of them are left out: {UNLABELLED}."
    yield f"{'Already written' if result.was_done else 'Written'}: {shown(result.output)}"
