"""What can go wrong for a user, each kind with its exit code.

A message says what was wrong and where (file, column, row), then what to do. It never holds a value of a person's data.
Anything that is not a `ChurnscopeError` is a bug of ours and keeps its traceback.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class ChurnscopeError(Exception):
    """A failure the user can mend.

    Parameters
    ----------
    what : what was wrong and where.
    advice : what to do about it; one or more sentences.
    """

    exit_code = 1

    def __init__(self, what: str, advice: str = "") -> None:
        self.what = what
        self.advice = advice
        super().__init__(f"{what}\n{advice}" if advice else what)


class ConfigError(ChurnscopeError):
    """The command line or a config file cannot be read or says something impossible."""

    exit_code = 2


class InputError(ChurnscopeError):
    """A data file is refused: missing, malformed, or too little to learn from."""

    exit_code = 3


class BusyError(ChurnscopeError):
    """Another run holds the lock of the same output."""

    exit_code = 4


class GateError(ChurnscopeError):
    """A safety gate closed: a promotion was refused."""

    exit_code = 5


class StorageError(ChurnscopeError):
    """A file or folder cannot be read or written."""

    exit_code = 6


class OutOfMemoryError(ChurnscopeError):
    """The work does not fit the memory it was given."""

    exit_code = 7


class ServiceError(ChurnscopeError):
    """A service that was declared as required does not answer."""

    exit_code = 8


class ModelError(ChurnscopeError):
    """A saved model is missing, damaged, or not of this version."""

    exit_code = 9


def nearest(name: str, known: Iterable[str]) -> str:
    """The sentence that names the closest known word, and all known ones where none is close.

    Examples
    --------
    >>> nearest("horizon_day", ["horizon_days", "gap_days"])
    'Did you mean "horizon_days"?'
    >>> nearest("x", ["gap_days", "horizon_days"])
    'Known here: gap_days, horizon_days.'
    """
    words = sorted(known)
    close = difflib.get_close_matches(name, words, n=1)
    return f'Did you mean "{close[0]}"?' if close else f"Known here: {', '.join(words)}."
