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

    A table that the config does not describe is named after its role, and its columns after those of the role.

    Raises
    ------
    ConfigError : when a name is neither a source of the config nor a role.
    """
    sources = dict(document.get("sources", {}))
    for name, table in tables.items():
        if name in sources:
            described = {key: value for key, value in sources[name].items() if key not in _OF_FILES}
        elif name in ROLES:
            described = {"role": name, "columns": _columns_of_role(name, table.columns)}
        else:
            raise ConfigError(f"The config has no source {name}.", nearest(name, {*sources, *ROLES}))
        sources[name] = described | {"format": "parquet", "files": [str(table.path)]}
    return document | {"sources": sources}


def _columns_of_role(role: str, names: Sequence[str]) -> dict[str, str]:
    return {column.name: column.name for column in ROLES[role].columns if column.name in names}
