"""A DuckDB that reads the given files and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from churnscope.config.models import Engine
from churnscope.errors import OutOfMemoryError, StorageError

_IN_MEMORY_BYTES = 1 << 29


@contextmanager
def connected(
    settings: Engine, readable: Sequence[Path], *, temp: Path | None, size_bytes: int
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that lives, with its temporary files, as long as the block.

    Parameters
    ----------
    readable : the only files that SQL may open.
    temp : folder for temporary files; None: the system's.
    size_bytes : what will be copied into the database; a large one is kept on disk.

    Raises
    ------
    OutOfMemoryError, StorageError : when memory or disk do not suffice while the block runs.
    """
    with _temporary_folder(temp) as folder:
        database = str(folder / "rows.duckdb") if size_bytes > _IN_MEMORY_BYTES else ":memory:"
        with duckdb.connect(database, config=_options(settings, folder)) as connection, _engine_errors():
            _seal(connection, readable)
            yield connection


def _options(settings: Engine, folder: Path) -> dict[str, str | bool | int | float | list[str]]:
    given = {"threads": settings.threads, "memory_limit": settings.memory_limit}
    return {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "temp_directory": str(folder / "spill"),
        **{name: value for name, value in given.items() if value is not None},
    }


def _seal(connection: duckdb.DuckDBPyConnection, readable: Sequence[Path]) -> None:
    """Times in UTC; no file beyond the readable ones; no setting may change after this."""
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    connection.execute("SET allowed_paths = $paths", {"paths": [str(path) for path in readable]})
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


@contextmanager
def _temporary_folder(parent: Path | None) -> Iterator[Path]:
    try:
        with TemporaryDirectory(prefix="churnscope-", dir=parent, ignore_cleanup_errors=True) as folder:
            yield Path(folder)
    except (FileNotFoundError, PermissionError) as error:
        where = parent or "the system's folder"
        raise StorageError(f"No temporary folder can be made in {where}.", "Set TMPDIR to a writable one.") from error


@contextmanager
def _engine_errors() -> Iterator[None]:
    """DuckDB's own failures as ours; its messages may quote values and stay out of them."""
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise OutOfMemoryError(
            "The rows do not fit the memory that the engine may use.", "Raise [engine] memory_limit."
        ) from error
    except duckdb.IOException as error:
        raise StorageError("The engine cannot read or write a file.", "Check the space of the temporary folder.") from error
