"""A whole business from a seed: as files of any size, or as tables in memory."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import pyarrow as pa

from churnscope.errors import ConfigError, StorageError
from churnscope.simulation.business import Business
from churnscope.simulation.configuration import config_text
from churnscope.simulation.description import description
from churnscope.simulation.files import FileFormat, Log
from churnscope.simulation.flaws import Row
from churnscope.simulation.groups import EVENT_LOGS, Plan, simulate_group

TRUTH = "truth"


@dataclass(frozen=True)
class Simulated:
    """What was written.

    Parameters
    ----------
    config : a config over the files, ready for every other command.
    files : log -> its files; `truth` among them.
    rows : file name -> rows in it.
    flaws : log -> kind of row -> how many; days that stand in two files count once.
    """

    config: Path
    files: Mapping[str, tuple[Path, ...]]
    rows: Mapping[str, int]
    flaws: Mapping[str, Mapping[str, int]]

    def to_json(self) -> dict[str, object]:
        """Names and counts as plain values."""
        return {
            "config": str(self.config),
            "files": {log: [str(path) for path in paths] for log, paths in self.files.items()},
            "rows": dict(self.rows),
            "flaws": {log: dict(kinds) for log, kinds in self.flaws.items()},
        }


def simulate(
    business: Business,
    folder: Path,
    *,
    customers: int,
    days: int,
    seed: int = 0,
    file_format: FileFormat = "csv",
    threads: int = 1,
) -> Simulated:
    """Write a business's files, the truth about its customers, and a config over them.

    The same arguments give the same bytes with any number of threads. Memory holds a few groups of 4,096 customers, however
    many there are; rows are sorted by time within each group.

    Parameters
    ----------
    folder : made when missing; refused when it holds anything.
    days : length of the log, from the business's first day on.

    Raises
    ------
    ConfigError : when customers, days, seed or threads are impossible.
    StorageError : when the folder is not empty or cannot be written.
    """
    plan = _plan(business, customers, days, seed)
    if threads < 1:
        raise ConfigError(f"threads = {threads} is impossible.", "Give 1 or more.")
    _make_empty(folder)
    try:
        return _write(plan, folder, file_format, threads)
    except OSError as error:
        raise StorageError(f"{folder} cannot be written: {error.strerror or error}.", "Check space and permissions.") from error


def simulate_tables(business: Business, *, customers: int, days: int, seed: int = 0) -> dict[str, pa.Table]:
    """The same business in memory: log -> table, `truth` among them; rows are sorted by time within groups of 4,096 customers.

    The column `row` of an event log says which rows are broken: see `Row`.

    Raises
    ------
    ConfigError : when customers, days or seed are impossible.

    Examples
    --------
    >>> from churnscope.simulation import PRESETS
    >>> tables = simulate_tables(PRESETS["pareto_nbd"], customers=100, days=365)
    >>> sorted(tables)
    ['customers', 'purchases', 'truth']
    """
    groups = list(_groups(_plan(business, customers, days, seed), threads=1))
    return {name: pa.concat_tables(group[name] for group in groups) for name in groups[0]}


def _plan(business: Business, customers: int, days: int, seed: int) -> Plan:
    if customers < 1 or days < 1 or seed < 0:
        raise ConfigError(
            f"customers = {customers}, days = {days}, seed = {seed} is impossible.",
            "Give at least one customer and one day, and a seed of 0 or more.",
        )
    return Plan(business, customers, days, seed)


def _groups(plan: Plan, threads: int) -> Iterator[dict[str, pa.Table]]:
    """All groups in order, at most two per thread at a time."""
    draw = partial(simulate_group, plan, plan.clock)
    with ThreadPoolExecutor(threads) as pool:
        for first in range(0, plan.groups, 2 * threads):
            yield from pool.map(draw, range(first, min(first + 2 * threads, plan.groups)))


def _make_empty(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        taken = any(folder.iterdir())
        (folder / TRUTH).mkdir(exist_ok=True)
    except OSError as error:
        raise StorageError(f"{folder} cannot be made: {error.strerror}.", "Give another folder.") from error
    if taken:
        raise StorageError(f"{folder} is not empty.", "Give a new folder, so that nothing is overwritten.")


def _write(plan: Plan, folder: Path, file_format: FileFormat, threads: int) -> Simulated:
    logs: dict[str, Log] = {}
    columns: dict[str, list[str]] = {}
    with ExitStack() as open_files:
        for tables in _groups(plan, threads):
            for name, table in tables.items():
                if name not in logs:
                    logs[name] = open_files.enter_context(_log(plan, folder, name, file_format))
                    columns[name] = table.column_names
                logs[name].write(table)
    config = folder / "config.toml"
    paths = {name: [path.relative_to(folder).as_posix() for path in log.paths] for name, log in logs.items()}
    config.write_text(config_text(plan.business, plan.days, columns, paths), encoding="utf-8")
    written = _summary(config, logs)
    _write_truth(plan, folder, written)
    return written


def _log(plan: Plan, folder: Path, name: str, file_format: FileFormat) -> Log:
    """The log of one name; event logs are cut in the middle when the business keeps overlapping files."""
    where = folder / TRUTH if name == TRUTH else folder
    shared = plan.business.flaws.overlap_days
    if name not in EVENT_LOGS or not shared:
        return Log(where / ("customers" if name == TRUTH else name), file_format)
    middle = plan.clock.first_day + plan.days // 2
    return Log(where / name, file_format, shared_days=(middle, middle + shared))


def _summary(config: Path, logs: Mapping[str, Log]) -> Simulated:
    return Simulated(
        config=config,
        files={name: log.paths for name, log in logs.items()},
        rows={path.name: rows for log in logs.values() for path, rows in zip(log.paths, log.rows, strict=True)},
        flaws={name: {kind.name.lower(): log.states[kind] for kind in Row} for name, log in logs.items() if log.states},
    )


def _write_truth(plan: Plan, folder: Path, written: Simulated) -> None:
    """Every parameter and count of the simulation for whoever tests against it, and in words for whoever opens the folder."""
    facts = {
        "business": asdict(plan.business),
        "customers": plan.customers,
        "days": plan.days,
        "seed": plan.seed,
        "rows": dict(written.rows),
        "flaws": written.flaws,
    }
    (folder / TRUTH / "business.json").write_text(json.dumps(facts, indent=2, default=str) + "\n", encoding="utf-8")
    data = {path.name: written.rows[path.name] for log, paths in written.files.items() if log != TRUTH for path in paths}
    text = description(plan.business, customers=plan.customers, days=plan.days, seed=plan.seed, rows=data)
    (folder / TRUTH / "README.md").write_text(text, encoding="utf-8")
