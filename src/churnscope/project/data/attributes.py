"""What is told of customers and is no feature: why, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from churnscope.config.attributes import left_out_notes
from churnscope.config.models import Config
from churnscope.engines.duckdb import Loaded
from churnscope.levels import LEAST_SHARE


def left_out(config: Config, loaded: Loaded) -> tuple[str, ...]:
    """A sentence for each source whose values at earlier days are not known, and for each text without common values."""
    return (*left_out_notes(config), *_without_levels(loaded), *_numbering(loaded))


def _numbering(loaded: Loaded) -> Iterator[str]:
    for names in loaded.identifiers.values():
        told = ", ".join(sorted(names))
        yield (
            f"No feature is made of {told}: another whole number for every customer, as an id is. "
            "Where it measures something, name all attributes of the file, it among them."
        )


def read_as_text(loaded: Loaded) -> tuple[str, ...]:
    """A sentence for each text whose common values are all numbers: amounts that were not declared, or codes after all."""
    return tuple(
        f"The common values of {column} ({role}) are numbers, and each is told apart as a text. "
        'Where more of it means more, declare its type: types = { ... = "number" }.'
        for role, columns in loaded.levels.items()
        for column, levels in columns.items()
        if levels and all(_is_number(level.name) for level in levels)
    )


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[+-]?\d+([.,]\d+)?", text) is not None


def _without_levels(loaded: Loaded) -> Iterator[str]:
    for role, columns in loaded.levels.items():
        for column, levels in columns.items():
            if not levels:
                yield (
                    f"No feature is made of the texts of {column} ({role}): none of them is common enough ({LEAST_SHARE:.0%}). "
                    "Where they are numbers or dates, declare that under types; where they are names or ids, leave them out."
                )
