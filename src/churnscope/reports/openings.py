"""What an agent says first to a customer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from churnscope.config.call_list import fields_of


def opening(templates: Sequence[str], values: Mapping[str, str | None]) -> str:
    """The first sentence of which everything that it names is known; empty where there is none.

    A value is put in as it is: braces in it mean nothing.

    Examples
    --------
    >>> opening(["Good day {name}, {agent} here.", "Good day, {agent} here."], {"name": None, "agent": "Ana"})
    'Good day, Ana here.'
    """
    for template in templates:
        if all(values.get(field) for field in fields_of(template)):
            return template.format_map(values)
    return ""
