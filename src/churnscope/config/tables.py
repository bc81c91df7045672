"""Sources that are tables in memory: where they stand in a config."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from churnscope.errors import ConfigError, nearest
from churnscope.roles import ROLES

_OF_FILES = frozenset({"csv", "files", "format"})


@dataclass(frozen=True)
class KeptTable:
    """A table that was written to a Parquet file; `columns` are its names."""

    path: Path
    columns: Sequence[str]


def with_tables(document: dict[str, Any], tables: Mapping[str, KeptTable]) -> dict[str, Any]:
    """A parsed config whose sources of these names are read from these tables.

    A table that the config does not describe is named after its role. Columns that are not mapped bear the role's names.

    Raises
    ------
    ConfigError : when a name is neither a source of the config nor a role, or a column that the role needs is not there.
    """
    sources = dict(document.get("sources", {}))
    for name, table in tables.items():
        if name in sources:
            described = {key: value for key, value in sources[name].items() if key not in _OF_FILES}
            if "columns" not in described and described.get("role") in ROLES:
                described["columns"] = _columns_of_role(name, described["role"], table.columns)
        elif name in ROLES:
            described = {"role": name, "columns": _columns_of_role(name, name, table.columns)}
        else:
            raise ConfigError(f"The config has no source {name}.", nearest(name, {*sources, *ROLES}))
        sources[name] = described | {"format": "parquet", "files": [str(table.path)]}
    return document | {"sources": sources}


def _columns_of_role(source: str, role: str, names: Sequence[str]) -> dict[str, str]:
    """The columns that bear the names of the role's."""
    keys = {column.name: ROLES[role].key(column.name) for column in ROLES[role].columns}
    found = {key: key if key in names else name for name, key in keys.items() if {key, name} & set(names)}
    missing = [keys[name] for name in ROLES[role].required if keys[name] not in found]
    if missing:
        raise ConfigError(
            f"{source} has no column {' and no column '.join(missing)}. It has: {', '.join(names) or 'none'}.",
            f"Rename its columns, or map them: [sources.{source}.columns] {missing[0]} = ...",
        )
    return found
