"""A feature is a value with a name, a unit, a window and a sentence."""

from __future__ import annotations

import math
import string
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from churnscope.errors import ConfigError
from churnscope.events import EVER, Window
from churnscope.languages import ENGLISH, Message, Value, agreeing, placeholders
from churnscope.languages.numbers import FORM

Direction = Literal[-1, 0, 1]
RISING: Final = 1  # more of it raises the risk
FALLING: Final = -1  # more of it lowers the risk
EITHER: Final = 0  # both can be

VALUE: Final = "value"
NEVER_MISSING = "always known"
_FORM_ADVICE = "Write {value} with its form, as {value:.0f}, {value:,.2f}, {value:.0%} or {value:,.4g}."


@dataclass(frozen=True, kw_only=True)
class FeatureSpec:
    """What a feature means, to a reader of the catalogue and to a retention team.

    Parameters
    ----------
    name : unique among all features; unit and window are its suffixes.
    unit : of the value: days, purchases, currency, share, ratio ...
    concept : what it speaks of; of several features of one concept a list of reasons names one.
    sentence : the value in plain words, a format text with `{value}`, `{days}` for the window, the names of `words` and of
        other features. Where the value is there, so are those it names. A number's form is `.0f`, `.0%`, `,.4g` or the like;
        `,.2f` is money.
    missing : the words for a missing value; with `{days}` and `words`, too.
    at_zero : the words for 0, where the sentence speaks of 1 and there is nothing between; empty for any other feature.
    window : days of the window it reads; None for all history.
    direction : `RISING`, `FALLING` or `EITHER`: what more of it is expected to do to the risk of leaving.
    spoken : whether it may be given as a reason: false for what tells a model much and a caller little.
    family : the family that builds it.
    role : whose events it reads; empty for one that reads those of several roles, or none.
    words : what else stands in braces in sentence, missing and at_zero, so that one translation serves all that differ by it.

    Raises
    ------
    ConfigError : when the sentence holds anything but plain numbers, or the direction is none.
    """

    name: str
    unit: str
    concept: str
    sentence: str
    missing: str = NEVER_MISSING
    at_zero: str = ""
    window: Window = EVER
    direction: Direction = EITHER
    spoken: bool = True
    family: str = ""
    role: str = ""
    words: Mapping[str, Value] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if self.direction not in {RISING, FALLING, EITHER}:
            raise ConfigError(f"Feature {self.name}: direction is {self.direction!r}.", "Write RISING, FALLING or EITHER.")
        self._checked("sentence", self.sentence)
        for key, text in (("missing", self.missing), ("at_zero", self.at_zero)):
            if unknown := sorted(self._checked(key, text) - self._fixed.keys()):
                raise ConfigError(f"Feature {self.name}: its {key} names {', '.join(unknown)}.", "Name days and words alone.")
        if "days" in self.named:
            raise ConfigError(f"Feature {self.name}: its sentence names days, and it has no window.", "Give it its window.")

    def _checked(self, key: str, text: str) -> set[str]:
        """The names in a text, once it holds nothing but plain numbers."""
        try:
            parts = list(string.Formatter().parse(text))
        except ValueError as error:
            raise ConfigError(f"Feature {self.name}: its {key} is no format text ({error}).", _FORM_ADVICE) from error
        for _, name, form, conversion in parts:
            if conversion or (name is not None and not (name.isidentifier() and FORM.fullmatch(form or ""))):
                raise ConfigError(f"Feature {self.name}: its {key} holds more than plain numbers.", _FORM_ADVICE)
        return {name for _, name, _, _ in parts if name is not None}

    def of_return(self) -> FeatureSpec:
        """The same feature where a customer's return is predicted: what more of it does turns round."""
        opposite: dict[Direction, Direction] = {RISING: FALLING, FALLING: RISING, EITHER: EITHER}
        return replace(self, direction=opposite[self.direction])

    @cached_property
    def named(self) -> tuple[str, ...]:
        """The other features whose numbers the sentence names, sorted."""
        return tuple(sorted(placeholders(self.sentence).keys() - {VALUE} - self._fixed.keys()))

    @cached_property
    def plain(self) -> str:
        """The sentence with its words filled in, and the numbers of features left open.

        Examples
        --------
        >>> words = {"unit": "lines", "concept": "lines", "sentence": "{value:.0f} lines in the last {days} days"}
        >>> FeatureSpec(name="lines_30d", window=30, **words).plain
        '{value:.0f} lines in the last 30 days'
        """
        forms = placeholders(self.sentence)
        left_open = {name: f"{{{name}:{forms[name]}}}" for name in forms.keys() - self._fixed.keys()}
        return agreeing(_filled(self.sentence, {name: _kept(str(value)) for name, value in self._fixed.items()} | left_open))

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """What can be said of it, as catalogues have it; nothing of what is no reason."""
        said = (self._text, self.missing if self.missing != NEVER_MISSING else "", self.at_zero)
        return tuple(text for text in said if text) if self.spoken else ()

    @cached_property
    def _fixed(self) -> dict[str, Value]:
        return {**({} if self.window is EVER else {"days": self.window}), **self.words}

    @cached_property
    def _text(self) -> str:
        """The sentence without the window in the names of other features: one text for all windows."""
        text = self.sentence
        for name in self.named:
            text = text.replace(f"{{{name}", f"{{{self._short(name)}")
        return text

    def _short(self, name: str) -> str:
        return name.removesuffix(f"_{suffix(self.window)}")

    def message(self, value: float, others: Mapping[str, float]) -> Message:
        """What is to be said of one customer; parameters as in `say`."""
        if math.isnan(value):
            return Message(self.missing, self._fixed)
        if value == 0 and self.at_zero:
            return Message(self.at_zero, self._fixed)
        return Message(self._text, {**self._fixed, **{self._short(name): others[name] for name in self.named}, VALUE: value})

    def say(self, value: float, others: Mapping[str, float]) -> str:
        """The sentence for one customer.

        Parameters
        ----------
        value : of this feature; NaN says what its absence means.
        others : values of all features by name.

        Examples
        --------
        >>> words = {"sentence": "last bought {value:.0f} days ago", "missing": "never bought"}
        >>> spec = FeatureSpec(name="days_since_last", unit="days", concept="recency", **words)
        >>> spec.say(1.0, {}), spec.say(math.nan, {})
        ('last bought 1 day ago', 'never bought')
        """
        return ENGLISH.say(self.message(value, others))


