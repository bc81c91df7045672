"""What features cost: from a Parquet log to float32 matrix blocks, beside the least a machine must do, and beside other tools.

    python benchmarks/features.py                                   1 million events, quickly
    python benchmarks/features.py --events 10000000 --page          the table of docs/benchmarks.md
    python benchmarks/features.py --events 10000000 100000000 --page

Every case runs in a process of its own, which first measures the floor: DuckDB's group-by of count, sum, max and distinct
orders on the same file. Costs are given as multiples of that floor, so that machines can be compared.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

import duckdb
from event_log import DAYS, config_of, event_log
from measuring import Cost, measured, typical
from page import Case, Floor, Peer, Profile, Run, printed, write_page
from peers import PEERS, installed, sql_features
from profiling import kernel_seconds

LARGE = 50_000_000  # from here on, only 12 cutoffs, at two memory limits
FLOOR_RUNS = 3
CUTOFF_SPACING_DAYS = 30
PEER_CUTOFFS = (1, 12)
PEERS_UP_TO = 1_000_000


def main() -> None:
    """Measure, print, and with `--page` write the page."""
    options = _options()
    if options.case:
        print(json.dumps(_case(json.loads(options.case))))
        return
    options.folder.mkdir(parents=True, exist_ok=True)
    runs = [_run(events, options) for events in options.events]
    for run in runs:
        print(printed(run))
    if options.page:
        write_page(runs, Path(__file__).parent.parent / "docs")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, nargs="+", default=[1_000_000], help="sizes of the log")
    parser.add_argument(
        "--folder", type=Path, default=Path(tempfile.gettempdir()) / "churnscope-bench", help="where logs are kept"
    )
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--page", action="store_true", help="write docs/benchmarks.md and its picture")
    parser.add_argument("--no-peers", dest="peers", action="store_false", help="leave the other tools out")
    parser.add_argument("--case", help=argparse.SUPPRESS)
    return parser.parse_args()


def _run(events: int, options: argparse.Namespace) -> Run:
    """All cases of one size, one process each."""
    log = event_log(options.folder, events, threads=options.threads)
    shared = {"log": str(log), "threads": options.threads}
    sizes = [(12, "1.5GB"), (12, "4GB")] if events >= LARGE else [(1, "4GB"), (12, "4GB"), (24, "4GB")]
    cases = [Case(**_apart({**shared, "what": "ours", "cutoffs": n, "memory": limit})) for n, limit in sizes]
    peers = []
    if options.peers and events <= PEERS_UP_TO:
        wanted = [{**shared, "what": name, "cutoffs": n} for name in PEERS for n in PEER_CUTOFFS]
        peers = [Peer(**_apart(case)) for case in wanted if installed(PEERS[case["what"]][0])]
    profile = Profile(**_apart({**shared, "what": "profile", "cutoffs": 12, "memory": "4GB"}))
    missing = [name for name, (module, _) in PEERS.items() if not installed(module)]
    return Run(_rows(log), cases, profile, peers, missing, len(sql_features()))


def _apart(case: dict[str, object]) -> dict[str, object]:
    """The answer of a case from a process of its own."""
    print("...", *(value for key, value in case.items() if key != "log"), file=sys.stderr, flush=True)
    threads = {"POLARS_MAX_THREADS": str(case["threads"])}
    words = [sys.executable, __file__, "--case", json.dumps(case)]
    ended = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True, env=os.environ | threads)
    return json.loads(ended.stdout.splitlines()[-1])


def _case(case: dict[str, object]) -> dict[str, object]:
    log, threads, cutoffs = Path(case["log"]), int(case["threads"]), int(case["cutoffs"])
    if case["what"] == "ours":
        return _ours(log, threads, cutoffs, case["memory"])
    if case["what"] == "profile":
        return _profile(log, threads, cutoffs, case["memory"])
    return _peer(case["what"], log, threads, cutoffs)


def _floor(log: Path, threads: int) -> dict[str, object]:
    """The least a machine must do: one group-by over the file."""
    counted = 'count(*), sum(amount), max(time), count(DISTINCT "order")'
    query = f"SELECT customer, {counted} FROM read_parquet('{log}') GROUP BY customer"

    def group_by() -> int:
        with duckdb.connect(config={"threads": threads}) as connection:
            return len(connection.sql(query).to_arrow_table())

    group_by()  # the file is in the system's cache for everyone alike
    return asdict(Floor(**_seconds(typical(group_by, FLOOR_RUNS))))


def _ours(log: Path, threads: int, cutoffs: int, memory: str) -> dict[str, object]:
    """From Parquet to matrix blocks: load, sort, stream, all families at all cutoffs."""
    _compile_kernels(log, threads)
    floor = _floor(log, threads)
    (rows, features), cost = measured(lambda: _build(log, threads, cutoffs, memory))
    return {"cutoffs": cutoffs, "memory": memory, "rows": rows, "features": features, "floor": floor, "cost": asdict(cost)}


def _build(log: Path, threads: int, cutoffs: int, memory: str | None) -> tuple[int, int]:
    from churnscope.config.load import load_config
    from churnscope.engines.duckdb import open_engine
    from churnscope.snapshots import SnapshotPlan, stream_snapshots

    config = load_config(config_of(log, threads=threads, memory_limit=memory))
    with open_engine(config) as engine:
        loaded = engine.load(with_duplicates=False)
        plan = SnapshotPlan.from_config(config, loaded, _cutoff_days(loaded.as_of, cutoffs))
        rows = sum(len(table.features) for table in stream_snapshots(loaded.blocks(), plan, threads=threads))
    return rows, len(plan.specs)


def _cutoff_days(as_of: int, n: int) -> list[int]:
    """The newest day and those before it, at most as many as the log has months."""
    return [as_of - i * CUTOFF_SPACING_DAYS for i in range(min(n, DAYS // CUTOFF_SPACING_DAYS))]


def _compile_kernels(log: Path, threads: int) -> None:
    """Compile, or load from the cache, on a small log: it happens once on a machine, not on every run."""
    _build(event_log(log.parent, 2_000, threads=1), threads, 2, None)


def _profile(log: Path, threads: int, cutoffs: int, memory: str) -> dict[str, object]:
    """Where the time goes: reading and checking, sorting and streaming, kernels, and the families' arithmetic."""
    from churnscope.config.load import load_config
    from churnscope.engines.duckdb import open_engine
    from churnscope.snapshots import SnapshotPlan, stream_snapshots

    _compile_kernels(log, threads)
    config = load_config(config_of(log, threads=threads, memory_limit=memory))
    with open_engine(config) as engine:
        loaded, load = measured(lambda: engine.load(with_duplicates=False))
        _, stream = measured(lambda: [None for _ in loaded.blocks()])
        plan = SnapshotPlan.from_config(config, loaded, _cutoff_days(loaded.as_of, cutoffs))
        with kernel_seconds() as spent:
            _, whole = measured(lambda: [None for _ in stream_snapshots(loaded.blocks(), plan, threads=threads)])
    kernels = sum(spent.values())
    return {
        "load": asdict(load),
        "stream": asdict(stream),
        "kernel_seconds": kernels,
        "family_seconds": max(whole.cpu_seconds - stream.cpu_seconds - kernels, 0.0),
        "most": dict(sorted(spent.items(), key=lambda item: -item[1])[:8]),
    }


def _peer(name: str, log: Path, threads: int, cutoffs: int) -> dict[str, object]:
    """One query or pass per cutoff."""
    run = PEERS[name][1]
    floor = _floor(log, threads)
    days = _cutoff_days(_last_day(log) + 1, cutoffs)
    _, cost = measured(lambda: [run(log, day, threads) for day in days])
    return {"name": name, "cutoffs": cutoffs, "floor": floor, "cost": asdict(cost)}


def _rows(log: Path) -> int:
    return int(duckdb.sql(f"SELECT count(*) FROM read_parquet('{log}')").fetchall()[0][0])


def _last_day(log: Path) -> int:
    return int(duckdb.sql(f"SELECT max(time)::DATE - DATE '1970-01-01' FROM read_parquet('{log}')").fetchall()[0][0])


def _seconds(cost: Cost) -> dict[str, float]:
    return {"wall_seconds": cost.wall_seconds, "cpu_seconds": cost.cpu_seconds}


if __name__ == "__main__":
    main()
