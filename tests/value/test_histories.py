"""What is seen of purchases at a day: by hand, with returns, ties and rows that arrived late."""

import numpy as np
import pytest

from churnscope.events import Block, Events
from churnscope.value.histories import View, look

COLUMNS = frozenset({"amount", "is_return"})
CUTOFF = 100


def block(rows, n_customers, *, visible=None):
    """Rows as (customer, day, amount in cents, is_return)."""
    customer, day, amount, returned = (np.array(column) for column in zip(*rows, strict=True))
    signals = {"amount": amount.astype(np.int64), "is_return": returned.astype(np.bool_)}
    visible_day = None if visible is None else np.array(visible, np.int32)
    time = day.astype(np.int64) * 86_400_000_000
    return Block(
        0,
        n_customers,
        {"purchases": Events(n_customers, customer.astype(np.int32), time, day.astype(np.int32), signals, visible_day)},
    )


def seen(rows, n_customers=1, *, cutoff=CUTOFF, known=None, horizon=30, visible=None):
    view = View(cutoff, cutoff if known is None else known, horizon)
    return look([block(rows, n_customers, visible=visible)], [view], COLUMNS, 0.01)[0]


HAND = [
    (0, 40, 1000, False),  # first day: no repeat spend
    (0, 40, 500, False),
    (0, 70, 2000, False),  # the first day of the last 30
    (0, 90, 3000, False),
    (0, 90, 1000, False),  # a second line of one purchase day
    (0, 99, -2000, True),  # gives money back and is no purchase
    (0, 100, 9999, False),  # on the cutoff: not seen
    (1, 99, 700, False),
    (2, 50, -700, True),  # a return alone makes no customer
    (3, 100, 800, False),  # has not bought yet
]


def test_hand_table():
    histories = seen(HAND, 4).histories()
    assert histories.customer.tolist() == [0, 1]
    assert histories.rows.frequency.tolist() == [2, 0]
    assert histories.rows.recency_days.tolist() == [50, 0]
    assert histories.rows.age_days.tolist() == [59, 0]
    assert histories.spend.mean_spend.tolist() == [20.0, 0.0]  # (20 + 30 + 10 - 20) / 2 days
    assert histories.recent_days.tolist() == [2, 1]
    assert histories.recent_spend.tolist() == [40.0, 7.0]


def test_what_came_is_the_horizon_before_the_later_day():
    came = seen(HAND, 4, cutoff=130).recent
    assert came.days.tolist() == [1, 0, 0, 1]
    assert came.spend == pytest.approx([99.99, 0, 0, 8.0])
    assert came.of(np.array([3])).spend.tolist() == [8.0]


def test_a_row_that_arrives_late_is_not_seen_before_it_does():
    rows = [(0, 10, 100, False), (0, 50, 100, False), (0, 90, 100, False)]
    visible = [11, 51, 105]
    assert seen(rows, visible=visible).histories().rows.frequency.tolist() == [1]
    assert seen(rows, visible=visible, known=105).histories().rows.frequency.tolist() == [2]


def test_blocks_and_views_do_not_matter():
    rows = [(i % 5, 20 + 7 * i, 100 + i, i % 9 == 0) for i in range(12)]
    rows.sort()
    whole = block(rows, 5)
    views = [View(60, 60, 20), View(100, 100, 20)]
    at_once = look([whole], views, COLUMNS, 0.01)
    in_parts = look(whole.parts(2), views, COLUMNS, 0.01)
    alone = [look([whole], [view], COLUMNS, 0.01)[0] for view in views]
    for one, other, third in zip(at_once, in_parts, alone, strict=True):
        for name, column in one.columns.items():
            np.testing.assert_array_equal(column, other.columns[name])
            np.testing.assert_array_equal(column, third.columns[name])


def test_progress_is_told():
    told = []
    look(block(HAND, 4).parts(3), [View(CUTOFF, CUTOFF, 30)], COLUMNS, 0.01, told.append)
    assert told == [3, 4]


def test_without_returns_every_row_is_a_purchase():
    found = look([block([(0, 10, 100, False), (0, 20, 300, False)], 1)], [View(50, 50, 30)], frozenset({"amount"}), 0.01)[0]
    assert found.histories().spend.mean_spend == pytest.approx([3.0])
