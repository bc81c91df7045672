"""The files of a source: found, checked to be plain files, and named for reports as the config names them."""

from __future__ import annotations

import difflib
import glob
import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from churnscope.config.models import Files, Source
from churnscope.errors import InputError, StorageError

SUFFIXES = {"csv": (".csv", ".csv.gz", ".txt", ".txt.gz", ".tsv", ".tsv.gz"), "parquet": (".parquet", ".pq")}
_PIECE = 1 << 22


@dataclass(frozen=True)
class DataFile:
    """One file of a source.

    Parameters
    ----------
    path : where it is.
    name : how reports and errors call it.
    rename : this file's headers to the common ones of the source.
    size_bytes, modified_ns : as found; a file that changes while it is read is refused.
    """

    path: Path
    name: str
    rename: dict[str, str]
    size_bytes: int
    modified_ns: int

    def refuse_if_changed(self) -> None:
        """Raise `InputError` when the file is not the one that was found."""
        now = _status(self.path, self.name)
        if (now.st_size, now.st_mtime_ns) != (self.size_bytes, self.modified_ns):
            raise InputError(f"{self.name} changed while it was read.", "Run again when the file is complete.")


def find_files(entries: Sequence[Files], form: str, *, where: str) -> tuple[DataFile, ...]:
    """The files that the entries name, in the order of the config and sorted within a glob or folder.

    Parameters
    ----------
    form : "csv" or "parquet": which suffixes a folder is searched for.
    where : the config key, for messages.

    Raises
    ------
    InputError : when an entry names no file, no plain file, an empty file, or one file is named twice.
    """
    files = tuple(_data_file(path, entry.rename) for entry in entries for path in named_paths(entry.path, form, where))
    seen: set[Path] = set()
    for file in files:
        if file.path.resolve() in seen:
            raise InputError(f"{where}: {file.name} is named twice.", "Every row would count twice: name each file once.")
        seen.add(file.path.resolve())
    return files


def source_files(name: str, source: Source) -> tuple[DataFile, ...]:
    """The files of a source, see `find_files`."""
    return find_files(source.files, source.format, where=f"[sources.{name}] files")


def would_be_read(path: Path, entries: Sequence[Files]) -> bool:
    """Whether a file at `path` is, or once written would be, among the files that the entries name."""
    here = str(path.resolve())
    places = [str(Path(entry.path).resolve()) for entry in entries]
    return any(here == place or str(path.resolve().parent) == place or fnmatch(here, place) for place in places)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes as hexadecimal text."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


def named_paths(text: str, form: str, where: str) -> Iterator[Path]:
    """The paths that an entry names, there or not: those in a folder, those that fit a glob, or the one.

    Raises
    ------
    InputError : when a folder or glob has none.
    """
    path = Path(text)
    if path.is_dir():
        found = sorted(child for child in path.iterdir() if child.name.lower().endswith(SUFFIXES[form]))
    elif glob.has_magic(text) and not path.exists():
        found = sorted(Path(match) for match in glob.glob(text, recursive=True))  # noqa: PTH207 - the pattern is absolute
    else:
        found = [path]
    if not found:
        raise InputError(f"{where}: no {form} file at {text}.", "Check the path; relative paths start at the config file.")
    yield from found


def _data_file(path: Path, rename: dict[str, str]) -> DataFile:
    status = _status(path, path.name)
    if not stat.S_ISREG(status.st_mode):
        raise InputError(f"{path} is not a plain file.", "Pipes, devices and folders of folders are not read.")
    if status.st_size == 0:
        raise InputError(f"{path.name} is empty (0 bytes).", "Ask for the file again, or take it out of the config.")
    if not os.access(path, os.R_OK):
        raise StorageError(f"{path} may not be read.", "Give this user the right to read it.")
    return DataFile(path, path.name, dict(rename), status.st_size, status.st_mtime_ns)


def _status(path: Path, name: str) -> os.stat_result:
    try:
        return path.stat()
    except FileNotFoundError as error:
        beside = [child.name for child in path.parent.iterdir()] if path.parent.is_dir() else []
        close = difflib.get_close_matches(name, beside, n=1)
        raise InputError(f"There is no file {path}.", f"Did you mean {close[0]}?" if close else "Check the path.") from error
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}.", "Check the path and its permissions.") from error
