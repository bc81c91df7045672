"""Compiling ahead of time everything that is compiled."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from churnscope.activity import Activity
from churnscope.config.models import Activity as ActivityConfig
from churnscope.config.models import Rule, Stages
from churnscope.events import Block
from churnscope.lifecycle.making import Making
from churnscope.model.warmup import warmup as warm_up_model
from churnscope.roles import ROLES
from churnscope.snapshots.warmup import few_rows
from churnscope.snapshots.warmup import warmup as warm_up_features
from churnscope.sources.scanner import find_records


def warmup() -> dict[str, float]:
    """Compile every kernel, or load it from the cache, for reading, features, stages and prediction; seconds of each."""
    works = {
        "reading": _read_a_piece,
        "features": warm_up_features,
        "stages": _tell_a_life,
        "prediction": warm_up_model,
    }
    return {name: _timed(work) for name, work in works.items()}


def _read_a_piece() -> None:
    find_records(np.frombuffer(b"a,b\n1,2\n", np.uint8), delimiter=ord(","), quote=ord('"'), line=1, is_last=True)


def _tell_a_life() -> None:
    """By every kind of rule: events counted, numbers added up, terms in force."""
    rules = (
        Rule(source="visits", days=30),
        Rule(source="visits", measure="own_number", days=30),
        Rule(source="terms", in_force=True, grace_days=3),
    )
    activity = Activity(ActivityConfig(rules=rules), {"visits": ("engagement", 0), "terms": ("subscriptions", 0)}, 1.0)
    logs = {role: few_rows(ROLES[role]) for role in ("engagement", "subscriptions")}
    Making(activity, Stages(), as_of=20).spells(Block(0, 1, logs))


def _timed(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return round(time.perf_counter() - started, 1)
