"""Wall time in multiples of the floor, case by case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from marks import MOST_OF_FLOOR, multiple, size_of
from measurements import Result

OURS, THEIRS, INK = "#0072b2", "#8a8a8a", "#333333"
WIDTH, BAR, ROOM = 8.0, 0.27, 0.9  # inches


@dataclass(frozen=True)
class Group:
    """Bars under one heading, from the top down."""

    heading: str
    colour: str
    bars: tuple[tuple[str, float], ...]


def draw(results: Sequence[Result], path: Path) -> None:
    """The picture as SVG, the same bytes for the same results."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    groups = [group for group in _groups(results) if group.bars]
    if not groups:
        return
    heights = [len(group.bars) + 1 for group in groups]
    with mpl.rc_context({"svg.hashsalt": "churnscope", "svg.fonttype": "path"}):
        figure = Figure(figsize=(WIDTH, ROOM + BAR * sum(heights)), layout="constrained")
        several = figure.subplots(len(groups), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0]
        for axes, group in zip(several, groups, strict=True):
            _draw_group(axes, group)
        largest = max(value for group in groups for _, value in group.bars)
        several[-1].set_xscale("log")
        several[-1].set_xlim(1, largest * 1.6)
        several[-1].set_xticks([1, 2, 5, 10, 20, 50, 100, 200], labels=["1", "2", "5", "10", "20", "50", "100", "200"])
        several[-1].set_xlim(1, largest * 1.6)
        several[-1].minorticks_off()
        several[-1].set_xlabel("wall time in multiples of DuckDB's group-by (log scale); dashed: the mark, 6", fontsize=9)
        figure.savefig(path, metadata={"Date": None})


def _groups(results: Sequence[Result]) -> list[Group]:
    measured = [result for result in results if result.answer]
    ours = sorted(
        (result for result in measured if result.case.section == "features"),
        key=lambda result: (result.case.events, result.case.cutoffs, result.case.memory),
    )
    theirs = sorted(
        (result for result in measured if result.case.section == "peers"),
        key=lambda result: (result.case.events, result.case.cutoffs, _multiple(result)),
    )
    n_ours = ours[0].answer["features"] if ours else 0
    n_theirs = theirs[0].answer["features"] if theirs else 0
    return [
        Group(f"churnscope, all {n_ours} features", OURS, tuple((_label(result), _multiple(result)) for result in ours)),
        Group(f"other tools, {n_theirs} of them", THEIRS, tuple((_label(result), _multiple(result)) for result in theirs)),
    ]


def _label(result: Result) -> str:
    case = result.case
    tool = f"{case.tool}, " if case.tool else ""
    limit = f", {case.memory[:-2]} GB limit" if case.section == "features" else ""
    return f"{tool}{size_of(case.events)} events, {case.cutoffs} cutoff{'s' if case.cutoffs > 1 else ''}{limit}"


def _multiple(result: Result) -> float:
    return multiple(result.answer["costs"], "wall")


def _draw_group(axes: Any, group: Group) -> None:
    names, values = zip(*reversed(group.bars), strict=True)
    drawn = axes.barh(range(len(names)), values, height=0.7, color=group.colour)
    axes.set_yticks(range(len(names)), labels=names)
    axes.set_ylim(-0.6, len(names) - 0.4)
    plain = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}
    axes.bar_label(drawn, fmt="%.1f", padding=4, fontsize=9, color=INK, bbox=plain)
    axes.axvline(MOST_OF_FLOOR, color=INK, linewidth=0.8, linestyle="--", zorder=0)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=9, left=False)
    axes.set_title(group.heading, loc="left", fontsize=10, fontweight="bold")
