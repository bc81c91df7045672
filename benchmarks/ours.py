"""What churnscope does, as pieces of work: from a Parquet log to float32 matrix blocks, and where the time of it goes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
from event_log import DAYS, config_of, event_log, late_log, whole_business
from floor import floor_of, read_once
from measuring import in_turns, measured, once
from profiling import kernel_seconds

from churnscope.config.load import load_config
from churnscope.engines.duckdb import open_engine
from churnscope.features import Family, Feature, Log
from churnscope.lifecycle.months import calendar_months, shifted
from churnscope.lifecycle.transitions import Transitions
from churnscope.project.lifecycle.stages import life_of
from churnscope.snapshots import SnapshotPlan, stream_snapshots

CUTOFF_SPACING_DAYS = 30
LATE_PERCENT = (0, 1, 100)
LATE_MEMORY = "4GB"
FEW_EVENTS = 2_000
ACTIVE_DAYS = 90  # so that customers become inactive and come back
MONTHS = 24


@dataclass(frozen=True)
class Build:
    """One way to build all features of a log.

    Parameters
    ----------
    memory : DuckDB's limit, such as "4GB"; None for its own.
    has_known : whether the log says when each row was known.
    """

    log: Path
    threads: int
    cutoffs: int
    memory: str | None = None
    has_known: bool = False

    def run(self) -> tuple[int, int]:
        """Load, check, sort, stream, all families at all cutoffs; rows and features."""
        config = config_of(self.log, threads=self.threads, memory_limit=self.memory, has_known=self.has_known)
        return build_all(config, self.threads, self.cutoffs)


def build_all(path: Path, threads: int, cutoffs: int) -> tuple[int, int]:
    """All features that a config gives, at so many cutoffs; rows and features."""
    config = load_config(path)
    with open_engine(config) as engine:
        loaded = engine.load(with_duplicates=False)
        plan = SnapshotPlan.from_config(config, loaded, cutoff_days(loaded.as_of, cutoffs))
        rows = sum(len(table.features) for table in stream_snapshots(loaded.blocks(), plan, threads=threads))
    return rows, len(plan.specs)


def cutoff_days(as_of: int, n: int) -> list[int]:
    """The newest day and those before it, at most as many as the log has months."""
    return [as_of - i * CUTOFF_SPACING_DAYS for i in range(min(n, DAYS // CUTOFF_SPACING_DAYS))]


def warmed(log: Path, threads: int, *, late: bool = False) -> None:
    """Kernels compiled, or loaded from the cache, on a small log: it happens once on a machine, not on every run."""
    few = event_log(log.parent, FEW_EVENTS, threads=1)
    Build(few, threads, 2).run()
    if late:
        Build(late_log(few, 100, threads=1), threads, 2, has_known=True).run()


def features(log: Path, threads: int, cutoffs: int, memory: str) -> dict[str, object]:
    """The cost of all features, and of the floor beside it."""
    warmed(log, threads)
    read_once(log)
    shape: list[tuple[int, int]] = []
    build = Build(log, threads, cutoffs, memory)
    costs = in_turns({"case": lambda: shape.append(build.run()), "floor": floor_of(log, threads)})
    return {"lines": count_of(log), "rows": shape[0][0], "features": shape[0][1], "costs": costs}


def profile(log: Path, threads: int, cutoffs: int, memory: str) -> dict[str, object]:
    """Where the time goes: reading and checking, sorting and streaming, kernels, and the families' arithmetic."""
    warmed(log, threads)
    read_once(log)
    config = load_config(config_of(log, threads=threads, memory_limit=memory))
    with open_engine(config) as engine:
        loaded, load = measured(lambda: engine.load(with_duplicates=False))
        _, stream = measured(lambda: [None for _ in loaded.blocks()])
        plan = SnapshotPlan.from_config(config, loaded, cutoff_days(loaded.as_of, cutoffs))
        with kernel_seconds() as spent:
            _, whole = measured(lambda: [None for _ in stream_snapshots(loaded.blocks(), plan, threads=threads)])
    kernels = sum(spent.values())
    return {
        "load": once(load),
        "stream": once(stream),
        "stream_and_build": once(whole),
        "kernel_seconds": kernels,
        "rest_seconds": max(whole.cpu_seconds - stream.cpu_seconds - kernels, 0.0),
        "most": dict(sorted(spent.items(), key=lambda item: -item[1])[:8]),
    }


def every_role(business: Path, threads: int, cutoffs: int) -> dict[str, object]:
    """The cost of all features of a business with files in every role, and what each family of features takes."""
    build_all(whole_business(business.parent.parent, FEW_EVENTS, threads=1), threads, 2)
    logs = {log: business.parent / f"{log}.parquet" for log in sorted(load_config(business).sources)}
    for log in logs.values():
        read_once(log)
    shape: list[tuple[int, int]] = []
    costs = in_turns({"case": lambda: shape.append(build_all(business, threads, cutoffs))})
    lines = {name: count_of(log) for name, log in logs.items()}
    spent = _family_seconds(business, threads, cutoffs)
    return {"lines": lines, "rows": shape[0][0], "features": shape[0][1], "costs": costs, "families": spent}


