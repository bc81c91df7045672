"""Execute every notebook beside this file, or those that are named, as `make notebooks` does.

The copies are thrown away, so the files stay as they are; with `--keep` they take the place of the files, outputs and all.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from traitlets.config import Config

HERE = Path(__file__).parent
MOST_SECONDS = 600  # in one cell; far more than any needs
KERNEL = "python3"


def main() -> None:
    """Execute one notebook after the other; the first error ends it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", action="store_true", help="write the executed notebooks back")
    parser.add_argument("notebook", nargs="*", type=Path, help="default: every one")
    asked = parser.parse_args()
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # waiting threads sleep: on a busy machine many times as fast
    with tempfile.TemporaryDirectory() as folder:
        _leave_the_home_alone(folder)
        for path in asked.notebook or sorted(HERE.glob("*.ipynb")):
            begun, used = time.monotonic(), _cpu_seconds()
            notebook = executed(path, Path(folder, "kernel.json"))
            target = path if asked.keep else Path(folder, path.name)
            nbformat.write(notebook, target)
            took, used = time.monotonic() - begun, _cpu_seconds() - used
            print(f"{path.name}: {len(notebook.cells)} cells in {took:.0f} seconds, {used:.0f} of a processor's time")


def executed(path: Path, connection: Path) -> nbformat.NotebookNode:
    """A notebook with the outputs of a fresh run, and no trace of when it ran or on which Python."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=MOST_SECONDS,
        kernel_name=KERNEL,
        record_timing=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(path.parent)}},  # as Jupyter does: paths start from the notebook
        config=Config({"KernelManager": {"transport": "ipc", "connection_file": str(connection)}}),  # no open port
    )
    client.execute()
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": KERNEL},
        "language_info": {"name": "python"},
    }
    return notebook


def _cpu_seconds() -> float:
    """What all kernels that have ended took."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _leave_the_home_alone(folder: str) -> None:
    """Let the kernel write its history and its connection file to a folder that goes away."""
    for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR"):
        os.environ[name] = os.path.join(folder, name.lower())


if __name__ == "__main__":
    main()
