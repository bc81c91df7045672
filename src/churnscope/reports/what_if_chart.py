"""The picture of what-if: what more money and time would bring, and how far the answer rests on the offer's terms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from churnscope.reports.canvas import BASELINE_COLOURS, CHANCE_COLOUR, LINE_COLOUR, MODEL_COLOUR, Kind, drawn_on, plain_number
from churnscope.reports.money_charts import money

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from churnscope.decisions.what_if import Outlook

SIZE_INCHES = (13.0, 5.2)
MARGINAL_COLOUR = BASELINE_COLOURS[0]


def what_if_chart(found: Sequence[Outlook], minutes: float, budget: float | None, kind: Kind = "svg") -> bytes:
    """Curves of the expected gain over budget and minutes, each above its marginal gain, and a map over the offer's terms."""

    def draw(figure: Figure) -> None:
        by = {name: [each for each in found if each.varied == name] for name in ("budget", "minutes", "terms")}
        width = 1.35 if by["terms"] else 0.01
        grid = figure.add_gridspec(2, 3, height_ratios=(2.2, 1), width_ratios=(1 if by["budget"] else 0.01, 1, width))
        curves = (
            ("budget", [each.budget or 0.0 for each in by["budget"]], "budget, in currency", budget, "one unit more"),
            ("minutes", [each.minutes for each in by["minutes"]], "minutes of all agents", minutes, "one hour more"),
        )
        for place, (name, amounts, label, now, unit) in enumerate(curves):
            if not amounts:
                continue
            above = figure.add_subplot(grid[0, place])
            below = figure.add_subplot(grid[1, place], sharex=above)
            prices = [each.gain_per_money if name == "budget" else each.gain_per_hour for each in by[name]]
            _curve(above, amounts, [each.gain for each in by[name]], now)
            _marginal(below, amounts, [price or 0.0 for price in prices], label, unit)
        if by["terms"]:
            _map(figure.add_subplot(grid[:, 2]), by["terms"])
        figure.suptitle(what_if_sentence(present_of(found, minutes)), fontsize=11, x=0.01, ha="left")

    return drawn_on(draw, kind, size=SIZE_INCHES)


def present_of(found: Sequence[Outlook], minutes: float) -> Outlook:
    """The list under the terms of the config."""
    return next(each for each in found if each.varied == "minutes" and each.minutes == minutes)


def what_if_sentence(present: Outlook) -> str:
    """What the picture shows."""
    now = f"The best list is expected to bring {money(present.gain)}"
    hour = f"an hour more would add {money(present.gain_per_hour)}"
    if present.gain_per_money is None:
        return f"{now}; {hour}"
    return f"{now}; {hour}, a unit more of budget {present.gain_per_money:,.2f}"


def _curve(axes: Axes, amounts: Sequence[float], gains: Sequence[float], now: float | None) -> None:
    axes.plot(amounts, gains, color=MODEL_COLOUR, linewidth=2.2, marker="o", markersize=4)
    if now is not None:
        axes.axvline(now, color=LINE_COLOUR, linewidth=1, linestyle=":")
        axes.annotate("now", (now, 0), xytext=(3, 3), textcoords="offset points", color=LINE_COLOUR, fontsize=8.5)
    axes.set_ylim(bottom=min(0.0, *gains))
    axes.yaxis.set_major_formatter(plain_number)
    axes.set_title("expected gain of the best list", fontsize=9.5)
    axes.tick_params(labelbottom=False)


def _marginal(axes: Axes, amounts: Sequence[float], prices: Sequence[float], label: str, unit: str) -> None:
    axes.plot(amounts, prices, color=MARGINAL_COLOUR, linewidth=1.8, marker="o", markersize=3, drawstyle="steps-post")
    axes.set_ylim(0, 1.2 * max((price for amount, price in zip(amounts, prices, strict=True) if amount), default=0) or 1)
    axes.xaxis.set_major_formatter(plain_number)
    axes.yaxis.set_major_formatter(plain_number)
    axes.set_title(f"what {unit} would add", fontsize=9.5)
    axes.set_xlabel(label)


def _map(axes: Axes, found: Sequence[Outlook]) -> None:
    costs, accepts = sorted({each.offer_cost for each in found}), sorted({each.acceptance for each in found})
    gains = np.zeros((len(costs), len(accepts)))
    for each in found:
        gains[costs.index(each.offer_cost), accepts.index(each.acceptance)] = each.gain
    axes.imshow(gains, cmap="Blues", aspect="auto", origin="lower", vmin=0)
    middle = gains.max() / 2
    for row, cost in enumerate(costs):
        for place, accept in enumerate(accepts):
            is_now = cost == accept == 1
            axes.text(
                place,
                row,
                money(gains[row, place]),
                ha="center",
                va="center",
                fontsize=9,
                fontweight="bold" if is_now else "normal",
                color="white" if gains[row, place] > middle else "black",
            )
    axes.set_xticks(range(len(accepts)), [f"x{factor:g}" for factor in accepts])
    axes.set_yticks(range(len(costs)), [f"x{factor:g}" for factor in costs])
    axes.grid(visible=False)
    axes.tick_params(color=CHANCE_COLOUR)
    axes.set_xlabel("acceptance of every action")
    axes.set_ylabel("cost of every offer")
    axes.set_title("expected gain within the present budget and minutes; bold: now", fontsize=9.5)
