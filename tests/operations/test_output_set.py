"""Old complete set or new complete set, as the manifest judges, whatever happens and whenever."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from churnscope.errors import BusyError, StorageError
from churnscope.files import temporaries
from churnscope.operations.exits import terminable
from churnscope.operations.output_set import Manifest, OutputSet


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.endswith(".lock")}


@pytest.fixture
def editions(tmp_path, faults):
    """Run id and bytes of the undisturbed editions."""
    found = {}
    for edition in ("old", "new"):
        faults.write_edition(tmp_path / edition, edition)
        found[edition] = (faults.facts(edition).run_id, content(tmp_path / edition))
    return found


def intact_edition(folder, faults):
    outputs = OutputSet(folder, faults.NAMES)
    return [edition for edition in ("old", "new") if outputs.is_intact(faults.facts(edition).run_id)]


def start_again(folder, faults):
    with OutputSet(folder, faults.NAMES).held():
        return intact_edition(folder, faults)


def steps_of_a_run(folder, faults):
    faults.write_edition(folder, "old")
    with pytest.MonkeyPatch.context() as patch:
        countdown = faults.Countdown(0, None)
        faults.interpose(patch.setattr, countdown)
        faults.write_edition(folder, "new")
    return countdown.taken


def test_the_manifest_is_renamed_last_and_after_every_flush(tmp_path, faults):
    steps = [step for step in steps_of_a_run(tmp_path, faults) if step in {"fsync", "replace"}]
    assert steps == [
        *("fsync", "fsync", "fsync"),  # two files, the manifest
        *("replace", "fsync"),  # the commit point
        *("replace", "replace", "fsync"),  # two files get their names
        *("replace", "fsync"),  # the manifest
    ]


def kill(orders, faults):
    """Write the new edition into each (folder, step), in turn, in a process that dies before that step."""
    words = [str(word) for order in orders for word in order]
    ended = subprocess.run([sys.executable, faults.__file__, *words], check=True, capture_output=True)
    return json.loads(ended.stdout)


def folders_with_the_old_edition(tmp_path, steps, faults):
    folders = {step: tmp_path / f"killed-{step}" for step in steps}
    for folder in folders.values():
        faults.write_edition(folder, "old")
    return folders


def test_killed_before_any_step_the_set_is_old_or_new_and_a_rerun_is_as_if_undisturbed(tmp_path, faults, editions):
    steps = steps_of_a_run(tmp_path / "steps", faults)
    committed = steps.index("replace") + 1
    folders = folders_with_the_old_edition(tmp_path, range(1, len(steps) + 1), faults)
    assert set(kill([(folder, step) for step, folder in folders.items()], faults)) == {-9}
    for step, folder in folders.items():
        assert start_again(folder, faults) == (["old"] if step <= committed else ["new"]), (step, steps[step - 1])
        assert temporaries(folder) == []
        faults.write_edition(folder, "new")
        assert content(folder) == editions["new"][1]


def test_killed_during_the_recovery_of_a_killed_run_nothing_is_lost(tmp_path, faults, editions):
    steps = steps_of_a_run(tmp_path / "steps", faults)
    committed = steps.index("replace") + 2
    folders = folders_with_the_old_edition(tmp_path, range(1, len(steps) - committed), faults)
    kill([(folder, kill_at) for step, folder in folders.items() for kill_at in (committed, step + 1)], faults)
    for folder in folders.values():
        assert start_again(folder, faults) == ["new"]
        assert content(folder) == editions["new"][1]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EACCES])
def test_any_failing_step_ends_in_a_storage_error_and_a_complete_set(number, tmp_path, faults, editions):
    steps = steps_of_a_run(tmp_path / "steps", faults)
    committed = steps.index("replace") + 2  # the rename and the flush that makes it last

    def fail():
        raise OSError(number, os.strerror(number))

    for step in range(1, len(steps) + 1):
        folder = tmp_path / f"failed-{step}"
        faults.write_edition(folder, "old")
        with pytest.MonkeyPatch.context() as patch:
            faults.interpose(patch.setattr, faults.Countdown(step, fail))
            with pytest.raises(StorageError, match=folder.name):
                faults.write_edition(folder, "new")
        if step <= committed:
            assert content(folder) == editions["old"][1], (step, steps[step - 1])
        assert len(start_again(folder, faults)) == 1, (step, steps[step - 1])
        faults.write_edition(folder, "new")
        assert content(folder) == editions["new"][1]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_at_any_step_leaves_a_complete_set_and_a_free_lock(number, tmp_path, faults, editions):
    steps = steps_of_a_run(tmp_path / "steps", faults)

    def write_under_fire(folder, step):
        with pytest.MonkeyPatch.context() as patch, terminable():
            faults.interpose(patch.setattr, faults.Countdown(step, lambda: signal.raise_signal(number)))
            faults.write_edition(folder, "new")

    for step in range(1, len(steps) + 1):
        folder = tmp_path / f"signal-{step}"
        faults.write_edition(folder, "old")
        with pytest.raises(KeyboardInterrupt, match=r"^(SIGTERM|SIGINT|SIGHUP)$"):
            write_under_fire(folder, step)
        assert len(start_again(folder, faults)) == 1, (step, steps[step - 1])
        assert temporaries(folder) == []
        faults.write_edition(folder, "new")
        assert content(folder) == editions["new"][1]


def test_a_rerun_touches_nothing(tmp_path, faults):
    faults.write_edition(tmp_path, "old")
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir() if path.name[0] != "."}
    faults.write_edition(tmp_path, "old")
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir() if path.name[0] != "."} == before


@pytest.mark.parametrize("harm", ["changed", "shortened", "removed", "no manifest", "damaged manifest", "other format"])
def test_a_damaged_set_is_written_again_with_the_same_bytes(harm, tmp_path, faults, editions):
    folder = tmp_path / "damaged"
    faults.write_edition(folder, "old")
    listed, manifest = folder / "list.csv", folder / "manifest.json"
    {
        "changed": lambda: listed.write_bytes(listed.read_bytes().replace(b"o", b"0")),
        "shortened": lambda: listed.write_bytes(b""),
        "removed": listed.unlink,
        "no manifest": manifest.unlink,
        "damaged manifest": lambda: manifest.write_bytes(manifest.read_bytes()[:50]),
        "other format": lambda: manifest.write_text('{"format": 99}'),
    }[harm]()
    assert intact_edition(folder, faults) == []
    faults.write_edition(folder, "old")
    assert content(folder) == editions["old"][1]


def test_a_committed_manifest_without_its_files_is_withdrawn(tmp_path, faults, editions):
    folder = tmp_path / "withdrawn"
    faults.write_edition(folder, "old")
    (folder / ".manifest.json.commit").write_bytes(editions["new"][1]["manifest.json"])
    assert start_again(folder, faults) == ["old"]
    assert content(folder) == editions["old"][1]


def test_a_manifest_says_what_the_set_holds_and_knows_no_clock(tmp_path, faults):
    faults.write_edition(tmp_path, "old")
    document = json.loads((tmp_path / "manifest.json").read_text())
    assert document["run_id"] == faults.facts("old").run_id
    assert document["as_of"] == "2011-12-10"
    assert document["inputs"] == {"shop.csv": "old"}
    assert document["counts"] == {"customers": 3}
    assert document["files"]["list.csv"]["rows"] == 3
    assert document["files"]["list.csv"]["bytes"] == (tmp_path / "list.csv").stat().st_size
    assert list(document) == sorted(document)
    assert not {"time", "started_at", "date"} & set(document)


def test_a_manifest_survives_writing_and_reading(tmp_path, faults):
    faults.write_edition(tmp_path, "old")
    content_of_manifest = (tmp_path / "manifest.json").read_bytes()
    assert Manifest.from_bytes(content_of_manifest).to_bytes() == content_of_manifest


def test_a_file_the_user_named_has_its_manifest_beside_it(tmp_path, faults):
    outputs = OutputSet.beside(tmp_path / "today.csv")
    bystander = tmp_path / ".other.csv.7.tmp"
    bystander.touch()
    with outputs.held():
        outputs.write(faults.facts("old"), {"today.csv": faults.writer("a\n")}, {})
    assert (tmp_path / "today.csv.manifest.json").is_file()
    assert outputs.is_intact(faults.facts("old").run_id)
    assert bystander.exists()


def test_a_set_too_large_for_the_disk_is_refused_before_it_is_begun(tmp_path, faults):
    outputs = OutputSet(tmp_path, faults.NAMES)
    with outputs.held(), pytest.raises(StorageError, match="are needed and"):
        outputs.write(faults.facts("old"), {}, {}, needed_bytes=10**18)


def test_of_two_runs_one_waits_or_is_told_that_the_other_is_busy(tmp_path, faults):
    outputs = OutputSet(tmp_path, faults.NAMES)
    with outputs.held(), pytest.raises(BusyError, match="another run is writing there"), outputs.held():
        pass
    with outputs.held():
        pass


def test_identical_runs_leave_one_set(tmp_path, faults, editions):
    folder = tmp_path / "crowd"
    script = f"""
