"""Causes in rows, by hand: what happened, tickets that wait, new customers who fall silent, sources that grow old."""

from __future__ import annotations

import numpy as np
import pytest

from churnscope.activity import Activity
from churnscope.alerts import STILL
from churnscope.alerts.on_rows import grown_old, happened, rows_of, silent_newcomers, waiting
from churnscope.config.models import Activity as Definition
from churnscope.config.models import Rule
from churnscope.events import Events
from churnscope.events.block import NO_DAY

DAY_US = 86_400_000_000


def events(*rows: tuple[int, int], customers: int = 4, visible=None, **signals) -> Events:
    """Rows of (customer, day), at noon."""
    customer, day = (np.array(column, np.int32) for column in zip(*rows, strict=True))
    told = {name: np.asarray(values) for name, values in signals.items()}
    known = None if visible is None else np.array(visible, np.int32)
    return Events(customers, customer, day.astype(np.int64) * DAY_US + DAY_US // 2, day, told, known)


def told(found) -> list[tuple[int, ...]]:
    """Customer, since, seen, over."""
    return list(zip(*(part.tolist() for part in (found.customer, found.since, found.seen, found.over)), strict=True))


def test_what_happens_on_a_day_is_one_cause_seen_on_the_next() -> None:
    found = happened(events((0, 5), (0, 5), (0, 6), (2, 5)), days_open=30)
    assert told(found) == [(0, 5, 6, 36), (0, 6, 7, 37), (2, 5, 6, 36)]
    assert found.numbers["rows"].tolist() == [2, 1, 1]


def test_a_row_that_is_known_late_is_seen_late() -> None:
    rows = events((0, 5), (0, 5), (1, 5), visible=[9, 7, 6])
    assert told(happened(rows, 30)) == [(0, 5, 7, 37), (1, 5, 6, 36)]
    assert len(rows.seen_by(7).day) == 2


def test_only_marked_rows_of_the_source_count() -> None:
    rows = events((0, 5), (0, 6), (1, 5), (1, 6), source=[0, 0, 1, 1], big=[0.0, 1.0, 1.0, np.nan])
    assert told(happened(rows_of(rows, 0, "big"), 1)) == [(0, 6, 7, 8)]
    assert told(happened(rows_of(rows, 1, None), 1)) == [(1, 5, 6, 7), (1, 6, 7, 8)]


def test_a_ticket_waits_from_the_day_after_the_limit_on() -> None:
    resolved = np.array([NO_DAY, 12, 13, 14, 40], np.int64)
    rows = events((0, 10), (1, 10), (2, 10), (3, 10), (3, 11), resolved_day=resolved)
    # Open for longer than 3 days at cutoff 14, unless resolved on day 13 or before; day 40 lies after the cutoff.
    assert told(waiting(rows, 3, as_of=20)) == [(0, 10, 14, STILL), (3, 10, 14, 15), (3, 11, 15, STILL)]
    assert told(waiting(rows, 3, as_of=13)) == []
    assert told(waiting(rows, 3, as_of=14)) == [(0, 10, 14, STILL), (3, 10, 14, STILL)]
    assert waiting(rows, 3, as_of=20).numbers["days_open"].tolist() == [10, 4, 9]


@pytest.mark.parametrize("as_of", [13, 14, 30])
def test_a_newcomer_is_silent_when_no_second_day_follows_in_time(as_of: int) -> None:
    activity = Activity(Definition(rules=(Rule(source="orders", days=30),)), {"orders": ("purchases", 0)}, 0.01)
    # Customer 0 comes back on the last day that is in time, 1 a day later, 2 never; 3 has two rows on one day.
    rows = events((0, 10), (0, 13), (1, 10), (1, 14), (2, 10), (3, 10), (3, 10))
    found = silent_newcomers(activity, {"purchases": rows}, days=3, as_of=as_of)
    over = 15 if as_of > 14 else STILL
    expected = [(1, 10, 14, over), (2, 10, 14, STILL), (3, 10, 14, STILL)]
    assert told(found) == (expected if as_of >= 14 else [])


def test_a_source_is_old_when_its_newest_row_is_older_than_allowed() -> None:
    assert grown_old("old", "orders", 100, 103, 3) == []
    (cause,) = grown_old("old", "orders", 100, 104, 3)
    assert (cause.since, cause.seen, cause.over, cause.numbers) == (100, 104, STILL, {"days_old": 4.0})
    assert grown_old("old", "orders", None, 104, 3)[0].key == "never"
