"""What a run says while it works: a progress bar on a terminal, plain lines or JSON lines anywhere else, all on stderr.

Library modules log to `logging.getLogger(__name__)` and report to a `Progress`; only the command line sets handlers up.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, Protocol, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

LogFormat = Literal["plain", "json"]
_EXTRAS = ("stage", "done", "total", "exit_code")
_SECONDS_BETWEEN_LINES = 5.0
_SECONDS_TO_TELL = 1.0  # before it a rate is a guess
_FEWEST_TO_TELL = 2  # steps
_SLOW = 1.0  # steps a second; below it a step is told in seconds
_MINUTE = 60

logger = logging.getLogger(__name__)


class Progress(Protocol):
    """Is told how far a stage has come. `total` is None where nobody knows it; `done == total` ends the stage."""

    def __call__(self, stage: str, done: int, total: int | None = None) -> None:
        """Say that `done` of `total` steps of `stage` are behind us."""


def silent(stage: str, done: int, total: int | None = None) -> None:
    """The progress of a run nobody watches."""


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, and the stage and counts of a progress line."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of one record."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **{name: getattr(record, name) for name in _EXTRAS if hasattr(record, name)},
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


@contextmanager
def logging_to(stream: TextIO, *, log_format: LogFormat = "plain", quiet: bool = False) -> Iterator[None]:
    """Send the package's log lines, and others' warnings, to `stream` while the block runs."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter() if log_format == "json" else _plain_formatter())
    root, ours = logging.getLogger(), logging.getLogger("churnscope")
    level = ours.level
    ours.setLevel(logging.WARNING if quiet else logging.INFO)
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
        ours.setLevel(level)


@contextmanager
def progress_on(stream: TextIO, *, log_format: LogFormat = "plain", quiet: bool = False) -> Iterator[Progress]:
    """The progress that suits `stream`: a bar on a terminal, log lines elsewhere, nothing where `quiet`."""
    if quiet:
        yield silent
    elif log_format == "plain" and stream.isatty():
        with _terminal_bars() as bars:
            yield bars
    else:
        yield LoggedProgress()


def pace(done: int, total: int | None, seconds: float) -> str:
    """How fast a stage goes and how long it will take; empty where that cannot be said yet.

    Examples
    --------
    >>> pace(30_000, 120_000, 10.0), pace(120_000, 120_000, 40.0), pace(1, 1, 30.0), pace(2, 5, 0.3)
    ('3,000/s, 30 s left', '3,000/s', '', '')
    """
    if done < _FEWEST_TO_TELL or seconds < _SECONDS_TO_TELL:
        return ""
    rate = done / seconds
    words = f"{rate:,.0f}/s" if rate >= _SLOW else f"{seconds / done:.0f} s each"
    return f"{words}, {_lasting((total - done) / rate)} left" if total is not None and total > done else words


def _lasting(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 2 * _MINUTE else f"{seconds / _MINUTE:.0f} min"


class _Clocks:
    """When each stage was first heard of."""

    def __init__(self) -> None:
        self._begun: dict[str, float] = {}

    def seconds(self, stage: str) -> float:
        """Since the first word of the stage."""
        now = time.monotonic()
        return now - self._begun.setdefault(stage, now)


class LoggedProgress:
    """Progress as log lines: the end of every stage, and a line at most every few seconds before."""

    def __init__(self) -> None:
        self._last = time.monotonic()
        self._clocks = _Clocks()

    def __call__(self, stage: str, done: int, total: int | None = None) -> None:
        """Log the stage where it is due."""
        now, seconds = time.monotonic(), self._clocks.seconds(stage)
        if done != total and now - self._last < _SECONDS_BETWEEN_LINES:
            return
        self._last = now
        of_total = "" if total is None else f" of {total:,}"
        said = pace(done, total, seconds)
        counts = {"stage": stage, "done": done, "total": total}
        logger.info("%s: %s%s%s", stage, f"{done:,}", of_total, f" ({said})" if said else "", extra=counts)


class _TerminalBars:
    """Progress as one bar a stage."""

    def __init__(self, bars: RichProgress) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}
        self._clocks = _Clocks()

    def __call__(self, stage: str, done: int, total: int | None = None) -> None:
        if stage not in self._tasks:
            self._tasks[stage] = self._bars.add_task(stage, total=total, pace="")
        said = pace(done, total, self._clocks.seconds(stage))
        self._bars.update(self._tasks[stage], completed=done, total=total, pace=said)


@contextmanager
def _terminal_bars() -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as RichProgress

    told = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    columns = (*told, TextColumn("{task.fields[pace]}"))
    with RichProgress(*columns, console=Console(stderr=True), transient=True) as bars:
        yield _TerminalBars(bars)


def _plain_formatter() -> logging.Formatter:
    formatter = logging.Formatter("%(asctime)s %(levelname)s %(message)s", datefmt="%Y-%m-%dT%H:%M:%SZ")
    formatter.converter = time.gmtime
    return formatter
