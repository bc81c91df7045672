"""Where in the config, or in whose module, what a finding speaks of is written."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Final

from churnscope.config.models import Config, Source
from churnscope.features import FAMILIES, Family
from churnscope.roles import ROLES, START

BUILT_IN: Final = frozenset(family.name for family in FAMILIES)


def is_mapped(config: Config, source: str, name: str) -> bool:
    """Whether a source declares a column or signal of this name."""
    said = config.sources[source]
    if _is_every_column(said):
        return True
    return any(_key(name) in texts for texts in (said.columns, said.signals, said.attributes))


def place(config: Config, source: str, name: str) -> str:
    """Where the config maps a column, with its expression: `[sources.orders] columns.amount = "Quantity * Price"`."""
    said, key = config.sources[source], _key(name)
    if _is_every_column(said) and key not in said.columns:
        return f"[sources.{source}] the column named {key}"
    tables = {"columns": said.columns, "signals": said.signals, "attributes": said.attributes}
    table, text = next((table, texts[key]) for table, texts in tables.items() if key in texts)
    return f"[sources.{source}] {table}.{key} = {json.dumps(text, ensure_ascii=False)}"


def _is_every_column(source: Source) -> bool:
    """Whether every column of the files is an attribute, none of them named."""
    return ROLES[source.role].is_state and not source.attributes


def _key(name: str) -> str:
    """The key under which a column is mapped: the day on which somebody became a customer is a source's time."""
    return "time" if name == START else name


def family_place(family: Family) -> str:
    """Which feature family it is, and the file it stands in."""
    if family.name in BUILT_IN:
        return f'feature family "{family.name}" of churnscope'
    file = inspect.getsourcefile(family.build)
    return f'feature family "{family.name}" of {Path(file).name if file else family.build.__module__}'
