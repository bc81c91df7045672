"""A language: how it says a message, and how it writes numbers, amounts and days.

A sentence often counts twice ("4 purchases in the last 30 days"), and the plurals of gettext follow one number alone. So a
translation writes the forms where they stand, `{value:.0f|# achat|# achats}`: the number's own form first, then the text for
one and the text for many, told apart by the language's rule in CLDR; `#` is the number.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal, Self, get_args

from churnscope.languages.message import SAID, Message, Value
from churnscope.languages.numbers import BETWEEN_FORMS, Marks

if TYPE_CHECKING:
    from babel import Locale

Code = Literal["en", "fr", "it", "pt_BR", "zh_Hans"]
CODES: Final[tuple[Code, ...]] = get_args(Code)
LOOKED_UP: Final = frozenset({"signal", "column"})  # values that may be words of ours, such as "duration"

_ONE_OF_MANY = re.compile(r"(?<![\d.,+-])1 ((?:different )?\w+?)(ies|s)\b")
_LAST_DAY = re.compile(r"\bin the last 1 days\b")
_NAMES: Final = {
    "english": "en",
    "french": "fr",
    "fran\u00e7ais": "fr",
    "francais": "fr",
    "italian": "it",
    "italiano": "it",
    "portuguese": "pt_BR",
    "portugu\u00eas": "pt_BR",
    "portugues": "pt_BR",
    "chinese": "zh_Hans",
    "mandarin": "zh_Hans",
    "\u4e2d\u6587": "zh_Hans",
    "\u6c49\u8bed": "zh_Hans",
    "\u666e\u901a\u8bdd": "zh_Hans",
}
_BY_FIRST: Final = {"en": "en", "fr": "fr", "it": "it", "pt": "pt_BR", "zh": "zh_Hans"}


@dataclass(frozen=True)
class Language:
    """One of the languages lists are written in.

    Parameters
    ----------
    code : as of a catalogue's file.
    texts : by English text what is said instead; empty for English.
    marks : the signs of its numbers.
    """

    code: str
    texts: Mapping[str, str] = field(repr=False, compare=False)
    marks: Marks

    def text(self, english: str) -> str:
        """A text without values; in English where the catalogue has none."""
        return self.texts.get(english, english)

    def say(self, message: Message) -> str:
        """A message in this language; in English where the catalogue has no such sentence.

        Examples
        --------
        >>> ENGLISH.say(Message("{value:.0f} tickets in the last {days} days", {"value": 1.0, "days": 30}))
        '1 ticket in the last 30 days'
        """
        said = self._sentence(message)
        return self.text(message.around).format_map({SAID: said}) if message.around else said

    def _sentence(self, message: Message) -> str:
        form = self.texts.get(message.text)
        if form is None:
            return agreeing(message.text.format_map(_numbers(message.values, self._english)))
        return form.format_map({name: self._value(name, value) for name, value in message.values.items()})

    def _value(self, name: str, value: Value) -> Value:
        if isinstance(value, str):
            return self.text(value) if name in LOOKED_UP else value
        return _Number(value, self.marks)

    @cached_property
    def _english(self) -> Marks:
        return Marks(currency=self.marks.currency)

    @cached_property
    def day_form(self) -> str:
        """How a spreadsheet shows a day.

        Examples
        --------
        >>> ENGLISH.day_form, language("fr").day_form, language("zh_Hans").day_form
        ('yyyy-mm-dd', 'dd/mm/yyyy', 'yyyy/m/d')
        """
        if self.marks.locale is None:
            return "yyyy-mm-dd"
        pattern = self.marks.locale.date_formats["short"].pattern
        return re.sub("y+", "yyyy", pattern.replace("M", "m"))

    def money_form(self, digits: int) -> str:
        r"""How a spreadsheet shows an amount.

        Examples
        --------
        >>> ENGLISH.money_form(2), language("en", "GBP").money_form(0), language("fr", "EUR").money_form(2)
        ('#,##0.00', '"£"#,##0', '#,##0.00"\xa0€"')
        """
        body = f"#,##0.{'0' * digits}" if digits else "#,##0"
        if not self.marks.currency:
            return body
        before, behind, _ = self.marks.around_money
        return "".join((f'"{before}"' if before else "", body, f'"{behind}"' if behind else ""))

    def day(self, day: date) -> str:
        """A day as text.

        Examples
        --------
        >>> language("it").day(date(2024, 2, 9)), ENGLISH.day(date(2024, 2, 9))
        ('09/02/2024', '2024-02-09')
        """
        parts = {"yyyy": f"{day:%Y}", "mm": f"{day:%m}", "dd": f"{day:%d}", "m": str(day.month), "d": str(day.day)}
        return re.sub("yyyy|mm|dd|m|d", lambda found: parts[found[0]], self.day_form)


ENGLISH: Final = Language("en", MappingProxyType({}), Marks())


@lru_cache(maxsize=32)
def language(code: str, currency: str = "") -> Language:
    """A language with its catalogue; nothing of the others is read.

    Parameters
    ----------
    code : one of `CODES`.
    currency : of amounts, as "EUR"; empty where it is not known.
    """
    if code == ENGLISH.code:
        return Language(ENGLISH.code, ENGLISH.texts, Marks(currency=currency)) if currency else ENGLISH
    return Language(code, _catalogue(code), Marks(_locale(code), currency))


@lru_cache(maxsize=len(CODES))
def _catalogue(code: str) -> Mapping[str, str]:
    from babel.messages.pofile import read_po

    with Path(__file__).with_name(f"{code}.po").open("rb") as stream:
        catalogue = read_po(stream, locale=code)
    return MappingProxyType({str(each.id): str(each.string) for each in catalogue if each.id and each.string})


def _locale(code: str) -> Locale:
    from babel import Locale

    return Locale.parse(code)


def code_in(text: str | None) -> str | None:
    """The language that a text names, as a code or in words; None where it is none of ours.

    Examples
    --------
    >>> [code_in(text) for text in ("fr-FR", "PT", "Italian", "\u4e2d\u6587", "Deutsch", None)]
    ['fr', 'pt_BR', 'it', 'zh_Hans', None, None]
    """
    word = unicodedata.normalize("NFC", text or "").strip().casefold()
    if word in _NAMES:
        return _NAMES[word]
    first = re.split(r"[^a-z]", word)[0]
    return _BY_FIRST.get(first) if re.fullmatch(r"[a-z]{2}([-_][a-z0-9]+)*", word) else _NAMES.get(first)


class _Number(float):
    """A number that is written as its language writes it, and chooses the form of what it counts."""

    marks: Marks

    def __new__(cls, value: float, marks: Marks) -> Self:
        number = super().__new__(cls, value)
        number.marks = marks
        return number

    def __format__(self, form: str) -> str:
        if BETWEEN_FORMS in form:
            return self.marks.one_of(float(self), form)
        return self.marks.write(float(self), form or ".0f")


def _numbers(values: Mapping[str, Value], marks: Marks) -> dict[str, Value]:
    return {name: value if isinstance(value, str) else _Number(value, marks) for name, value in values.items()}


def agreeing(text: str) -> str:
    """English whose nouns agree with a number 1 before them.

    Examples
    --------
    >>> agreeing("1 lines in the last 1 days"), agreeing("21 categories"), agreeing("1 different categories")
    ('1 line on the last day', '21 categories', '1 different category')
    """
    if "1 " not in text:
        return text
    return _ONE_OF_MANY.sub(_singular, _LAST_DAY.sub("on the last day", text))


def _singular(match: re.Match[str]) -> str:
    return f"1 {match[1]}{'y' if match[2] == 'ies' else ''}"
