"""Which values of a text column are common enough to be told apart."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import duckdb
from sqlglot import exp

from churnscope.engines.blocks import RoleRows
from churnscope.engines.checking import CheckedSource, used_rows
from churnscope.engines.queries import rows_of
from churnscope.levels import LEAST_ROWS, LEAST_SHARE, MOST_LEVELS, Level, LevelNames, Levels
from churnscope.roles import ROLES
from churnscope.sources.mapping import Measure
from churnscope.sources.trees import column, table, tree

_SIGN, _RANGE = 1 << 63, 1 << 64


def find_levels(connection: duckdb.DuckDBPyConnection, roles: Mapping[str, RoleRows], as_of: int) -> Levels:
    """The levels of every column that has them, from the rows that are used on the day `as_of`.

    A level is a value with at least 1 % of the rows, or of the customers where rows tell what they are, and with at least five
    of them; at most 20, the most common ones, sorted by name.
    """
    found = {role: dict(_of_role(connection, rows, as_of)) for role, rows in roles.items()}
    return {role: levels for role, levels in found.items() if levels}


def common_texts(connection: duckdb.DuckDBPyConnection, rows: RoleRows, name: str, as_of: int) -> tuple[Level, ...]:
    """The levels of one text column of a role, whether features tell them apart or not; none where no source carries it."""
    holders = [(source, measure) for source in rows.sources for measure in source.mapping.measures if measure.name == name]
    return _levels(connection, rows.role, holders, as_of) if holders else ()


def named_texts(connection: duckdb.DuckDBPyConnection, rows: RoleRows, name: str, codes: Collection[int]) -> dict[int, str]:
    """The texts of some codes of a column, by code: those that the events carry, of things and not of persons."""
    holders = [(source, measure) for source in rows.sources for measure in source.mapping.measures if measure.name == name]
    unsigned = {code % _RANGE: 0 for code in codes if code}
    return {_signed(code): text for code, text in _texts(connection, holders, unsigned).items()} if holders and unsigned else {}


def coded(connection: duckdb.DuckDBPyConnection, names: LevelNames) -> dict[str, dict[str, tuple[Level, ...]]]:
    """Levels by name with the codes as which they travel."""
    return {
        role: {
            name: tuple(Level(text, _code(connection, role, name, text)) for text in texts) for name, texts in columns.items()
        }
        for role, columns in names.items()
    }


def _of_role(connection: duckdb.DuckDBPyConnection, rows: RoleRows, as_of: int) -> Iterator[tuple[str, tuple[Level, ...]]]:
    for name in rows.kinds:
        holders = [
            (source, measure)
            for source in rows.sources
            for measure in source.mapping.measures
            if measure.name == name and measure.has_levels
        ]
        if holders:
            yield name, _levels(connection, rows.role, holders, as_of)


def _levels(
    connection: duckdb.DuckDBPyConnection, role: str, holders: Sequence[tuple[CheckedSource, Measure]], as_of: int
) -> tuple[Level, ...]:
    name = holders[0][1].name
    of_people = ROLES[role].has_attributes  # a customer counts once, however often the history says the same
    code = column(name).as_("code")
    parts = [
        exp.select(*(["person"] if of_people else []), code)
        .from_(table(source.rows if of_people else source.verdicts))  # to ask whose a row is costs a join
        .where(used_rows(source, as_of))
        for source, _ in holders
    ]
    rows = parts[0] if len(parts) == 1 else exp.union(*parts, distinct=False)
    if of_people:
        rows = exp.select("*").distinct().from_(rows.subquery("r"))
    everybody = exp.select(tree("count(DISTINCT person)")).from_(rows.copy().subquery("e")).subquery()
    total = everybody if of_people else tree("sum(n) OVER ()")
    groups = exp.select("code", tree("count(*)").as_("n")).from_(rows.subquery("r")).group_by("code")
    shares = exp.select("code", "n", total.as_("total")).from_(groups.subquery("g"))
    common = tree("code <> 0 AND n >= :rows AND n >= :share * total", rows=LEAST_ROWS, share=LEAST_SHARE)
    counted = exp.select("code", "n").from_(shares.subquery("s")).where(common)
    numbers = {int(code): int(n) for code, n in rows_of(connection, counted)}
    texts = _texts(connection, holders, numbers)
    most = sorted(numbers, key=lambda code: (-numbers[code], texts[code]))[:MOST_LEVELS]
    return tuple(sorted((Level(texts[code], _signed(code)) for code in most), key=lambda level: level.name))


def _texts(
    connection: duckdb.DuckDBPyConnection, holders: Sequence[tuple[CheckedSource, Measure]], codes: Mapping[int, int]
) -> dict[int, str]:
    """The texts of some codes, and of no other: only what is common leaves the engine."""
    words = holders[0][1].declared.words if holders[0][1].declared else ()
    texts = {number: word for number, word in enumerate(words, start=1) if number in codes}
    wanted = exp.Tuple(expressions=[exp.convert(code) for code in codes if code not in texts])
    if not wanted.expressions:
        return texts
    for source, measure in holders:
        text = tree("nullif(trim(CAST(:x AS VARCHAR)), '')", x=measure.value.inline)
        told = exp.select(text.as_("text")).from_(table(source.raw.relation)).subquery("t")
        query = exp.select(tree("hash(text)"), tree("min(text)")).from_(told)
        query = query.where(tree("hash(text) IN :wanted", wanted=wanted)).group_by(tree("hash(text)"))
        texts |= {int(code): str(found) for code, found in rows_of(connection, query)}
    return texts


def _code(connection: duckdb.DuckDBPyConnection, role: str, name: str, text: str) -> int:
    words = next((item.words for item in ROLES[role].columns if item.name == name), ())
    if text in words:
        return words.index(text) + 1
    return _signed(int(rows_of(connection, exp.select(tree("hash(:text)", text=text)))[0][0]))


def _signed(code: int) -> int:
    """A hash as the whole number that events carry."""
    return code - _RANGE if code >= _SIGN else code
