"""The log every benchmark reads: purchase lines in one Parquet file, sorted by time, as a warehouse would hold them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import duckdb

from churnscope.simulation import PRESETS, simulate
from churnscope.simulation.business import Lapse, Purchases

DAYS = 730
LINES_PER_CUSTOMER = 25
WINDOWS = (7, 30, 90, 180, 365)
COLUMNS = ("customer", "time", "amount", "quantity", "order", "product", "category", "channel")
MEAN_LATE_DAYS = 3
ROWS_PER_CUSTOMER = 115  # of all logs of `EVERYTHING`

BUSINESS = replace(
    PRESETS["pareto_nbd"],
    name="bench",
    purchases=Purchases(per_year=17.0, lines_per_order=1.5),
    lapse=Lapse(half_life_days=365, shape=2),
)

EVERYTHING = replace(PRESETS["both"], name="everything", active_days=DAYS, horizon_days=30)  # everyone is in the population


def event_log(folder: Path, events: int, *, threads: int) -> Path:
    """A log of about `events` lines, about 25 of a customer; made once and kept in `folder`."""
    path = folder / f"purchases_{events}.parquet"
    if not path.exists():
        with _workshop(folder) as shop:
            customers = max(events // LINES_PER_CUSTOMER, 1)
            made = simulate(BUSINESS, shop / "sold", customers=customers, days=DAYS, file_format="parquet", threads=threads)
            columns = ", ".join(f'"{name}"' for name in COLUMNS)
            source = made.files["purchases"][0]
            _copied(f"SELECT {columns} FROM read_parquet('{source}') ORDER BY time, customer", path, shop, threads)
    return path


def whole_business(folder: Path, events: int, *, threads: int) -> Path:
    """A config over files of every role that is simulated, with about `events` rows in all; made once and kept in `folder`."""
    path = folder / f"business_{events}"
    if not path.exists():
        with _workshop(folder) as shop:
            customers = max(events // ROWS_PER_CUSTOMER, 1)
            simulate(EVERYTHING, shop / "made", customers=customers, days=DAYS, file_format="parquet", threads=threads)
            (shop / "made").rename(path)
    return path / "config.toml"


def late_log(log: Path, percent: int, *, threads: int) -> Path:
    """The same rows with a column `known`: so many percent of them reach the warehouse later, by three days in the mean."""
    path = log.with_name(f"{log.stem}_late{percent}.parquet")
    if not path.exists():
        with _workshop(log.parent) as shop:
            by_chance = "(hash(\"order\", product, '{}') % 1000000 + 0.5) / 1000000"
            delay = f"to_seconds(CAST(ceil(-ln({by_chance.format('delay')}) * {MEAN_LATE_DAYS * 86_400}) AS BIGINT))"
            is_late = f"{by_chance.format('late')} < {percent / 100}"
            known = f"time + CASE WHEN {is_late} THEN {delay} ELSE INTERVAL 0 SECOND END"
            _copied(f"SELECT *, {known} AS known FROM read_parquet('{log}')", path, shop, threads)
    return path


@contextmanager
def _workshop(folder: Path) -> Iterator[Path]:
    """A folder of one's own, so that two runs at a time do not meet and a stopped one leaves nothing that counts."""
    folder.mkdir(parents=True, exist_ok=True)
    shop = Path(tempfile.mkdtemp(prefix="making_", dir=folder))
    try:
        yield shop
    finally:
        shutil.rmtree(shop)


def _copied(query: str, target: Path, shop: Path, threads: int) -> None:
    partial = shop / target.name
    settings = {"threads": threads, "memory_limit": "4GB", "temp_directory": str(shop / "spill")}
    with duckdb.connect(config=settings) as connection:
        connection.execute(f"COPY ({query}) TO '{partial}' (FORMAT parquet, COMPRESSION zstd)")
    partial.rename(target)


def config_of(log: Path, *, threads: int, memory_limit: str | None, has_known: bool = False) -> Path:
    """A config over the log: everyone who ever bought is in the population."""
    path = log.with_name(f"{log.stem}_{memory_limit or 'free'}.toml")
    limit = f'memory_limit = "{memory_limit}"\n' if memory_limit else ""
    columns = "\n".join(f'{name} = "{name}"' for name in (*COLUMNS, *(["known"] if has_known else [])))
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
