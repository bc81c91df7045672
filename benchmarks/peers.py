"""The same questions by other means, on the features they can express: one query or pass per cutoff.

Each peer is a function (log, cutoff day, threads) -> its own kind of table, one row per customer. Columns have the catalogue's
names, so that every value can be compared with ours.
"""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from event_log import WINDOWS
from floor import floor_of, read_once
from measuring import in_turns
from ours import cutoff_days, last_day

Peer = Callable[[Path, int, int], Any]
_EPOCH = date(1970, 1, 1)
_FEW = (30, 365, None)  # windows of the features that are not asked for every window


def _suffix(window: int | None) -> str:
    return "ever" if window is None else f"{window}d"


def sql_features() -> dict[str, str]:
    """Feature -> DuckDB aggregate over `seen`, whose `age` is the days from the row to the cutoff."""
    return dict(_sql_features())


def _sql_features() -> Iterator[tuple[str, str]]:
    for window in (*WINDOWS, None):
        inside = "" if window is None else f" FILTER (age <= {window})"
        yield f"purchase_count_{_suffix(window)}", f'count(DISTINCT "order"){inside}'
        yield f"purchase_days_{_suffix(window)}", f"count(DISTINCT day){inside}"
        yield f"spend_{_suffix(window)}", f"coalesce(sum(amount){inside}, 0)"
    for window in _FEW:
        inside = "" if window is None else f" FILTER (age <= {window})"
        yield f"units_{_suffix(window)}", f"coalesce(sum(quantity){inside}, 0)"
        for column, name in (("product", "product"), ("category", "category"), ("channel", "purchase_channel")):
            yield f"{name}_count_{_suffix(window)}", f"count(DISTINCT {column}){inside}"
    for window in (365, None):
        inside = "" if window is None else f" FILTER (age <= {window})"
        yield f"amount_std_{_suffix(window)}", f"stddev_samp(amount){inside}"
        yield f"largest_amount_{_suffix(window)}", f"max(amount){inside}"
    yield "smallest_amount_ever", "min(amount)"
    yield "days_since_last_purchase", "min(age)"
    yield "days_since_first_purchase", "max(age)"
    yield "purchase_gap_mean_days_ever", "avg(gap) FILTER (gap > 0)"
    yield "purchase_gap_std_days_ever", "stddev_samp(gap) FILTER (gap > 0)"
    yield "purchase_gap_max_days_ever", "max(gap) FILTER (gap > 0)"


def sql_of(log: Path, cutoff: int) -> str:
    """One query for one cutoff."""
    day = (_EPOCH + timedelta(days=cutoff)).isoformat()
    columns = ",\n  ".join(f"{expression} AS {name}" for name, expression in sql_features().items())
    return f"""\
WITH seen AS (
  SELECT *, time::DATE AS day, DATE '{day}' - time::DATE AS age,
    time::DATE - lag(time::DATE) OVER (PARTITION BY customer ORDER BY time) AS gap
  FROM read_parquet('{log}') WHERE time < TIMESTAMP '{day}')
SELECT customer,
  {columns}
FROM seen GROUP BY customer"""


def duckdb_sql(log: Path, cutoff: int, threads: int) -> Any:
    """DuckDB by hand."""
    with duckdb.connect(config={"threads": threads, "temp_directory": str(log.parent / "spill")}) as connection:
        return connection.sql(sql_of(log, cutoff)).to_arrow_table()


def polars_lazy(log: Path, cutoff: int, threads: int) -> Any:  # noqa: ARG001
    """Polars, streaming. It takes its threads from POLARS_MAX_THREADS."""
    import polars as pl

    until = _EPOCH + timedelta(days=cutoff)
    day = pl.col("time").dt.date()
    seen = (
        pl.scan_parquet(log)
        .filter(pl.col("time") < pl.lit(until).cast(pl.Datetime))
        .with_columns(day=day, age=(pl.lit(until) - day).dt.total_days())
    )
    gaps = (
        seen.select("customer", "day")
        .unique()
        .sort("customer", "day")
        .with_columns(gap=pl.col("day").diff().over("customer").dt.total_days())
        .group_by("customer")
        .agg(
            purchase_gap_mean_days_ever=pl.col("gap").mean(),
            purchase_gap_std_days_ever=pl.col("gap").std(),
            purchase_gap_max_days_ever=pl.col("gap").max(),
        )
    )
    counted = seen.group_by("customer").agg(**_polars_features())
    return counted.join(gaps, on="customer").collect(engine="streaming")


