"""Which columns the files of a source share, and which of them its config reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlglot import exp

from churnscope.config.models import Source
from churnscope.errors import ConfigError, InputError, nearest
from churnscope.expressions import parse_expression
from churnscope.sources.files import DataFile


@dataclass(frozen=True)
class FileColumns:
    """The columns of one file: common name -> name in this file."""

    file: DataFile
    names: dict[str, str]


def common_columns(files: Sequence[tuple[DataFile, Sequence[str]]]) -> list[FileColumns]:
    """The columns of each file under common names: renamed as declared, and spelt as in the first file whatever their case.

    Raises
    ------
    InputError : when a file lacks a header that its `rename` names, or two of its columns get one name.
    """
    spelling: dict[str, str] = {}
    found = []
    for file, header in files:
        for old in file.rename:
            if old not in header:
                raise InputError(f"{file.name}: there is no column {old} to rename.", nearest(old, header))
        names = {}
        for written in header:
            new = file.rename.get(written, written)
            common = new if new in spelling.values() else spelling.setdefault(new.lower(), new)
            if common in names:
                raise InputError(f"{file.name}: two columns are called {common}.", "Rename one of them.")
            names[common] = written
        found.append(FileColumns(file, names))
    return found


def needed_columns(name: str, source: Source, columns: Sequence[FileColumns], joined: Sequence[FileColumns] = ()) -> list[str]:
    """Common names of the columns that the config reads, in the order of the first file.

    Raises
    ------
    InputError : when a file lacks one, naming both.
    """
    extra = set.intersection(*(set(item.names) for item in joined)) if joined else set()
    extra |= {source.row_number} if source.row_number else set()
    needed: set[str] = set()
    for item in columns:
        needed |= _read_of(name, source, item, extra)
    for item in columns:
        for missing in sorted(needed - extra - set(item.names)):
            raise InputError(f"{item.file.name}: there is no column {missing}.", nearest(missing, item.names))
    return [*(common for common in columns[0].names if common in needed), *sorted(needed - set(columns[0].names))]


def unused_columns(columns: Sequence[FileColumns], needed: Sequence[str]) -> list[str]:
    """Common names that nothing reads."""
    return sorted({common for item in columns for common in item.names} - set(needed))


def _read_of(name: str, source: Source, columns: FileColumns, extra: set[str]) -> set[str]:
    if source.row_number in columns.names:
        raise InputError(f"{columns.file.name}: there is a column {source.row_number} already.", "Choose another row_number.")
    known = [*columns.names, *sorted(extra)]
    _refuse_unknown_types(name, source, known)
    found: set[str] = set()
    for key, text in texts_of(source):
        where = f"[sources.{name}] {key}"
        try:
            parsed = parse_expression(text, where=where, columns=known)
        except ConfigError as error:
            raise InputError(f"{columns.file.name}: {error.what}", error.advice) from error
        found |= {node.name for node in parsed.find_all(exp.Column)}
    return found


def _refuse_unknown_types(name: str, source: Source, known: Sequence[str]) -> None:
    for column in source.types:
        if column not in known:
            raise InputError(f"[sources.{name}] types: the files have no column {column}.", nearest(column, known))


def texts_of(source: Source) -> Iterator[tuple[str, str]]:
    """Every text of a source that is read as columns, with its key."""
    yield from source.texts
    if source.join:
        yield from (("join.on", f'"{name}"') for name in source.join.on)
