"""`churnscope doctor`: whether everything is in place for a run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from churnscope.cli.options import Json, LogFormat, Quiet
from churnscope.cli.rendering import Part, Table
from churnscope.cli.session import session

if TYPE_CHECKING:
    from churnscope.project.data.doctor import DoctorResult

Config = Annotated[Path | None, typer.Argument(metavar="[CONFIG]", help="A config, to look at what it names too.")]


def doctor(config: Config = None, *, json: Json = False, log_format: LogFormat = "plain", quiet: Quiet = False) -> None:
    """Look whether everything is in place.

    Python and its libraries, OpenMP, the kept kernels, memory and disk; with a config its files, folders, model and tracking
    store. Nothing is read or changed. The exit code is that of a run that would fail.
    """
    with session(json=json, log_format=log_format, quiet=quiet) as run:
        from churnscope.project.data.doctor import doctor as look

        result = look(config)
        run.show(result, describe)
    raise typer.Exit(result.exit_code)


def describe(result: DoctorResult) -> Iterator[Part]:
    """Everything that was looked at, then what to do."""
    rows = tuple(
        (finding.what, finding.state.upper() if finding.state != "ok" else "ok", finding.said) for finding in result.findings
    )
    yield Table("Doctor", "<<<", rows)
    todo = [finding for finding in result.findings if finding.advice]
    yield "\nWhat to do" if todo else "\nAll is in place."
    yield from (f"- {finding.what}: {finding.advice}" for finding in todo)
