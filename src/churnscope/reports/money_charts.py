"""Pictures of money, each under a sentence that says what to see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from churnscope.reports.canvas import MODEL_COLOUR, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def value_sentence(values: Sequence[float]) -> str:
    """What the picture of the tenths shows."""
    total = sum(values)
    if not total > 0:
        return "Nothing is expected of these customers"
    first, three = values[0] / total, sum(values[:3]) / total
    return f"The most valuable tenth of the customers holds {first:.0%} of all value to come, the first three {three:.0%}"


def draw_value(axes: Axes, values: Sequence[float]) -> None:
    """The share of all value in each tenth of the customers, the most valuable first."""
    total = sum(values) or 1.0
    tenths = range(1, len(values) + 1)
    bars = axes.bar(tenths, [value / total for value in values], color=MODEL_COLOUR, width=0.8)
    axes.bar_label(bars, [f"{value:,.0f}" for value in values], fontsize=7.5, padding=2)
    axes.set_xticks(tenths)
    axes.set_xlabel("tenth of the customers by falling value; above the bars: currency")
    axes.set_ylabel("share of all value to come")
    axes.yaxis.set_major_formatter(percent)
    axes.grid(visible=False, axis="x")
