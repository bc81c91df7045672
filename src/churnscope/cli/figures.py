"""The figures of an evaluation as tables, shared by `train` and `evaluate`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isnan
from typing import TYPE_CHECKING

from churnscope.cli.rendering import Part, Table, count
from churnscope.timeline import date_of

if TYPE_CHECKING:
    from churnscope.evaluation.backtest import Fold
    from churnscope.evaluation.figures import Evaluation
    from churnscope.evaluation.grade import Grade
    from churnscope.evaluation.intervals import Estimate
    from churnscope.project.results import Tracking

_WORDS = {"auroc": "AUROC", "average_precision": "average precision", "log_loss": "log loss", "brier": "Brier score"}
_TOP = "lift_"
_FOLDS = ("cutoff", "customers", "churned", "AUROC", "log loss", "newcomers", "AUROC of newcomers")


def figures(evaluation: Evaluation, grade: Grade) -> Iterator[Part]:
    """The verdict, then every predictor beside the model, then the deciles."""
    yield f"Grade: {grade.text}. {grade.reason}"
    yield (
        f"Judged on {count(evaluation.rows)} customers, of whom {count(evaluation.churned)} churned "
        f"({evaluation.base_rate:.1%}); 95 % intervals in brackets."
    )
    yield predictor_table(evaluation)
    yield decile_table(evaluation)


def predictor_table(evaluation: Evaluation) -> Table:
    """A row a metric, a column a predictor."""
    metrics = [*_WORDS, *(name for name in evaluation.model.metrics if name.startswith(_TOP))]
    names = tuple(name.replace("_", " ") for name in evaluation.predictors)
    rows = tuple(
        (_metric_words(metric), *(_interval(predictor.metrics[metric]) for predictor in evaluation.predictors.values()))
        for metric in metrics
    )
    return Table("Model and simple rules", "<" + ">" * len(names), rows, ("metric", *names))


def decile_table(evaluation: Evaluation) -> Table:
    """Tenths of the customers, the riskiest first."""
    rows = tuple(
        (
            str(tenth.decile),
            count(tenth.rows),
            f"{tenth.predicted:.1%}",
            f"{tenth.churn_rate:.1%}",
            f"{tenth.lift:.2f}",
            f"{tenth.captured:.0%}",
        )
        for tenth in evaluation.model.deciles
    )
    columns = ("decile", "customers", "predicted", "churned", "lift", "found so far")
    return Table("Deciles, 1 the riskiest", ">>>>>>", rows, columns)


def backtest_tables(folds: Sequence[Fold]) -> Iterator[Part]:
    """A row a cutoff: the figures of the model trained before it, then how far it is ahead of each rule."""
    if not folds:
        return
    yield Table("Backtest: the model as it would have been on earlier days", "<>>>>>>", tuple(map(_fold_row, folds)), _FOLDS)
    rules = tuple(dict.fromkeys(name for fold in folds for name in fold.evaluation.differences))
    rows = tuple((str(date_of(fold.cutoff)), *(_ahead(fold.evaluation, rule) for rule in rules)) for fold in folds)
    columns = ("cutoff", *(name.replace("_", " ") for name in rules))
    yield Table("Backtest: AUROC of the model minus that of each rule", "<" + ">" * len(rules), rows, columns)


def looks_line(looks: int) -> str:
    """How often the test cutoff was looked at, which makes its figures flatter."""
    if looks == 1:
        return "This test cutoff was looked at for the first time."
    return f"This test cutoff was looked at {looks} times: the more often, the more its figures flatter."


def tracking_line(tracking: Tracking) -> Iterator[str]:
    """Where the run was logged, or why not yet."""
    if tracking.pending:
        yield f"Tracking is pending: {tracking.pending}"
        yield "Nothing is lost: `churnscope sync CONFIG` sends the run later."
    elif tracking.run_id:
        yield f"MLflow run {tracking.run_id}; look at it with: {tracking.look}"


def _fold_row(fold: Fold) -> tuple[str, ...]:
    """Figures of everyone, and of those the model had never met."""
    everyone, newcomers = fold.evaluation, fold.newcomers
    metrics = everyone.model.metrics
    return (
        str(date_of(fold.cutoff)),
        count(everyone.rows),
        f"{everyone.base_rate:.1%}",
        _interval(metrics["auroc"]),
        _interval(metrics["log_loss"]),
        count(newcomers.rows) if newcomers else "0",
        _interval(newcomers.model.metrics["auroc"]) if newcomers else "",
    )


def _ahead(evaluation: Evaluation, rule: str) -> str:
    difference = evaluation.differences.get(rule, {}).get("auroc")
    if difference is None or isnan(difference.value):
        return ""
    interval = "" if isnan(difference.low) else f" [{difference.low:+.3f}, {difference.high:+.3f}]"
    return f"{difference.value:+.3f}{interval}"


def _metric_words(metric: str) -> str:
    top = metric.removeprefix(_TOP)
    return _WORDS.get(metric) or f"lift at {top.replace('pct', ' %')}"


def _interval(estimate: Estimate) -> str:
    if isnan(estimate.value):
        return ""
    if isnan(estimate.low):  # nothing was resampled
        return f"{estimate.value:.3f}"
    return f"{estimate.value:.3f} [{estimate.low:.3f}, {estimate.high:.3f}]"