def _family_seconds(business: Path, threads: int, cutoffs: int) -> dict[str, float]:
    """CPU seconds of each family, what it is the first to ask for included, the longest first."""
    spent: dict[str, float] = {}

    def timed(family: Family) -> Family:
        def build(log: Log) -> Iterator[Feature]:
            began = time.thread_time()
            features = list(family.build(log))
            spent[family.name] = spent.get(family.name, 0.0) + time.thread_time() - began
            yield from features

        return replace(family, build=build)

    config = load_config(business)
    with open_engine(config) as engine:
        loaded = engine.load(with_duplicates=False)
        plan = SnapshotPlan.from_config(config, loaded, cutoff_days(loaded.as_of, cutoffs))
        watched = replace(plan, families=tuple(map(timed, plan.families)))
        for _ in stream_snapshots(loaded.blocks(), watched, threads=threads):
            pass
    return dict(sorted(spent.items(), key=lambda item: -item[1])[:12])


def lifecycle(log: Path, threads: int, cutoffs: int, memory: str) -> dict[str, object]:
    """The cost of every customer's stages and of their moves over 24 months, and of all features beside it."""
    warmed(log, threads)
    _lives(event_log(log.parent, FEW_EVENTS, threads=1), threads, None)
    read_once(log)
    shape: list[tuple[int, int]] = []
    build = Build(log, threads, cutoffs, memory)
    costs = in_turns({"case": lambda: shape.append(_lives(log, threads, memory)), "features": build.run})
    return {"lines": count_of(log), "customers": shape[0][0], "spells": shape[0][1], "costs": costs}


def _lives(log: Path, threads: int, memory: str | None) -> tuple[int, int]:
    """Load, check, sort, stream, stages of every day, moves between months; customers and spells."""
    config = load_config(config_of(log, threads=threads, memory_limit=memory))
    rules = tuple(rule.model_copy(update={"days": ACTIVE_DAYS}) for rule in config.activity.rules)
    config = config.model_copy(update={"activity": config.activity.model_copy(update={"rules": rules})})
    with open_engine(config) as engine:
        spells = life_of(config, engine.load(with_duplicates=False), groups=()).spells
    last = spells.until - 1
    Transitions.between(spells, calendar_months(shifted(last, -MONTHS), last))
    return spells.n_customers, len(spells.customer)


def late_rows(log: Path, threads: int, cutoffs: int) -> dict[str, object]:
    """The same build where no row, some and all rows were known later than they happened."""
    warmed(log, threads, late=True)
    builds = {
        str(percent): Build(late_log(log, percent, threads=threads), threads, cutoffs, LATE_MEMORY, has_known=True)
        for percent in LATE_PERCENT
    }
    costs = in_turns(
        {name: build.run for name, build in {"without": Build(log, threads, cutoffs, LATE_MEMORY), **builds}.items()}
    )
    touched = {name: _touched(build) for name, build in builds.items()}
    return {"lines": count_of(log), "costs": costs, "touched": touched}


def _touched(build: Build) -> float:
    """The share of (customer, cutoff) with a row that had happened but was not known yet."""
    days = ", ".join(f"({day})" for day in cutoff_days(last_day(build.log) + 1, build.cutoffs))
    rows = f"read_parquet('{build.log}')"
    query = f"""\
        WITH cutoffs AS (SELECT DATE '1970-01-01' + day AS cutoff FROM (VALUES {days}) AS days(day))
        SELECT count(DISTINCT (customer, cutoff)) FILTER (known > cutoff) / count(DISTINCT (customer, cutoff))
        FROM {rows}, cutoffs WHERE time < cutoff"""
    return float(duckdb.sql(query).fetchall()[0][0])


def compiling() -> dict[str, object]:
    """Seconds to compile everything into an empty cache, and to load it from there, each in a process of its own."""
    with tempfile.TemporaryDirectory() as cache:
        words = [sys.executable, __file__]
        cold, warm = (_compiled(words, cache) for _ in range(2))
    return {"cold": cold, "warm": warm}


def _compiled(words: list[str], cache: str) -> dict[str, float]:
    began = time.perf_counter()
    ended = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True, env=os.environ | {"NUMBA_CACHE_DIR": cache})
    whole = time.perf_counter() - began
    return json.loads(ended.stdout.splitlines()[-1]) | {"process": whole}


def _compile_all() -> dict[str, float]:
    """Seconds per group of kernels in this process, imports left out."""
    import numpy as np
    from model_side import few_boosters

    from churnscope.snapshots.warmup import warmup
    from churnscope.sources.scanner import find_records

    boosters, rows = few_boosters()
    text = np.frombuffer(b"customer,time\n1,2024-01-01\n", np.uint8)
    works = {
        "features": warmup,
        "scores and reasons": lambda: (boosters.margin(rows), boosters.contributions(rows)),
        "CSV files": lambda: find_records(text, delimiter=ord(","), quote=ord('"'), line=1, is_last=True),
    }
    return {name: measured(work)[1].wall_seconds for name, work in works.items()}


def count_of(log: Path) -> int:
    """Lines of a log."""
    return int(duckdb.sql(f"SELECT count(*) FROM read_parquet('{log}')").fetchall()[0][0])


def last_day(log: Path) -> int:
    """The day number of the newest line."""
    return int(duckdb.sql(f"SELECT max(time)::DATE - DATE '1970-01-01' FROM read_parquet('{log}')").fetchall()[0][0])


if __name__ == "__main__":
    print(json.dumps(_compile_all()))
