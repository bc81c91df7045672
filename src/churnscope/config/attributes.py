"""What is told of a customer, and which of it may be a feature: what was true then, not what is true today."""

from __future__ import annotations

from collections.abc import Iterator

from churnscope.config.models import Config, Source
from churnscope.roles import ROLES


def has_history(source: Source) -> bool:
    """Whether rows say since when they hold, so that the value as of any day can be told."""
    since = ROLES[source.role].since
    return bool(since) and since in source.columns


def left_out(source: Source) -> tuple[str, ...]:
    """What is no feature, since today's value need not have been that of an earlier day.

    Examples
    --------
    >>> told = {"role": "customers", "format": "csv", "files": "people.csv", "columns": {"customer": "id"}}
    >>> left_out(Source(**told, attributes=["plan", "sex"], static=("sex",)))
    ('plan',)
    """
    if has_history(source) or ROLES[source.role].is_state:
        return ()
    changing = (item.name for item in ROLES[source.role].columns if item.changes and item.name in source.columns)
    return tuple(name for name in (*changing, *source.attributes) if name not in source.static)


def left_out_notes(config: Config) -> Iterator[str]:
    """What is left out, why, and what to do: a sentence for each source that leaves anything out."""
    for name, source in config.sources.items():
        if names := left_out(source):
            told, listed = ", ".join(names), ", ".join(f'"{each}"' for each in (*source.static, *names))
            since = ROLES[source.role].since
            yield (
                f"Source {name}: no feature is made of {told}, whose values at earlier days are not known. "
                f"Map columns.{since} where each change has a row; or write static = [{listed}] for what never changes."
            )
