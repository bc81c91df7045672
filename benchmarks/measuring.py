"""What a piece of work costs: wall and CPU seconds of this process, and the memory it reached. Standard library only."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

Answer = TypeVar("Answer")
Work = Callable[[], object]
_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")

ROUNDS = 5
FEWEST_ROUNDS = 2
SECONDS = 60.0  # no new round begins after this long


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


def in_turns(works: Mapping[str, Work], *, rounds: int = ROUNDS, seconds: float = SECONDS) -> dict[str, dict[str, list[float]]]:
    """Do every work once per round, one after another, so that a machine that slows down slows them all.

    Returns
    -------
    name -> `wall`, `cpu`, `peak`: one number per round. Memory is best read in the first round of the first work, when nothing
    of the others' is left in the process.
    """
    costs: dict[str, list[Cost]] = {name: [] for name in works}
    began = time.perf_counter()
    for done in range(rounds):
        if done >= FEWEST_ROUNDS and time.perf_counter() - began > seconds:
            break
        for name, work in works.items():
            costs[name].append(measured(work)[1])
    return {name: _columns(spent) for name, spent in costs.items()}


def once(cost: Cost) -> dict[str, list[float]]:
    """One measurement in the shape of `in_turns`."""
    return _columns([cost])


def _columns(costs: list[Cost]) -> dict[str, list[float]]:
    rows = [asdict(cost) for cost in costs]
    names = {"wall": "wall_seconds", "cpu": "cpu_seconds", "peak": "peak_bytes"}
    return {short: [row[name] for row in rows] for short, name in names.items()}


def _forget_peak() -> None:
    """Linux forgets a process's peak when asked; elsewhere the peak is that of the process's whole life."""
    if _RESET.exists():
        _RESET.write_text("5")


def _peak_bytes() -> int:
    if _STATUS.exists():
        line = next(line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
