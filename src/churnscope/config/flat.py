"""A config of one flat file: what need not be written where every row is a customer, and the label a column."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from churnscope.config.fields import MOST_DAYS

ROLE = "snapshot"


def with_flat_defaults(document: Mapping[str, Any]) -> dict[str, Any]:
    """A parsed config in which a source of the role `snapshot` says who is a customer, and who left.

    Whoever has a row is in the population, the label is given, and it is known a day after the row's: what is written
    otherwise stays. `date` is another word for the time of a row. Without `attributes`, or where they are "*", every column
    that nothing else reads is one.

    Examples
    --------
    >>> source = {"role": "snapshot", "columns": {"customer": "id", "date": "day", "churned": "left"}}
    >>> filled = with_flat_defaults({"name": "people", "sources": {"people": source}})
    >>> filled["sources"]["people"]["columns"]
    {'customer': 'id', 'time': 'day', 'churned': 'left'}
    >>> filled["activity"], filled["label"], filled["prediction"]
    ({'rules': [{'source': 'people', 'days': 36500}]}, {'kind': 'given'}, {'horizon_days': 1})
    """
    sources = document.get("sources")
    if not isinstance(sources, dict) or not (flat := [name for name, source in sources.items() if _is_flat(source)]):
        return dict(document)
    named = {name: _named(source) if name in flat else source for name, source in sources.items()}
    return (
        {"activity": {"rules": [{"source": flat[0], "days": MOST_DAYS}]}}
        | dict(document)
        | {"sources": named}
        | {key: _filled(document.get(key, {}), **default) for key, default in _DEFAULTS.items()}
    )


_DEFAULTS: Mapping[str, Mapping[str, Any]] = {"label": {"kind": "given"}, "prediction": {"horizon_days": 1}}


def _is_flat(source: object) -> bool:
    return isinstance(source, dict) and source.get("role") == ROLE


def _filled(table: Any, **defaults: Any) -> Any:
    return {**defaults, **table} if isinstance(table, dict) else table


def _named(source: dict[str, Any]) -> dict[str, Any]:
    source = {key: value for key, value in source.items() if (key, value) != ("attributes", "*")}
    columns = source.get("columns")
    if not isinstance(columns, dict) or "date" not in columns or "time" in columns:
        return source
    return source | {"columns": {"time" if name == "date" else name: text for name, text in columns.items()}}
