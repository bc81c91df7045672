"""`churnscope audit`: what the training table could not have known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from churnscope.cli.options import AsOf, ConfigFile, Json, LogFormat, Quiet
from churnscope.cli.rendering import Part, Table, count
from churnscope.cli.session import session
from churnscope.errors import InputError
from churnscope.timeline import date_of

if TYPE_CHECKING:
    from churnscope.evaluation.leak_audit import Finding
    from churnscope.project.results import AuditResult

Renew = Annotated[bool, typer.Option("--renew", help="Compare later runs with the past as it is now, whatever was found.")]


def audit(
    config: ConfigFile,
    *,
    as_of: AsOf = None,
    renew: Renew = False,
    json: Json = False,
    log_format: LogFormat = "plain",
    quiet: Quiet = False,
) -> None:
    """Look for leaks of the future into training.

    Features that tell the outcome beyond belief or change when later rows do; columns that are filled by the outcome, are as
    of today whatever the cutoff, or were written over since an earlier run. Exit code 3 where something is found that [audit]
    accept does not name.
    """
    with session(json=json, log_format=log_format, quiet=quiet) as run:
        from churnscope.project import Project

        result = Project(config, progress=run.progress).audit(as_of, renew=renew)
        run.show(result, describe)
        if not result.is_clean:
            raise typer.Exit(InputError.exit_code)


def describe(result: AuditResult) -> Iterator[Part]:
    """What was looked at, then the findings."""
    yield (
        f"Audited {result.name} as of {date_of(result.as_of)}: {count(result.features)} features of {count(result.snapshots)} "
        f"snapshots, built again with another future for {count(result.customers)} customers at {len(result.cutoffs)} cutoffs."
    )
    days = sorted(set(result.compared_with.values()))
    if days:
        yield f"Past rows were compared with those of the run as of {' and '.join(str(date_of(day)) for day in days)}."
    else:
        yield "Past rows are kept for the next run to compare with; there was no earlier one."
    yield from findings_told(result.findings)
    if not result.findings:
        yield "Nothing was found."
    if result.unchecked:
        yield Table("Cannot be checked", "<<", tuple(sorted(result.unchecked.items())))
    if result.renewed:
        yield "\nLater runs are compared with the past as it is now."


def findings_told(findings: Iterable[Finding]) -> Iterator[Part]:
    """One table a finding."""
    for finding in findings:
        rows = [("where", finding.where), ("found", finding.what)]
        rows.append(("accepted", finding.accepted) if finding.accepted else ("what to do", finding.advice))
        mark = "accepted" if finding.accepted else finding.severity
        yield Table(f"{mark.capitalize()}: {finding.subject} {finding.kind}", "<<", tuple(rows))
