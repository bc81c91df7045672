"""How the numbers of a column are written: decimal point or comma, signs between thousands, currencies."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_PLAIN = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_COMMA = re.compile(r"[+-]?\d+(,\d+)?")
_POINT_THOUSANDS = re.compile(r"[+-]?\d{1,3}(\.\d{3})+(,\d+)?|[+-]?\d+(,\d+)?")
_COMMA_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?|[+-]?\d+(\.\d+)?")
_AMBIGUOUS = re.compile(r"[+-]?\d{1,3},\d{3}")
_WORDS = re.compile(r"[€$£¥₹\s'\u2019%]|\b(?:EUR|USD|GBP|CHF|SEK|NOK|DKK|PLN|CZK|JPY|kr|zł)\b", re.IGNORECASE)
_ENOUGH = 0.95


@dataclass(frozen=True)
class NumberStyle:
    """How numbers are written.

    Parameters
    ----------
    decimal : "." or ",".
    thousands : the sign between thousands, or empty.
    has_words : whether currency signs or blanks stand beside the digits.
    fits, values : values that are numbers when read so, of so many.
    is_open : whether a comma may as well stand between thousands as before decimals.
    """

    decimal: str
    thousands: str
    has_words: bool
    fits: int
    values: int
    is_open: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether any reader understands them."""
        return self.decimal == "." and not self.thousands and not self.has_words

    @property
    def is_comma(self) -> bool:
        """Whether only the decimal comma is special, which a config can declare for the whole file."""
        return self.decimal == "," and not self.thousands and not self.has_words

    @property
    def words(self) -> str:
        """How numbers are written, for people."""
        parts = ["decimal comma" if self.decimal == "," else "decimal point"]
        if self.thousands:
            parts.append(f"a {'comma' if self.thousands == ',' else 'point'} between thousands")
        if self.has_words:
            parts.append("currency signs or blanks")
        return ", ".join(parts)

    def expression(self, column: str) -> str:
        """SQL that makes a number of a text column, given as SQL."""
        text = f"regexp_replace({column}, '[^0-9,.+eE-]', '', 'g')" if self.has_words else column
        if self.thousands:
            text = f"replace({text}, '{self.thousands}', '')"
        if self.decimal == ",":
            text = f"replace({text}, ',', '.')"
        return f"CAST({text} AS DOUBLE)"

    def number(self, text: str) -> float | None:
        """The number that a text stands for."""
        if self.has_words:
            text = _WORDS.sub("", text)
        if self.thousands:
            text = text.replace(self.thousands, "")
        if self.decimal == ",":
            text = text.replace(",", ".")
        return float(text) if _PLAIN.fullmatch(text) else None


def read_numbers(values: Sequence[str], *, comma_hint: bool = False) -> NumberStyle | None:
    """How the numbers of a column are written; None where they are not numbers.

    Parameters
    ----------
    values : present values.
    comma_hint : whether the file looks as if commas stand before decimals.

    Examples
    --------
    >>> read_numbers(["1.234,50", "12,00"]).words
    'decimal comma, a point between thousands'
    >>> read_numbers(["abc", "12"]) is None
    True
    """
    if not values:
        return None
    for has_words in (False, True):
        texts = [_WORDS.sub("", value) for value in values] if has_words else values
        for pattern, decimal, thousands in _styles(texts, comma_hint=comma_hint):
            fits = sum(pattern.fullmatch(text) is not None for text in texts)
            if fits >= _ENOUGH * len(values):
                is_open = decimal != thousands and "," in (decimal, thousands) and _is_open(texts)
                return NumberStyle(decimal, thousands, has_words, fits, len(values), is_open)
    return None


def _styles(texts: Iterable[str], *, comma_hint: bool) -> list[tuple[re.Pattern[str], str, str]]:
    plain, comma = (_PLAIN, ".", ""), (_COMMA, ",", "")
    thousands = [(_COMMA_THOUSANDS, ".", ","), (_POINT_THOUSANDS, ",", ".")]
    if _is_open(texts) and not comma_hint:
        return [plain, thousands[0], comma, thousands[1]]
    return [plain, comma, *thousands]


def _is_open(texts: Iterable[str]) -> bool:
    """Whether every comma has three digits behind it and up to three before."""
    commas = [text for text in texts if "," in text]
    return bool(commas) and all(_AMBIGUOUS.fullmatch(text) for text in commas)
