"""Where in the config, or in whose module, what a finding speaks of is written."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Final

from churnscope.config.models import Config
from churnscope.features import FAMILIES, Family

BUILT_IN: Final = frozenset(family.name for family in FAMILIES)


def is_mapped(config: Config, source: str, name: str) -> bool:
    """Whether a source declares a column or signal of this name."""
    return name in config.sources[source].columns or name in config.sources[source].signals


def place(config: Config, source: str, name: str) -> str:
    """Where the config maps a column, with its expression: `[sources.orders] columns.amount = "Quantity * Price"`."""
    said = config.sources[source]
    table, texts = ("columns", said.columns) if name in said.columns else ("signals", said.signals)
    return f"[sources.{source}] {table}.{name} = {json.dumps(texts[name], ensure_ascii=False)}"


def family_place(family: Family) -> str:
    """Which feature family it is, and the file it stands in."""
    if family.name in BUILT_IN:
        return f'feature family "{family.name}" of churnscope'
    file = inspect.getsourcefile(family.build)
    return f'feature family "{family.name}" of {Path(file).name if file else family.build.__module__}'
