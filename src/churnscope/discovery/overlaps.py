"""Whether rows of a source stand in several of its files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import combinations

from churnscope.discovery.drafts import Draft
from churnscope.discovery.guesses import percent
from churnscope.discovery.kinds import moments_of
from churnscope.discovery.tables import Table

_MOST_WANTED = 2_000  # rows of one file that are looked for in another
_MOST_BYTES = 1 << 26  # how far into that file
_MOST_PAIRS = 40
_CERTAIN, _FEW = 0.5, 3
_PARTS = ("customer", "time", "amount", "price", "quantity", "order", "product", "kind", "value", "duration")

Row = tuple[str, ...]


def note_overlap(draft: Draft) -> None:
    """Say `overlap = "max"` where files cover the same days and hold the same rows."""
    common, wanted, spans = 0, 0, list(draft.spans())
    pairs = [(a, b) for a, b in combinations(spans, 2) if max(a[1], b[1]) <= min(a[2], b[2])]
    for one, other in pairs[:_MOST_PAIRS]:
        found, sought = _shared(draft, one[0], other[0], (max(one[1], other[1]), min(one[2], other[2])))
        common, wanted = common + found, wanted + sought
    if not wanted or common < _FEW:
        if pairs:
            draft.guess("overlap", "keep", "files cover the same days, but none of the sampled rows stands in two of them")
        return
    draft.overlap = "max"
    days = sum((min(a[2], b[2]).date() - max(a[1], b[1]).date()).days + 1 for a, b in pairs)
    evidence = f"files share {days:,} days; {percent(common, wanted)} rows sampled there stand in two files"
    draft.guess("overlap", "max", evidence, check=common < _CERTAIN * wanted)


def _shared(draft: Draft, one: Table, other: Table, days: tuple[datetime, datetime]) -> tuple[int, int]:
    """Rows of one file, from days that another covers too, that stand in the other; how many were looked for."""
    moments = {text: moment for kind in draft.kinds for text, moment in _moments(draft, kind)}
    places = {table.file.path: _places(draft, table) for table in (one, other)}
    when = _when(draft, one)
    sampled = zip(*(column.values for column in one.columns), strict=True)
    inside = (row for row in sampled if (moment := moments.get(row[when])) and days[0] <= moment <= days[1])
    wanted = {_row(row, places[one.file.path]) for row in list(inside)[-_MOST_WANTED:]}
    left = set(wanted)
    for row in _rows(other):
        if len(row) == len(other.columns):
            left.discard(_row(row, places[other.file.path]))
        if not left:
            break
    return len(wanted) - len(left), len(wanted)


def _moments(draft: Draft, kind: object) -> Iterator[tuple[str, datetime | None]]:
    who = draft.casts[draft.kinds.index(kind)]  # type: ignore[arg-type]
    yield from moments_of(who.parts["time"]).items()


def _when(draft: Draft, table: Table) -> int:
    return table.names.index(_cast(draft, table)["time"])


def _places(draft: Draft, table: Table) -> list[int]:
    columns = _cast(draft, table)
    return [table.names.index(columns[part]) for part in _PARTS if part in columns]


def _cast(draft: Draft, table: Table) -> dict[str, str]:
    """Part -> column, of the kind that the file is of."""
    who = next(cast for kind, cast in zip(draft.kinds, draft.casts, strict=True) if table in kind.tables)
    return {part: profile.name for part, profile in who.parts.items()}


def _rows(table: Table) -> Iterator[Sequence[str]]:
    if table.is_whole:
        yield from zip(*(column.values for column in table.columns), strict=True)
    else:
        yield from table.records(_MOST_BYTES)


def _row(row: Sequence[str], places: Sequence[int]) -> Row:
    return tuple(row[place].removesuffix(".0") for place in places)
