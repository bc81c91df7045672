"""Saved models on disk: `models/<name>/<version>/`, written whole or not at all, read with suspicion.

A version is the as-of day and a hash of all that is in the folder: the same training gives the same version, at any time.
Two small pointer files beside the versions say which was written last (`latest.json`) and which is in use (`champion.json`,
which lists those that were in use before too).
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from churnscope import __version__
from churnscope.errors import ModelError, StorageError, nearest
from churnscope.files import make_folder, staged_folder, write_atomically
from churnscope.model.baselines import Reader
from churnscope.model.contents import (
    ADVICE,
    READERS,
    Bundle,
    Files,
    Json,
    damage,
    definition_of,
    document,
    from_files,
    to_files,
    to_json,
)
from churnscope.timeline import date_of

__all__ = [
    "Bundle",
    "champion",
    "champions_before",
    "definition_of",
    "promote",
    "read_bundle",
    "resolve",
    "rollback",
    "saved_files",
    "versions",
    "write_bundle",
]

FORMAT = 1
MANIFEST = "manifest.json"
LARGEST_FILE = 256 << 20
MOST_FILES = 100
MOST_BEFORE = 20  # earlier champions to go back to

_FILE = re.compile(r"[a-z][a-z0-9_]{0,40}\.(?:json|txt)")
_VERSION = re.compile(r"\d{4}-\d\d-\d\d-[0-9a-f]{8}")


def write_bundle(models: Path, bundle: Bundle, *, latest: bool = True) -> Path:
    """Save a bundle under `models/<name>/<version>/`; the folder it is in.

    The same bundle again changes nothing.

    Parameters
    ----------
    latest : make it the version that `latest` means.

    Raises
    ------
    StorageError : when the folder cannot be written.
    """
    files = to_files(bundle)
    version = _version(date_of(bundle.as_of).isoformat(), files)
    home = models / bundle.name
    make_folder(home)
    if not (home / version).exists():
        _write_folder(home / version, files | {MANIFEST: _manifest(bundle.name, version, files)})
    if latest:
        _point(home, "latest", {"version": version})
    return home / version


def read_bundle(folder: Path, readers: Mapping[str, Reader] = READERS) -> Bundle:
    """The bundle in a folder, once every file is what its manifest says and the self-test passes.

    Nothing that is read is executed: text is parsed to numbers within fixed bounds.

    Parameters
    ----------
    readers : of the baselines, by kind.

    Raises
    ------
    ModelError : when the folder is not a bundle, or not an intact one, or of a newer format.
    StorageError : when it cannot be read, or anyone may change it.
    """
    files = _read_folder(folder)
    manifest = document(files, MANIFEST)
    with damage(MANIFEST):
        if int(manifest["format"]) > FORMAT:
            raise ModelError(
                f"{folder} is of format {int(manifest['format'])}; this churnscope {__version__} reads up to {FORMAT}.",
                "Use the churnscope that wrote it, or a newer one.",
            )
        listed = {str(name): str(digest) for name, digest in manifest["files"].items()}
        version, as_of = str(manifest["version"]), str(manifest["version"])[:10]
    contents = {name: content for name, content in files.items() if name != MANIFEST}
    _check_listed(folder, contents, listed)
    if version != _version(as_of, contents):
        raise ModelError(f"{folder}: the version in its manifest is not that of its files.", ADVICE)
    return replace(from_files(contents, readers), version=version)


def saved_files(folder: Path) -> Files:
    """Content by name of the files in a folder, which `read_bundle` verifies.

    Raises
    ------
    ModelError : when something else is in it.
    StorageError : when it cannot be read, or anyone may change it.
    """
    return _read_folder(folder)


def resolve(models: Path, name: str, which: str) -> Path:
    """The folder of a model.

    Parameters
    ----------
    which : `champion`, `latest`, a version, or the path of a bundle.

    Raises
    ------
    ModelError : when there is none; it says how to get one.
    """
    home = models / name
    if which in {"champion", "latest"}:
        version = _pointed(home, which)
        if version is None:
            raise ModelError(f"{home} has no {which} model.", _how_to_get(which, versions(models, name)))
        return home / version
    if _VERSION.fullmatch(which):
        if which not in versions(models, name):
            raise ModelError(f"{home} has no version {which}.", nearest(which, versions(models, name)))
        return home / which
    return Path(which)


def versions(models: Path, name: str) -> list[str]:
    """Versions of a model there are, oldest as-of day first."""
    home = models / name
    return sorted(entry.name for entry in home.iterdir() if _VERSION.fullmatch(entry.name)) if home.is_dir() else []


def champion(models: Path, name: str) -> str | None:
    """Version of the model in use; None where none was promoted."""
    return _pointed(models / name, "champion")


def champions_before(models: Path, name: str) -> tuple[str, ...]:
    """Versions that were in use before the present champion, oldest first."""
    saved = (_pointer(models / name, "champion") or {}).get("before", [])  # files of earlier versions have none
    if not isinstance(saved, list) or not all(isinstance(version, str) and _VERSION.fullmatch(version) for version in saved):
        raise ModelError(f"{models / name / 'champion.json'} does not name versions.", "Promote a version again.")
    return tuple(saved)


def promote(models: Path, name: str, version: str) -> None:
    """Make a version the champion, after reading it as `score` will.

    Raises
    ------
    ModelError : when there is no such version or it is not intact.
    StorageError : when the pointer cannot be written.
    """
    present, before = champion(models, name), champions_before(models, name)
    if present not in (None, version):
        before = (*before, present)
    _enthrone(models, name, version, before)


def rollback(models: Path, name: str) -> str:
    """Make the champion before the present one the champion again; its version.

    Raises
    ------
    ModelError : when there was none before, or it is no longer there and intact.
    StorageError : when the pointer cannot be written.
    """
    before = champions_before(models, name)
    if not before:
        raise ModelError(
            f"{models / name} has no champion before the present one.",
            "See the versions with `churnscope models list`; promote one with `churnscope models promote`.",
        )
    _enthrone(models, name, before[-1], before[:-1])
    return before[-1]


def _enthrone(models: Path, name: str, version: str, before: tuple[str, ...]) -> None:
    read_bundle(resolve(models, name, version))
    _point(models / name, "champion", {"version": version, "before": list(before[-MOST_BEFORE:])})


def _how_to_get(which: str, known: list[str]) -> str:
    if which == "champion" and known:
        return f'Promote one with `churnscope models promote`, or score with "--model latest" (it is {known[-1]}).'
    return "Run `churnscope train` first."


def _version(as_of: str, files: Files) -> str:
    digests = "\n".join(f"{name} {_digest(content)}" for name, content in sorted(files.items()))
    return f"{as_of}-{_digest(digests.encode())[:8]}"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _manifest(name: str, version: str, files: Files) -> bytes:
    digests = {file: _digest(content) for file, content in files.items()}
    return to_json({"format": FORMAT, "churnscope": __version__, "name": name, "version": version, "files": digests})


def _write_folder(folder: Path, files: Files) -> None:
    """All files or none: a reader sees the folder once everything in it is on disk."""
    try:
        with staged_folder(folder) as draft:
            for name, content in files.items():
                (draft / name).write_bytes(content)
    except StorageError:
        if not folder.exists():  # else another run has just written the same
            raise


def _point(home: Path, pointer: str, content: Mapping[str, Json]) -> None:
    write_atomically(home / f"{pointer}.json", to_json(content))


def _pointed(home: Path, pointer: str) -> str | None:
    saved = _pointer(home, pointer)
    if saved is None:
        return None
    version = saved.get("version")
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        raise ModelError(f"{home / pointer}.json does not name a version.", "Promote a version again.")
    return version


def _pointer(home: Path, pointer: str) -> dict[str, Json] | None:
    """What a pointer file says; None where there is none."""
    path = home / f"{pointer}.json"
    return document({path.name: _read_file(path)}, path.name) if path.exists() else None


def _read_folder(folder: Path) -> Files:
    """Every file of a folder that holds plain files of a bundle and nothing else."""
    try:
        status = folder.lstat()
        if not stat.S_ISDIR(status.st_mode):
            raise ModelError(f"{folder} is not a folder: a model is one, never an archive, a single file or a link.", ADVICE)
        if status.st_mode & stat.S_IWOTH:
            raise StorageError(
                f"{folder}: anyone may change this model.", f"Take the right to write from others: chmod o-w {folder}"
            )
        names = sorted(entry.name for entry in folder.iterdir())
        strange = [name for name in names if not _FILE.fullmatch(name)]
        if strange or len(names) > MOST_FILES:
            raise ModelError(f"{folder} holds what does not belong to a model: {(strange or names)[0]!r}.", ADVICE)
        return {name: _read_file(folder / name) for name in names}
    except FileNotFoundError as error:
        raise ModelError(f"{folder} is not there.", "Run `churnscope train` first, or name the folder of a model.") from error
    except OSError as error:
        raise StorageError(f"{folder}: the model cannot be read ({error.strerror}).", "Allow reading there.") from error


def _read_file(path: Path) -> bytes:
    """The bytes of a plain file; links are not followed, pipes and devices not waited for."""
    if not stat.S_ISREG(path.lstat().st_mode):
        raise ModelError(f"{path} is a link or not a plain file.", ADVICE)
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST_FILE:
            raise ModelError(f"{path} is not a plain file of at most {LARGEST_FILE >> 20} MB.", ADVICE)
        return file.read()


def _check_listed(folder: Path, files: Files, listed: Mapping[str, str]) -> None:
    unlisted, absent = sorted(files.keys() - listed.keys()), sorted(listed.keys() - files.keys())
    if unlisted or absent:
        raise ModelError(
            f"{folder}: {(unlisted or absent)[0]!r} is {'not in the manifest' if unlisted else 'missing'}.", ADVICE
        )
    changed = [name for name, content in sorted(files.items()) if _digest(content) != listed[name]]
    if changed:
        raise ModelError(f"{folder}: {changed[0]} is not what was saved: its hash differs from the manifest.", ADVICE)
