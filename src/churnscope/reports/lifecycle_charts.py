"""Pictures of the life cycle, each under a sentence that says what to see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from churnscope.lifecycle.spells import STAGES, WITH_US
from churnscope.reports.canvas import LINE_COLOUR, MODEL_COLOUR, percent, plain_number
from churnscope.reports.wording import count, counted, share

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# The present base in blues and greens, what may become of it in warm tones, who is away in grey.
STAGE_COLOURS: Final = {
    "prospect": "#e8d9a8",
    "nurtured": "#d9b44a",
    "new": "#56b4e9",
    "active": "#0072b2",
    "loyal": "#00795a",
    "reactivated": "#8f6bb0",
    "inactive": "#b9b9b9",
    "not_known_yet": "#d6dee6",
}
NAMES: Final = {**dict(zip(STAGES, STAGES, strict=True)), "not_known_yet": "not known yet"}
STACKED: Final = ("loyal", "active", "new", "reactivated", "nurtured", "prospect", "inactive")  # from the bottom up
FLOWING: Final = ("loyal", "active", "new", "reactivated", "inactive", "nurtured", "prospect", "not_known_yet")  # from the top
_BAR = 0.12  # width of the bars of the flow
_STEPS = 40
_TWO_LINES = 0.05  # height of a bar from which its name and number stand below each other


def stages_sentence(months: Sequence[Mapping[str, Any]]) -> str:
    """What the picture of the months shows."""
    if not months:
        return "No whole month has been seen yet"
    first, last = (sum(row[stage] for stage in WITH_US) for row in (months[0], months[-1]))
    change = "as many as" if first == last else ("more than" if last > first else "fewer than")
    than = f", {change} the {count(first)} of {months[0]['day']}" if len(months) > 1 else ""
    return f"{counted(last, 'customers')} with us on {months[-1]['day']}{than}; {count(months[-1]['inactive'])} were inactive"


def draw_stages(axes: Axes, months: Sequence[Mapping[str, Any]]) -> None:
    """Customers by stage as each month begins, those with us at the bottom."""
    shown = [stage for stage in STACKED if any(row[stage] for row in months)]
    at = np.arange(len(months))
    heights = np.array([[row[stage] for row in months] for stage in shown], float).reshape(len(shown), len(months))
    below = np.zeros(len(months))
    for stage, height in zip(shown, heights, strict=True):
        axes.bar(at, height, bottom=below, width=0.9, color=STAGE_COLOURS[stage], label=NAMES[stage])
        below += height
    step = max(1, -(-len(months) // 6))
    axes.set_xticks(at[::step], [row["day"][:7] for row in months][::step])
    axes.yaxis.set_major_formatter(plain_number)
    axes.set_ylabel("customers as the month begins")
    axes.grid(visible=False, axis="x")
    handles, names = axes.get_legend_handles_labels()
    if names:
        axes.legend(handles[::-1], names[::-1], loc="center left", bbox_to_anchor=(1.0, 0.5))


def flow_sentence(flow: Mapping[str, Any]) -> str:
    """What the picture of the flow shows."""
    moves = flow["moves"]
    base = sum(move["customers"] for move in moves if move["from"] in WITH_US)
    lost = sum(move["customers"] for move in moves if move["from"] in WITH_US and move["to"] == "inactive")
    came = sum(move["customers"] for move in moves if move["from"] not in WITH_US and move["to"] in WITH_US)
    if not base:
        return f"From {flow['from']} to {flow['to']} {counted(came, 'customers')} came"
    were = "was" if lost == 1 else "were"
    return (
        f"Of {counted(base, 'customers')} with us on {flow['from']}, {count(lost)} ({share(lost / base)}) {were} inactive on "
        f"{flow['to']}; {count(came)} others had come or come back"
    )


def draw_flow(axes: Axes, flow: Mapping[str, Any]) -> None:
    """Bands from the stages of one day to those of another, as wide as customers are many."""
    moves = {(move["from"], move["to"]): move["customers"] for move in flow["moves"]}
    total = sum(moves.values()) or 1
    left = _stacked({name: sum(n for (one, _), n in moves.items() if one == name) / total for name in FLOWING})
    right = _stacked({name: sum(n for (_, other), n in moves.items() if other == name) / total for name in FLOWING})
    used_left, used_right = dict(left), dict(right)
    way = np.linspace(0, 1, _STEPS)
    bend = way * way * (3 - 2 * way)
    for one in FLOWING:
        for other in FLOWING:
            size = moves.get((one, other), 0) / total
            if not size:
                continue
            begin, end = used_left[one][1], used_right[other][1]
            top = begin + (end - begin) * bend
            axes.fill_between(_BAR + way * (1 - 2 * _BAR), top - size, top, color=STAGE_COLOURS[one], alpha=0.55, linewidth=0)
            used_left[one] = (used_left[one][0], begin - size)
            used_right[other] = (used_right[other][0], end - size)
    for place, bars in ((0.0, left), (1 - _BAR, right)):
        for name, (low, high) in bars.items():
            if high <= low:
                continue
            axes.fill_between([place, place + _BAR], low, high, color=STAGE_COLOURS[name], linewidth=0)
            at, side = (place - 0.015, "right") if place == 0 else (place + _BAR + 0.015, "left")
            between = "\n" if high - low >= _TWO_LINES else " "
            text = f"{NAMES[name]}{between}{count(round((high - low) * total))}"
            axes.text(at, (low + high) / 2, text, ha=side, va="center", fontsize=8, color="#333333")
    axes.text(_BAR / 2, 1.1, flow["from"], ha="center", fontsize=9, color=LINE_COLOUR)
    axes.text(1 - _BAR / 2, 1.1, flow["to"], ha="center", fontsize=9, color=LINE_COLOUR)
    axes.set_xlim(-0.22, 1.22)
    axes.set_axis_off()


def second_purchase_sentence(cohorts: Sequence[Mapping[str, Any]]) -> str:
    """What the picture of the second purchase shows."""
    everybody = cohorts[0]
    told = everybody["within"]["90"]
    soon = "" if told is None else f", {share(told[0])} within 90 days"
    return (
        f"{share(everybody['again'] / everybody['customers'])} of {count(everybody['customers'])} customers who bought have "
        f"bought again so far{soon}"
    )


def draw_second_purchase(axes: Axes, cohorts: Sequence[Mapping[str, Any]]) -> None:
    """The share who bought again within 90 days, by the month of the first purchase."""
    rows = [row for row in cohorts[1:] if row["within"]["90"] is not None]
    at = np.arange(len(rows))
    values = np.array([row["within"]["90"] for row in rows], float).reshape(len(rows), 3)
    axes.vlines(at, values[:, 1], values[:, 2], color=MODEL_COLOUR, linewidth=1.5)
    axes.plot(at, values[:, 0], color=MODEL_COLOUR, marker="o", linestyle="none")
    step = max(1, -(-len(rows) // 8))
    axes.set_xticks(at[::step], [row["cohort"] for row in rows][::step])
    axes.yaxis.set_major_formatter(percent)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("month of the first purchase")
    axes.set_ylabel("bought again within 90 days, with 95 % limits")
    axes.grid(visible=False, axis="x")


def _stacked(parts: Mapping[str, float]) -> dict[str, tuple[float, float]]:
    """Low and high end of each part, from the top down with a gap between those that are there."""
    there = [name for name, size in parts.items() if size]
    gap = 0.02
    scale = 1.0
    top, found = scale + gap * max(0, len(there) - 1) / 2, {}
    for name, size in parts.items():
        found[name] = (top - size, top)
        top -= size + (gap if size else 0)
    return found
