"""Locks held by the operating system, so that a killed run frees them: the file's existence means nothing."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from churnscope.errors import BusyError
from churnscope.files import make_folder, storage_errors

_RETRY_SECONDS = 0.1
_HELD = frozenset({errno.EAGAIN, errno.EACCES})


@contextmanager
def locked(path: Path, *, wait_seconds: float = 0) -> Iterator[None]:
    """Hold the lock file `path`, alone on this host, while the block runs.

    Parameters
    ----------
    path : the lock file, created where it is missing and never removed: else two runs might hold two files of one name.
    wait_seconds : how long to wait for a run that holds it.

    Raises
    ------
    BusyError : when another run holds it for longer than that.
    StorageError : when the lock file cannot be opened, or its file system knows no locks.
    """
    make_folder(path.parent)
    with storage_errors(path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    try:
        _acquire(descriptor, path, time.monotonic() + wait_seconds)
        yield
    finally:
        os.close(descriptor)  # frees the lock


def _acquire(descriptor: int, path: Path, deadline: float) -> None:
    while not _take(descriptor, path):
        if time.monotonic() >= deadline:
            raise BusyError(
                f"{path.parent}: another run is writing there (process {_holder(descriptor)} holds {path.name}).",
                "Run the same command again when it has ended.",
            )
        time.sleep(_RETRY_SECONDS)
    os.truncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)  # only for people: the lock itself is the system's


def _take(descriptor: int, path: Path) -> bool:
    with storage_errors(path):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in _HELD:
                return False
            raise
    return True


def _holder(descriptor: int) -> str:
    return os.pread(descriptor, 32, 0).decode(errors="replace").strip() or "unknown"
