"""A run: what it was made from, its id, and the ledger that remembers how it went.

Whatever decides a run's outputs goes into its id. Times, memory and tracking ids decide nothing; they go to the ledger,
`<outputs>/runs/<UTC time>-<command>-<run id>.json`, one file per run, written for failed runs too.
"""

from __future__ import annotations

import hashlib
import json
import logging
import platform
import resource
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from churnscope.errors import ChurnscopeError
from churnscope.files import make_folder, remove_orphans, write_atomically
from churnscope.operations.exits import exit_code
from churnscope.operations.lock import locked

RUN_ID_DIGITS = 16
_LEDGER_WAIT_SECONDS = 10.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class RunFacts:
    """All that decides the bytes of a run's outputs.

    Parameters
    ----------
    command : such as "score".
    as_of : the first day that is not read, as an ISO date.
    version : of churnscope.
    config : SHA-256 of the config as it was understood.
    inputs : path as the config names it -> SHA-256 of the file.
    model : name, version and hash of the model; empty where none is used.
    options : what else was asked for, such as {"all": "true"}.
    """

    command: str
    as_of: str
    version: str
    config: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    model: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def run_id(self) -> str:
        """16 hexadecimal digits that change whenever any of these facts changes."""
        canonical = json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:RUN_ID_DIGITS]


@dataclass
class RunRecord:
    """What the ledger will say of a run; filled while it goes. No value of a person's data belongs here."""

    command: str
    run_id: str = ""
    as_of: str = ""
    outcome: str = "done"
    counts: dict[str, int] = field(default_factory=dict)
    outputs: list[str] = field(default_factory=list)
    tracking: dict[str, str] = field(default_factory=dict)


@contextmanager
def recorded(ledger: Path, command: str) -> Iterator[RunRecord]:
    """Write the run of the block into the folder `ledger`, however it ends.

    Raises
    ------
    StorageError : when the block went well but its record cannot be written. A failure of the block itself goes before.
    """
    record = RunRecord(command)
    started_at, started = datetime.now(UTC), time.monotonic()
    try:
        yield record
    except BaseException as error:
        record.outcome = type(error).__name__
        _write_after_failure(ledger, started_at, _entry(record, started_at, started, error))
        raise
    _write(ledger, started_at, _entry(record, started_at, started, None))


def peak_memory_bytes() -> int:
    """The most memory this process has held so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # macOS counts bytes, Linux KiB


def _entry(record: RunRecord, started_at: datetime, started: float, error: BaseException | None) -> dict[str, object]:
    return {
        **asdict(record),
        "error": str(error) if isinstance(error, ChurnscopeError) else None,
        "exit_code": 0 if error is None else exit_code(error),
        "started_at": started_at.isoformat(timespec="milliseconds"),
        "duration_seconds": round(time.monotonic() - started, 3),
        "peak_memory_bytes": peak_memory_bytes(),
        "python": platform.python_version(),
    }


def _write(ledger: Path, started_at: datetime, entry: Mapping[str, object]) -> None:
    parts = (started_at.strftime("%Y%m%dT%H%M%S.%fZ"), entry["command"], entry["run_id"] or "unidentified")
    make_folder(ledger)
    with locked(ledger / ".lock", wait_seconds=_LEDGER_WAIT_SECONDS):
        remove_orphans(ledger)
        content = json.dumps(entry, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
        write_atomically(ledger / f"{'-'.join(map(str, parts))}.json", content.encode())


def _write_after_failure(ledger: Path, started_at: datetime, entry: Mapping[str, object]) -> None:
    try:
        _write(ledger, started_at, entry)
    except ChurnscopeError as error:
        logger.warning("The run could not be recorded: %s", error.what)
