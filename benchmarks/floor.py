"""The least a machine must do: one group-by of DuckDB over the log. Needs DuckDB alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb

AGGREGATES = 'count(*), sum(amount), max(time), count(DISTINCT "order")'
_PIECE = 1 << 24


def floor_of(log: Path, threads: int) -> Callable[[], int]:
    """The group-by as a piece of work, under no memory limit of ours."""
    query = f"SELECT customer, {AGGREGATES} FROM read_parquet('{log}') GROUP BY customer"

    def group_by() -> int:
        with duckdb.connect(config={"threads": threads, "temp_directory": str(log.parent / "spill")}) as connection:
            return len(connection.sql(query).to_arrow_table())

    return group_by


def read_once(log: Path) -> None:
    """Read the file, so that it is in the system's cache for everyone alike."""
    with log.open("rb") as file:
        while file.read(_PIECE):
            pass
