"""Environment variables that stand in for keys: `CHURNSCOPE__TRACKING__URI` is `[tracking] uri`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

from churnscope.config.keys import Key
from churnscope.errors import ConfigError

PREFIX = "CHURNSCOPE__"


def override(document: dict[str, Any], environment: Mapping[str, str]) -> dict[Key, str]:
    """Write the overriding variables of an environment into a parsed config file.

    Parameters
    ----------
    document : the parsed file; changed in place. Keys it has are found whatever their case.
    environment : the variables; those without the prefix are left alone.

    Returns
    -------
    Each key that was written, with the variable it came from.

    Raises
    ------
    ConfigError : when a variable leads into a key that holds no table.
    """
    origins: dict[Key, str] = {}
    for variable in sorted(environment):
        if variable.upper().startswith(PREFIX):
            origins[_write(document, variable, _value(environment[variable]))] = variable
    return origins


def _write(document: dict[str, Any], variable: str, value: object) -> Key:
    key: list[str] = []
    table: Any = document
    names = variable[len(PREFIX) :].split("__")
    for depth, name in enumerate(names):
        if not name or not isinstance(table, dict):
            raise ConfigError(
                f"environment variable {variable}: {'.'.join(key) or 'nothing'} holds no further keys.",
                f"Write {PREFIX}TABLE__KEY, with two underscores between the parts; a list is given whole, as [1, 2].",
            )
        key.append(_spelling(name, table))
        if depth == len(names) - 1:
            table[key[-1]] = value
        else:
            table = table.setdefault(key[-1], {})
    return tuple(key)


def _spelling(name: str, table: Mapping[str, Any]) -> str:
    """The key as the file writes it, else in small letters."""
    return next((key for key in table if key.lower() == name.lower()), name.lower())


def _value(text: str) -> object:
    """The text read as a TOML value, else the text itself: addresses and names need no quotes."""
    try:
        values = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text
    return values["value"] if values.keys() == {"value"} else text
