"""Every step that `operations` takes on the disk, interposed: a test can count them, fail one, or die before one.

Run as a script, `faults.py FOLDER STEP [FOLDER STEP ...]`, it writes output sets, each in a process that is killed before
the given step (0: never), and answers how each process ended.
"""

import json
import os
import signal
import sys
from io import FileIO
from pathlib import Path

from churnscope import files
from churnscope.operations.output_set import OutputSet
from churnscope.operations.run import RunFacts

NAMES = ("list.csv", "list.parquet")


def facts(edition):
    return RunFacts(command="score", as_of="2011-12-10", version="0.1.0", config="c0ffee", inputs={"shop.csv": edition})


def writer(text):
    def write(stream):
        for _ in range(3):
            stream.write(text.encode())
        return 3

    return write


def write_edition(folder, edition):
    """One edition of a two-file set; `edition` decides every byte."""
    with OutputSet(folder, NAMES).held() as outputs:
        if not outputs.is_intact(facts(edition).run_id):
            outputs.write(facts(edition), {name: writer(f"{name} {edition}\n") for name in NAMES}, {"customers": 3})


def interpose(patch, before):
    """Call `before(step name)` ahead of every disk step; `patch(object, name, value)` is pytest's or `setattr`."""

    class Interposed(FileIO):
        def write(self, content):
            before("write")
            return super().write(content)

    def stepping(name):
        original = getattr(os, name)

        def call(*arguments, **options):
            before(name)
            return original(*arguments, **options)

        return call

    patch(files, "FileIO", Interposed)
    patch(files, "BUFFER_BYTES", 16)
    for name in ("open", "fsync", "replace", "unlink"):
        patch(os, name, stepping(name))


class Countdown:
    """Counts steps and acts at the chosen one (1 is the first)."""

    def __init__(self, step, act):
        self.step, self.act, self.taken = step, act, []

    def __call__(self, name):
        self.taken.append(name)
        if len(self.taken) == self.step:
            self.act()


def write_and_die(folder, step):
    """The exit status of a process that is killed before `step`."""
    child = os.fork()
    if child == 0:
        interpose(setattr, Countdown(step, lambda: os.kill(os.getpid(), signal.SIGKILL)))
        write_edition(folder, "new")
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    orders = zip(sys.argv[1::2], sys.argv[2::2], strict=True)
    json.dump([write_and_die(Path(folder), int(step)) for folder, step in orders], sys.stdout)
