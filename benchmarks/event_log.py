"""The log every benchmark reads: purchase lines in one Parquet file, sorted by time, as a warehouse would hold them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb

from churnscope.simulation import PRESETS, simulate
from churnscope.simulation.business import Lapse, Purchases

DAYS = 730
LINES_PER_CUSTOMER = 25
WINDOWS = (7, 30, 90, 180, 365)
COLUMNS = ("customer", "time", "amount", "quantity", "order", "product", "category", "channel")

BUSINESS = replace(
    PRESETS["pareto_nbd"],
    name="bench",
    purchases=Purchases(per_year=17.0, lines_per_order=1.5),
    lapse=Lapse(half_life_days=365, shape=2),
)


def event_log(folder: Path, events: int, *, threads: int) -> Path:
    """A log of about `events` lines, about 25 of a customer; made once and kept in `folder`."""
    path = folder / f"purchases_{events}.parquet"
    if not path.exists():
        by_customer = folder / f"by_customer_{events}"
        customers = max(events // LINES_PER_CUSTOMER, 1)
        made = simulate(BUSINESS, by_customer, customers=customers, days=DAYS, file_format="parquet", threads=threads)
        _sort_by_time(made.files["purchases"][0], path, folder, threads)
        for file in sorted(by_customer.rglob("*"), reverse=True):
            file.rmdir() if file.is_dir() else file.unlink()
        by_customer.rmdir()
    return path


def _sort_by_time(source: Path, target: Path, folder: Path, threads: int) -> None:
    partial = target.with_suffix(".partial")
    columns = ", ".join(f'"{name}"' for name in COLUMNS)
    with duckdb.connect(
        config={"threads": threads, "memory_limit": "4GB", "temp_directory": str(folder / "spill")}
    ) as connection:
        connection.execute(
            f"COPY (SELECT {columns} FROM read_parquet('{source}') ORDER BY time, customer) "
            f"TO '{partial}' (FORMAT parquet, COMPRESSION zstd)"
        )
    partial.rename(target)


def config_of(log: Path, *, threads: int, memory_limit: str | None) -> Path:
    """A config over the log: everyone who ever bought is in the population."""
    path = log.with_name(f"{log.stem}_{memory_limit or 'free'}.toml")
    limit = f'memory_limit = "{memory_limit}"\n' if memory_limit else ""
    columns = "\n".join(f'{name} = "{name}"' for name in COLUMNS)
    path.write_text(
        f"""\
name = "bench"

[sources.purchases]
role = "purchases"
format = "parquet"
files = "{log.name}"

[sources.purchases.columns]
{columns}

[activity]
rules = [{{ source = "purchases", days = {DAYS} }}]

[prediction]
horizon_days = 30

[features]
windows_days = {list(WINDOWS)}

[engine]
threads = {threads}
{limit}""",
        encoding="utf-8",
    )
    return path
