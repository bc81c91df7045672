"""`churnscope warmup`: the compiler's work, done ahead."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from churnscope.cli.options import Json, LogFormat, Quiet
from churnscope.cli.rendering import Part
from churnscope.cli.session import session


@dataclass(frozen=True)
class Warmed:
    """How long each part took, and the folder that keeps the machine code; empty where none can be written."""

    seconds: dict[str, float]
    kept_in: str

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)


def warmup(*, json: Json = False, log_format: LogFormat = "plain", quiet: Quiet = False) -> None:
    """Compile the kernels ahead of time.

    For images and first runs: later commands load them from the cache. It lies in NUMBA_CACHE_DIR where that is set, else
    beside the package, else in the user's cache folder; where none can be written, every run compiles anew.
    """
    with session(json=json, log_format=log_format, quiet=quiet) as run:
        from churnscope.events.compiled import kept_in
        from churnscope.events.kernels import place
        from churnscope.project.warmup import warmup as compile_all

        run.show(Warmed(compile_all(), kept_in(place)), describe)


def describe(result: Warmed) -> Iterator[Part]:
    """The time taken, and where the kernels are."""
    parts = ", ".join(f"{name} {seconds:.1f}" for name, seconds in result.seconds.items())
    yield f"Kernels are compiled and loaded: {sum(result.seconds.values()):.1f} s ({parts})."
    yield f"Kept in {result.kept_in}." if result.kept_in else "No folder can be written to keep them: set NUMBA_CACHE_DIR."
