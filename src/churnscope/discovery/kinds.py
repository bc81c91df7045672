"""Files of one kind: those with the same header, seen as one table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from churnscope.discovery.profiles import Profile, profile
from churnscope.discovery.tables import Table


@dataclass(frozen=True)
class Kind:
    """Files with the same header, written in the same way.

    Parameters
    ----------
    tables : the files' samples, in the order in which they were given.
    profiles : what each column is, over all of them.
    """

    tables: tuple[Table, ...]
    profiles: tuple[Profile, ...] = field(repr=False)

    @property
    def first(self) -> Table:
        """The file whose header the others share."""
        return self.tables[0]

    @property
    def names(self) -> str:
        """The files, for people."""
        return ", ".join(table.file.name for table in self.tables)

    @property
    def rows(self) -> int:
        """Rows of all files, about where they were not read whole."""
        return sum(table.rows for table in self.tables)

    @property
    def is_whole(self) -> bool:
        """Whether every row was seen."""
        return all(table.is_whole for table in self.tables)

    def profile(self, name: str) -> Profile:
        """The column of this name."""
        return next(profile for profile in self.profiles if profile.name == name)

    def span(self, table: Table, time: str) -> tuple[datetime, datetime] | None:
        """First and last time in the sample of one of its files."""
        moments = moments_of(self.profile(time))
        found = [moment for value in table.column(time).values if (moment := moments.get(value))]
        return (min(found), max(found)) if found else None


def kinds_of(tables: Sequence[Table], today: date) -> list[Kind]:
    """The tables, those with one header together."""
    together: dict[tuple[object, ...], list[Table]] = {}
    for table in tables:
        names = tuple(name.lower() for name in table.names)
        dialect = table.dialect
        written = (dialect.delimiter, dialect.quote, dialect.is_aligned) if dialect else ()
        key = (names, table.format, table.encoding, table.needs_names, written)
        together.setdefault(key, []).append(table)
    return [_kind(tuple(members), today) for members in together.values()]


def moments_of(profile: Profile) -> dict[str, datetime | None]:
    """The time that each text of a column stands for."""
    return dict(zip(profile.present, profile.times.moments, strict=True)) if profile.times else {}


def _kind(tables: tuple[Table, ...], today: date) -> Kind:
    first = tables[0]
    named = tuple(table.named(first.names) for table in tables)  # spelt as in the first file
    comma_hint = first.dialect is not None and first.dialect.delimiter == ";"
    profiles = []
    for i, column in enumerate(first.columns):
        values = tuple(value for table in named for value in table.columns[i].values)
        profiles.append(profile(replace(column, values=values), today=today, comma_hint=comma_hint))
    return Kind(named, tuple(profiles))
