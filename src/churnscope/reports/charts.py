"""Pictures of an evaluation, each under a sentence that says what to see.

The same figures give the same bytes for one version of Matplotlib: no clock, no random ids, no settings of the user.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from math import isnan
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from churnscope.evaluation.figures import MODEL
from churnscope.evaluation.grade import spoken

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from churnscope.evaluation.figures import Evaluation

Kind = Literal["svg", "png"]

SIZE_INCHES = (7.0, 4.6)
DOTS_PER_INCH = 130  # of PNG
MODEL_COLOUR = "#0072b2"  # colours of Okabe and Ito (2008), told apart by the colour-blind
CHANCE_COLOUR = "#8a8a8a"
BASELINE_COLOURS = ("#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
GAINS_SHARE = 20  # percent of customers of which the gains title speaks
CONSTANT = "base rate"  # the baseline that orders nobody
NOBODY = "Nobody churned in the outcome window"
STYLE = {
    "font.family": "DejaVu Sans",  # comes with Matplotlib
    "font.size": 10.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#555555",
    "axes.titlesize": 11.0,
    "axes.titlelocation": "left",
    "axes.titlepad": 12.0,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e6e6e6",
    "legend.frameon": False,
    "svg.fonttype": "path",
    "svg.hashsalt": "churnscope",
}


def calibration_chart(evaluation: Evaluation, kind: Kind = "svg") -> bytes:
    """Predicted against observed churn, with the band that chance alone explains."""
    return _drawn(_draw_calibration, evaluation, kind)


def gains_chart(evaluation: Evaluation, kind: Kind = "svg") -> bytes:
    """Share of the churned customers reached when the riskiest are called first, beside the baselines."""
    return _drawn(_draw_gains, evaluation, kind)


def decile_chart(evaluation: Evaluation, kind: Kind = "svg") -> bytes:
    """Churn rate in each tenth of the customers by falling risk."""
    return _drawn(_draw_deciles, evaluation, kind)


def calibration_sentence(evaluation: Evaluation) -> str:
    """What the calibration picture shows."""
    error, (_, most) = evaluation.model.metrics["ece"].value, evaluation.model.reliability.noise
    if isnan(most):
        return f"The probabilities are {error:.1%} off on average"
    if error <= most:
        return f"The probabilities hold: they are {error:.1%} off on average, and chance alone explains up to {most:.1%}"
    bins = evaluation.model.reliability.bins
    excess = sum(row.rows * (row.predicted - row.churn_rate) for row in bins) / evaluation.rows
    lean = f", too {'high' if excess > 0 else 'low'}" if abs(excess) > error / 2 else ""
    return f"The probabilities are {error:.1%} off on average{lean}; chance alone explains up to {most:.1%}"


def gains_sentence(evaluation: Evaluation) -> str:
    """What the gains picture shows."""
    if not evaluation.churned:
        return NOBODY
    reached = evaluation.model.captured[GAINS_SHARE]
    times = reached / (GAINS_SHARE / 100)
    return f"The riskiest {GAINS_SHARE}% hold {reached:.0%} of all who left: {times:.1f} times as many as chance finds"


def decile_sentence(evaluation: Evaluation) -> str:
    """What the decile picture shows."""
    if not evaluation.churned:
        return NOBODY
    first, last = evaluation.model.deciles[0], evaluation.model.deciles[-1]
    return (
        f"Of the riskiest tenth {first.churn_rate:.0%} left, of the safest {last.churn_rate:.0%}; "
        f"of all {evaluation.base_rate:.0%}"
    )


def _drawn(draw: Callable[[Axes, Evaluation], None], evaluation: Evaluation, kind: Kind) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with _our_style():
        figure = Figure(figsize=SIZE_INCHES, dpi=DOTS_PER_INCH, layout="constrained")
        FigureCanvasAgg(figure)  # draws without a display
        draw(figure.add_subplot(), evaluation)
        content = BytesIO()
        figure.savefig(content, format=kind, metadata=_metadata(kind))
    return content.getvalue()


@contextmanager
def _our_style() -> Iterator[None]:
    from matplotlib import style

    with style.context(["default", STYLE]):
        yield


def _metadata(kind: Kind) -> dict[str, Any]:
    return {"Date": None, "Creator": "churnscope"} if kind == "svg" else {"Software": None}


def _draw_calibration(axes: Axes, evaluation: Evaluation) -> None:
    bins = evaluation.model.reliability.bins
    said, came = np.array([row.predicted for row in bins]), np.array([row.churn_rate for row in bins])
    low, high = np.array([row.low for row in bins]), np.array([row.high for row in bins])
    end = np.ceil(10 * max(0.1, said.max(), came.max())) / 10  # both axes alike, to the next 10 %
    axes.plot([0, 1], [0, 1], color=CHANCE_COLOUR, linewidth=1, linestyle="--", label="what was said is what came")
    axes.fill_between(said, low, high, color=CHANCE_COLOUR, alpha=0.22, linewidth=0, label="chance alone, 95%")
    axes.plot(said, came, color=MODEL_COLOUR, marker="o", linewidth=1.6, label="the model, by tenth of the customers")
    _as_percent(axes, "predicted chance of churn", "customers who churned", end=float(end))
    axes.set_title(calibration_sentence(evaluation), wrap=True)
    axes.legend(loc="upper left")


def _draw_gains(axes: Axes, evaluation: Evaluation) -> None:
    percent = np.arange(101) / 100
    axes.plot([0, 1], [0, 1], color=CHANCE_COLOUR, linewidth=1, linestyle="--", label="chance")
    ranked = [name for name in evaluation.predictors if name not in (MODEL, CONSTANT)]
    for number, name in enumerate(ranked):
        colour = BASELINE_COLOURS[number % len(BASELINE_COLOURS)]
        axes.plot(percent, evaluation.predictors[name].captured, color=colour, linewidth=1.4, label=spoken(name))
    axes.plot(percent, evaluation.model.captured, color=MODEL_COLOUR, linewidth=2.4, label="the model")
    at = GAINS_SHARE / 100
    axes.plot([at], [evaluation.model.captured[GAINS_SHARE]], color=MODEL_COLOUR, marker="o", markersize=8)
    if evaluation.capacity and evaluation.capacity < evaluation.rows:
        axes.axvline(evaluation.capacity / evaluation.rows, color="#555555", linewidth=1, linestyle=":", label="your capacity")
    _as_percent(axes, "customers contacted, riskiest first", "reached of all who churned")
    axes.set_title(gains_sentence(evaluation), wrap=True)
    axes.legend(loc="lower right")


def _draw_deciles(axes: Axes, evaluation: Evaluation) -> None:
    deciles = evaluation.model.deciles
    tenths = [row.decile for row in deciles]
    axes.bar(tenths, [row.churn_rate for row in deciles], color=MODEL_COLOUR, width=0.72, label="churned")
    axes.plot(tenths, [row.predicted for row in deciles], "D", color=BASELINE_COLOURS[0], markersize=5, label="predicted")
    axes.axhline(evaluation.base_rate, color="#555555", linewidth=1, linestyle="--", label=f"all: {evaluation.base_rate:.0%}")
    axes.set_xticks(tenths, labels=[f"{row.decile}\n{row.churn_rate:.0%}" for row in deciles])
    axes.set_ylim(0, 1.25 * max(max(row.churn_rate, row.predicted) for row in deciles) or 1)
    axes.yaxis.set_major_formatter(_percent)
    axes.grid(visible=False, axis="x")
    axes.set_xlabel("tenth of the customers, 1 the riskiest, and how many of it churned")
    axes.set_ylabel("customers who churned")
    axes.set_title(decile_sentence(evaluation), wrap=True)
    axes.legend(loc="upper right", ncols=3)


def _as_percent(axes: Axes, across: str, up: str, *, end: float = 1.0) -> None:
    axes.set_xlim(0, end)
    axes.set_ylim(0, end)
    axes.xaxis.set_major_formatter(_percent)
    axes.yaxis.set_major_formatter(_percent)
    axes.set_xlabel(across)
    axes.set_ylabel(up)


def _percent(value: float, _position: float) -> str:
    return f"{100 * value:g}%"
