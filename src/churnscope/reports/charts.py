"""Pictures of an evaluation, each under a sentence that says what to see."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING, Any

import numpy as np

from churnscope.evaluation.figures import MODEL
from churnscope.evaluation.grade import is_better, is_worse
from churnscope.evaluation.measures import better
from churnscope.evaluation.tables import title
from churnscope.reports.canvas import (
    BASELINE_COLOURS,
    BASELINE_DASHES,
    CHANCE_COLOUR,
    LINE_COLOUR,
    MODEL_COLOUR,
    Draw,
    Kind,
    drawn,
    percent,
)
from churnscope.reports.wording import capital, points
from churnscope.timeline import date_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes

    from churnscope.evaluation.figures import Evaluation
    from churnscope.evaluation.intervals import Estimate

GAINS_SHARE = 20  # percent of customers of which the gains sentence speaks
MOST_DATES = 6  # on an axis, so that they do not run into each other
CONSTANT = "base rate"  # the baseline that orders nobody
NOBODY = "Nobody {happened} in the outcome window"


def calibration_chart(evaluation: Evaluation, kind: Kind = "svg") -> bytes:
    """Predicted against observed churn, with the band that chance alone explains."""
    return _titled(lambda axes: draw_calibration(axes, evaluation), calibration_sentence(evaluation), kind)


def gains_chart(evaluation: Evaluation, kind: Kind = "svg") -> bytes:
    """Share of the churned customers reached when the riskiest are called first, beside the baselines."""
    return _titled(lambda axes: draw_gains(axes, evaluation), gains_sentence(evaluation), kind)


def decile_chart(evaluation: Evaluation, kind: Kind = "svg") -> bytes:
    """Churn rate in each tenth of the customers by falling risk."""
    return _titled(lambda axes: draw_deciles(axes, evaluation), decile_sentence(evaluation), kind)


def calibration_sentence(evaluation: Evaluation) -> str:
    """What the calibration picture shows."""
    error, (_, most) = evaluation.model.metrics["ece"].value, evaluation.model.reliability.noise
    off = f"{points(error)} off on average"
    if isnan(most):
        return f"The probabilities are {off}"
    if error <= most:
        return f"The probabilities hold: they are {off}, and chance alone explains up to {points(most)}"
    bins = evaluation.model.reliability.bins
    excess = sum(row.rows * (row.predicted - row.churn_rate) for row in bins) / evaluation.rows
    lean = f", too {'high' if excess > 0 else 'low'}" if abs(excess) > error / 2 else ""
    return f"The probabilities are {off}{lean}; chance alone explains up to {points(most)}"


def gains_sentence(evaluation: Evaluation) -> str:
    """What the gains picture shows."""
    words = evaluation.words
    if not evaluation.churned:
        return NOBODY.format(happened=words.happened)
    reached = evaluation.model.captured[GAINS_SHARE]
    times = reached / (GAINS_SHARE / 100)
    return (
        f"The {words.riskiest} {GAINS_SHARE}% hold {reached:.0%} of all who {words.left}: {times:.1f} times as many as chance "
        "finds"
    )


def decile_sentence(evaluation: Evaluation) -> str:
    """What the decile picture shows."""
    words = evaluation.words
    if not evaluation.churned:
        return NOBODY.format(happened=words.happened)
    first, last = evaluation.model.deciles[0], evaluation.model.deciles[-1]
    return (
        f"Of the {words.riskiest} tenth {first.churn_rate:.0%} {words.left}, of the {words.safest} {last.churn_rate:.0%}; "
        f"of all {evaluation.base_rate:.0%}"
    )


def best_rule(evaluation: Evaluation, metric: str) -> str | None:
    """The baseline with the best figure, the one that is hardest to beat; None where there is none."""
    rules = {name: rule.metrics[metric].value for name, rule in evaluation.predictors.items() if name != MODEL}
    known = [name for name, value in rules.items() if not isnan(value)]
    return max(known, key=lambda name: better(metric) * rules[name], default=None)


def comparison_sentence(evaluation: Evaluation, metric: str) -> str:
    """What the comparison picture shows."""
    words, figure, rule = title(metric), evaluation.model.metrics[metric].value, best_rule(evaluation, metric)
    if isnan(figure) or rule is None:
        return f"There is no {words} to compare"
    difference, other = evaluation.differences[rule][metric], evaluation.predictors[rule].metrics[metric].value
    said = "the model is better" if is_better(metric, difference) else "they cannot be told apart"
    said = "the rule is better" if is_worse(metric, difference) else said
    best = "highest" if better(metric) > 0 else "lowest"
    return f"{capital(words)} {figure:.3f}; {best} of the simple rules is {other:.3f} ({rule}): {said}"


def history_sentence(past: Mapping[int, Evaluation], metric: str) -> str:
    """What the picture of the cutoffs shows."""
    figures = [value for each in past.values() if not isnan(value := each.model.metrics[metric].value)]
    if not figures:
        return f"There is no {title(metric)} to compare"
    won = sum(is_better(metric, each) for evaluation in past.values() for each in _against_best(evaluation, metric))
    return (
        f"Judged at {len(past)} cutoffs, the model's {title(metric)} lay between {min(figures):.3f} and {max(figures):.3f}; "
        f"it beat the best simple rule, beyond chance, at {won} of them"
    )


def draw_comparison(axes: Axes, evaluation: Evaluation, metric: str) -> None:
    """A metric of the model and of every baseline with its interval, the best on top."""
    figures = {name: predictor.metrics[metric] for name, predictor in evaluation.predictors.items()}
    names = [name for name in figures if not isnan(figures[name].value)]
    names.sort(key=lambda name: better(metric) * figures[name].value)
    for place, name in enumerate(names):
        figure = figures[name]
        colour = MODEL_COLOUR if name == MODEL else LINE_COLOUR
        axes.plot([figure.low, figure.high], [place, place], color=colour, linewidth=2, solid_capstyle="butt")
        axes.plot([figure.value], [place], "o", color=colour, markersize=7)
        axes.annotate(f"{figure.value:.3f}", (figure.value, place), (0, 7), textcoords="offset points", ha="center", fontsize=9)
    axes.set_yticks(range(len(names)), labels=[name.replace("_", " ") for name in names])
    axes.set_ylim(-0.6, len(names) - 0.3)
    axes.margins(x=0.1)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel(f"{title(metric)}, {'higher' if better(metric) > 0 else 'lower'} is better; bars: 95% interval")


def draw_history(axes: Axes, past: Mapping[int, Evaluation], metric: str) -> None:
    """A metric of the model with its interval, and of every baseline, cutoff by cutoff."""
    from matplotlib.dates import date2num

    days = date2num([date_of(cutoff) for cutoff in past]).tolist()
    rules = sorted({name for evaluation in past.values() for name in evaluation.predictors if name not in {MODEL, CONSTANT}})
    for number, name in enumerate(rules):
        judged = {day: each.predictors[name] for day, each in zip(days, past.values(), strict=True) if name in each.predictors}
        values = [rule.metrics[metric].value for rule in judged.values()]
        axes.plot(list(judged), values, marker="o", markersize=3, label=name.replace("_", " "), **_line(number))
    figures = [evaluation.model.metrics[metric] for evaluation in past.values()]
    axes.fill_between(
        days, [each.low for each in figures], [each.high for each in figures], color=MODEL_COLOUR, alpha=0.18, linewidth=0
    )
    axes.plot(days, [each.value for each in figures], "o-", color=MODEL_COLOUR, linewidth=2.4, label="model, 95% interval")
    shown = list(past)[:: -(-len(past) // MOST_DATES)]
    axes.set_xticks(date2num([date_of(cutoff) for cutoff in shown]).tolist(), labels=[_short_date(cutoff) for cutoff in shown])
    axes.set_ylabel(title(metric))
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)


def draw_calibration(axes: Axes, evaluation: Evaluation) -> None:
    """The calibration picture without its sentence."""
    bins = evaluation.model.reliability.bins
    said, came = np.array([row.predicted for row in bins]), np.array([row.churn_rate for row in bins])
    low, high = np.array([row.low for row in bins]), np.array([row.high for row in bins])
    end = np.ceil(10 * max(0.1, said.max(), came.max())) / 10  # both axes alike, to the next 10 %
    axes.plot([0, 1], [0, 1], color=CHANCE_COLOUR, linewidth=1, linestyle="--", label="as predicted")
    axes.fill_between(said, low, high, color=CHANCE_COLOUR, alpha=0.22, linewidth=0, label="chance alone, 95%")
    axes.plot(said, came, color=MODEL_COLOUR, marker="o", linewidth=1.6, label="the model, by tenth")
    words = evaluation.words
    _as_percent(axes, f"predicted {words.chance}", f"customers who {words.happened}", end=float(end))
    axes.legend(loc="best")


def draw_gains(axes: Axes, evaluation: Evaluation) -> None:
    """The gains picture without its sentence."""
    percent = np.arange(101) / 100
    axes.plot([0, 1], [0, 1], color=CHANCE_COLOUR, linewidth=1, linestyle="--", label="chance")
    ranked = [name for name in evaluation.predictors if name not in (MODEL, CONSTANT)]
    for number, name in enumerate(ranked):
        axes.plot(percent, evaluation.predictors[name].captured, label=name.replace("_", " "), **_line(number))
    axes.plot(percent, evaluation.model.captured, color=MODEL_COLOUR, linewidth=2.4, label="model")
    at = GAINS_SHARE / 100
    axes.plot([at], [evaluation.model.captured[GAINS_SHARE]], color=MODEL_COLOUR, marker="o", markersize=8)
    if evaluation.capacity and evaluation.capacity < evaluation.rows:
        axes.axvline(
            evaluation.capacity / evaluation.rows, color=LINE_COLOUR, linewidth=1, linestyle=":", label="your capacity"
        )
    words = evaluation.words
    _as_percent(axes, f"customers contacted, {words.riskiest} first", f"reached of all who {words.happened}")
    axes.legend(loc="lower right")


def draw_deciles(axes: Axes, evaluation: Evaluation) -> None:
    """The decile picture without its sentence."""
    deciles, words = evaluation.model.deciles, evaluation.words
    tenths = [row.decile for row in deciles]
    axes.bar(tenths, [row.churn_rate for row in deciles], color=MODEL_COLOUR, width=0.72, label=words.happened)
    axes.plot(tenths, [row.predicted for row in deciles], "D", color=BASELINE_COLOURS[0], markersize=5, label="predicted")
    axes.axhline(evaluation.base_rate, color=LINE_COLOUR, linewidth=1, linestyle="--", label=f"all: {evaluation.base_rate:.0%}")
    axes.set_xticks(tenths, labels=[f"{row.decile}\n{row.churn_rate:.0%}" for row in deciles])
    axes.set_ylim(0, 1.25 * max(max(row.churn_rate, row.predicted) for row in deciles) or 1)
    axes.yaxis.set_major_formatter(percent)
    axes.grid(visible=False, axis="x")
    axes.set_xlabel(f"tenth of the customers, 1 the {words.riskiest}; share that {words.happened}")
    axes.set_ylabel(f"customers who {words.happened}")
    axes.legend(loc="upper right", ncols=3)


def _short_date(cutoff: int) -> str:
    date = date_of(cutoff)
    return f"{date.day} {date:%b}\n{date.year}"


def _line(number: int) -> dict[str, Any]:
    """How the line of a baseline is drawn."""
    place = number % len(BASELINE_COLOURS)
    return {"color": BASELINE_COLOURS[place], "linestyle": BASELINE_DASHES[place], "linewidth": 1.4}


def _titled(draw: Draw, sentence: str, kind: Kind) -> bytes:
    """A picture that stands alone, under its sentence."""

    def draw_all(axes: Axes) -> None:
        draw(axes)
        axes.set_title(sentence, wrap=True)

    return drawn(draw_all, kind)


def _against_best(evaluation: Evaluation, metric: str) -> list[Estimate]:
    rule = best_rule(evaluation, metric)
    return [] if rule is None else [evaluation.differences[rule][metric]]


def _as_percent(axes: Axes, across: str, up: str, *, end: float = 1.0) -> None:
    axes.set_xlim(0, end)
    axes.set_ylim(0, end)
    axes.xaxis.set_major_formatter(percent)
    axes.yaxis.set_major_formatter(percent)
    axes.set_xlabel(across)
    axes.set_ylabel(up)
