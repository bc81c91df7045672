"""What every command does around its work: signals, logs, progress, the result or the error, the exit code."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol, TextIO, TypeVar

import typer

from churnscope.cli.rendering import Part, print_json, print_parts
from churnscope.errors import ChurnscopeError, OutOfMemoryError
from churnscope.files import storage_error
from churnscope.operations.exits import BUG, Terminated, exit_code, terminable
from churnscope.operations.logs import LogFormat, Progress, logging_to, progress_on

logger = logging.getLogger(__name__)


class Result(Protocol):
    """What a command of the project answers."""

    def to_json(self) -> dict[str, Any]:
        """The result as a JSON document."""


Answer = TypeVar("Answer", bound=Result)


@dataclass(frozen=True)
class Failure:
    """An error as people and programs are told it."""

    kind: str
    what: str
    advice: str
    exit_code: int


@dataclass(frozen=True)
class Session:
    """How this run speaks: results to stdout, everything else to stderr."""

    stdout: TextIO
    json: bool
    log_format: LogFormat
    progress: Progress

    def show(self, result: Answer, describe: Callable[[Answer], Iterable[Part]]) -> None:
        """Print the result, in words or as the one JSON document."""
        if self.json:
            print_json(result.to_json(), self.stdout)
        else:
            print_parts(describe(result), self.stdout)


@contextmanager
def session(*, json: bool, log_format: LogFormat, quiet: bool) -> Iterator[Session]:
    """Run a command's work; whatever the user can mend, or has stopped, ends it with a message and its exit code.

    Any other exception is a bug of ours and passes through with its traceback.
    """
    stdout = sys.stdout
    try:
        with (
            terminable(),
            redirect_stdout(sys.stderr),  # a library that prints does not spoil the document
            logging_to(sys.stderr, log_format=log_format, quiet=quiet),
            progress_on(sys.stderr, log_format=log_format, quiet=quiet) as progress,
        ):
            yield Session(stdout, json, log_format, progress)
    except BrokenPipeError as error:
        _discard(sys.stdout)
        raise typer.Exit(exit_code(error)) from error
    except (ChurnscopeError, KeyboardInterrupt, MemoryError, OSError) as error:
        failure = failure_of(error)
        if failure is None:
            raise
        report(failure, json=json, log_format=log_format)
        raise typer.Exit(failure.exit_code) from error


def failure_of(error: BaseException) -> Failure | None:
    """What the user is told of `error`; None where it is a bug of ours."""
    code = exit_code(error)
    if code == BUG:
        return None
    if isinstance(error, KeyboardInterrupt):
        what = "Ended by the system." if isinstance(error, Terminated) else "Interrupted."
        return Failure("Interrupted", what, "Nothing is half-written; run the same command again.", code)
    if isinstance(error, MemoryError):
        error = OutOfMemoryError("There is not enough memory.", "Set a lower [engine] memory_limit, or use a larger machine.")
    if isinstance(error, OSError):
        error = storage_error(error, Path(error.filename or "."))
    assert isinstance(error, ChurnscopeError)
    return Failure(type(error).__name__, error.what, error.advice, code)


def report(failure: Failure, *, json: bool, log_format: LogFormat = "plain") -> None:
    """Tell people on stderr and, with `--json`, programs on stdout."""
    message = "\n".join(filter(None, (failure.what, failure.advice)))
    try:
        if log_format == "json":
            with logging_to(sys.stderr, log_format="json"):
                logger.error("%s", message, extra={"exit_code": failure.exit_code})
        else:
            print(message, file=sys.stderr, flush=True)
        if json:
            print_json({"error": asdict(failure)}, sys.stdout)
    except OSError:  # the terminal or pipe is gone; the exit code still tells
        _discard(sys.stdout, sys.stderr)


def _discard(*streams: TextIO) -> None:
    """Nobody reads them any more: keep Python from complaining when it flushes them at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in streams:
        os.dup2(nowhere, stream.fileno())
