"""Signals and exceptions as exit codes."""

import errno
import os
import signal

import pytest

from churnscope import errors
from churnscope.operations.exits import Terminated, exit_code, terminable


def test_every_kind_of_error_has_its_published_code():
    published = {
        errors.ConfigError: 2,
        errors.InputError: 3,
        errors.BusyError: 4,
        errors.GateError: 5,
        errors.StorageError: 6,
        errors.OutOfMemoryError: 7,
        errors.ServiceError: 8,
        errors.ModelError: 9,
    }
    assert set(published) == set(errors.ChurnscopeError.__subclasses__())
    assert {kind: exit_code(kind("what")) for kind in published} == published


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (KeyboardInterrupt(), 130),
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), 130),
        (Terminated("SIGTERM"), 143),
        (MemoryError(), 7),
        (OSError(errno.ENOSPC, "No space left on device"), 6),
        (PermissionError(errno.EACCES, "Permission denied"), 6),
        (FileNotFoundError(errno.ENOENT, "No such file"), 1),
        (ValueError(), 1),
    ],
)
def test_other_exceptions_have_theirs(error, code):
    assert exit_code(error) == code


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_the_systems_signals_become_an_exception_while_a_run_lasts(number):
    before = signal.getsignal(number)
    with pytest.raises(Terminated, match=signal.Signals(number).name), terminable():
        os.kill(os.getpid(), number)
    assert signal.getsignal(number) == before


@pytest.mark.parametrize(("number", "kind"), [(signal.SIGTERM, Terminated), (signal.SIGINT, KeyboardInterrupt)])
def test_a_signal_counts_where_a_library_raises_its_own_error_instead(number, kind):
    def called_back():
        try:
            os.kill(os.getpid(), number)
        except KeyboardInterrupt as error:
            raise RuntimeError("error calling function") from error

    with pytest.raises(kind, match=signal.Signals(number).name), terminable():
        called_back()


def test_an_error_without_a_signal_stays_what_it_is():
    with pytest.raises(RuntimeError, match="a bug"), terminable():
        raise RuntimeError("a bug")


def test_a_signal_that_is_ignored_stays_ignored(monkeypatch):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with terminable():
            os.kill(os.getpid(), signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)
