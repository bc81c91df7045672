"""Properties of whole files: how rows stand in them changes nothing."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnscope.snapshots import SnapshotTable
from oracle.effort import fewer
from oracle.files import CHANGES, build, random_lines, without_copies, write

pytestmark = pytest.mark.property
seeds, zones = st.integers(0, 10**6), st.sampled_from(sorted(CHANGES))


def table(files: list, zone: str, **source: str) -> SnapshotTable:
    with tempfile.TemporaryDirectory() as folder:
        return build(write(Path(folder), files), zone, **source)[2]


def assert_same(one: SnapshotTable, other: SnapshotTable) -> None:
    """To the last bit, for the same customers."""
    assert len(one.customer) > 0
    np.testing.assert_array_equal(one.customer, other.customer)
    np.testing.assert_array_equal(one.churned, other.churned)
    np.testing.assert_array_equal(one.features, other.features)


@fewer
@given(seeds, zones)
def test_property_3_the_order_of_rows_in_a_file_is_irrelevant(seed: int, zone: str) -> None:
    rng = np.random.default_rng(seed)
    lines = random_lines(rng, zone, 40)
    shuffled = [lines[i] for i in rng.permutation(len(lines))]
    assert_same(table([lines], zone), table([shuffled], zone))


@fewer
@given(seeds, zones, st.integers(2, 5))
def test_property_4_splitting_one_file_into_many_is_irrelevant(seed: int, zone: str, pieces: int) -> None:
    rng = np.random.default_rng(seed)
    lines = random_lines(rng, zone, 40)
    piece = rng.integers(0, pieces, len(lines))
    split = [[line for line, number in zip(lines, piece, strict=True) if number == wanted] for wanted in range(pieces)]
    assert_same(table([lines], zone), table([part for part in split if part], zone))


@pytest.mark.slow
@fewer
@given(seeds, zones)
def test_property_5_dropping_duplicates_twice_is_dropping_them_once(seed: int, zone: str) -> None:
    rng = np.random.default_rng(seed)
    lines = random_lines(rng, zone, 40)
    doubled = [lines[i] for i in rng.integers(0, len(lines), 30)] + lines
    once = table([doubled], zone, duplicates="drop")
    assert_same(once, table([without_copies(doubled)], zone, duplicates="drop"))
    assert_same(once, table([without_copies(doubled)], zone))
