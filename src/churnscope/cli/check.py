"""`churnscope check`: what is in the sources, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from churnscope.cli.options import AsOf, ConfigFile, Json, LogFormat, Quiet
from churnscope.cli.rendering import Part, Table, count, share
from churnscope.cli.session import session
from churnscope.timeline import date_of, is_part

if TYPE_CHECKING:
    from churnscope.project.results import CheckResult
    from churnscope.sources.report import SourceReport


def check(
    config: ConfigFile, *, as_of: AsOf = None, json: Json = False, log_format: LogFormat = "plain", quiet: Quiet = False
) -> None:
    """Count what is in the sources, and what to do.

    One table a source: rows in, used, quarantined by rule and ignored, customers, first and last day. Nothing is trained.
    """
    with session(json=json, log_format=log_format, quiet=quiet) as run:
        from churnscope.project import Project

        run.show(Project(config, progress=run.progress).check(as_of), describe)


def describe(result: CheckResult) -> Iterator[Part]:
    """One table a source, then the advice."""
    yield (
        f"As of {date_of(result.as_of)}; data are complete through {date_of(result.complete_through)}; "
        f"{_to_train_on(result.cutoffs)}."
    )
    for report in result.reports:
        yield source_table(report)
    if result.quarantine is not None:
        yield f"\nQuarantined rows, with file, line and rule: {result.quarantine}"
    yield from _advice(result.advice)


def source_table(report: SourceReport) -> Table:
    """Rows in = used + quarantined + ignored, then who and when."""
    rows = [
        ("files", count(len(report.files)), ""),
        ("rows in", count(report.rows_in), ""),
        ("used", count(report.used), share(report.used, report.rows_in)),
        *_by_reason("quarantined", report.quarantined, report.rows_in),
        *_by_reason("ignored", report.ignored, report.rows_in),
        ("customers", count(report.customers), ""),
        ("rows without customer", count(report.missing_ids), share(report.missing_ids, report.rows_in)),
        ("duplicate rows", count(report.duplicates or 0), share(report.duplicates or 0, report.rows_in)),
        *((f"noticed: {what.replace('_', ' ')}", count(times), "") for what, times in sorted(report.counted.items())),
        *_history(report.first_day, report.last_day),
    ]
    return Table(f"{report.name} ({report.role})", "<>>", tuple(rows))


def _advice(advice: tuple[str, ...]) -> Iterator[str]:
    if advice:
        yield "\nWhat to do"
        yield from (f"- {sentence}" for sentence in advice)


def _by_reason(what: str, rows: Mapping[str, int], rows_in: int) -> Iterator[tuple[str, str, str]]:
    yield what, count(sum(rows.values())), share(sum(rows.values()), rows_in)
    for reason, number in sorted(rows.items()):
        yield f"  {reason.replace('_', ' ')}", count(number), share(number, rows_in)


def _history(first_day: int | None, last_day: int | None) -> Iterator[tuple[str, str, str]]:
    if first_day is None or last_day is None:
        return
    yield "first day", str(date_of(first_day)), ""
    yield "last day", str(date_of(last_day)), ""
    yield "history in days", count(last_day - first_day + 1), ""


def _to_train_on(cutoffs: Sequence[int]) -> str:
    if cutoffs and is_part(cutoffs[0]):
        return "no date, so that customers are divided and not time"
    return f"{len(cutoffs)} {'cutoff' if len(cutoffs) == 1 else 'cutoffs'} to train on"
