"""Frozen parameters with stated limits, checked when they are made and set from texts such as `purchases.per_year=24`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any, Self, TypeVar, get_args, get_type_hints

from churnscope.errors import ConfigError, nearest

Parameters = TypeVar("Parameters", bound="Bounded")


def bounded(default: float, low: float, high: float, meaning: str) -> Any:
    """A number of a `Bounded` class with its limits, both inclusive, and what it means."""
    return field(default=default, metadata={"low": low, "high": high, "meaning": meaning})


@dataclass(frozen=True)
class Bounded:
    """Parameters that refuse a value outside their limits.

    Raises
    ------
    ConfigError : when a value is below its lowest or above its highest.
    """

    def __post_init__(self) -> None:
        for item in fields(self):
            if "low" in item.metadata:
                _refuse_outside(item.name, getattr(self, item.name), **item.metadata)

    def adjusted(self, settings: Mapping[str, str]) -> Self:
        """A copy with some numbers replaced; `section.name` reaches into a section and makes one that is not there.

        Parameters
        ----------
        settings : name or `section.name` -> the number as text.

        Raises
        ------
        ConfigError : for an unknown name, a text that is no number, and a number outside its limits.
        """
        changed = self
        for path, text in settings.items():
            changed = _with_setting(changed, path, text)
        return changed


def _refuse_outside(name: str, value: float, *, low: float, high: float, meaning: str) -> None:
    if not low <= value <= high:
        raise ConfigError(f"{name} = {value:g} is impossible.", f"Give a number from {low:,g} to {high:,g}: {meaning}.")


def _with_setting(parameters: Parameters, path: str, text: str) -> Parameters:
    name, _, rest = path.partition(".")
    parts = sections(type(parameters))
    numbers = {item.name: item for item in fields(parameters) if "low" in item.metadata}
    if rest and name in parts:
        section = getattr(parameters, name) or parts[name]()
        return replace(parameters, **{name: _with_setting(section, rest, text)})
    if rest or name not in numbers:
        raise ConfigError(f'"{path}" is not a parameter.', nearest(name, [*numbers, *(f"{section}." for section in parts)]))
    return replace(parameters, **{name: _number(path, text, whole=isinstance(numbers[name].default, int))})


def sections(kind: type[Any]) -> dict[str, type[Any]]:
    """The fields that are parameters themselves, or None, with their class."""
    found = {}
    for name, hint in get_type_hints(kind).items():
        choices = [choice for choice in (hint, *get_args(hint)) if isinstance(choice, type) and is_dataclass(choice)]
        if choices:
            found[name] = choices[0]
    return found


def _number(path: str, text: str, *, whole: bool) -> float:
    try:
        return int(text) if whole else float(text)
    except ValueError as error:
        kind = "a whole number" if whole else "a number"
        raise ConfigError(f'{path} = "{text}" is not {kind}.', "Write it with digits, such as 24 or 0.5.") from error
