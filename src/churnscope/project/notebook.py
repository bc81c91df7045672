"""How a result shows itself in a notebook: what came out, the pictures that say it, and the next step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from churnscope.evaluation.tables import comparison_table, decile_rows
from churnscope.reports.charts import (
    calibration_chart,
    calibration_sentence,
    decile_chart,
    decile_sentence,
    gains_chart,
    gains_sentence,
)
from churnscope.reports.snippets import grid, paragraph, picture, shown_rows

if TYPE_CHECKING:
    from churnscope.evaluation.figures import Evaluation
    from churnscope.project.advise import AdviseResult
    from churnscope.project.results import (
        AuditResult,
        CatalogResult,
        CheckResult,
        EvaluateResult,
        ScoreResult,
        Summarised,
        TrainResult,
    )

ROWS_SHOWN = 10
CHARTS = (
    (gains_chart, gains_sentence),
    (calibration_chart, calibration_sentence),
    (decile_chart, decile_sentence),
)


def html(result: Summarised) -> str:
    """A result as HTML: its summary, what belongs to its kind, its next step."""
    parts = DETAILS.get(type(result).__name__, _nothing)(result)
    return "".join([paragraph(result.summary, strong=True), *parts, paragraph(result.next_step) if result.next_step else ""])


def _nothing(_result: Summarised) -> Iterator[str]:
    return iter(())


def _check(result: CheckResult) -> Iterator[str]:
    header = ("source", "role", "rows in", "used", "quarantined", "ignored", "customers", "first day", "last day")
    yield grid(
        (
            (
                report.name,
                report.role,
                f"{report.rows_in:,}",
                f"{report.used:,}",
                f"{sum(report.quarantined.values()):,}",
                f"{sum(report.ignored.values()):,}",
                f"{report.customers:,}",
                *(days.get(name) or "" for name in ("first_day", "last_day")),
            )
            for report, days in zip(result.reports, result.to_json()["sources"], strict=True)
        ),
        header,
    )
    yield from map(paragraph, result.advice)


def _judged(result: TrainResult | EvaluateResult) -> Iterator[str]:
    yield paragraph(result.grade.reason)
    yield _titled(comparison_table(result.evaluation))
    yield from _pictures(result.evaluation)
    yield _titled(decile_rows(result.evaluation))


def _pictures(evaluation: Evaluation) -> Iterator[str]:
    for chart, sentence in CHARTS:
        said = sentence(evaluation)
        yield paragraph(said) + picture(chart(evaluation), said)


def _scored(result: ScoreResult) -> Iterator[str]:
    yield shown_rows(result.to_arrow().drop_columns(["model_version", "run_id"]), ROWS_SHOWN, "a customer, the riskiest first")


def _catalog(result: CatalogResult) -> Iterator[str]:
    header = ("feature", "unit", "said of a customer", "a missing value means", "family")
    yield grid(((spec.name, spec.unit, spec.sentence, spec.missing, spec.family) for spec in result.features), header)


def _audited(result: AuditResult) -> Iterator[str]:
    if result.findings:
        header = ("column or feature", "what was found", "what to do", "accepted because")
        yield grid(((each.subject, each.what, each.advice, each.accepted) for each in result.findings), header)


def _advised(result: AdviseResult) -> Iterator[str]:
    yield picture(result.picture.read_bytes(), result.summary)


def _titled(rows: Sequence[Sequence[str]]) -> str:
    return grid(rows[1:], rows[0])


DETAILS: dict[str, Callable[[Any], Iterator[str]]] = {
    "AdviseResult": _advised,
    "AuditResult": _audited,
    "CheckResult": _check,
    "TrainResult": _judged,
    "EvaluateResult": _judged,
    "ScoreResult": _scored,
    "CatalogResult": _catalog,
}
