"""What is wrong with a config, in the words and keys of its file; all of it at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from churnscope.config.fields import Section
from churnscope.config.keys import Key, key_path, known_keys
from churnscope.errors import ConfigError, nearest

SHOWN = 10

_KINDS = {
    "bool_type": "true or false",
    "date_type": "a day such as 2024-01-31",
    "dict_type": "a table",
    "finite_number": "a finite number",
    "float_type": "a number",
    "int_from_float": "a whole number",
    "int_type": "a whole number",
    "model_type": "a table",
    "path_type": "a text in quotes",
    "string_type": "a text in quotes",
    "tuple_type": "a list",
}

_LIMITS = {
    "greater_than": "more than {gt}",
    "greater_than_equal": "{ge} or more",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
    "string_too_short": "a text of at least {min_length} character",
    "string_too_long": "a text of at most {max_length} character",
    "too_short": "at least {min_length} entry",
}

_PATTERNS = {
    r"^[a-z][a-z0-9_]*$": "a word of small letters, digits and _, beginning with a letter",
    r"^[0-9]+(\.[0-9]+)? ?[KMGT]i?B$": 'a size such as "4GB" or "512MiB"',
    r"^[\w.]+:\w+$": 'a module and what to take from it, as "my_models:forest"',
    r"[^\r\n]": "one character that ends no line",
}


def refuse_all(origin: str, problems: Sequence[ConfigError]) -> None:
    """Raise the problems of one file as one error; none, no error.

    Raises
    ------
    ConfigError : with the first problems spelled out and the number of the others.
    """
    if not problems:
        return
    if len(problems) == 1:
        raise ConfigError(f"{origin}, {problems[0].what}", problems[0].advice)
    lines = [f"- {problem.what} {problem.advice}".rstrip() for problem in problems[:SHOWN]]
    more = len(problems) - SHOWN
    raise ConfigError("\n".join([f"{origin}: {len(problems)} problems.", *lines]), f"And {more} more." if more > 0 else "")


def problems_of(error: ValidationError, root: type[Section], origins: Mapping[Key, str]) -> list[ConfigError]:
    """One problem for each thing pydantic refused.

    Parameters
    ----------
    root : the model that was validated.
    origins : key -> environment variable it came from, for the keys that do not come from the file.
    """
    found = error.errors(include_url=False)
    return [_problem(details, root, origins) for details in found if not _is_echo(details, found)]


def _is_echo(details: ErrorDetails, found: Sequence[ErrorDetails]) -> bool:
    """Whether a list only counts as too short because one of its entries was refused."""
    length = len(details["loc"])
    return details["type"] == "too_short" and any(
        other["loc"][:length] == details["loc"] and len(other["loc"]) > length for other in found
    )


def _problem(details: ErrorDetails, root: type[Section], origins: Mapping[Key, str]) -> ConfigError:
    key: Key = tuple(part for part in details["loc"] if part != "[key]")
    where = _origin(key, origins) or key_path(key)
    kind, context = details["type"], details.get("ctx", {})
    if kind == "refused":
        return ConfigError(f"{where}: {context['what']}", context["advice"])
    if kind == "extra_forbidden":
        return ConfigError(f"{where}: there is no such key.", nearest(str(key[-1]), known_keys(root, key[:-1])))
    if kind == "missing":
        return ConfigError(f"{where}: this key is missing.", "It has no default: write it.")
    if kind == "literal_error":
        return _not_a_choice(where, details)
    return ConfigError(
        f"{where}: {_shown(details['input'])} is not possible.", f"Write {_wanted(kind, context, details['msg'])}."
    )


def _origin(key: Key, origins: Mapping[Key, str]) -> str | None:
    """The variable a key came from: the one that set it, a table above it, or a part of it."""
    variables = (variable for other, variable in origins.items() if key[: len(other)] == other or other[: len(key)] == key)
    return next((f"environment variable {variable}" for variable in variables), None)


def _not_a_choice(where: str, details: ErrorDetails) -> ConfigError:
    choices = [
        choice.strip("'") for choice in details["ctx"]["expected"].replace(" or ", ", ").split(", ") if choice.strip("'")
    ]
    return ConfigError(f"{where}: {_shown(details['input'])} is not possible.", f"Write one of: {', '.join(choices)}.")


def _wanted(kind: str, context: Mapping[str, Any], message: str) -> str:
    if kind in _LIMITS:
        return _LIMITS[kind].format(**context)
    if kind == "string_pattern_mismatch":
        return _PATTERNS.get(context["pattern"], f"a text that matches {context['pattern']}")
    return _KINDS.get(kind, message)


def _shown(value: object) -> str:
    """A value of the config, unless it is long: texts of an address are never shown."""
    if isinstance(value, str) and "://" in value:
        return "this address"
    text = repr(value) if isinstance(value, str) else str(value)
    return text if isinstance(value, (str, int, float)) and len(text) <= 60 else "this value"
