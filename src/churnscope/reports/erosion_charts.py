"""Pictures of erosion, each with a sentence that says what to see; read from figures that are ready for JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from churnscope.reports.canvas import BASELINE_COLOURS, CHANCE_COLOUR, LINE_COLOUR, MODEL_COLOUR, percent, plain_number
from churnscope.reports.wording import count, share

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Figures = Mapping[str, Any]
COLOURS: Final = (MODEL_COLOUR, *BASELINE_COLOURS, LINE_COLOUR, CHANCE_COLOUR)
BAND: Final = 0.15
MOST_TICKS: Final = 8


def attrition_sentence(figures: Figures) -> str:
    """What the picture of the months shows."""
    rate, months = figures["attrition_a_month"], figures["recent_months"]
    if rate["value"] is None:
        return "Nobody was with us as these months began"
    lately = f"mean of the last {months} months" if months > 1 else "in the last month"
    limits = f"95 % limits {share(rate['low'], 1)} to {share(rate['high'], 1)}"
    return f"Of the customers with us as a month begins, {share(rate['value'], 1)} are lost by its end ({lately}; {limits})"


def draw_attrition(axes: Axes, figures: Figures) -> None:
    """The share lost in every month with its limits, and the mean of the last ones."""
    rows = [row for row in figures["by_month"] if row["attrition"] is not None]
    at = np.arange(len(rows))
    values = np.array([[row["attrition"], row["attrition_low"], row["attrition_high"]] for row in rows], float).reshape(-1, 3)
    rate, recent = figures["attrition_a_month"], min(figures["recent_months"], len(rows))
    if recent and rate["value"] is not None:
        lately = at[-recent:][[0, -1]] + np.array([-0.5, 0.5])
        axes.fill_between(lately, rate["low"], rate["high"], color=CHANCE_COLOUR, alpha=BAND, linewidth=0)
        axes.plot(lately, [rate["value"]] * 2, color=CHANCE_COLOUR, linestyle="--", label=f"mean of {recent} months")
    axes.vlines(at, values[:, 1], values[:, 2], color=MODEL_COLOUR, linewidth=1.5)
    axes.plot(at, values[:, 0], color=MODEL_COLOUR, marker="o", linestyle="none", label="lost in the month")
    _months_below(axes, [row["month"] for row in rows])
    axes.yaxis.set_major_formatter(percent)
    axes.set_ylim(bottom=0)
    axes.set_ylabel("lost, of those with us as the month began")
    axes.grid(visible=False, axis="x")
    axes.legend(loc="best")


def retention_sentence(comparison: Figures) -> str:
    """What the picture of the first curves shows."""
    curve = comparison["curves"][0]
    if not curve["still_there"]:
        return "Too few customers were watched for long enough to say how long they stay"
    age, told = max(curve["still_there"].items(), key=lambda item: int(item[0]))
    half = f"half are gone after {count(curve['median_days'])} days, and " if curve["median_days"] is not None else ""
    return f"Of customers who come, {half}{share(told['value'])} are still with us after {age} days without a break"


def draw_curves(axes: Axes, comparison: Figures) -> None:
    """Share still there by days since the beginning, a line with its limits for every group."""
    for colour, curve in zip(COLOURS, comparison["curves"], strict=False):
        if not curve["steps"]:
            continue
        days, value, low, high = np.array(curve["steps"], float).T
        axes.fill_between(days, low, high, step="post", color=colour, alpha=BAND, linewidth=0)
        axes.plot(days, value, drawstyle="steps-post", color=colour, label=f"{curve['group']} ({count(curve['customers'])})")
    axes.set_xlim(left=0)
    axes.set_ylim(0, 1.02)
    axes.yaxis.set_major_formatter(percent)
    axes.set_xlabel("days since the beginning")
    axes.set_ylabel("still with us")
    if axes.lines:  # of few customers no curve says anything
        axes.legend(loc="best")


def forecast_sentence(figures: Figures) -> str:
    """What the picture of the base to come shows."""
    last = figures["months"][-1]
    limits = f"95 % limits {count(last['base_low'])} to {count(last['base_high'])}"
    return (
        f'Forecast by the rule "{figures["rule"]}", {count(last["base"])} customers are with us on '
        f"{last['day']} ({limits}); on {figures['day']} they are {count(figures['base'])}"
    )


def draw_forecast(axes: Axes, figures: Figures) -> None:
    """The base as it was, and the fan of what may come."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num

    seen = figures["seen"]
    days = date2num([date.fromisoformat(row["day"]) for row in seen])
    axes.plot(days, [row["base"] for row in seen], color=LINE_COLOUR, marker="o", markersize=3, label="as it was")
    rows = figures["months"]
    ahead = date2num([date.fromisoformat(day) for day in (figures["day"], *(row["day"] for row in rows))])
    low, value, high = ([figures["base"], *(row[name] for row in rows)] for name in ("base_low", "base", "base_high"))
    axes.fill_between(ahead, low, high, color=MODEL_COLOUR, alpha=BAND, linewidth=0, label="95 % limits")
    axes.plot(ahead, value, color=MODEL_COLOUR, linestyle="--", marker="o", markersize=3, label="forecast")
    locator = AutoDateLocator(maxticks=MOST_TICKS)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    axes.yaxis.set_major_formatter(plain_number)
    axes.set_ylim(bottom=0)
    axes.set_ylabel("customers with us")
    axes.legend(loc="best")


def _months_below(axes: Axes, months: Sequence[str]) -> None:
    step = max(1, -(-len(months) // MOST_TICKS))
    places = np.arange(len(months))
    axes.set_xticks(places[::step], [month[:7] for month in months][::step])