import os, sys
from pathlib import Path
sys.path.insert(0, {str(Path(faults.__file__).parent)!r})
from churnscope.errors import BusyError
from faults import write_edition
children = []
for _ in range(8):
    children.append(os.fork())
    if children[-1] == 0:
        try:
            write_edition(Path(sys.argv[1]), "new")
        except BusyError:
            os._exit(4)
        os._exit(0)
print(*[os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children])
"""
    ended = subprocess.run([sys.executable, "-c", script, folder], check=True, capture_output=True, text=True)
    assert {"0"} <= set(ended.stdout.split()) <= {"0", "4"}
    assert content(folder) == editions["new"][1]


def test_a_reader_who_trusts_the_manifest_never_reads_a_mixed_set(tmp_path, faults):
    faults.write_edition(tmp_path, "old")
    script = (
        f"import sys; sys.path.insert(0, {str(Path(faults.__file__).parent)!r})\n"
        "from pathlib import Path; from faults import write_edition\n"
        "for turn in range(60): write_edition(Path(sys.argv[1]), ('new', 'old')[turn % 2])\n"
    )
    seen = set()
    with subprocess.Popen([sys.executable, "-c", script, str(tmp_path)]) as writer:
        while writer.poll() is None:
            seen |= {read_set(tmp_path, faults)}
            time.sleep(0)
    assert writer.returncode == 0
    assert seen <= {None, ("old", "old"), ("new", "new")}


def read_set(folder, faults):
    """The editions of the files as a consumer reads them: bytes first, then hashes against the manifest before and after."""
    import hashlib

    before = Manifest.from_bytes((folder / "manifest.json").read_bytes())
    files = {name: (folder / name).read_bytes() for name in faults.NAMES}
    if any(hashlib.sha256(files[name]).hexdigest() != entry.sha256 for name, entry in before.files.items()):
        return None
    return tuple(files[name].split()[1].decode() for name in faults.NAMES)
