"""Rows in ranges over threads: the compiled kernels release the interpreter's lock, so plain threads are enough."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32 | np.float64]  # features are read as float32, as they were in training

ROWS = 16_384


def checked(features: Matrix, n_features: int) -> NDArray[np.float32]:
    """The matrix as the kernels read it: float32, C order, with the expected columns.

    Raises
    ------
    ValueError : when the matrix has another number of columns.
    """
    if features.ndim != 2 or features.shape[1] != n_features:
        raise ValueError(f"features have shape {features.shape}, not (n_rows, {n_features})")
    return np.ascontiguousarray(features, np.float32)


def in_row_ranges(work: Callable[[int, int], None], n_rows: int, threads: int | None = None) -> None:
    """Call `work(first, last)` for ranges that cover all rows. The result may not depend on the ranges."""
    starts = range(0, n_rows, ROWS)
    with ThreadPoolExecutor(threads or os.cpu_count()) as pool:
        list(pool.map(lambda first: work(first, min(first + ROWS, n_rows)), starts))
