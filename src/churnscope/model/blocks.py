"""Rows in ranges over threads: the compiled kernels release the interpreter's lock, so plain threads are enough."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32 | np.float64]  # features are read as float32, as they were in training

ROWS = 16_384


def in_row_ranges(
    work: Callable[[slice, NDArray[np.float32]], None], features: Matrix, n_features: int, threads: int | None = None
) -> None:
    """Call `work(rows, matrix)` for ranges that cover all rows. The result may not depend on the ranges.

    `matrix` holds the features of the rows as the kernels read them: float32, C order.

    Raises
    ------
    ValueError : when the features have another number of columns.
    """
    if features.ndim != 2 or features.shape[1] != n_features:
        raise ValueError(f"features have shape {features.shape}, not (n_rows, {n_features})")
    ranges = [slice(first, min(first + ROWS, len(features))) for first in range(0, len(features), ROWS)]
    with ThreadPoolExecutor(threads or os.cpu_count()) as pool:
        list(pool.map(lambda rows: work(rows, np.ascontiguousarray(features[rows], np.float32)), ranges))
