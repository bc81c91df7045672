"""How a run ends: signals become exceptions, exceptions become exit codes.

==== =====================================================================
   0 done
   2 the command line or the config is wrong
   3 the input is refused
   4 another run is writing the same output
   5 a safety gate closed
   6 a file or folder cannot be read or written
   7 not enough memory
   8 a required service does not answer
   9 the model is refused
 130 interrupted from the keyboard, or the reader of the output went away
 143 ended by the system (SIGTERM, SIGHUP)
==== =====================================================================
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from churnscope.errors import ChurnscopeError, OutOfMemoryError, StorageError
from churnscope.files import STORAGE

INTERRUPTED = 130
TERMINATED = 143
BUG = 1
_TERMINATING = (signal.SIGTERM, signal.SIGHUP)


class Terminated(KeyboardInterrupt):
    """The system asked the run to end. Libraries that know how to stop for the keyboard stop for it too."""


@contextmanager
def terminable() -> Iterator[None]:
    """Let SIGTERM, SIGHUP and SIGINT end the block by an exception, so that locks are freed and temporary files removed.

    A library that is called back may raise an error of its own in place of that exception: the signal counts all the same.
    A signal that the parent process told us to ignore (`nohup`) stays ignored.
    """
    before = {number: signal.getsignal(number) for number in (*_TERMINATING, signal.SIGINT)}
    before = {number: handler for number, handler in before.items() if handler not in (None, signal.SIG_IGN)}
    arrived: list[KeyboardInterrupt] = []

    def end(number: int, _frame: FrameType | None) -> NoReturn:
        name = signal.Signals(number).name
        arrived.append(KeyboardInterrupt(name) if number == signal.SIGINT else Terminated(name))
        raise arrived[-1]

    for number in before:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if arrived and isinstance(sys.exception(), Exception):
            raise arrived[0]


def exit_code(error: BaseException) -> int:
    """What the shell is told.

    Examples
    --------
    >>> from churnscope.errors import BusyError
    >>> exit_code(BusyError("busy")), exit_code(KeyboardInterrupt()), exit_code(MemoryError()), exit_code(ZeroDivisionError())
    (4, 130, 7, 1)
    """
    if isinstance(error, ChurnscopeError):
        return error.exit_code
    if isinstance(error, Terminated):
        return TERMINATED
    if isinstance(error, (KeyboardInterrupt, BrokenPipeError)):
        return INTERRUPTED
    if isinstance(error, MemoryError):
        return OutOfMemoryError.exit_code
    if isinstance(error, OSError) and error.errno in STORAGE:
        return StorageError.exit_code
    return BUG
