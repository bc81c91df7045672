"""Customers divided where no date divides rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from churnscope.scoring import id_hashes
from churnscope.snapshots import SnapshotTable, in_parts
from churnscope.timeline import CUSTOMER_PARTS, cutoff_name, cutoff_named, is_part, part_number, split_around

IDS = np.array([f"customer {number}" for number in range(1_003)], object)
PARTS = tuple(part_number(place) for place in range(1, CUSTOMER_PARTS + 1))


def table(n: int = len(IDS), seed: int = 1) -> SnapshotTable:
    churned = np.random.default_rng(seed).choice(np.array([-1, 0, 1], np.int8), n, p=[0.1, 0.7, 0.2])
    count = np.array([n])
    values = np.asfortranarray(np.arange(n, dtype=np.float32)[:, None])
    return SnapshotTable(
        np.arange(n, dtype=np.int32), np.full(n, 100, np.int32), churned, values, (), (100,), count, count, count
    )


def part_of(divided: SnapshotTable) -> dict[int, int]:
    return dict(zip(divided.customer.tolist(), divided.cutoff.tolist(), strict=True))


def test_every_part_has_its_share_of_every_label() -> None:
    divided = in_parts(table(), id_hashes(IDS), 0)
    for label in (-1, 0, 1):
        counts = [int(((divided.cutoff == part) & (divided.churned == label)).sum()) for part in PARTS]
        assert max(counts) - min(counts) <= 1


def test_every_customer_is_in_one_part_with_what_is_known_of_it() -> None:
    divided = in_parts(table(), id_hashes(IDS), 0)
    assert sorted(divided.customer.tolist()) == list(range(len(IDS)))
    assert set(divided.cutoff.tolist()) == set(PARTS) == set(divided.cutoffs)
    np.testing.assert_array_equal(divided.features[:, 0], divided.customer)
    np.testing.assert_array_equal(divided.churned, table().churned[divided.customer])
    np.testing.assert_array_equal(np.lexsort((divided.customer, divided.cutoff)), np.arange(len(IDS)))
    assert divided.features.flags.f_contiguous
    assert divided.active.sum() == len(IDS)


def test_the_order_of_rows_decides_nothing() -> None:
    order, rows = np.random.default_rng(2).permutation(len(IDS)), table()
    turned = replace(
        rows, customer=np.arange(len(IDS), dtype=np.int32), churned=rows.churned[order], features=rows.features[order]
    )
    there = part_of(in_parts(turned, id_hashes(IDS[order]), 0))
    here = part_of(in_parts(rows, id_hashes(IDS), 0))
    assert {order[customer]: part for customer, part in there.items()} == here


def test_another_seed_divides_otherwise() -> None:
    first, second = (part_of(in_parts(table(), id_hashes(IDS), seed)) for seed in (0, 1))
    moved = sum(first[customer] != second[customer] for customer in first)
    assert moved == pytest.approx(0.8 * len(IDS), rel=0.1)


def test_a_few_more_customers_move_few_others() -> None:
    more = np.concatenate([IDS, np.array([f"new {number}" for number in range(20)], object)])
    rows = table(len(more))
    fewer = replace(
        rows, customer=rows.customer[: len(IDS)], churned=rows.churned[: len(IDS)], features=rows.features[: len(IDS)]
    )
    before, after = part_of(in_parts(fewer, id_hashes(IDS), 0)), part_of(in_parts(rows, id_hashes(more), 0))
    assert sum(before[customer] != after[customer] for customer in before) < 0.05 * len(IDS)


def test_each_part_is_a_test_once_and_no_part_has_two_uses() -> None:
    for part in PARTS:
        split = split_around(part)
        uses = (split.fit, split.stop, split.calibrate, split.test)
        assert sorted(cutoff for use in uses for cutoff in use) == sorted(PARTS)
        assert split.test == (part,)
        assert split.before_test == tuple(sorted(set(PARTS) - {part}))


def test_a_part_has_a_name_and_is_no_day() -> None:
    assert [cutoff_name(part) for part in PARTS] == ["part 1", "part 2", "part 3", "part 4", "part 5"]
    assert [cutoff_named(cutoff_name(part)) for part in PARTS] == list(PARTS)
    assert all(map(is_part, PARTS))
    assert not is_part(-700_000)
