"""Memory that is used again for every block: touching fresh memory costs more than the arithmetic done in it."""

from __future__ import annotations

import math
import threading
import weakref
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

SLAB_BYTES = 1 << 25
LINE_BYTES = 64  # a cache line; arrays begin on one
RETURNED_SLABS = 4  # results that were let go and wait for the next one; a table made of hundreds keeps no more


class _Scratch(threading.local):
    """One growing row of slabs per thread."""

    def __init__(self) -> None:
        self.slabs: list[NDArray[np.uint8]] = []
        self.slab = 0
        self.used = 0
        self.in_use = False

    def take(self, n_bytes: int) -> NDArray[np.uint8]:
        """The next free bytes."""
        while self.slab < len(self.slabs) and self.used + n_bytes > len(self.slabs[self.slab]):
            self.slab, self.used = self.slab + 1, 0
        if self.slab == len(self.slabs):
            self.slabs.append(np.empty(max(SLAB_BYTES, n_bytes), np.uint8))
        begin, self.used = self.used, self.used + -(-n_bytes // LINE_BYTES) * LINE_BYTES
        return self.slabs[self.slab][begin : begin + n_bytes]


_scratch = _Scratch()


@contextmanager
def reused_memory() -> Iterator[None]:
    """Inside, `empty` hands out this thread's memory from its beginning: nothing an earlier `with` made may still be read."""
    _scratch.slab, _scratch.used, _scratch.in_use = 0, 0, True
    try:
        yield
    finally:
        _scratch.in_use = False


def empty(*shape: int, dtype: DTypeLike = np.float64) -> NDArray[Any]:
    """An array with undefined content: from the thread's memory inside `reused_memory`, else fresh."""
    if not _scratch.in_use:
        return np.empty(shape, dtype)
    size = math.prod(shape) * np.dtype(dtype).itemsize
    return _scratch.take(size).view(dtype).reshape(shape)


_returned: deque[NDArray[np.uint8]] = deque(maxlen=RETURNED_SLABS)


def lent(*shape: int, dtype: DTypeLike) -> NDArray[Any]:
    """An array with undefined content, for a result: its memory is used again when nobody holds the array or a part of it."""
    size = math.prod(shape) * np.dtype(dtype).itemsize
    try:
        slab = _returned.pop()
    except IndexError:
        slab = np.empty(size, np.uint8)
    if len(slab) < size:
        slab = np.empty(size, np.uint8)
    # Whatever is made of `memory` holds it, and not the slab: its own memory is not a NumPy array's but a plain buffer.
    memory = np.asarray(slab.data)
    weakref.finalize(memory, _returned.append, slab).atexit = False
    return memory[:size].view(dtype).reshape(shape)
