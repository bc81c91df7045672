"""What was measured, kept as JSON case by case: a stopped run goes on, and the page is written again without measuring."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

GB = 1_000_000_000


@dataclass(frozen=True)
class Case:
    """One thing that is measured, in a process of its own.

    Parameters
    ----------
    section : of the page.
    events : lines of the log, about; customers in the sections `value` and `money`.
    cutoffs : days at which features are asked for.
    memory : DuckDB's limit.
    tool : of the sections `peers` and `apart`.
    """

    section: str
    events: int = 0
    cutoffs: int = 0
    memory: str = ""
    tool: str = ""

    @property
    def key(self) -> str:
        """Its name in the file of results."""
        parts = (self.section, self.tool, self.events or "", self.cutoffs or "", self.memory)
        return " / ".join(str(part) for part in parts if part != "")


@dataclass(frozen=True)
class Result:
    """A case and what was measured.

    Parameters
    ----------
    answer : as the case's function returned it; None where it took too long.
    seconds : the whole process took.
    date, machine : when and where.
    """

    case: Case
    answer: Any
    seconds: float
    date: str
    machine: str


class Results:
    """All results, in one file that is written anew after each case."""

    def __init__(self, path: Path) -> None:
        self._path = path
        kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        self._kept = {key: Result(**{**entry, "case": Case(**entry["case"])}) for key, entry in kept.items()}

    def __iter__(self) -> Iterator[Result]:
        return iter(self._kept.values())

    def get(self, case: Case) -> Result | None:
        """The result of a case, where there is one."""
        return self._kept.get(case.key)

    def keep(self, case: Case, answer: Any, seconds: float) -> None:
        """Add or replace a result."""
        self._kept[case.key] = Result(case, answer, round(seconds, 1), datetime.now(UTC).date().isoformat(), machine())
        self._write()

    def forget(self, case: Case) -> None:
        """Remove a result."""
        if self._kept.pop(case.key, None):
            self._write()

    def _write(self) -> None:
        entries = {key: vars(result) | {"case": vars(result.case)} for key, result in sorted(self._kept.items())}
        partial = self._path.with_suffix(".partial")
        partial.write_text(json.dumps(entries, indent=1) + "\n", encoding="utf-8")
        partial.replace(self._path)


def machine() -> str:
    """Its shape, and the versions that matter."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / (1 << 30)
    shape = f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB"
    return f"{shape}, Python {platform.python_version()}, DuckDB {duckdb.__version__}"


def _processor() -> str:
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text().splitlines() if facts.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
