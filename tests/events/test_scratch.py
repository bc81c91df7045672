"""Memory of results is used again, but never while somebody can still read it."""

from __future__ import annotations

import numpy as np
import pytest

from churnscope.events import scratch
from churnscope.events.scratch import lent


@pytest.fixture(autouse=True)
def _no_memory_of_others() -> None:
    scratch._returned.clear()


def test_memory_that_nobody_holds_is_used_again() -> None:
    address = lent(10, 20, dtype=np.float32).ctypes.data
    assert lent(5, 40, dtype=np.float32).ctypes.data == address


def test_a_part_of_an_array_keeps_its_memory() -> None:
    column = lent(10, 20, dtype=np.float32).T[:, 3]
    column[:] = 7
    lent(10, 20, dtype=np.float32)[:] = 0
    assert column.tolist() == [7] * 20


def test_a_larger_array_gets_memory_of_its_size() -> None:
    lent(2, 3, dtype=np.float32)
    assert lent(30, 40, dtype=np.float64).shape == (30, 40)
    assert lent(0, 5, dtype=np.float64).shape == (0, 5)


def test_few_slabs_are_kept() -> None:
    arrays = [lent(8, dtype=np.int64) for _ in range(20)]
    arrays.clear()
    assert len(scratch._returned) == scratch.RETURNED_SLABS
