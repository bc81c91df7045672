"""Compiling ahead of time, for images and first runs."""

from __future__ import annotations

import numpy as np

from churnscope.activity import Activity
from churnscope.config.models import Activity as ActivityConfig
from churnscope.config.models import Label, Rule
from churnscope.events import Block, Events, Signal
from churnscope.roles import ROLES, Role
from churnscope.snapshots.build import build_snapshots
from churnscope.snapshots.plan import SnapshotPlan
from churnscope.timeline import Timing


def warmup() -> None:
    """Compile every kernel, or load it from the cache, by building all features of a few rows."""
    logs = {
        role: few_rows(ROLES[role])
        for role in ("purchases", "engagement", "support", "contacts", "subscriptions", "campaigns", "customers")
    }
    rules = ActivityConfig(rules=(Rule(source="shop", days=30),))
    plan = SnapshotPlan(
        cutoffs=(5, 10),
        timing=Timing(1),
        windows=(3, 7),
        activity=Activity(rules, {"shop": ("purchases", 0)}, 1.0),
        label=Label(),
        columns={role: frozenset(events.signals) for role, events in logs.items()},
        as_of=20,
        flags=dict.fromkeys(logs, frozenset({"own_flag"})),
    )
    build_snapshots([Block(0, 1, logs)], plan)
    seen = plan.grid.see(logs["purchases"])
    for signal in ("amount", "own_number"):  # no family of our own asks for the first value; others' may
        seen.first(signal, 7)


def few_rows(role: Role) -> Events:
    """Four rows of one customer with every signal a log of this role can carry; one row is late."""
    day = np.array([1, 2, 4, 8], np.int32)
    kinds = role.carried | {"minute_of_day": "text", "own_flag": "flag", "own_number": "number"}
    types = {"number": np.float64, "truth": np.float64, "flag": np.bool_}
    signals: dict[str, Signal] = {name: (np.arange(4) * 1.5).astype(types.get(kind, np.int64)) for name, kind in kinds.items()}
    visible_day = day + np.array([1, 1, 3, 1], np.int32)
    return Events(1, np.zeros(4, np.int32), day * np.int64(86_400_000_000), day, signals, visible_day)
