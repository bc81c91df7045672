"""A column of a file as a config writes it: alone where the reader understands it, as an SQL expression where it does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from churnscope.discovery.dates import TIMESTAMP
from churnscope.discovery.ids import MISSING_WORDS, Ids, look_at_ids
from churnscope.discovery.kinds import Kind
from churnscope.discovery.profiles import Profile
from churnscope.expressions import column_sql, may_be_header, quoted

LINE = "line"  # the one column of a file whose columns stand below each other


@dataclass
class SourceKeys:
    """What a source's tables `columns`, `types` and `csv` will hold."""

    columns: dict[str, str] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    decimal: str = "."
    missing: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Writer:
    """Writes columns of one kind of files.

    Parameters
    ----------
    kind : the files.
    """

    kind: Kind

    def sql(self, profile: Profile) -> str:
        """The column inside an expression."""
        if not self.is_aligned:
            return column_sql(profile.name)
        place = [other.name for other in self.kind.profiles].index(profile.name) + 1
        return f"split_part(regexp_replace(trim({LINE}), '\\s+', ' ', 'g'), ' ', {place})"

    @property
    def is_aligned(self) -> bool:
        """Whether columns stand below each other."""
        dialect = self.kind.first.dialect
        return dialect is not None and dialect.is_aligned

    @property
    def comma_can_be_declared(self) -> bool:
        """Whether the config can say that commas stand before decimals."""
        dialect = self.kind.first.dialect
        return dialect is not None and not dialect.is_aligned and dialect.delimiter != ","

    def alone(self, profile: Profile) -> str:
        """The column where it is mapped alone."""
        if self.is_aligned:
            return self.sql(profile)
        return profile.name if may_be_header(profile.name) else quoted(profile.name)

    def ids(self, profile: Profile) -> tuple[str, Ids]:
        """The id, mended where it has to be, and what was seen of it."""
        values = profile.column.present
        ids = look_at_ids(self.sql(profile), values, is_float=profile.column.is_float)
        return ids.expression or self.alone(profile), ids

    def time(self, profile: Profile, into: SourceKeys) -> str:
        """A time; its format goes to the types."""
        assert profile.times is not None
        form = profile.times.type
        if self.is_aligned:
            return _aligned_time(self.sql(profile), form)
        if words := [word for word in profile.missing_words if word not in MISSING_WORDS]:
            sql = self.sql(profile)
            for word in words:
                sql = f"nullif({sql}, {literal(word)})"
            return sql if form == TIMESTAMP else f"try_strptime({sql}, '{form}')"
        if profile.times.second:
            ways = [_attempt(self.sql(profile), way) for way in (form, profile.times.second)]
            return f"coalesce({', '.join(ways)})"
        if profile.column.native == "number" and "%" in form:
            return f"try_strptime(CAST({self.sql(profile)} AS VARCHAR), '{form}')"
        if form != TIMESTAMP:
            into.types[profile.name] = form
        return self.alone(profile)

    def number(self, profile: Profile, into: SourceKeys, *, inside: bool = False) -> str:
        """A number, alone or inside an expression."""
        style, sql = profile.numbers, self.sql(profile)
        if profile.column.native == "number":
            return sql if inside else self.alone(profile)
        if style is None or (self.is_aligned and style.is_plain):
            return f"CAST({sql} AS DOUBLE)"
        if style.is_plain or (style.is_comma and self.comma_can_be_declared):
            if style.is_comma:
                into.decimal = ","
            if inside:
                into.types[profile.name] = "number"
            return sql if inside else self.alone(profile)
        return style.expression(sql)

    def text(self, profile: Profile) -> str:
        """A text."""
        return self.alone(profile)


def note_missing(profiles: Mapping[str, Profile], into: SourceKeys) -> None:
    """Remember the texts that stand for a missing time or number."""
    for profile in profiles.values():
        if profile.kind in {"time", "number"}:
            into.missing += [word for word in profile.missing_words if word in MISSING_WORDS and word not in into.missing]


def literal(text: str) -> str:
    """A text as it stands in SQL.

    Examples
    --------
    >>> literal("month's end")
    "'month''s end'"
    """
    return "'" + text.replace("'", "''") + "'"


def _attempt(sql: str, form: str) -> str:
    return f"TRY_CAST({sql} AS TIMESTAMP)" if form == TIMESTAMP else f"try_strptime({sql}, '{form}')"


def _aligned_time(sql: str, form: str) -> str:
    if form == TIMESTAMP:
        return f"CAST({sql} AS TIMESTAMP)"
    if form.startswith("epoch"):
        factor = {"epoch_seconds": "", "epoch_milliseconds": " / 1000", "epoch_microseconds": " / 1000000"}[form]
        return f"to_timestamp(CAST({sql} AS DOUBLE){factor})"
    return f"try_strptime({sql}, '{form}')"
