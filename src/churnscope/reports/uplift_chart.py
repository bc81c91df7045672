"""The picture of uplift: what giving an offer to more and more customers gains, those it changes most first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from churnscope.reports.canvas import BASELINE_COLOURS, LINE_COLOUR, MODEL_COLOUR, Kind, drawn, percent, plain_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from churnscope.uplift import UpliftFigures

Curves = Mapping[str, Mapping[str, "UpliftFigures"]]  # offer -> kind of learner -> its figures


def qini_chart(curves: Curves, learner: str, kind: Kind = "svg") -> bytes:
    """The Qini curve of every offer by one learner, under a sentence that says what to see."""

    def draw(axes: Axes) -> None:
        draw_qini(axes, curves, learner)
        axes.set_title(qini_sentence(curves, learner), fontsize=9.5, wrap=True)

    return drawn(draw, kind)


def qini_sentence(curves: Curves, learner: str) -> str:
    """What the picture shows."""
    better = [offer for offer, found in curves.items() if found[learner].qini.low > 0]
    if not better:
        return f"The {learner.upper()}-learner's order is not surely better than a random one"
    told = " and ".join(f"{offer} (Qini {curves[offer][learner].qini})" for offer in better)
    return f"The {learner.upper()}-learner's order beats a random one for {told}"


def draw_qini(axes: Axes, curves: Curves, learner: str) -> None:
    """Outcomes gained per 100 treated customers, by share of the customers taken; straight lines are random orders."""
    colours = (MODEL_COLOUR, *BASELINE_COLOURS)
    axes.axhline(0, color=LINE_COLOUR, linewidth=1)
    for place, (offer, found) in enumerate(curves.items()):
        colour = colours[place % len(colours)]
        taken, gained = zip(*found[learner].curve, strict=True)
        heights = [100 * height for height in gained]
        axes.plot(taken, heights, color=colour, linewidth=2.2, label=offer)
        label = "random order" if place == len(curves) - 1 else None
        axes.plot([0, 1], [0, heights[-1]], color=colour, linewidth=1.2, linestyle=":", label=label)
    axes.xaxis.set_major_formatter(percent)
    axes.yaxis.set_major_formatter(plain_number)
    axes.set_xlim(0, 1)
    axes.set_xlabel("customers taken, largest predicted uplift first, out of fold")
    axes.set_ylabel("outcomes gained per 100 customers with the offer")
    axes.legend(loc="best")
