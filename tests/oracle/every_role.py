"""Random rows of every role there is, read off `ROLES`: a role that is new has its rows here without a word."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from churnscope.activity import Activity
from churnscope.config.models import Activity as ActivityConfig
from churnscope.config.models import Label, Rule
from churnscope.events import Block, Events
from churnscope.events.block import NO_DAY
from churnscope.features.catalog import every_column
from churnscope.roles import ROLES, Role, RoleColumn
from churnscope.snapshots import SnapshotPlan
from churnscope.timeline import Timing
from oracle.scenes import AS_OF, CUTOFFS, MICROSECONDS, WINDOWS, with_missing

EVERY = every_column()
LONGEST_LAG = 60
LATE = 0.3


def block_of_every_role(seed: int, customers: int = 24) -> Block:
    """A share of the rows is known only days after they happened."""
    rng = np.random.default_rng(seed)
    return Block(0, customers, {role.name: _events(rng, role, customers) for role in ROLES.values()})


def plan_for(role: str) -> SnapshotPlan:
    """Every family; who is active is told by the rows of the role where they are something that happened."""
    source = role if ROLES[role].is_activity else "purchases"
    activity = Activity(ActivityConfig(rules=(Rule(source=source, days=90),)), {name: (name, 0) for name in ROLES}, 0.01)
    timing = Timing(horizon_days=30, gap_days=7)
    return SnapshotPlan(CUTOFFS, timing, WINDOWS, activity, Label(), as_of=AS_OF, resolution=0.01, **vars(EVERY))


def signals_of(rng: np.random.Generator, role: Role, day: np.ndarray) -> dict[str, np.ndarray]:
    """A value of every row in every column, further times on their own day or after it."""
    signals: dict[str, np.ndarray] = {}
    for name in sorted(EVERY.columns[role.name]):
        kind = role.carried.get(name) or _own_kind(role, name)
        if kind not in {"time", "day"}:
            signals[name] = _values(rng, kind, day)
    for clock in role.clocks:
        own = np.where(rng.random(len(day)) < 0.3, NO_DAY, day + rng.integers(0, 80, len(day)))
        signals[f"{clock}_day"] = own
        signals[clock] = np.where(own == NO_DAY, 0, own * MICROSECONDS + rng.integers(0, MICROSECONDS, len(day)))
    return signals


def _events(rng: np.random.Generator, role: Role, customers: int) -> Events:
    size = rng.integers(0, 9 if role.many_per_customer else 2, customers)
    customer = np.repeat(np.arange(customers, dtype=np.int32), size)
    day = rng.integers(CUTOFFS[0] - 120, AS_OF, len(customer)).astype(np.int32)
    time = day * np.int64(MICROSECONDS) + rng.integers(0, MICROSECONDS, len(day))
    order = np.lexsort((time, customer))
    lag = np.where(rng.random(len(day)) < LATE, rng.integers(1, LONGEST_LAG, len(day)), 0)
    signals = signals_of(rng, role, day[order])
    return Events(customers, customer, time[order], day[order], signals, (day[order] + 1 + lag).astype(np.int32))


def _own_kind(role: Role, name: str) -> str:
    if name == "minute_of_day":
        return "minute"
    if name in EVERY.levels[role.name]:
        return "text"
    if name in EVERY.dates[role.name]:
        return "date"
    return ("truth" if role.since else "flag") if name in EVERY.flags[role.name] else "number"


def _values(rng: np.random.Generator, kind: str, day: np.ndarray) -> np.ndarray:
    n = len(day)
    match kind:
        case "flag":
            return rng.random(n) < 0.4
        case "truth":
            return with_missing(rng, rng.integers(0, 2, n).astype(float))
        case "number":
            return with_missing(rng, rng.lognormal(1, 2, n).round(2))
        case "date":
            return np.where(rng.random(n) < 0.3, NO_DAY, day + rng.integers(-400, 400, n))
        case "minute":
            return rng.integers(0, 1_440, n)
        case "money":
            return rng.integers(-500, 5_000, n)
    return rng.integers(0, 6, n)


# -- the same as files -----------------------------------------------------------------------------------------------------

FIRST = datetime(2023, 1, 1, tzinfo=UTC)
FILE_DAYS = 200


def readable_roles() -> tuple[Role, ...]:
    """The roles whose rows say when they became known."""
    return tuple(role for role in ROLES.values() if "known" in {column.name for column in role.columns})


def rows_of_a_file(rng: np.random.Generator, role: Role, n: int = 120) -> list[dict[str, str]]:
    """Rows as texts, rising in time; a third is known up to two months later."""
    rows = []
    for _ in range(n):
        time = FIRST + timedelta(seconds=int(rng.integers(0, FILE_DAYS * 86_400)))
        lag = timedelta(hours=int(rng.integers(1, 24 * LONGEST_LAG)) if rng.random() < LATE else 0)
        row = {column.name: text for column in role.columns if (text := _text(rng, column, time)) is not None}
        begins = {name: _iso(time) for name in ("time", role.since) if name}
        rows.append({**row, **begins, "customer": f"c{rng.integers(20):02d}", "known": _iso(time + lag)})
    return sorted(rows, key=lambda row: row["time"])


def source_text(role: Role, *, known: bool = True, delay_days: int = 0) -> str:
    """The source in a config, with every column of the role."""
    columns = [column for column in role.columns if known or column.name != "known"]
    types = {
        "number": "number",
        "money": "number",
        "flag": "boolean",
        "truth": "boolean",
        "time": "timestamp",
        "date": "timestamp",
    }
    lines = [f"[sources.{role.name}]", f'role = "{role.name}"', 'format = "csv"', f'files = "{role.name}.csv"']
    lines += [f"delay_days = {delay_days}", f"[sources.{role.name}.columns]"]
    lines += [f"{role.key(column.name)} = '\"{column.name}\"'" for column in columns]
    lines += [f"[sources.{role.name}.types]"]
    lines += [f'{column.name} = "{types[column.kind]}"' for column in columns if column.kind in types]
    return "\n".join(lines) + "\n"


def with_other_values(rng: np.random.Generator, role: str, events: Events, rows: np.ndarray) -> Events:
    """Rows keep customer and times, and get other values."""
    drawn = signals_of(rng, ROLES[role], events.day)
    return replace(events, signals={name: np.where(rows, drawn[name], values) for name, values in events.signals.items()})


def _text(rng: np.random.Generator, column: RoleColumn, time: datetime) -> str | None:
    match column.kind:
        case "flag" | "truth":
            return str(rng.random() < 0.4).lower()
        case "date":
            days = int(rng.integers(2, 300)) * (1 if column.name == "valid_to" else -1)  # what holds ends after it began
            return f"{time + timedelta(days=days):%Y-%m-%d}" if rng.random() < 0.7 else ""
        case "money":
            return f"{rng.lognormal(1, 1):.2f}"
        case "number":
            return f"{rng.lognormal(1, 1):.2f}" if rng.random() < 0.9 else ""
        case "text":
            words = column.words or ("a", "b", "c")
            return str(words[rng.integers(len(words))])
        case "time":
            return _iso(time + timedelta(hours=int(rng.integers(1, 24 * 40)))) if rng.random() < 0.7 else ""
    return None


def _iso(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%SZ}"
