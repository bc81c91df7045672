"""How a kernel is compiled: without the interpreter lock, kept on disk where there is a place for it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar

import numba

logger = logging.getLogger(__name__)
Kernel = TypeVar("Kernel", bound=Callable[..., Any])
_told: list[str] = []  # the notice is given once per process


def kernel(function: Kernel) -> Kernel:
    """Compile `function` on its first call with numba.

    The machine code is kept in `NUMBA_CACHE_DIR`, beside the package, or in the user's cache folder, whichever can be written
    first. Where none can, every process compiles again. Division follows IEEE 754: 0 / 0 is NaN and nothing is raised.
    """
    try:
        return _compile(function, cache=True)
    except (RuntimeError, OSError):  # numba's words for "no folder to cache in"
        if not _told:
            _told.append(function.__name__)
            logger.warning("No writable folder for compiled kernels: they are compiled anew (seconds). Set NUMBA_CACHE_DIR.")
        return _compile(function, cache=False)


def kept_in(function: Callable[..., Any]) -> str:
    """The folder in which a kernel's machine code is kept; empty where every process compiles it anew."""
    return str(function.stats.cache_path or "")  # type: ignore[attr-defined]  # numba's, on what it compiled


def _compile(function: Kernel, *, cache: bool) -> Kernel:
    compiled: Kernel = numba.njit(cache=cache, nogil=True, error_model="numpy")(function)
    return compiled
