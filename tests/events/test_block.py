"""Blocks are cut by customer, and stand-ins see only what was known."""

from __future__ import annotations

import numpy as np

from churnscope.events import Block, Events


def some_events(visible: list[int] | None = None) -> Events:
    customer = np.array([0, 0, 2, 2, 2, 3], np.int32)
    day = np.array([1, 5, 2, 3, 9, 4], np.int32)
    known = None if visible is None else np.array(visible, np.int32)
    return Events(4, customer, day * np.int64(10), day, {"x": np.arange(6)}, known)


def test_begin_counts_customers_without_rows() -> None:
    assert some_events().begin.tolist() == [0, 2, 2, 5, 6]


def test_part_numbers_customers_from_zero() -> None:
    part = some_events([2, 6, 3, 4, 10, 5]).part(1, 3)
    assert part.n_customers == 2
    assert part.customer.tolist() == [1, 1, 1]
    assert part.signals["x"].tolist() == [2, 3, 4]
    assert part.visible_day.tolist() == [3, 4, 10]


def test_parts_of_a_block_hold_every_row_once() -> None:
    block = Block(100, 4, {"purchases": some_events()})
    parts = list(block.parts(3))
    assert [(part.first, part.n_customers) for part in parts] == [(100, 3), (103, 1)]
    assert sum(len(part.logs["purchases"].day) for part in parts) == 6


def test_stand_ins_see_what_had_happened_and_was_known() -> None:
    events = some_events(visible=[2, 8, 3, 7, 10, 5])
    known = events.as_known_at(np.array([2, 0, 2]), np.array([7, 6, 6], np.int32))
    assert known.n_customers == 3
    assert known.customer.tolist() == [0, 0, 1, 2]
    assert known.signals["x"].tolist() == [2, 3, 0, 2]


def test_without_known_times_the_past_is_known() -> None:
    known = some_events().as_known_at(np.array([2]), np.array([9], np.int32))
    assert known.day.tolist() == [2, 3]


def test_taken_signals_list_their_names() -> None:
    kept = some_events().where(np.array([True, False] * 3))
    assert list(kept.signals) == ["x"]
    assert len(kept.signals) == 1
    assert kept.signals["x"].tolist() == [0, 2, 4]


def test_picked_customers_keep_their_rows_and_when_those_were_known() -> None:
    events = some_events([2, 6, 3, 4, 10, 5]).of(np.array([1, 2, 3]))
    assert events.n_customers == 3
    assert events.customer.tolist() == [1, 1, 1, 2]
    assert events.signals["x"].tolist() == [2, 3, 4, 5]
    assert events.visible_day.tolist() == [3, 4, 10, 5]
    block = Block(100, 4, {"purchases": some_events()}).of(np.array([3]))
    assert (block.first, block.n_customers, block.logs["purchases"].day.tolist()) == (0, 1, [4])
