"""Rows that break a rule: counted for the message, and written to quarantine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
from sqlglot import exp

from churnscope.engines.checking import CheckedSource, fault_of
from churnscope.engines.queries import arrow_reader, rows_of
from churnscope.sources.contract import Breach
from churnscope.sources.parsing import FILE, LINE
from churnscope.sources.quarantine import write_quarantine
from churnscope.sources.trees import column, table, tree

_BATCH_ROWS = 65_536
_OWN = ("file", "line", "rule")


def breaches(connection: duckdb.DuckDBPyConnection, source: CheckedSource) -> list[Breach]:
    """The rules that rows of a source break, most first."""
    found: dict[str, Breach] = {}
    for breach in (*_rejected(source), *_judged(connection, source)):
        same = found.get(breach.rule)
        found[breach.rule] = Breach(breach.rule, breach.rows + same.rows, same.file, same.line) if same else breach
    return sorted(found.values(), key=lambda breach: (-breach.rows, breach.rule))


def quarantine_rows(connection: duckdb.DuckDBPyConnection, source: CheckedSource, path: Path) -> None:
    """Write the refused rows of a source with file, line, rule and the columns that the config reads.

    Records that were turned away at the door come first; they have no columns.
    """
    headers = [raw.header for raw in source.raw.columns.values()]
    texts = [(f"{header}_" if header in _OWN else header, pa.string()) for header in headers]
    schema = pa.schema([("file", pa.string()), ("line", pa.int64()), ("rule", pa.string()), *texts])
    write_quarantine(path, _tables(connection, source, schema), schema)


def _rejected(source: CheckedSource) -> list[Breach]:
    places: dict[str, list[tuple[str, int]]] = {}
    for file, line, rule in source.raw.rejected:
        places.setdefault(rule, []).append((source.file_name(file), line))
    return [Breach(rule, len(found), *found[0]) for rule, found in places.items()]


def _judged(connection: duckdb.DuckDBPyConnection, source: CheckedSource) -> list[Breach]:
    first = tree("min(struct_pack(file := :file, line := :line))", file=column(FILE), line=column(LINE))
    judged = exp.select("*", fault_of(source).as_("broken")).from_(table(source.rows)).subquery("j")
    query = exp.select("broken", tree("count(*)"), first).from_(judged).where(tree("broken > 0")).group_by("broken")
    return [
        Breach(source.mapping.rules[rule - 1], rows, source.file_name(place["file"]), place["line"])
        for rule, rows, place in rows_of(connection, query)
    ]


def _tables(connection: duckdb.DuckDBPyConnection, source: CheckedSource, schema: pa.Schema) -> Iterator[pa.Table]:
    if source.raw.rejected:
        files, lines, rules = zip(*source.raw.rejected, strict=True)
        blank = pa.nulls(len(files), pa.string())
        yield _table([[source.file_name(file) for file in files], lines, rules, *([blank] * (len(schema) - len(_OWN)))], schema)
    for batch in arrow_reader(connection, _refused(source), batch_rows=_BATCH_ROWS):
        files, lines, rules, *texts = batch.columns
        named = [source.file_name(file) for file in files.to_pylist()]
        yield _table([named, lines, [source.mapping.rules[rule - 1] for rule in rules.to_pylist()], *texts], schema)


def _table(columns: list[object], schema: pa.Schema) -> pa.Table:
    return pa.table([pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)], schema=schema)


def _refused(source: CheckedSource) -> exp.Select:
    """File, line, rule number and raw columns of the refused rows, in the order of the files."""
    judged = exp.select(column(FILE), column(LINE), fault_of(source).as_("rule")).from_(table(source.rows))
    place = {f"{side}_{name}": exp.column(name, table=side, quoted=True) for side in ("j", "r") for name in (FILE, LINE)}
    same = exp.and_(*(tree(":a = :b", a=place[f"j_{name}"], b=place[f"r_{name}"]) for name in (FILE, LINE)))
    texts = [
        tree("CAST(:x AS VARCHAR)", x=exp.column(raw.name, table="r", quoted=True)).as_(f"c{i}")
        for i, raw in enumerate(source.raw.columns.values())
    ]
    return (
        exp.select(place[f"j_{FILE}"], place[f"j_{LINE}"], "j.rule", *texts)
        .from_(judged.subquery("j"))
        .join(table(source.raw.relation).as_("r"), on=same)
        .where(tree("j.rule > 0"))
        .order_by(place[f"j_{FILE}"], place[f"j_{LINE}"])
    )
