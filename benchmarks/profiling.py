"""CPU seconds inside compiled kernels, kernel by kernel."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from numba.core.dispatcher import Dispatcher

from churnscope.events import kernels, rhythm, walks

MODULES = (kernels, walks, rhythm)


@contextmanager
def kernel_seconds() -> Iterator[dict[str, float]]:
    """Inside, kernels called from Python note the CPU seconds their thread spends in them."""
    spent: dict[str, float] = defaultdict(float)
    plain = [(module, name, kernel) for module in MODULES for name, kernel in _kernels(module)]
    for module, name, kernel in plain:
        setattr(module, name, _timed(name, kernel, spent))
    try:
        yield spent
    finally:
        for module, name, kernel in plain:
            setattr(module, name, kernel)


def _kernels(module: ModuleType) -> list[tuple[str, Dispatcher]]:
    return [(name, value) for name, value in vars(module).items() if isinstance(value, Dispatcher)]


def _timed(name: str, kernel: Dispatcher, spent: dict[str, float]) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        start = time.thread_time()
        answer = kernel(*arguments)
        spent[name] += time.thread_time() - start
        return answer

    return call
