"""Payments of contracts: which failed, which came late, and what is owed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from churnscope.events import Events, Signal
from churnscope.features.family import family
from churnscope.features.feature import FALLING, RISING, Feature, none, suffix, within
from churnscope.features.log import Log


@family("subscriptions", needs=("due", "failed"))
def failed_payments(log: Log) -> Iterator[Feature]:
    """Payments that failed at first, by the day on which they were due."""
    due = log.rows.at("due")
    failed = due.select("failed")
    yield Feature(
        name="days_since_failed_payment",
        unit="days",
        concept="failed payments",
        sentence="last payment that failed was due {value:.0f} days ago",
        missing="no payment failed",
        direction=FALLING,
        values=failed.days_since_last(),
    )
    for window in log.windows:
        yield Feature(
            name=f"failed_payment_count_{suffix(window)}",
            unit="payments",
            window=window,
            concept="failed payments",
            sentence=f"{{value:.0f}} payments failed {within(window)}",
            direction=RISING,
            values=failed.count(window),
        )
    for window in log.main_windows:
        yield Feature(
            name=f"failed_payment_share_{suffix(window)}",
            unit="share",
            window=window,
            concept="failed payments",
            sentence=f"{{value:.0%}} of the payments due {within(window)} failed",
            missing=none("payment due", window),
            direction=RISING,
            values=due.share("failed", window),
        )


@family("subscriptions", needs=("due", "paid"))
def late_payments(log: Log) -> Iterator[Feature]:
    """Payments after the day on which they were due, and those still awaited."""
    due = log.rows.at("due")
    paid = due.at("paid")
    late = paid.derive("days late", _days_late)
    for window in log.main_windows:
        yield Feature(
            name=f"payment_mean_days_late_{suffix(window)}",
            unit="days",
            window=window,
            concept="late payments",
            sentence=f"paid {{value:.1f}} days late on average {within(window)}",
            missing=none("payment", window),
            direction=RISING,
            values=paid.mean(late, window),
        )
    yield Feature(
        name="unpaid_count",
        unit="payments",
        concept="unpaid",
        sentence="{value:.0f} payments due and not paid",
        direction=RISING,
        values=due.count() - paid.count(),
    )
    yield Feature(
        name="oldest_unpaid_days",
        unit="days",
        concept="unpaid",
        sentence="oldest unpaid payment was due {value:.0f} days ago",
        missing="nothing unpaid",
        direction=RISING,
        values=due.days_since_oldest_open("paid"),
    )


def _days_late(paid: Events) -> Signal:
    """Days from the day on which a payment was due; 0 for one that came before it."""
    return (paid.day - paid.signals["own_day"]).astype(np.int64)
