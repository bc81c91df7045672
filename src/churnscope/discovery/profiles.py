"""What each column of a file is, whatever it is called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from churnscope.discovery.dates import TIMESTAMP, Times, offsets_of, read_times
from churnscope.discovery.ids import MISSING_WORDS
from churnscope.discovery.numbers import NumberStyle, read_numbers
from churnscope.discovery.tables import Column
from churnscope.discovery.vocabulary import EPOCH_WORDS
from churnscope.discovery.words import words_of

_READABLE_FLAGS = frozenset({"true", "false", "t", "f", "0", "1", "yes", "no", "y", "n"})
_NEVER_YEAR = 2_200  # no contract is agreed for so long


@dataclass(frozen=True)
class Profile:
    """A column, understood.

    Parameters
    ----------
    column : with its values.
    kind : time, number, flag or text.
    times, numbers : how it is written, where it is one.
    missing_words : texts that stand for a missing value.
    """

    column: Column
    kind: str
    times: Times | None = field(default=None, repr=False)
    numbers: NumberStyle | None = None
    missing_words: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Its header."""
        return self.column.name

    @property
    def present(self) -> list[str]:
        """The values there are."""
        return [value for value in self.column.present if value not in self.missing_words]

    @property
    def distinct_share(self) -> float:
        """Distinct values over present ones."""
        present = self.present
        return len(set(present)) / len(present) if present else 0.0

    @property
    def has_fractions(self) -> bool:
        """Whether a number has decimals other than zero."""
        style = self.numbers
        return style is not None and any((style.number(value) or 0) % 1 for value in self.present[:2_000])


def profile(column: Column, *, today: date, comma_hint: bool) -> Profile:
    """What a column is.

    Parameters
    ----------
    today : see `read_times`.
    comma_hint : whether the file looks as if commas stand before decimals.
    """
    if column.native not in {None, "string"}:
        return _native(column, today)
    values = column.present
    if not values:
        return Profile(column, "text")
    words = tuple(word for word in MISSING_WORDS if word in set(values))
    readable = [value for value in values if value not in words] if words else values
    is_csv = column.native is None
    may_be_epoch = not column.name or bool(EPOCH_WORDS.intersection(words_of(column.name)))
    times = read_times(readable, today=today, may_be_epoch=may_be_epoch, day_first_hint=comma_hint) if readable else None
    if times is None and (found := _times_beside_a_word(readable, today, comma_hint=comma_hint)):
        times, words = found[0], (*words, found[1])
    if times and (far := _for_ever(times, readable)):
        near = [value for value in readable if value not in far]
        times, words = read_times(near, today=today, may_be_epoch=False, day_first_hint=comma_hint), (*words, *far)
    if times:
        return Profile(column, "time", times, missing_words=words)
    numbers = read_numbers(readable, comma_hint=comma_hint)
    if _is_flag(readable, is_number=numbers is not None):
        return Profile(column, "flag", numbers=numbers, missing_words=words)
    if numbers and (is_csv or numbers.is_plain):
        return Profile(column, "number", numbers=numbers, missing_words=words)
    return Profile(column, "text", missing_words=words)


def _for_ever(times: Times, values: Sequence[str]) -> list[str]:
    """Days such as 31 December 9999, which stand for none, beside others."""
    if len(times.moments) != len(values):
        return []
    far = {value for value, moment in zip(values, times.moments, strict=True) if moment and moment.year >= _NEVER_YEAR}
    return sorted(far) if len(far) < len(set(values)) else []


def _times_beside_a_word(values: Sequence[str], today: date, *, comma_hint: bool) -> tuple[Times, str] | None:
    """Times in some rows and one and the same word in all others, such as No for a contract that runs."""
    words = {value for value in set(values) if not any(map(str.isdigit, value))}
    if len(words) != 1:
        return None
    (word,) = words
    dated = [value for value in values if value != word]
    times = read_times(dated, today=today, may_be_epoch=False, day_first_hint=comma_hint) if dated else None
    return (times, word) if times else None


def _native(column: Column, today: date) -> Profile:
    values = column.present
    if column.native == "time":
        times = read_times(values, today=today, may_be_epoch=False) if values else None
        if times is None:
            return Profile(column, "text")
        offsets = frozenset({"+00:00"}) if column.is_zoned else offsets_of(values[:100])
        return Profile(column, "time", Times(TIMESTAMP, times.moments, "the file itself calls it a time", offsets=offsets))
    if column.native == "number":
        if EPOCH_WORDS.intersection(words_of(column.name)):
            times = read_times(values, today=today, may_be_epoch=True)
            if times is not None and (times.is_epoch or times.type == "%Y%m%d"):
                return Profile(column, "time", times)
        return Profile(column, "number", numbers=NumberStyle(".", "", False, len(values), len(values)))
    return Profile(column, "flag" if column.native == "flag" else "text")


def _is_flag(values: Sequence[str], *, is_number: bool) -> bool:
    distinct = {value.lower() for value in values}
    return len(distinct) == 2 and distinct <= _READABLE_FLAGS and (not is_number or distinct <= {"0", "1"}) and len(values) > 2
