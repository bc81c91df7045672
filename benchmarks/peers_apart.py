"""featuretools and lifetimes, which need an older pandas: run by the Python of `.venv-peers`, without churnscope.

    .venv-peers/bin/python benchmarks/peers_apart.py featuretools LOG --threads 2 --cutoffs 1

Prints one line of JSON. Where a tool gives a number that DuckDB gives too, the two are compared first.
"""

from __future__ import annotations

import argparse
import json
import warnings
from collections.abc import Callable
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from floor import floor_of, read_once
from measuring import in_turns, measured, once
from repeat_histories import histories

CUTOFF_SPACING_DAYS = 30
WINDOWS = ("7 days", "30 days", "90 days", "180 days", "365 days", None)
AGGREGATES = ("count", "sum", "mean", "std", "max", "min", "num_unique", "time_since_last")


def main() -> None:
    """One case, as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tool", choices=CASES)
    parser.add_argument("log", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--cutoffs", type=int, default=1)
    parser.add_argument("--customers", type=int, default=0)
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # both libraries use what pandas and NumPy will drop
    print(json.dumps(CASES[options.tool](options)))


def _featuretools(options: argparse.Namespace) -> dict[str, object]:
    """Deep feature synthesis of one table, a pass per window."""
    import featuretools as ft

    rows = _rows(options.log)
    purchases = _entities(ft, rows)
    first = rows.groupby("customer")["time"].min()
    times = pd.concat([_asked(first, cutoff) for cutoff in _cutoffs(rows, options.cutoffs)])

    def all_windows() -> pd.DataFrame:
        parts = [_synthesised(ft, purchases, times, window) for window in WINDOWS]
        return pd.concat(parts, axis=1)

    _compare_counts(_synthesised(ft, purchases, times, None), rows, times)
    shapes: list[tuple[int, int]] = []
    costs = _beside_floor(options, lambda: shapes.append(all_windows().shape))
    return {"lines": len(rows), "rows": shapes[0][0], "features": shapes[0][1], "costs": costs}


def _entities(ft: object, rows: pd.DataFrame) -> object:
    from woodwork.logical_types import Categorical

    entities = ft.EntitySet("shop")
    kinds = dict.fromkeys(("order", "product", "category", "channel"), Categorical)
    entities.add_dataframe(
        dataframe_name="purchases", dataframe=rows, index="line", make_index=True, time_index="time", logical_types=kinds
    )
    customers = pd.DataFrame({"customer": sorted(rows["customer"].unique())})
    entities.add_dataframe(dataframe_name="customers", dataframe=customers, index="customer")
    entities.add_relationship("customers", "customer", "purchases", "customer")
    return entities


def _asked(first: pd.Series, cutoff: pd.Timestamp) -> pd.DataFrame:
    """The customers who had bought before a cutoff, asked about at that time."""
    return pd.DataFrame({"customer": first.index[first < cutoff], "time": cutoff})


def _synthesised(ft: object, purchases: object, times: pd.DataFrame, window: str | None) -> pd.DataFrame:
    made, _ = ft.dfs(
        entityset=purchases,
        target_dataframe_name="customers",
        agg_primitives=list(AGGREGATES),
        trans_primitives=[],
        cutoff_time=times,
        cutoff_time_in_index=True,
        include_cutoff_time=False,
        training_window=window,
        n_jobs=1,
    )
    return made


def _compare_counts(made: pd.DataFrame, rows: pd.DataFrame, times: pd.DataFrame) -> None:
    for cutoff in times["time"].unique():
        expected = rows[rows["time"] < cutoff].groupby("customer")["amount"].agg(["count", "sum"]).sort_index()
        seen = made.xs(cutoff, level="time").sort_index()
        np.testing.assert_array_equal(seen["COUNT(purchases)"], expected["count"])
        np.testing.assert_allclose(seen["SUM(purchases.amount)"].astype(float), expected["sum"])


def _lifetimes_table(options: argparse.Namespace) -> dict[str, object]:
    """Frequency, recency, age and mean spend of every customer at the end of the log."""
    from lifetimes.utils import summary_data_from_transaction_data

    rows = _rows(options.log)
    end = rows["time"].max().normalize()

    def table() -> pd.DataFrame:
        log = pd.read_parquet(options.log, columns=["customer", "time", "amount"])
        return summary_data_from_transaction_data(
            log, "customer", "time", monetary_value_col="amount", observation_period_end=end
        )

    days = rows.assign(day=rows["time"].dt.normalize()).groupby("customer")["day"].nunique().sort_index()
    np.testing.assert_array_equal(table().sort_index()["frequency"], days - 1)
    shapes: list[tuple[int, int]] = []
    costs = _beside_floor(options, lambda: shapes.append(table().shape))
    return {"lines": len(rows), "rows": shapes[0][0], "features": shapes[0][1], "costs": costs}


def _lifetimes_fit(options: argparse.Namespace) -> dict[str, object]:
    """BG/NBD on the same histories as our own value models."""
    from lifetimes import BetaGeoFitter
    from lifetimes.fitters import ConvergenceError

    drawn = histories(options.customers)
    weeks = (drawn["frequency"], drawn["recency_days"] / 7, drawn["age_days"] / 7)

    def fit() -> bool:
        try:
            BetaGeoFitter().fit(*weeks)
        except ConvergenceError:
            return False
        return True

    converged, cost = measured(fit)
    return {"customers": options.customers, "converged": converged, "costs": {"case": once(cost)}}


def _beside_floor(options: argparse.Namespace, work: Callable[[], object]) -> dict[str, dict[str, list[float]]]:
    read_once(options.log)
    return in_turns({"case": work, "floor": floor_of(options.log, options.threads)}, rounds=3)


def _rows(log: Path) -> pd.DataFrame:
    return duckdb.sql(f"SELECT * FROM read_parquet('{log}')").df()


def _cutoffs(rows: pd.DataFrame, n: int) -> list[pd.Timestamp]:
    newest = rows["time"].max().normalize() + pd.Timedelta(days=1)
    return [newest - pd.Timedelta(days=CUTOFF_SPACING_DAYS * i) for i in range(n)]


CASES = {"featuretools": _featuretools, "lifetimes-table": _lifetimes_table, "lifetimes-fit": _lifetimes_fit}

if __name__ == "__main__":
    main()
