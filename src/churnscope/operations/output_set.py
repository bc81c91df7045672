"""An output set: data files and the manifest that vouches for them, replaced together.

The new files and the new manifest are first written and flushed under temporary names. The commit point is one rename: the
manifest becomes `.<manifest>.commit`. Only then do the data files get their names, and the manifest its own, last. A run killed
before the commit point leaves the old set; a run killed after it is finished by the next one, from the temporary files whose
hashes the committed manifest holds. In between, a reader who checks the hashes sees that the manifest does not fit the files.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from churnscope.files import (
    check_room,
    file_sha256,
    flush_folder,
    make_folder,
    publish,
    remove_orphans,
    staged,
    storage_errors,
    temporaries,
    temporary_of,
)
from churnscope.operations.lock import locked
from churnscope.operations.run import RunFacts

FORMAT = 1

Writer = Callable[[BinaryIO], int]
"""Writes one file to the stream and answers how many rows it holds."""


@dataclass(frozen=True)
class FileEntry:
    """What the manifest says of one file."""

    sha256: str
    bytes: int
    rows: int


@dataclass(frozen=True)
class Manifest:
    """What an output set holds and what it was made from. No clock: the same run gives the same bytes."""

    run_id: str
    facts: RunFacts
    counts: Mapping[str, int]
    files: Mapping[str, FileEntry]

    def to_bytes(self) -> bytes:
        """JSON with sorted keys, UTF-8."""
        document = {"format": FORMAT, **asdict(self.facts), "run_id": self.run_id, "counts": dict(self.counts)}
        document["files"] = {name: asdict(entry) for name, entry in self.files.items()}
        return (json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> Manifest:
        """Read what `to_bytes` wrote.

        Raises
        ------
        ValueError, KeyError, TypeError : when it is something else, or of another format.
        """
        document = json.loads(content)
        if document.pop("format") != FORMAT:
            raise ValueError("format")
        files = {name: FileEntry(**entry) for name, entry in document.pop("files").items()}
        run_id, counts = document.pop("run_id"), document.pop("counts")
        return cls(run_id, RunFacts(**document), counts, files)


@dataclass(frozen=True)
class OutputSet:
    """The files `names` of `folder` and their manifest.

    Examples
    --------
    >>> OutputSet.beside(Path("out/today.csv")).manifest_path.name
    'today.csv.manifest.json'
    """

    folder: Path
    names: tuple[str, ...]
    manifest: str = "manifest.json"

    @classmethod
    def beside(cls, path: Path) -> OutputSet:
        """The set of one file that the user named."""
        return cls(path.parent, (path.name,), f"{path.name}.manifest.json")

    @property
    def manifest_path(self) -> Path:
        """Where the manifest is."""
        return self.folder / self.manifest

    @property
    def _committed_path(self) -> Path:
        return self.folder / f".{self.manifest}.commit"

    @contextmanager
    def held(self, *, wait_seconds: float = 0) -> Iterator[OutputSet]:
        """Hold the set's lock; what a killed run left is finished or removed first.

        Raises
        ------
        BusyError : when another run holds it for longer than `wait_seconds`.
        StorageError : when the folder cannot be used.
        """
        make_folder(self.folder)
        with locked(self.folder / f".{self.manifest}.lock", wait_seconds=wait_seconds):
            self._recover()
            remove_orphans(self.folder, {*self.names, self.manifest})
            yield self

    def read(self) -> Manifest | None:
        """The manifest; None where there is none that can be read."""
        return _read_manifest(self.manifest_path)

    def is_intact(self, run_id: str) -> bool:
        """Whether the set was written by this very run and every file still has the bytes it wrote."""
        manifest = self.read()
        if manifest is None or manifest.run_id != run_id or set(manifest.files) != set(self.names):
            return False
        return all(_matches(self.folder / name, entry) for name, entry in manifest.files.items())

    def write(
        self, facts: RunFacts, writers: Mapping[str, Writer], counts: Mapping[str, int], *, needed_bytes: int = 0
    ) -> Manifest:
        """Replace the whole set. Call it only while it is `held`.

        Parameters
        ----------
        facts : what the run was made from.
        writers : for each of the set's names, what writes it.
        counts : totals for the manifest, such as customers scored.
        needed_bytes : about how much the files will take, asked of the disk before anything is written.

        Raises
        ------
        StorageError : when the file system refuses; before the commit point the old set is untouched.
        """
        check_room(self.folder, needed_bytes)
        with ExitStack() as undo:
            undo.callback(self._withdraw)
            files = {name: self._stage(name, writers[name], needed_bytes) for name in self.names}
            manifest = Manifest(facts.run_id, facts, counts, files)
            self._commit(manifest)
            undo.pop_all()
        self._finish(manifest)
        return manifest

    def _stage(self, name: str, writer: Writer, needed_bytes: int) -> FileEntry:
        path = self.folder / name
        with staged(path, needed_bytes=needed_bytes) as stream:
            rows = writer(stream)
        temporary = temporary_of(path)
        return FileEntry(file_sha256(temporary), temporary.stat().st_size, rows)

    def _commit(self, manifest: Manifest) -> None:
        with staged(self.manifest_path) as stream:
            stream.write(manifest.to_bytes())
        publish(temporary_of(self.manifest_path), self._committed_path)

    def _withdraw(self) -> None:
        """Before the commit point, or when it could not be flushed: as if nothing had been tried."""
        with storage_errors(self._committed_path):
            self._committed_path.unlink(missing_ok=True)
        remove_orphans(self.folder, {*self.names, self.manifest})

    def _finish(self, manifest: Manifest) -> None:
        """After the commit point: every file its name, the manifest last. Safe to do again."""
        with storage_errors(self.folder):
            for name, entry in manifest.files.items():
                for temporary in temporaries(self.folder, name):
                    if _matches(temporary, entry):
                        temporary.replace(self.folder / name)
            flush_folder(self.folder)
            self._committed_path.replace(self.manifest_path)
            flush_folder(self.folder)

    def _recover(self) -> None:
        """Finish the set of a run that was killed after its commit point."""
        committed = _read_manifest(self._committed_path)
        if committed is None:
            return
        if all(self._is_at_hand(name, entry) for name, entry in committed.files.items()):
            self._finish(committed)
        else:
            self._withdraw()

    def _is_at_hand(self, name: str, entry: FileEntry) -> bool:
        return any(_matches(path, entry) for path in (self.folder / name, *temporaries(self.folder, name)))


def _read_manifest(path: Path) -> Manifest | None:
    if not path.is_file():
        return None
    try:
        with storage_errors(path, right="read"):
            return Manifest.from_bytes(path.read_bytes())
    except (ValueError, KeyError, TypeError, AttributeError):
        return None  # not ours, damaged, or of another format: it vouches for nothing


def _matches(path: Path, entry: FileEntry) -> bool:
    return path.is_file() and path.stat().st_size == entry.bytes and file_sha256(path) == entry.sha256
