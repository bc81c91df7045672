"""Levels: values of a text column that are common enough to be told apart, and safe words to name them by."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

# A rarer value is no level: too few customers to learn from, and it may be a person's own (a name, a city, an id).
LEAST_SHARE: Final = 0.01
LEAST_ROWS: Final = 5  # of a small file, 1 % can be a single person
MOST_LEVELS: Final = 20
_LONGEST_WORD = 40
_LONGEST_TEXT = 60


@dataclass(frozen=True)
class Level:
    """A value as it is written in the files, and the 64-bit code as which it travels."""

    name: str
    code: int

    @property
    def text(self) -> str:
        """The name as people are shown it, cut where it is long."""
        return self.name if len(self.name) <= _LONGEST_TEXT else f"{self.name[: _LONGEST_TEXT - 1]}\u2026"


Levels = Mapping[str, Mapping[str, tuple[Level, ...]]]  # role -> column -> its levels, sorted by name
LevelNames = Mapping[str, Mapping[str, Sequence[str]]]  # the same by name alone, as a model keeps them


def names_of(levels: Levels) -> dict[str, dict[str, list[str]]]:
    """The levels by name alone, JSON-ready."""
    return {
        role: {column: [level.name for level in found] for column, found in sorted(columns.items())}
        for role, columns in sorted(levels.items())
    }


def named(levels: Sequence[Level]) -> Iterator[tuple[str, Level]]:
    """Each level with a word for it that no other has; those that would share one are numbered in their order.

    Examples
    --------
    >>> [word for word, _ in named([Level("Two year", 1), Level("two-year", 2), Level("\u6708", 3)])]
    ['two_year', 'two_year_2', 'level']
    """
    taken: set[str] = set()
    for level in levels:
        first = safe_word(level.name)[:_LONGEST_WORD].strip("_") or "level"
        word, number = first, 1
        while word in taken:
            number += 1
            word = f"{first}_{number}"
        taken.add(word)
        yield word, level


def safe_word(text: str) -> str:
    """Small letters, digits and _ made of a text; empty where it has none of them.

    Examples
    --------
    >>> safe_word("Cr\u00e9dit card (automatic)")
    'credit_card_automatic'
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "_", plain).strip("_")
