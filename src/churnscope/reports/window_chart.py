"""The picture of the activity windows a business could use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from churnscope.reports.canvas import BASELINE_COLOURS, LINE_COLOUR, MODEL_COLOUR, Kind, drawn, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from churnscope.advice import Advice


def window_chart(advice: Advice, kind: Kind = "svg") -> bytes:
    """Who is called inactive too early, against how late a loss is seen, window by window."""

    def draw(axes: Axes) -> None:
        draw_windows(axes, advice)
        axes.set_title(window_sentence(advice), wrap=True)

    return drawn(draw, kind)


def window_sentence(advice: Advice) -> str:
    """What the picture shows."""
    chosen = advice.chosen_window
    return (
        f"After {chosen.days} days of silence {chosen.returned:.0%} still come back within {chosen.within_days} days;\n"
        f"{chosen.covered:.0%} of all pauses are shorter than that"
    )


def draw_windows(axes: Axes, advice: Advice) -> None:
    """The picture without its sentence."""
    days = [choice.days for choice in advice.windows]
    back, covered = [choice.returned for choice in advice.windows], [choice.covered for choice in advice.windows]
    low, high = [choice.returned_low for choice in advice.windows], [choice.returned_high for choice in advice.windows]
    axes.fill_between(days, low, high, color=MODEL_COLOUR, alpha=0.18, linewidth=0)
    axes.plot(days, back, "o-", color=MODEL_COLOUR, linewidth=2.4, label="called inactive, but come back; 95% band")
    axes.plot(days, covered, "o-", color=BASELINE_COLOURS[0], markersize=4, label="pauses shorter than the window")
    axes.axvline(advice.window, color=LINE_COLOUR, linewidth=1, linestyle=":", label="recommended")
    axes.set_xscale("log")
    axes.set_xticks(days, labels=[str(day) for day in days])
    axes.minorticks_off()
    axes.set_ylim(0, 1.02)
    axes.yaxis.set_major_formatter(percent)
    axes.set_xlabel("activity window in days: silence after which a customer is called inactive")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=1)
