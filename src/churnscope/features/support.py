"""What the customer asks for help with, how long it takes, and what they think of the answer."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from churnscope.events import Events, Observed, Signal
from churnscope.features.family import family
from churnscope.features.feature import FALLING, RISING, Feature, none, suffix, within
from churnscope.features.log import Log

SLOW_DAYS = 7  # a ticket that is open for longer is slow
AGAIN_DAYS = 30  # a ticket on a topic of so many days ago is the same trouble again


@family("support")
def tickets(log: Log) -> Iterator[Feature]:
    """How often the customer asks for help."""
    yield Feature(
        name="days_since_last_ticket",
        unit="days",
        concept="tickets",
        sentence="last asked for help {value:.0f} days ago",
        missing="never asked for help",
        values=log.rows.days_since_last(),
    )
    for window in log.windows:
        yield Feature(
            name=f"ticket_count_{suffix(window)}",
            unit="tickets",
            window=window,
            concept="tickets",
            sentence=f"{{value:.0f}} tickets {within(window)}",
            values=log.rows.count(window),
        )


@family("support", needs=("resolved",))
def open_tickets(log: Log) -> Iterator[Feature]:
    """What is still unresolved at the cutoff."""
    yield Feature(
        name="open_ticket_count",
        unit="tickets",
        concept="open tickets",
        sentence="{value:.0f} tickets open now",
        direction=RISING,
        values=log.rows.count() - _resolved(log).count(),
    )
    yield Feature(
        name="oldest_open_ticket_days",
        unit="days",
        concept="open tickets",
        sentence="oldest open ticket {value:.0f} days old",
        missing="no open ticket",
        direction=RISING,
        values=log.rows.days_since_oldest_open("resolved"),
    )


@family("support", needs=("resolved",))
def resolving(log: Log) -> Iterator[Feature]:
    """How long tickets take; those still open count as slow once they are."""
    resolved = _resolved(log)
    taken = resolved.derive("days taken", _days_taken)
    for window in log.main_windows:
        yield Feature(
            name=f"resolving_mean_days_{suffix(window)}",
            unit="days",
            window=window,
            concept="resolving",
            sentence=f"tickets took {{value:.1f}} days to resolve on average {within(window)}",
            missing=none("ticket resolved", window),
            direction=RISING,
            values=resolved.mean(taken, window),
        )
    for window in log.long_windows:
        yield Feature(
            name=f"resolving_largest_days_{suffix(window)}",
            unit="days",
            window=window,
            concept="resolving",
            sentence=f"a ticket took {{value:.0f}} days to resolve {within(window)}",
            missing=none("ticket resolved", window),
            direction=RISING,
            values=resolved.largest(taken, window),
        )
    yield Feature(
        name="resolving_last_days",
        unit="days",
        concept="resolving",
        sentence="the last ticket resolved took {value:.0f} days",
        missing=none("ticket resolved"),
        direction=RISING,
        values=resolved.last(taken),
    )
    due = log.rows.after(SLOW_DAYS)
    slow = due.derive("slow", _is_slow)
    for window in log.main_windows:
        yield Feature(
            name=f"slow_ticket_share_{suffix(window)}",
            unit="share",
            window=window,
            concept="resolving",
            sentence=f"{{value:.0%}} of the tickets {within(window)} not resolved in {SLOW_DAYS} days",
            missing=none("ticket due", window),
            direction=RISING,
            values=due.share(slow, window),
        )


@family("support", needs=("severity",))
def severity(log: Log) -> Iterator[Feature]:
    """How serious the tickets are."""
    for window in log.main_windows:
        yield Feature(
            name=f"severity_mean_{suffix(window)}",
            unit="severity",
            window=window,
            concept="severity",
            sentence=f"tickets {within(window)} of severity {{value:.1f}} on average",
            missing=none("ticket of known severity", window),
            direction=RISING,
            values=log.rows.mean("severity", window),
        )
    for window in log.long_windows:
        yield Feature(
            name=f"severity_largest_{suffix(window)}",
            unit="severity",
            window=window,
            concept="severity",
            sentence=f"a ticket of severity {{value:.3g}} {within(window)}",
            missing=none("ticket of known severity", window),
            direction=RISING,
            values=log.rows.largest("severity", window),
        )


@family("support", needs=("resolved", "satisfaction"))
def satisfaction(log: Log) -> Iterator[Feature]:
    """What the customer thinks of the answers; an opinion is known from the day on which the ticket was resolved."""
    resolved = _resolved(log)
    for window in log.main_windows:
        yield Feature(
            name=f"satisfaction_mean_{suffix(window)}",
            unit="satisfaction",
            window=window,
            concept="satisfaction",
            sentence=f"rated our help {{value:.1f}} on average {within(window)}",
            missing=none("rating of our help", window),
            direction=FALLING,
            values=resolved.mean("satisfaction", window),
        )
    yield Feature(
        name="satisfaction_last",
        unit="satisfaction",
        concept="satisfaction",
        sentence="rated our help {value:.3g} the last time",
        missing=none("rating of our help"),
        direction=FALLING,
        values=resolved.last("satisfaction"),
    )


@family("support", needs=("topic",))
def repeated_tickets(log: Log) -> Iterator[Feature]:
    """How often the customer comes back with the same trouble, and how many kinds of it there are."""
    again = log.rows.again("topic", AGAIN_DAYS)
    for window in log.main_windows:
        yield Feature(
            name=f"repeated_ticket_count_{suffix(window)}",
            unit="tickets",
            window=window,
            concept="repeated tickets",
            sentence=f"came back with the same trouble within {AGAIN_DAYS} days {{value:.0f}} times {within(window)}",
            direction=RISING,
            values=log.rows.total(again, window),
        )
    for window in log.long_windows:
        yield Feature(
            name=f"ticket_topic_count_{suffix(window)}",
            unit="topics",
            window=window,
            concept="tickets",
            sentence=f"tickets on {{value:.0f}} different topics {within(window)}",
            values=log.rows.distinct("topic", window),
        )


def _resolved(log: Log) -> Observed:
    """The tickets by the time of their resolution."""
    return log.rows.at("resolved")


def _days_taken(resolved: Events) -> Signal:
    return (resolved.day - resolved.signals["own_day"]).astype(np.int64)


def _is_slow(due: Events) -> Signal:
    """Whether a ticket was unresolved at the end of the day on which it should not have been: all of that is then past."""
    resolved = due.signals["resolved_day"]
    return (resolved < due.signals["own_day"]) | (resolved > due.day)
