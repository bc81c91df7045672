"""`churnscope warmup`: the compiler's work, done ahead."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from churnscope.cli.options import Json, LogFormat, Quiet
from churnscope.cli.rendering import Part
from churnscope.cli.session import session


@dataclass(frozen=True)
class Warmed:
    """How long it took."""

    seconds: float

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)


def warmup(*, json: Json = False, log_format: LogFormat = "plain", quiet: Quiet = False) -> None:
    """Compile the kernels ahead of time.

    For images and first runs: later commands load them from the cache, NUMBA_CACHE_DIR where it is set.
    """
    with session(json=json, log_format=log_format, quiet=quiet) as run:
        from churnscope.snapshots.warmup import warmup as compile_all

        started = time.perf_counter()
        compile_all()
        run.show(Warmed(round(time.perf_counter() - started, 1)), describe)


def describe(result: Warmed) -> Iterator[Part]:
    """The time taken."""
    yield f"Kernels are compiled and loaded: {result.seconds:.1f} s."
