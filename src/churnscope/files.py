"""Writing files so that a reader meets the old content or the new, never a part.

A file is written under a temporary name in its own folder, flushed, renamed, and the folder is flushed. The temporary name,
`.<name>.<process id>.tmp`, tells what a killed run left behind. A flush that failed is never tried again: the system may have
dropped the pages it could not write, so the second flush would lie; the file is written anew instead.

References
----------
Pillai et al., "All File Systems Are Not Created Equal", OSDI 2014.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from io import BufferedWriter, FileIO
from pathlib import Path

from churnscope.errors import StorageError

BUFFER_BYTES = 1 << 20
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
DENIED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
FAILING = frozenset({errno.EIO, errno.ESTALE})
STORAGE = FULL | DENIED | FAILING
_NO_FOLDER_FLUSH = frozenset({errno.EINVAL, errno.ENOTSUP})  # some network file systems cannot flush a folder
_TEMPORARY = re.compile(r"\.(?P<name>.+)\.\d+\.tmp")


def storage_error(error: OSError, path: Path, *, right: str = "write", needed_bytes: int = 0) -> StorageError:
    """What the operating system refused, in words that name the path and the right or the space that is missing."""
    folder = _existing(path)
    if error.errno in FULL:
        needed = f", about {needed_bytes:,} bytes are needed" if needed_bytes else ""
        free = f"{free_bytes(folder):,} bytes are free in {folder}"
        return StorageError(
            f"{path}: there is no room to write it ({free}{needed}; {error.strerror}).",
            "Free space or raise the quota, or name another output folder, then run the same command again.",
        )
    if error.errno in DENIED:
        return StorageError(
            f"{path}: no right to {right} it ({error.strerror}).",
            f"Give this user the right to {right} {path if right == 'read' else folder}, or name another path.",
        )
    return StorageError(
        f"{path}: cannot {right} it ({error.strerror or error}).",
        "Check the path and the disk or network share it is on, then run the same command again.",
    )


@contextmanager
def storage_errors(path: Path, *, right: str = "write", needed_bytes: int = 0) -> Iterator[None]:
    """Turn an `OSError` of the block into the `StorageError` that names `path`."""
    try:
        yield
    except OSError as error:
        raise storage_error(error, path, right=right, needed_bytes=needed_bytes) from error


def free_bytes(folder: Path) -> int:
    """Bytes this user may still write in the file system of `folder`; 0 where it cannot be asked."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return 0


def check_room(folder: Path, needed_bytes: int) -> None:
    """Refuse to start where `needed_bytes` cannot fit.

    Raises
    ------
    StorageError : when the file system of `folder` has less room than that.
    """
    free = free_bytes(_existing(folder))
    if free < needed_bytes:
        raise StorageError(
            f"{folder}: about {needed_bytes:,} bytes are needed and {free:,} are free.",
            "Free space, or name another output folder, then run the same command again.",
        )


def make_folder(folder: Path) -> None:
    """Create `folder` and its parents where they are missing."""
    with storage_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)


def temporary_of(path: Path) -> Path:
    """The name under which this process writes `path`.

    Examples
    --------
    >>> temporary_of(Path("out/scores.csv")).name == f".scores.csv.{os.getpid()}.tmp"
    True
    """
    return path.with_name(f".{path.name}.{os.getpid()}.tmp")


def temporaries(folder: Path, name: str | None = None) -> list[Path]:
    """Temporary files and folders in `folder`, of any process, sorted; of one file where `name` is given."""
    found = [(path, _TEMPORARY.fullmatch(path.name)) for path in sorted(folder.iterdir())] if folder.is_dir() else []
    return [path for path, match in found if match and name in (None, match["name"])]


def remove_orphans(folder: Path, names: Collection[str] | None = None) -> None:
    """Remove what killed runs left of the files `names` (of any file: None).

    Only the holder of the lock that guards those files may call this: the lock, not the process id, tells that no run lives.
    """
    with storage_errors(folder):
        for path in temporaries(folder):
            if names is None or _TEMPORARY.sub(r"\g<name>", path.name) in names:
                _remove(path)


@contextmanager
def staged(path: Path, *, needed_bytes: int = 0) -> Iterator[BufferedWriter]:
    """A stream to the temporary file of `path`: on disk when the block ends, gone when the block fails.

    Raises
    ------
    StorageError : when it cannot be created, written or flushed, or when `path` is there and is not a plain file.
    """
    _refuse_special(path)
    temporary = temporary_of(path)
    with storage_errors(path, needed_bytes=needed_bytes), _removed_on_failure(temporary), _created(temporary) as stream:
        yield stream
        stream.flush()
        os.fsync(stream.fileno())


def publish(temporary: Path, path: Path) -> None:
    """Give a flushed temporary file its name, in one step, and flush the folder."""
    with storage_errors(path):
        temporary.replace(path)
        flush_folder(path.parent)


def write_atomically(path: Path, content: bytes) -> None:
    """Replace `path` by `content`; after a failure or a kill the old content is there.

    Raises
    ------
    StorageError : when the file system refuses.
    """
    with staged(path, needed_bytes=len(content)) as stream:
        stream.write(content)
    with _removed_on_failure(temporary_of(path)):
        publish(temporary_of(path), path)


@contextmanager
def staged_folder(folder: Path) -> Iterator[Path]:
    """A private temporary folder that becomes `folder`, in one step, when the block ends.

    Raises
    ------
    StorageError : when the file system refuses, or when `folder` is there already and not empty.
    """
    temporary = temporary_of(folder)
    with storage_errors(folder), _removed_on_failure(temporary):
        _remove(temporary)
        temporary.mkdir(mode=0o700, parents=True)
        yield temporary
        for path in [*temporary.rglob("*"), temporary]:
            _flush(path)
        temporary.rename(folder)
        flush_folder(folder.parent)


def flush_folder(folder: Path) -> None:
    """Flush the names in `folder` to disk, where its file system knows how."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_FOLDER_FLUSH:
            raise
    finally:
        os.close(descriptor)


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's content, as 64 hexadecimal digits.

    Raises
    ------
    StorageError : when the file cannot be read.
    """
    with storage_errors(path, right="read"), path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _created(temporary: Path) -> BufferedWriter:
    # A leftover of the same process id is emptied; a link put there by another user is not followed.
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    return BufferedWriter(FileIO(descriptor, "wb"), BUFFER_BYTES)


def _flush(path: Path) -> None:
    if path.is_dir():
        flush_folder(path)
    else:
        with path.open("rb") as stream:
            os.fsync(stream.fileno())


def _refuse_special(path: Path) -> None:
    if path.exists() and not path.is_file():
        raise StorageError(f"{path}: is there and is not a plain file.", "Name a file that may be replaced.")


@contextmanager
def _removed_on_failure(path: Path) -> Iterator[None]:
    with ExitStack() as clean_up:
        clean_up.callback(_remove, path)
        yield
        clean_up.pop_all()


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _existing(path: Path) -> Path:
    """The nearest folder that is there: `path` or a parent of it."""
    absolute = path.absolute()
    return next((folder for folder in (absolute, *absolute.parents) if folder.is_dir()), Path("/"))
