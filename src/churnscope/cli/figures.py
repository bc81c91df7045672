"""The figures of an evaluation as tables, shared by `train` and `evaluate`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isnan
from typing import TYPE_CHECKING

from churnscope.cli.rendering import Part, Table, count
from churnscope.predicted import CHURN, Words, words_of
from churnscope.timeline import cutoff_name, is_part

if TYPE_CHECKING:
    from churnscope.decisions import ListChoice, OwnValues, ProfitFigures
    from churnscope.evaluation.backtest import Fold
    from churnscope.evaluation.figures import Evaluation
    from churnscope.evaluation.grade import Grade
    from churnscope.evaluation.intervals import Estimate
    from churnscope.project.results import LabelSaid, Tracking

UNLABELLED = "by the definition of churned they have no label"
_WORDS = {
    "auroc": "AUROC",
    "average_precision": "average precision",
    "log_loss": "log loss",
    "brier": "Brier score",
    "ece": "calibration error",
    "calibration_slope": "calibration slope",
    "calibration_intercept": "calibration intercept",
    "predicted_minus_churned": "predicted - {happened}",
}
Pairs = tuple[tuple[str, str], ...]
_TOP = ("lift_", "precision_")
_COMPARED = ("auroc", "log_loss", "lift_10pct")  # as many as a terminal of 80 columns holds
_SEGMENT = ("auroc", "predicted_minus_churned")


def label_line(label: LabelSaid | None) -> Iterator[str]:
    """What churned means, or coming back."""
    if label is not None:
        happened, kind = words_of(label.predicted).happened.capitalize(), label.kind.replace("_", " ")
        named = f"{happened} ({kind})" if label.predicted == "churn" else happened
        yield f"{named}: {label.churned[:1].lower()}{label.churned[1:]}"


def figures(evaluation: Evaluation, grade: Grade) -> Iterator[Part]:
    """The verdict, the model beside every rule, the deciles, the model in full, and on parts of the customers."""
    yield f"Grade: {grade.text}. {grade.reason}"
    yield (
        f"Judged on {count(evaluation.rows)} customers, of whom {count(evaluation.churned)} {evaluation.words.happened} "
        f"({evaluation.base_rate:.1%}); 95 % intervals in brackets."
    )
    yield predictor_table(evaluation)
    yield ahead_table(evaluation)
    yield decile_table(evaluation)
    yield metric_table(evaluation)
    yield from _noise_line(evaluation)
    if evaluation.segments:
        yield segment_table(evaluation)


def profit_tables(profit: ProfitFigures) -> Iterator[Part]:
    """The model in money: the list by break-even, what the order is worth, and other acceptances and values."""
    chosen, needed = profit.chosen, profit.break_even
    own = profit.own
    spread: Pairs = () if own is None else _own_values(own, profit.offer.value)
    rows = (
        *spread,
        ("a contact pays from" if own is None else "at the mean a contact pays from", _pays_from(needed)),
        ("customers at that or more" if own is None else "customers whose contact pays", _share_of(chosen)),
        ("expected profit", _money(chosen.profit)),
        ("nine times in ten, by acceptance", f"{_money(chosen.profit_low)} to {_money(chosen.profit_high)}"),
        ("profit as it came", _money(profit.came)),
        ("MPC per customer", f"{profit.mpc.per_customer:,.3f} at {profit.mpc.share:.1%}"),
        ("EMPC per customer", f"{profit.empc.per_customer:,.3f} at {profit.empc.share:.1%}"),
    )
    yield Table("In money, of contacting customers at this cutoff", "<>", rows)
    others = tuple(
        (
            f"{row.acceptance:.0%}, value x {row.value_factor:g}",
            _pays_from(row.break_even),
            count(row.size),
            _money(row.profit),
            _money(row.profit_of_chosen),
        )
        for row in profit.sensitivity
    )
    columns = ("acceptance", "pays from", "customers", "profit", "of the list above")
    yield Table("What if", "<>>>>", others, columns)


def _own_values(own: OwnValues, mean: float) -> Pairs:
    """How customers differ in value, and so in the risk from which a contact pays."""
    return (
        ("value of a customer, mean", _money(mean)),
        ("eight in ten are worth", f"{_money(own.value_low)} to {_money(own.value_high)}"),
        ("for them a contact pays from", f"{_pays_from(own.break_even_low)} to {_pays_from(own.break_even_high)}"),
        ("customers for whom it never does", f"{own.never:.1%}"),
    )


def _pays_from(needed: float | None) -> str:
    return "never" if needed is None else f"{needed:.1%}"


def _share_of(chosen: ListChoice) -> str:
    return f"{count(chosen.size)} ({chosen.share:.1%})"


def _money(amount: float) -> str:
    return f"{amount:,.0f}"


def predictor_table(evaluation: Evaluation) -> Table:
    """A row a predictor: the figures that decide."""
    rows = tuple(
        (_name(name), *(_interval(predictor.metrics[metric]) for metric in _compared(evaluation)))
        for name, predictor in evaluation.predictors.items()
    )
    return _by_metric("Model and simple rules", evaluation, rows)


def ahead_table(evaluation: Evaluation) -> Table:
    """A row a rule: by how much the model's figure is above the rule's, on the same customers."""
    rows = tuple(
        (_name(name), *(_signed(rule.get(metric)) for metric in _compared(evaluation)))
        for name, rule in evaluation.differences.items()
    )
    return _by_metric("Model minus rule", evaluation, rows)


def metric_table(evaluation: Evaluation) -> Table:
    """Every figure of the model."""
    metrics, words = evaluation.model.metrics, evaluation.words
    tops = (name for top in _TOP for name in metrics if name.startswith(top))
    rows = tuple((_metric_words(name, words), _interval(metrics[name])) for name in (*_WORDS, *tops) if name in metrics)
    return Table("The model in full", "<>", rows)


def segment_table(evaluation: Evaluation) -> Table:
    """The model on parts of the customers."""
    rows = tuple(
        (
            f"{segment.by.replace('_', ' ')}: {segment.name}",
            count(segment.customers),
            f"{segment.churned / segment.rows:.1%}",
            *(_interval(segment.metrics[metric]) for metric in _SEGMENT),
        )
        for segment in evaluation.segments
    )
    words = evaluation.words
    columns = ("segment", "customers", words.happened, *(_metric_words(metric, words) for metric in _SEGMENT))
    return Table("Model by segment", "<" + ">" * (len(columns) - 1), rows, columns)


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
    words = evaluation.words
    columns = ("decile", "customers", "predicted", words.happened, "lift", "found so far")
    return Table(f"Deciles, 1 the {words.riskiest}", ">>>>>>", rows, columns)


def backtest_tables(folds: Sequence[Fold]) -> Iterator[Part]:
    """A row a cutoff: the figures of the model trained before it, then how far it is ahead of each rule."""
    if not folds:
        return
    of_parts = is_part(folds[0].cutoff)
    title = (
        "Part by part: a model trained on the others"
        if of_parts
        else "Backtest: the model as it would have been on earlier days"
    )
    headings = (
        "cutoff",
        "customers",
        folds[0].evaluation.words.happened,
        "AUROC",
        "log loss",
        "newcomers",
        "AUROC of newcomers",
    )
    kept = len(headings) - (2 if of_parts else 0)  # of parts, everybody is new
    yield Table(title, "<>>>>>>"[:kept], tuple(_fold_row(fold)[:kept] for fold in folds), headings[:kept])
    rules = tuple(dict.fromkeys(name for fold in folds for name in fold.evaluation.differences))
    rows = tuple((cutoff_name(fold.cutoff), *(_ahead(fold.evaluation, rule) for rule in rules)) for fold in folds)
    columns = ("cutoff", *(name.replace("_", " ") for name in rules))
    of = "Part by part" if of_parts else "Backtest"
    yield Table(f"{of}: AUROC of the model minus that of each rule", "<" + ">" * len(rules), rows, columns)


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
        cutoff_name(fold.cutoff),
        count(everyone.rows),
        f"{everyone.base_rate:.1%}",
        _interval(metrics["auroc"]),
        _interval(metrics["log_loss"]),
        count(newcomers.rows) if newcomers else "0",
        _interval(newcomers.model.metrics["auroc"]) if newcomers else "",
    )


def _by_metric(title: str, evaluation: Evaluation, rows: tuple[tuple[str, ...], ...]) -> Table:
    columns = ("", *map(_metric_words, _compared(evaluation)))
    return Table(title, "<" + ">" * (len(columns) - 1), rows, columns)


def _compared(evaluation: Evaluation) -> list[str]:
    return [metric for metric in _COMPARED if metric in evaluation.model.metrics]


def _name(predictor: str) -> str:
    return predictor.replace("_", " ")


def _ahead(evaluation: Evaluation, rule: str) -> str:
    return _signed(evaluation.differences.get(rule, {}).get("auroc"))


def _noise_line(evaluation: Evaluation) -> Iterator[str]:
    """What the calibration error is to be held against."""
    low, high = evaluation.model.reliability.noise
    if not isnan(low):
        yield f"Where every probability is right, the calibration error lies between {low:.3f} and {high:.3f} by chance alone."


def _signed(difference: Estimate | None) -> str:
    if difference is None or isnan(difference.value):
        return ""
    interval = "" if isnan(difference.low) else f" [{difference.low:+.3f}, {difference.high:+.3f}]"
    return f"{difference.value:+.3f}{interval}"


def _metric_words(metric: str, words: Words = CHURN) -> str:
    name, _, top = metric.partition("_")
    return _WORDS.get(metric, f"{name} at {top.replace('pct', ' %')}").format(happened=words.happened)


def _interval(estimate: Estimate) -> str:
    if isnan(estimate.value):
        return ""
    if isnan(estimate.low):  # nothing was resampled
        return f"{estimate.value:.3f}"
    return f"{estimate.value:.3f} [{estimate.low:.3f}, {estimate.high:.3f}]"
