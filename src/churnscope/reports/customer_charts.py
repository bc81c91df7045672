"""Pictures of today's scores and of what moves them, and the sentences that say what to see."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan, nan
from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np

from churnscope.reports.canvas import BASELINE_COLOURS, CHANCE_COLOUR, MODEL_COLOUR, percent, plain_number
from churnscope.reports.wording import capital, count, quantity, said_at, said_of, share

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from churnscope.predicted import Words
    from churnscope.reports.drivers import Driver
    from churnscope.reports.effects import Effect
    from churnscope.reports.explained import Explained

SCORE_BINS = 40
MOST_DRIVERS, LEAST_SHARE = 10, 0.005  # less would be shown as 0%
BAND_COLOURS = ("#6794b8", "#3f5d78", BASELINE_COLOURS[0])  # of a low, a medium and a high risk
SKEWED = 10  # times the median: from there on the largest value would leave no room for the others
LEGEND_LETTERS = 44  # in a line, so that a legend fits its picture
LEAST_RANGE = (0.75, 1.25)  # of factors: what changes little shall look little


def score_sentence(customers: Explained) -> str:
    """What the picture of the scores shows."""
    chances, high = customers.probability, customers.bands.high
    risky = int((chances >= high).sum())
    middle, words = share(float(np.median(chances))), customers.words
    return (
        f"{count(risky)} of {count(len(chances))} scored customers ({share(risky / len(chances))}) are {words.at_high_risk}, "
        f"a chance of {share(high)} or more; the middle customer stands at {middle}"
    )


def draw_scores(axes: Axes, customers: Explained) -> None:
    """How many customers have which probability, by risk band."""
    ends = np.linspace(0, 1, SCORE_BINS + 1)
    bands, low_first = customers.bands.name(customers.probability, customers.words.bands), customers.words.bands[::-1]
    parts = [customers.probability[bands == band] for band in low_first]
    axes.hist(
        parts,
        bins=ends.tolist(),
        stacked=True,
        color=list(BAND_COLOURS),
        label=list(low_first),
    )
    axes.set_xlim(0, 1)
    axes.xaxis.set_major_formatter(percent)
    axes.yaxis.set_major_formatter(plain_number)
    axes.grid(visible=False, axis="x")
    axes.set_xlabel(customers.words.chance)
    axes.set_ylabel("customers")
    axes.legend(loc="best")


def drivers_sentence(found: Sequence[Driver]) -> str:
    """What the picture of the drivers shows."""
    first, *others = found
    most = f"{capital(first.concept)} moves the scores most: {share(first.share)} of all that raises or lowers them"
    if not others:
        return most
    named = [driver.concept for driver in others[:2]]
    together = share(first.share + sum(driver.share for driver in others[:2]))
    return f"{most}; with {' and '.join(named)} it is {together}"


def draw_drivers(axes: Axes, found: Sequence[Driver]) -> None:
    """The share of every concept in what moves the scores, the strongest on top."""
    shown = list(reversed(found[:MOST_DRIVERS]))
    bars = axes.barh(range(len(shown)), [driver.share for driver in shown], color=MODEL_COLOUR, height=0.68)
    axes.set_yticks(range(len(shown)), labels=[driver.concept for driver in shown])
    axes.bar_label(bars, labels=[share(driver.share) for driver in shown], padding=4, fontsize=9)
    axes.xaxis.set_major_formatter(percent)
    axes.margins(x=0.12)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("share of what raises or lowers the scores")


def common_sentence(driver: Driver, words: Words) -> str:
    """What a driver does that is the same for all customers of the day."""
    times = f"{np.exp(driver.added.mean()):.2f}"
    odds = f"the odds of {words.leaving}"
    return f"{capital(driver.concept)} is the same for everyone on this day: it multiplies {odds} by about {times}"


def effect_sentence(effect: Effect, words: Words) -> str:
    """What an effect curve shows."""
    least, most = int(effect.odds.argmin()), int(effect.odds.argmax())
    low, high = (f"{effect.odds[place]:.2f}" for place in (least, most))
    at_least, at_most = (
        said_at(effect.spec, float(effect.values[least])),
        quantity(float(effect.values[most]), effect.spec.unit),
    )
    return (
        f"{capital(effect.concept)}: the odds of {words.leaving} are {low} times the average at \u201c{at_least}\u201d, "
        f"{high} times at {at_most}"
    )


def draw_effect(axes: Axes, effect: Effect) -> None:
    """What a concept does to the odds of leaving by the value, with the range that other features give it."""
    axes.axhline(1, color=CHANCE_COLOUR, linewidth=1, linestyle="--")
    axes.fill_between(effect.values, effect.low, effect.high, color=MODEL_COLOUR, alpha=0.18, linewidth=0)
    axes.plot(effect.values, effect.odds, color=MODEL_COLOUR, marker="o", markersize=4, linewidth=1.6)
    _scale_values(axes, effect)
    if not isnan(effect.missing):
        label = fill(f"{effect.spec.say(nan, {})} ({share(effect.missing_share)} of customers)", LEGEND_LETTERS)
        axes.axhline(effect.missing, color=BASELINE_COLOURS[0], linewidth=1.4, linestyle=":", label=label)
        axes.legend(loc="best")
    low, high = axes.get_ylim()
    axes.set_ylim(min(low, LEAST_RANGE[0]), max(high, LEAST_RANGE[1]))
    axes.set_xlabel(_with_unit(effect))
    axes.set_ylabel("times the average odds")


def _scale_values(axes: Axes, effect: Effect) -> None:
    values = effect.values
    if len(values) > 2 and values[0] >= 0 and values[-1] > SKEWED * np.median(values) > 0:
        axes.set_xscale("symlog", linthresh=float(values[values > 0][0]))
        axes.minorticks_off()
    axes.xaxis.set_major_formatter(percent if effect.spec.unit == "share" else plain_number)


def _with_unit(effect: Effect) -> str:
    unit, said = effect.spec.unit, said_of(effect.spec)
    is_told = not unit or unit in said.split() or "%" in said
    return fill(said if is_told else f"{said} ({unit})", LEGEND_LETTERS)
