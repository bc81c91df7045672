"""Pictures of active against inactive customers, of who makes the revenue, and of what goes with leaving."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np

from churnscope.reports.canvas import BASELINE_COLOURS, CHANCE_COLOUR, LINE_COLOUR, MODEL_COLOUR, empty_picture, percent
from churnscope.reports.wording import counted, share

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Row = Mapping[str, Any]
MOST_EVENTS, MOST_MEASURES = 14, 14
_LETTERS = 36  # of a label in a line
_GROUPS = (("active", 0.15, MODEL_COLOUR, "o"), ("inactive", -0.15, BASELINE_COLOURS[0], "D"))


def groups_sentence(active: int, inactive: int) -> str:
    """What the picture of the two groups shows."""
    return (
        f"Means of {counted(active, 'active customers')} and {counted(inactive, 'inactive customers')}, the larger of the two "
        "drawn as 1"
    )


def draw_groups(axes: Axes, measures: Sequence[Row]) -> None:
    """The means of both groups with their intervals, measure by measure, each over the larger of the two."""
    shown = [row for row in measures if _larger(row) > 0][:MOST_MEASURES][::-1]
    if not shown:
        empty_picture(axes)
        return
    for group, shift, colour, marker in _GROUPS:
        for place, row in enumerate(shown):
            mean, low, high = (row[f"{group}_mean{end}"] for end in ("", "_low", "_high"))
            if mean is None:
                continue
            scale = _larger(row)
            ends = (mean if low is None else low) / scale, (mean if high is None else high) / scale
            axes.plot(ends, [place + shift] * 2, color=colour, linewidth=2, solid_capstyle="butt")
            axes.plot([mean / scale], [place + shift], marker, color=colour, markersize=5)
            text = (
                share(mean, 1)
                if row["is_flag"] or row["unit"] == "share"
                else (f"{mean:,.0f}" if mean >= 1_000 else f"{mean:.3g}")
            )
            axes.annotate(text, (max(ends), place + shift), (6, 0), textcoords="offset points", va="center", fontsize=8)
    for group, _, colour, marker in _GROUPS:
        axes.plot([], [], marker, color=colour, label=group)
    axes.set_yticks(range(len(shown)), labels=[fill(row["words"], _LETTERS) for row in shown], fontsize=8)
    axes.set_ylim(-0.6, len(shown) - 0.4)
    axes.set_xlim(min(-0.04, axes.get_xlim()[0]), axes.get_xlim()[1] + 0.12)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("mean of the group over the larger of the two; 95% intervals")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.11), ncols=2)


def _larger(row: Row) -> float:
    return max(row[f"{group}_mean"] or 0.0 for group, *_ in _GROUPS)


def revenue_sentence(figures: Row) -> str:
    """What the picture of the revenue shows."""
    return (
        f"Of {counted(figures['customers'], 'customers')} with revenue in the last 365 days, the first tenth brings "
        f"{share(figures['tenths'][0])} of it and the first two tenths {share(sum(figures['tenths'][:2]))}"
    )


def draw_revenue(axes: Axes, tenths: Sequence[float]) -> None:
    """The part of the revenue that each tenth of the customers brings, and the sum of the first ones."""
    places = np.arange(1, len(tenths) + 1)
    bars = axes.bar(places, tenths, color=MODEL_COLOUR, width=0.72, label="this tenth")
    axes.bar_label(bars, labels=[share(part) for part in tenths], padding=2, fontsize=9)
    axes.plot(places[1:], np.cumsum(tenths)[1:], color=LINE_COLOUR, marker="o", markersize=4, linewidth=1.2, label="so far")
    axes.set_xticks(places)
    axes.set_ylim(0, 1.06)
    axes.yaxis.set_major_formatter(percent)
    axes.grid(visible=False, axis="x")
    axes.set_xlabel("tenth of the customers with revenue, 1 those who bring most")
    axes.set_ylabel("part of the revenue")
    axes.legend(loc="center right")


def key_events_sentence(figures: Row) -> str:
    """What the picture of the events shows."""
    tested = [row for row in figures["events"] if row["p"] is not None]
    telling = sum(row["tells"] for row in tested)
    if not telling:
        if not tested:
            return "Too few customers could be matched to study any event"
        if len(tested) == 1:
            return "After the one event that was studied, churn does not differ beyond chance from that of matched customers"
        return f"After none of {len(tested)} events does churn differ beyond chance from that of matched customers"
    return (
        f"After {telling} of {counted(len(tested), 'events')} churn differs beyond chance from that of matched customers; what "
        "goes with leaving need not be its cause"
    )


def draw_key_events(axes: Axes, events: Sequence[Row]) -> None:
    """The difference in churn after each event with its interval; those that tell first."""
    shown = [row for row in events if row["p"] is not None][:MOST_EVENTS][::-1]
    if not shown:
        empty_picture(axes)
        return
    for place, row in enumerate(shown):
        colour = MODEL_COLOUR if row["tells"] else CHANCE_COLOUR
        axes.plot([row["low"], row["high"]], [place] * 2, color=colour, linewidth=2, solid_capstyle="butt")
        axes.plot([row["difference"]], [place], "o" if row["tells"] else "D", color=colour, markersize=7 if row["tells"] else 5)
    axes.axvline(0, color=LINE_COLOUR, linewidth=1, linestyle="--")
    axes.set_yticks(range(len(shown)), labels=[fill(f"{row['source']}: {row['words']}", _LETTERS) for row in shown], fontsize=8)
    axes.set_ylim(-0.6, len(shown) - 0.4)
    axes.xaxis.set_major_formatter(percent)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("churn with the event less churn without it; 95% intervals")
