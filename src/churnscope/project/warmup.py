"""Compiling ahead of time everything that is compiled."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from churnscope.model.warmup import warmup as warm_up_model
from churnscope.snapshots import warmup as warm_up_features
from churnscope.sources.scanner import find_records


def warmup() -> dict[str, float]:
    """Compile every kernel, or load it from the cache: of reading, of features, of prediction and reasons; seconds of each."""
    return {"reading": _timed(_read_a_piece), "features": _timed(warm_up_features), "prediction": _timed(warm_up_model)}


def _read_a_piece() -> None:
    find_records(np.frombuffer(b"a,b\n1,2\n", np.uint8), delimiter=ord(","), quote=ord('"'), line=1, is_last=True)


def _timed(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return round(time.perf_counter() - started, 1)
