"""What a piece of work costs: wall and CPU seconds of this process, and the memory it reached."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TypeVar

Answer = TypeVar("Answer")
_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


@dataclass(frozen=True)
class Cost:
    """Seconds and bytes of one piece of work; `peak_bytes` is the whole process's, reached during the work."""

    wall_seconds: float
    cpu_seconds: float
    peak_bytes: int


def measured(work: Callable[[], Answer]) -> tuple[Answer, Cost]:
    """Do the work once."""
    _forget_peak()
    wall, cpu = time.perf_counter(), time.process_time()
    answer = work()
    cost = Cost(time.perf_counter() - wall, time.process_time() - cpu, _peak_bytes())
    return answer, cost


def typical(work: Callable[[], object], times: int) -> Cost:
    """The median cost of doing the work several times."""
    costs = [measured(work)[1] for _ in range(times)]
    return Cost(
        median(cost.wall_seconds for cost in costs),
        median(cost.cpu_seconds for cost in costs),
        max(cost.peak_bytes for cost in costs),
    )


def _forget_peak() -> None:
    """Linux forgets a process's peak when asked; elsewhere the peak is that of the process's whole life."""
    if _RESET.exists():
        _RESET.write_text("5")


def _peak_bytes() -> int:
    if _STATUS.exists():
        line = next(line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
