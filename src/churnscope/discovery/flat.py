"""A file with one row per customer and a column that says who left: what it needs to be learned from alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from churnscope.discovery.guesses import percent
from churnscope.discovery.kinds import Kind
from churnscope.discovery.profiles import Profile
from churnscope.discovery.vocabulary import LABEL
from churnscope.discovery.words import matches, words_of


@dataclass(frozen=True)
class Left:
    """The column that says who left.

    Parameters
    ----------
    column : with two values.
    value : the one that stands for those who left.
    evidence : why.
    check : whether the other value may be meant.
    """

    column: Profile
    value: str
    evidence: str
    check: bool = False


def label_of(kind: Kind) -> Left | None:
    """The column that says who left, the surest one; None where there is none."""
    found = [left for profile in kind.profiles if speaks_of_leaving(profile.name) and (left := _read(profile))]
    return min(found, key=lambda left: (left.check, len(words_of(left.column.name))), default=None)


def speaks_of_leaving(header: str) -> bool:
    """Whether a header says that a column is the outcome, or was made from it."""
    return any(matches(word, stem) for word in words_of(header) for stem in LABEL.headers)


def others_that_tell(kind: Kind, left: Left) -> list[str]:
    """Further columns whose headers speak of the outcome: no customer that is to be scored has them."""
    return [profile.name for profile in kind.profiles if profile is not left.column and speaks_of_leaving(profile.name)]


def _read(profile: Profile) -> Left | None:
    counts = Counter(profile.present)
    if len(counts) != 2:
        return None
    gone = [value for value in counts if _is_left(value)]
    stayed = [value for value in counts if value.lower() in LABEL.stayed]
    sure = gone if len(gone) == 1 else [value for value in counts if value not in stayed] if len(stayed) == 1 else []
    value = sure[0] if sure else min(counts, key=lambda value: (counts[value], value))
    share = f"{percent(counts[value], counts.total())} sampled customers left"
    return Left(profile, value, share if sure else f"{share}, if the rarer value says so", check=not sure)


def _is_left(value: str) -> bool:
    words: Sequence[str] = words_of(value)
    return value.lower() in LABEL.left or any(word.startswith(LABEL.left_stems) for word in words[:1])
