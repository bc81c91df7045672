"""A feature is a value with a name, a unit, a window and a sentence."""

from __future__ import annotations

import math
import re
import string
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from churnscope.errors import ConfigError
from churnscope.events import EVER, Window

Direction = Literal[-1, 0, 1]
RISING: Final = 1  # more of it raises the risk
FALLING: Final = -1  # more of it lowers the risk
EITHER: Final = 0  # both can be

NEVER_MISSING = "always known"
_FORM_ADVICE = "Write {value} with its form, as {value:.0f}, {value:,.2f}, {value:.0%} or {value:,.4g}."
_ONE_OF_MANY = re.compile(r"(?<![\d.,+-])1 ((?:different )?\w+?)(ies|s)\b")
_FORM = re.compile(r"(?:,?\.\d[fg%])?")


@dataclass(frozen=True, kw_only=True)
class FeatureSpec:
    """What a feature means, to a reader of the catalogue and to a retention team.

    Parameters
    ----------
    name : unique among all features; unit and window are its suffixes.
    unit : of the value: days, purchases, currency, share, ratio ...
    concept : what it speaks of; of several features of one concept a list of reasons names one.
    sentence : the value in plain words, a format text with `{value}` and names of other features. Where the value is there,
        so are those it names. A number's form is `.0f`, `,.2f`, `.0%`, `,.4g` or the like.
    missing : the words for a missing value.
    at_zero : the words for 0, where the sentence speaks of 1 and there is nothing between; empty for any other feature.
    window : days of the window it reads; None for all history.
    direction : `RISING`, `FALLING` or `EITHER`: what more of it is expected to do to the risk of leaving.
    spoken : whether it may be given as a reason: false for what tells a model much and a caller little.
    family : the family that builds it.
    role : whose events it reads; empty for one that reads those of several roles, or none.

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

    def __post_init__(self) -> None:
        if self.direction not in {RISING, FALLING, EITHER}:
            raise ConfigError(f"Feature {self.name}: direction is {self.direction!r}.", "Write RISING, FALLING or EITHER.")
        try:
            parts = list(string.Formatter().parse(self.sentence))
        except ValueError as error:
            raise ConfigError(f"Feature {self.name}: its sentence is no format text ({error}).", _FORM_ADVICE) from error
        for _, name, form, conversion in parts:
            if conversion or (name is not None and not (name.isidentifier() and _FORM.fullmatch(form or ""))):
                raise ConfigError(f"Feature {self.name}: its sentence holds more than plain numbers.", _FORM_ADVICE)

    def of_return(self) -> FeatureSpec:
        """The same feature where a customer's return is predicted: what more of it does turns round."""
        opposite: dict[Direction, Direction] = {RISING: FALLING, FALLING: RISING, EITHER: EITHER}
        return replace(self, direction=opposite[self.direction])

    @cached_property
    def named(self) -> tuple[str, ...]:
        """The other features whose numbers the sentence names, sorted."""
        names = {name for _, name, _, _ in string.Formatter().parse(self.sentence) if name}
        return tuple(sorted(names - {"value"}))

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
        if math.isnan(value):
            return _ONE_OF_MANY.sub(_singular, self.missing)
        if value == 0 and self.at_zero:
            return self.at_zero
        numbers = {name: _Number(others[name]) for name in self.named}
        return _ONE_OF_MANY.sub(_singular, self.sentence.format_map({**numbers, "value": _Number(value)}))


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
    """The window in a sentence.

    Examples
    --------
    >>> within(30), within(1), within(EVER)
    ('in the last 30 days', 'on the last day', 'so far')
    """
    if window == 1:
        return "on the last day"
    return "so far" if window is EVER else f"in the last {window} days"


def none(what: str, window: Window = EVER) -> str:
    """The words for nothing in the window.

    Examples
    --------
    >>> none("purchase", 30), none("purchase", EVER)
    ('no purchase in the last 30 days', 'no purchase yet')
    """
    return f"no {what} yet" if window is EVER else f"no {what} {within(window)}"


class _Number(float):
    """A number as people write it: no minus before nought, no powers of ten, no lone nought behind the point."""

    def __format__(self, form: str) -> str:
        text = format(float(self), f"z{form}")
        if "e" not in text:
            return text.removesuffix(".0")
        return f"{float(self):,.0f}" if abs(self) > 1 else f"{float(self):z.6f}".rstrip("0").rstrip(".")


def _singular(match: re.Match[str]) -> str:
    return f"1 {match[1]}{'y' if match[2] == 'ies' else ''}"
