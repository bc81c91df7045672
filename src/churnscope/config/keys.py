"""Keys of a config file as a reader finds them: `[sources.orders] columns.amount`."""

from __future__ import annotations

from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from churnscope.config.fields import Section

Key = tuple[str | int, ...]


def key_path(key: Key) -> str:
    """Where in the file a key stands; entries of a list are counted from 1.

    Examples
    --------
    >>> key_path(("sources", "orders", "columns", "amount"))
    '[sources.orders] columns.amount'
    >>> key_path(("activity", "rules", 0, "days"))
    '[activity] rules #1 days'
    >>> key_path(("time_zone",))
    'time_zone'
    """
    table = 2 if key[:1] == ("sources",) and len(key) > 1 else 1 if len(key) > 1 else 0
    header = f"[{'.'.join(map(str, key[:table]))}] " if table else ""
    return (header + _dotted(key[table:])).strip()


def _dotted(key: Key) -> str:
    text = ""
    for part in key:
        text += f" #{part + 1} " if isinstance(part, int) else f"{'.' if text and text[-1] != ' ' else ''}{part}"
    return text


def known_keys(root: type[Section], key: Key) -> list[str]:
    """Keys that may stand in the table at `key`; none where the table is free or no table."""
    annotation: Any = root
    for part in key:
        annotation = _inside(_plain(annotation), part)
    section = _plain(annotation)
    return sorted(section.model_fields) if _is_section(section) else []


def _is_section(annotation: object) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Section)


def _inside(annotation: Any, part: str | int) -> Any:
    """The kind of what stands at `part` in a value of this kind."""
    if _is_section(annotation):
        field = annotation.model_fields.get(part)
        return field.annotation if field else None
    inner = get_args(annotation)
    return inner[-1 if get_origin(annotation) is dict else 0] if inner else None


def _plain(annotation: Any) -> Any:
    """The kind without its limits and without None."""
    if get_origin(annotation) is Annotated:
        return _plain(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return _plain(next(kind for kind in get_args(annotation) if kind is not type(None)))
    return annotation
