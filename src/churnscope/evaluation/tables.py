"""The figures as rows of text, for a terminal or a page."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING

from churnscope.evaluation.figures import MODEL
from churnscope.evaluation.grade import spoken
from churnscope.predicted import CHURN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from churnscope.evaluation.figures import Evaluation
    from churnscope.evaluation.intervals import Estimate
    from churnscope.predicted import Words

HEADLINE = ("auroc", "average_precision", "log_loss", "brier", "ece", "lift_10pct")
TITLES = {
    "auroc": "AUROC",
    "average_precision": "average precision",
    "log_loss": "log loss",
    "brier": "Brier",
    "ece": "calibration error",
}
LEVEL = "predicted_minus_churned"
UNDEFINED = "-"

Table = list[tuple[str, ...]]


def title(metric: str, words: Words = CHURN) -> str:
    """A metric's name as said.

    Examples
    --------
    >>> title("ece"), title("lift_10pct"), title("precision_capacity"), title("predicted_minus_churned")
    ('calibration error', 'lift at 10 %', 'precision at capacity', 'predicted - churned')
    """
    if metric == LEVEL:
        return f"predicted - {words.happened}"
    name, _, cut = metric.partition("_")
    at_the_top = cut.endswith("pct") or cut == "capacity"
    return f"{name} at {cut.replace('pct', ' %')}" if at_the_top else TITLES.get(metric, metric.replace("_", " "))


def comparison_table(evaluation: Evaluation, metrics: Sequence[str] = HEADLINE) -> Table:
    """One row per predictor, the model first, under a row of titles; each metric with its interval."""
    asked = [metric for metric in metrics if metric in evaluation.model.metrics]
    names = [MODEL, *(name for name in evaluation.predictors if name != MODEL)]
    rows = [
        (
            spoken(name),
            *(_text(evaluation.predictors[name].metrics[metric]) for metric in asked),
        )
        for name in names
    ]
    return [("", *map(title, asked)), *rows]


def difference_table(evaluation: Evaluation, metrics: Sequence[str] = HEADLINE) -> Table:
    """One row per baseline under a row of titles: the model's metric minus the baseline's, with the paired interval."""
    asked = [metric for metric in metrics if metric in evaluation.model.metrics]
    rows = [
        (f"model minus {spoken(name)}", *(_text(figures[metric], sign="+") for metric in asked))
        for name, figures in evaluation.differences.items()
    ]
    return [("", *map(title, asked)), *rows]


def decile_rows(evaluation: Evaluation) -> Table:
    """The model's decile table under a row of titles."""
    rows = [
        (
            str(row.decile),
            f"{row.rows:,}",
            f"{row.churned:,.1f}".removesuffix(".0"),
            f"{row.churn_rate:.1%}",
            f"{row.predicted:.1%}",
            _number(row.lift, ".2f"),
            _number(row.captured, ".1%"),
        )
        for row in evaluation.model.deciles
    ]
    words = evaluation.words
    return [("decile", "customers", words.happened, f"{words.noun} rate", "predicted", "lift", "reached so far"), *rows]


def _text(figure: Estimate, *, sign: str = "") -> str:
    value = _number(figure.value, f"{sign}.3f")
    return value if isnan(figure.low) else f"{value} [{figure.low:{sign}.3f}, {figure.high:{sign}.3f}]"


def _number(value: float, form: str) -> str:
    return UNDEFINED if isnan(value) else format(value, form)