@dataclass(frozen=True, kw_only=True)
class Feature(FeatureSpec):
    """A feature with its values, shape (n_cutoffs, n_customers), float64, NaN for missing."""

    values: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Its `spec` is checked, once for a catalogue rather than for every block of customers."""

    def spec(self, family: str, role: str = "") -> FeatureSpec:
        """All but the values."""
        kept = {field.name: getattr(self, field.name) for field in fields(FeatureSpec)}
        return FeatureSpec(**{**kept, "family": family, "role": role})


def suffix(window: Window) -> str:
    """The window in a name.

    Examples
    --------
    >>> suffix(30), suffix(EVER)
    ('30d', 'ever')
    """
    return "ever" if window is EVER else f"{window}d"


def within(window: Window) -> str:
    """The window in a sentence; `days` is that of the feature.

    Examples
    --------
    >>> within(30), within(EVER)
    ('in the last {days} days', 'so far')
    """
    return "so far" if window is EVER else "in the last {days} days"


def none(what: str, window: Window = EVER) -> str:
    """The words for nothing in the window.

    Examples
    --------
    >>> none("purchase", 30), none("purchase", EVER)
    ('no purchase in the last {days} days', 'no purchase yet')
    """
    return f"no {what} yet" if window is EVER else f"no {what} {within(window)}"


def _filled(text: str, words: Mapping[str, str]) -> str:
    """A format text with some of its names replaced, forms and all."""
    parts = string.Formatter().parse(text)
    return "".join(_kept(before) + ("" if name is None else words[name]) for before, name, _, _ in parts)


def _kept(text: str) -> str:
    """A text as it stands in a format text."""
    return text.replace("{", "{{").replace("}", "}}")
