"""A reader meets the old content or the new; a failure names the path and what is missing."""

import errno
import os
import subprocess
import sys
from io import FileIO

import pytest

from churnscope import files
from churnscope.errors import StorageError
from churnscope.files import (
    check_room,
    file_sha256,
    remove_orphans,
    staged,
    staged_folder,
    storage_error,
    temporaries,
    write_atomically,
)


@pytest.fixture
def target(tmp_path):
    path = tmp_path / "scores.csv"
    path.write_bytes(b"old")
    return path


def fail_at(step, error_number, faults, monkeypatch):
    def fail():
        raise OSError(error_number, os.strerror(error_number))

    countdown = faults.Countdown(step, fail)
    faults.interpose(monkeypatch.setattr, countdown)
    return countdown


def steps_of_a_replacement(target, faults):
    with pytest.MonkeyPatch.context() as patch:
        countdown = faults.Countdown(0, None)
        faults.interpose(patch.setattr, countdown)
        write_atomically(target, b"x" * 100)
    return countdown.taken


def test_the_new_content_is_flushed_before_it_gets_its_name(target, faults):
    taken = [step for step in steps_of_a_replacement(target, faults) if step != "write"]
    assert taken == ["open", "fsync", "replace", "open", "fsync"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.ESTALE, errno.EACCES])
def test_any_failing_step_leaves_old_or_new_content_and_nothing_else(number, tmp_path, faults):
    target = tmp_path / "scores.csv"
    steps = steps_of_a_replacement(target, faults)
    for step in range(1, len(steps) + 1):
        target.write_bytes(b"old")
        with pytest.MonkeyPatch.context() as patch:
            fail_at(step, number, faults, patch)
            with pytest.raises(StorageError, match=r"scores\.csv"):
                write_atomically(target, b"x" * 100)
        renamed = step > steps.index("replace") + 1
        assert target.read_bytes() == (b"x" * 100 if renamed else b"old"), steps[step - 1]
        assert list(tmp_path.iterdir()) == [target]


def test_a_failed_flush_is_not_tried_again(target, faults, monkeypatch):
    countdown = fail_at(steps_of_a_replacement(target, faults).index("fsync") + 1, errno.EIO, faults, monkeypatch)
    target.write_bytes(b"old")
    with pytest.raises(StorageError, match="cannot write"):
        write_atomically(target, b"x" * 100)
    assert countdown.taken.count("fsync") == 1
    assert target.read_bytes() == b"old"


def test_short_writes_are_completed(target, monkeypatch):
    class OneByteAtATime(FileIO):
        def write(self, content):
            return super().write(memoryview(content)[:1])

    monkeypatch.setattr(files, "FileIO", OneByteAtATime)
    write_atomically(target, b"twelve bytes")
    assert target.read_bytes() == b"twelve bytes"


def test_file_size_limit_of_the_system_is_a_storage_error(tmp_path):
    script = (
        "import resource, sys; from pathlib import Path; from churnscope.files import write_atomically\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "write_atomically(Path(sys.argv[1]), b'x' * 5000)"
    )
    ended = subprocess.run([sys.executable, "-c", script, str(tmp_path / "a.csv")], capture_output=True, text=True, check=False)
    assert "StorageError" in ended.stderr
    assert "5,000 bytes are needed" in ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told_with_path_and_room(tmp_path):
    error = storage_error(OSError(errno.ENOSPC, "No space left on device"), tmp_path / "a.csv", needed_bytes=12_345)
    assert "a.csv: there is no room to write it" in error.what
    assert "about 12,345 bytes are needed" in error.what
    assert "bytes are free" in error.what
    assert error.exit_code == 6


def test_a_missing_right_is_told_with_path_and_right(tmp_path):
    write = storage_error(PermissionError(errno.EACCES, "Permission denied"), tmp_path / "a.csv")
    assert "no right to write it" in write.what
    assert f"right to write {tmp_path}" in write.advice
    read = storage_error(PermissionError(errno.EACCES, "Permission denied"), tmp_path / "a.csv", right="read")
    assert f"right to read {tmp_path / 'a.csv'}" in read.advice


def test_room_is_asked_for_before_writing(tmp_path):
    check_room(tmp_path / "not" / "yet", 1)
    with pytest.raises(StorageError, match=r"about 1,000,000,000,000,000,000 bytes are needed and [\d,]+ are free"):
        check_room(tmp_path, 10**18)


def test_an_interrupted_write_leaves_nothing(target):
    def write_half():
        with staged(target) as stream:
            stream.write(b"half")
            raise KeyboardInterrupt("by hand")

    with pytest.raises(KeyboardInterrupt, match="by hand"):
        write_half()
    assert target.read_bytes() == b"old"
    assert temporaries(target.parent) == []


def test_folders_and_devices_are_not_replaced(tmp_path):
    with pytest.raises(StorageError, match="not a plain file"):
        write_atomically(tmp_path, b"")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(StorageError, match="not a plain file"):
        write_atomically(tmp_path / "pipe", b"")


def test_a_link_under_the_temporary_name_is_not_followed(target, tmp_path):
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    files.temporary_of(target).symlink_to(victim)
    with pytest.raises(StorageError, match=r"scores\.csv"):
        write_atomically(target, b"new")
    assert victim.read_bytes() == b"precious"


def test_orphans_of_the_named_files_are_removed_and_others_kept(tmp_path):
    for name in (".a.csv.11.tmp", ".b.csv.12.tmp", ".a.csv.tmp", "a.csv"):
        (tmp_path / name).write_bytes(b"")
    remove_orphans(tmp_path, {"a.csv"})
    assert sorted(path.name for path in tmp_path.iterdir()) == [".a.csv.tmp", ".b.csv.12.tmp", "a.csv"]
    remove_orphans(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".a.csv.tmp", "a.csv"]


def test_a_folder_appears_whole_and_private(tmp_path):
    with staged_folder(tmp_path / "bundle") as folder:
        (folder / "model.txt").write_text("trees")
        (folder / "more").mkdir()
        assert not (tmp_path / "bundle").exists()
    assert (tmp_path / "bundle" / "model.txt").read_text() == "trees"
    assert (tmp_path / "bundle").stat().st_mode & 0o777 == 0o700


def test_a_folder_that_fails_leaves_nothing(tmp_path):
    def write_half():
        with staged_folder(tmp_path / "bundle") as folder:
            (folder / "model.txt").write_text("trees")
            raise KeyboardInterrupt("by hand")

    with pytest.raises(KeyboardInterrupt, match="by hand"):
        write_half()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_never_replaced(tmp_path):
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "old.txt").touch()
    with pytest.raises(StorageError, match="bundle"), staged_folder(tmp_path / "bundle") as folder:
        (folder / "model.txt").touch()
    assert [path.name for path in tmp_path.rglob("*")] == ["bundle", "old.txt"]


@pytest.mark.parametrize(("mask", "mode"), [(0o077, 0o600), (0o000, 0o666)])
def test_the_umask_decides_who_may_read(target, mask, mode):
    before = os.umask(mask)
    try:
        write_atomically(target, b"new")
    finally:
        os.umask(before)
    assert target.stat().st_mode & 0o777 == mode


def test_an_unreadable_file_is_a_storage_error(tmp_path):
    with pytest.raises(StorageError, match="cannot read it"):
        file_sha256(tmp_path / "absent.csv")
