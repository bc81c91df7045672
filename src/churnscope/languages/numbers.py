"""Numbers as the readers of a language write them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from babel import Locale

MONEY = ",.2f"  # the form of an amount; where the currency is known, it is said too
FORM = re.compile(r"(?:,?\.\d[fg%])?")
BETWEEN_FORMS, THE_NUMBER = "|", "#"


@dataclass(frozen=True)
class Marks:
    """The signs a language writes numbers with.

    Parameters
    ----------
    locale : of Babel; None for English, which needs none unless a currency is named.
    currency : of amounts, as "EUR"; empty where it is not known.
    """

    locale: Locale | None = None
    currency: str = ""

    def write(self, value: float, form: str) -> str:
        """A number in one of the forms of a sentence: as people write it, with the language's signs.

        Examples
        --------
        >>> Marks().write(1234.5, ",.2f"), Marks().write(3.0, ".1f"), Marks().write(-0.1, ".0f")
        ('1,234.50', '3', '0')
        """
        if form == MONEY and self.currency:
            return self._money(value)
        return self._signed(plain(value, form))

    def one_of(self, value: float, form: str) -> str:
        """Which of the forms a count takes, where `form` is a number's form and the texts for one and for many.

        Examples
        --------
        >>> from babel import Locale
        >>> french = Marks(Locale.parse("fr"))
        >>> [french.one_of(value, ".0f|# jour|# jours") for value in (1, 2)]
        ['1 jour', '2 jours']
        """
        form, *texts = form.split(BETWEEN_FORMS)
        shown = plain(value, form)
        is_one = self.locale is not None and _is_one(self.locale, shown)
        return texts[0 if is_one else -1].replace(THE_NUMBER, self._signed(shown))

    @cached_property
    def decimal(self) -> str:
        """Between whole and parts."""
        return "." if self.locale is None else self.locale.number_symbols["latn"]["decimal"]

    @cached_property
    def group(self) -> str:
        """Between thousands."""
        return "," if self.locale is None else self.locale.number_symbols["latn"]["group"]

    @cached_property
    def percent(self) -> str:
        """Behind a percentage."""
        return "%" if self.locale is None else self.locale.percent_formats[None].suffix[0]

    @cached_property
    def around_money(self) -> tuple[str, str, int]:
        """What stands before and behind an amount, and its digits behind the point."""
        from babel import Locale
        from babel.numbers import get_currency_precision, get_currency_symbol

        locale = self.locale or Locale.parse("en")
        pattern, sign = locale.currency_formats["standard"], get_currency_symbol(self.currency, locale)
        before, behind = (affix[0].replace("\u00a4", sign) for affix in (pattern.prefix, pattern.suffix))
        return before, behind, get_currency_precision(self.currency)

    def _money(self, value: float) -> str:
        before, behind, digits = self.around_money
        body = self._signed(plain(abs(value), f",.{digits}f", keep_digits=True))
        sign = "-" if round(value, digits) < 0 else ""
        return f"{sign}{before}{body}{behind}"

    def _signed(self, text: str) -> str:
        return text if self.locale is None else text.translate(self._signs)

    @cached_property
    def _signs(self) -> dict[int, str]:
        return {ord("."): self.decimal, ord(","): self.group, ord("%"): self.percent}


@lru_cache(maxsize=1 << 14)
def _is_one(locale: Locale, shown: str) -> bool:
    """Whether a language counts a number as one, as it is shown in English."""
    return locale.plural_form(Decimal(shown.replace(",", "").removesuffix("%"))) == "one"


def plain(value: float, form: str, *, keep_digits: bool = False) -> str:
    """A number in English: no minus before nought, no powers of ten, no lone nought behind the point."""
    text = format(float(value), f"z{form}")
    if "e" not in text:
        return text if keep_digits else text.removesuffix(".0")
    return f"{float(value):,.0f}" if abs(value) > 1 else f"{float(value):z.6f}".rstrip("0").rstrip(".")
