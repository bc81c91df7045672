"""Pictures of money, each under a sentence that says what to see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from churnscope.reports.canvas import CHANCE_COLOUR, LINE_COLOUR, MODEL_COLOUR, Kind, drawn, percent, plain_number
from churnscope.reports.wording import MINUS, counted, share

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from churnscope.decisions import ProfitFigures


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


def profit_chart(figures: ProfitFigures, kind: Kind = "svg") -> bytes:
    """What contacting the riskiest customers would have brought, by how many of them."""

    def draw(axes: Axes) -> None:
        draw_profit(axes, figures)
        axes.set_title(profit_sentence(figures), fontsize=9.5, wrap=True)

    return drawn(draw, kind)


def profit_sentence(figures: ProfitFigures) -> str:
    """What the profit picture shows."""
    chosen = figures.chosen
    if not chosen.size:
        return "No customer's risk reaches the point from which a contact pays"
    everyone = figures.curve[-1][0]
    who = "whose risk and value make it pay" if figures.own is not None else f"at {share(chosen.threshold or 0)} or more"
    return (
        f"Contacting the {counted(chosen.size, 'customers')} {who} would have brought "
        f"{money(figures.came)}, where {money(chosen.profit)} was expected; contacting everyone {money(everyone)}"
    )


def money(amount: float) -> str:
    """An amount in whole units of the currency."""
    return f"{amount:,.0f}".replace("-", MINUS)


def draw_profit(axes: Axes, figures: ProfitFigures) -> None:
    """Profit by share of customers contacted, as it came and as it was expected, with the list that would have been chosen."""
    contacted = np.arange(len(figures.curve)) / (len(figures.curve) - 1)
    came, expected = zip(*figures.curve, strict=True)
    axes.axhline(0, color=LINE_COLOUR, linewidth=1)
    axes.plot(contacted, expected, color=CHANCE_COLOUR, linewidth=1.4, linestyle="--", label="expected")
    axes.plot(contacted, came, color=MODEL_COLOUR, linewidth=2.4, label="as it came")
    if figures.chosen.size:
        axes.axvline(figures.chosen.share, color=LINE_COLOUR, linewidth=1, linestyle=":", label="the list by break-even")
        axes.plot([figures.chosen.share], [figures.came], color=MODEL_COLOUR, marker="o", markersize=8)
    axes.xaxis.set_major_formatter(percent)
    axes.yaxis.set_major_formatter(plain_number)
    axes.set_xlim(0, 1)
    first = "riskiest first" if figures.own is None else "first those whose contact is expected to bring most"
    axes.set_xlabel(f"customers contacted, {first}")
    axes.set_ylabel("profit, in currency")
    axes.legend(loc="best")
