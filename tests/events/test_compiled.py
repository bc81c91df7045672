"""Kernels are cached where they can be, and work where they cannot."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from churnscope.events import compiled
from churnscope.events.scratch import SLAB_BYTES, empty, reused_memory


def test_without_a_place_to_cache_kernels_are_compiled_in_memory_with_one_notice(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(function: object, *, cache: bool) -> object:
        if cache:
            message = "cannot cache function: no locator available"
            raise RuntimeError(message)
        return function

    monkeypatch.setattr(compiled, "_compile", refuse)
    monkeypatch.setattr(compiled, "_told", [])
    with caplog.at_level(logging.WARNING):
        assert compiled.kernel(len) is len
        assert compiled.kernel(abs) is abs
    assert [record.getMessage().startswith("No writable folder") for record in caplog.records] == [True]


def test_memory_is_used_again_from_the_beginning() -> None:
    with reused_memory():
        first = empty(1_000)
    with reused_memory():
        second = empty(1_000)
    assert np.shares_memory(first, second)


def test_arrays_of_one_use_do_not_overlap() -> None:
    with reused_memory():
        arrays = [empty(3, 5), empty(7, dtype=np.int32), empty(SLAB_BYTES, dtype=np.uint8), empty(2)]
        for i, array in enumerate(arrays):
            array[...] = i
        assert [(array.min(), array.max()) for array in arrays] == [(0, 0), (1, 1), (2, 2), (3, 3)]


def test_outside_a_reuse_memory_is_fresh() -> None:
    assert not np.shares_memory(empty(4), empty(4))
