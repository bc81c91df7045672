"""The few ways in which a tree of SQL is run."""

from __future__ import annotations

from typing import Any, Literal

import duckdb
import pyarrow as pa
from sqlglot import exp

from churnscope.sources.trees import sql, table


def create(connection: duckdb.DuckDBPyConnection, kind: Literal["TABLE", "VIEW"], name: str, rows: exp.Expr) -> None:
    """Make a table or view of a query."""
    connection.execute(sql(exp.Create(this=table(name), kind=kind, expression=rows)))


def arrow_table(connection: duckdb.DuckDBPyConnection, query: exp.Expr) -> pa.Table:
    """The whole result; for results that are small."""
    return connection.sql(sql(query)).to_arrow_table()


def arrow_reader(connection: duckdb.DuckDBPyConnection, query: exp.Expr, *, batch_rows: int) -> pa.RecordBatchReader:
    """The result as a stream, on a cursor of its own so that several may be open."""
    return connection.cursor().sql(sql(query)).to_arrow_reader(batch_rows)


def rows_of(connection: duckdb.DuckDBPyConnection, query: exp.Expr) -> list[tuple[Any, ...]]:
    """The rows of a small result."""
    return connection.execute(sql(query)).fetchall()


def number(connection: duckdb.DuckDBPyConnection, query: exp.Expr) -> int:
    """The one number of a query that has one."""
    return int(rows_of(connection, query)[0][0])


def types_of(connection: duckdb.DuckDBPyConnection, query: exp.Expr) -> dict[str, str]:
    """Column name -> type in a result, without running the query."""
    return {str(row[0]): str(row[1]) for row in rows_of(connection, exp.Describe(this=query))}
