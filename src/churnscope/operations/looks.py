"""How often each test cutoff was looked at: who looks often enough finds a model that does well there by chance."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path

from churnscope.errors import StorageError
from churnscope.files import make_folder, storage_errors, write_atomically
from churnscope.operations.lock import locked

WAIT_SECONDS = 10.0


def looked_at(path: Path, cutoffs: Collection[str], run_id: str) -> dict[str, int]:
    """Note that a run looked at some cutoffs; how many different runs have looked at each of them by now.

    The same run again (of the same data, config and model) tells nothing new and is not counted twice.

    Parameters
    ----------
    path : the JSON file of the counts.
    cutoffs : as dates.

    Raises
    ------
    StorageError : when the file cannot be read or written.
    BusyError : when another run holds it for ten seconds.
    """
    make_folder(path.parent)
    with locked(path.with_name(f".{path.name}.lock"), wait_seconds=WAIT_SECONDS):
        looks = _read(path)
        for cutoff in cutoffs:
            looks[cutoff] = sorted({*looks.get(cutoff, []), run_id})
        write_atomically(path, (json.dumps(looks, indent=2, sort_keys=True) + "\n").encode())
    return {cutoff: len(looks[cutoff]) for cutoff in cutoffs}


def looks_at(path: Path, cutoff: str) -> int:
    """How many different runs have looked at a cutoff so far; 0 where none was noted.

    Raises
    ------
    StorageError : when the file cannot be read.
    """
    return len(_read(path).get(cutoff, []))


def _read(path: Path) -> dict[str, list[str]]:
    if not path.exists():
        return {}
    with storage_errors(path, right="read"):
        content = path.read_bytes()
    try:
        return {str(cutoff): [str(run) for run in runs] for cutoff, runs in json.loads(content).items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise StorageError(f"{path} is damaged.", "Move the file away; counting starts anew.") from error
