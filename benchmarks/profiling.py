"""CPU seconds inside compiled kernels, kernel by kernel."""

from __future__ import annotations

import importlib
import pkgutil
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from numba.core.dispatcher import Dispatcher

import churnscope.events
import churnscope.features
import churnscope.snapshots


@contextmanager
def kernel_seconds() -> Iterator[dict[str, float]]:
    """Inside, kernels called from Python note the CPU seconds their thread spends in them. They must be compiled before."""
    spent: dict[str, float] = defaultdict(float)
    plain = [(module, name, kernel) for module in _modules() for name, kernel in _kernels(module)]
    for module, name, kernel in plain:
        setattr(module, name, _timed(kernel, spent))
    try:
        yield spent
    finally:
        for module, name, kernel in plain:
            setattr(module, name, kernel)


def _modules() -> Iterator[ModuleType]:
    for package in (churnscope.events, churnscope.features, churnscope.snapshots):
        for found in pkgutil.iter_modules(package.__path__):
            yield importlib.import_module(f"{package.__name__}.{found.name}")


def _kernels(module: ModuleType) -> list[tuple[str, Dispatcher]]:
    return [(name, value) for name, value in vars(module).items() if isinstance(value, Dispatcher)]


def _timed(kernel: Dispatcher, spent: dict[str, float]) -> Callable[..., Any]:
    name = kernel.py_func.__name__

    def call(*arguments: Any) -> Any:
        start = time.thread_time()
        answer = kernel(*arguments)
        spent[name] += time.thread_time() - start
        return answer

    return call