def _polars_features() -> dict[str, object]:
    import polars as pl

    def inside(column: str, window: int | None) -> pl.Expr:
        return pl.col(column) if window is None else pl.col(column).filter(pl.col("age") <= window)

    features: dict[str, object] = {}
    for window in (*WINDOWS, None):
        features[f"purchase_count_{_suffix(window)}"] = inside("order", window).n_unique()
        features[f"purchase_days_{_suffix(window)}"] = inside("day", window).n_unique()
        features[f"spend_{_suffix(window)}"] = inside("amount", window).sum()
    for window in _FEW:
        features[f"units_{_suffix(window)}"] = inside("quantity", window).sum()
        for column, name in (("product", "product"), ("category", "category"), ("channel", "purchase_channel")):
            features[f"{name}_count_{_suffix(window)}"] = inside(column, window).n_unique()
    for window in (365, None):
        features[f"amount_std_{_suffix(window)}"] = inside("amount", window).std()
        features[f"largest_amount_{_suffix(window)}"] = inside("amount", window).max()
    features["smallest_amount_ever"] = pl.col("amount").min()
    features["days_since_last_purchase"] = pl.col("age").min()
    features["days_since_first_purchase"] = pl.col("age").max()
    return features


def pandas_groupby(log: Path, cutoff: int, threads: int) -> Any:  # noqa: ARG001
    """pandas, a group-by per window; one thread."""
    import pandas as pd

    until = pd.Timestamp(_EPOCH + timedelta(days=cutoff))
    seen = pd.read_parquet(log, filters=[("time", "<", until)])
    seen["day"] = seen["time"].dt.normalize()
    seen["age"] = (until - seen["day"]).dt.days
    parts = [_pandas_window(seen if window is None else seen[seen["age"] <= window], window) for window in (*WINDOWS, None)]
    ages = seen.groupby("customer").agg(days_since_last_purchase=("age", "min"), days_since_first_purchase=("age", "max"))
    days = seen[["customer", "day"]].drop_duplicates().sort_values(["customer", "day"])
    days["gap"] = days.groupby("customer")["day"].diff().dt.days
    asked = {f"purchase_gap_{kind}_days_ever": ("gap", kind) for kind in ("mean", "std", "max")}
    answer = pd.concat([*parts, ages, days.groupby("customer").agg(**asked)], axis=1)
    counted = [name for name in answer if "_count_" in name or name.startswith(("purchase_days", "spend", "units"))]
    return answer.fillna(dict.fromkeys(counted, 0)).reset_index(names="customer")


def _pandas_window(rows: Any, window: int | None) -> Any:
    asked = {"purchase_count": ("order", "nunique"), "purchase_days": ("day", "nunique"), "spend": ("amount", "sum")}
    if window in _FEW:
        asked |= {
            "units": ("quantity", "sum"),
            "product_count": ("product", "nunique"),
            "category_count": ("category", "nunique"),
        }
        asked |= {"purchase_channel_count": ("channel", "nunique")}
    if window in {365, None}:
        asked |= {"amount_std": ("amount", "std"), "largest_amount": ("amount", "max")}
    if window is None:
        asked |= {"smallest_amount": ("amount", "min")}
    return rows.groupby("customer").agg(**asked).add_suffix(f"_{_suffix(window)}")


def values_of(answer: Any) -> dict[str, np.ndarray]:
    """A peer's answers by feature, float64, customers in the order of their ids."""
    columns = {name: answer[name] for name in ("customer", *sql_features())}
    plain = {name: column.to_pylist() if hasattr(column, "to_pylist") else list(column) for name, column in columns.items()}
    order = np.argsort(np.array(plain.pop("customer")))
    return {
        name: np.array([math.nan if value is None else value for value in values], float)[order]
        for name, values in plain.items()
    }


PEERS: dict[str, tuple[str, Peer]] = {
    "DuckDB SQL by hand": ("duckdb", duckdb_sql),
    "Polars, streaming": ("polars", polars_lazy),
    "pandas": ("pandas", pandas_groupby),
}


def installed(tool: str) -> bool:
    """Whether a peer can run here."""
    return importlib.util.find_spec(PEERS[tool][0]) is not None


def peer(tool: str, log: Path, threads: int, cutoffs: int) -> dict[str, object]:
    """The cost of a peer, and of the floor beside it."""
    read_once(log)
    answers: list[int] = []
    days = cutoff_days(last_day(log) + 1, cutoffs)

    def at_every_cutoff() -> None:
        answers[:] = [len(PEERS[tool][1](log, day, threads)) for day in days]

    costs = in_turns({"case": at_every_cutoff, "floor": floor_of(log, threads)})
    return {"rows": sum(answers), "features": len(sql_features()), "costs": costs}
