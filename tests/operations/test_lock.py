"""One run at a time, by a lock that dies with its holder."""

import errno
import fcntl
import os
import signal
import subprocess
import sys
import threading

import pytest

from churnscope.errors import BusyError, StorageError
from churnscope.operations.lock import locked

HOLD = """
import sys, time
from pathlib import Path
from churnscope.operations.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def lock(tmp_path):
    return tmp_path / "outputs" / ".lock"


@pytest.fixture
def holder(lock):
    """Another process that holds the lock."""
    with subprocess.Popen([sys.executable, "-c", HOLD, lock], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout.readline() == b"held\n"
        yield process
        process.kill()


def test_a_held_lock_is_busy_and_names_its_process(lock, holder):
    with pytest.raises(BusyError, match=rf"process {holder.pid} holds \.lock") as caught, locked(lock):
        pass
    assert caught.value.exit_code == 4


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_killed_holder_frees_the_lock(lock, holder, number):
    holder.send_signal(number)
    holder.wait()
    with locked(lock):
        pass


def test_the_file_of_a_dead_run_means_nothing(lock):
    lock.parent.mkdir()
    lock.write_text(f"{os.getpid()}\n")
    with locked(lock):
        assert lock.read_text() == f"{os.getpid()}\n"


def test_a_run_may_wait_for_the_lock(lock, holder):
    threading.Timer(0.2, holder.kill).start()
    with locked(lock, wait_seconds=30):
        assert holder.wait() == -signal.SIGKILL


def test_an_error_in_the_block_frees_the_lock(lock):
    with pytest.raises(ZeroDivisionError, match="by hand"), locked(lock):
        raise ZeroDivisionError("by hand")
    with locked(lock):
        pass


def test_a_file_system_without_locks_is_a_storage_error(lock, monkeypatch):
    def refuse(descriptor, operation):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(StorageError, match="No locks available"), locked(lock):
        pass
