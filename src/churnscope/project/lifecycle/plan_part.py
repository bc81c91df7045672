"""The plan as a part of the life cycle's summary: what the config declares for whom, on customers as they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from churnscope.alerts.on_scores import ScoreSet
from churnscope.config.models import Config
from churnscope.decisions.actions import Customers, Flags
from churnscope.decisions.plan import PlanRow, planned
from churnscope.errors import ConfigError, nearest
from churnscope.lifecycle.spells import STAGES
from churnscope.project.lifecycle.parts import Context, LifecyclePart, Told
from churnscope.project.lifecycle.score_sets import ScoreFiles
from churnscope.project.lifecycle.stages import Life
from churnscope.project.money.list_inputs import BANDS
from churnscope.project.results import iso
from churnscope.project.session import Folders
from churnscope.reports.lifecycle_brief import plan_brief
from churnscope.reports.plan_words import plan_sections

MONEY_DIGITS = 2
SCHEMA = pa.schema(
    [
        ("stage", pa.string()),
        ("types", pa.string()),
        ("action", pa.string()),
        ("customers", pa.int64()),
        ("scored", pa.int64()),
        ("expected_gain", pa.float64()),
        ("expected_cost", pa.float64()),
    ]
)


def plan_told(context: Context) -> Told:
    """For how many customers which action is planned, and what it is expected to bring and to cost."""
    config, life = context.config, context.life
    assert config.plan is not None
    scores = next(iter(_files(config, life.as_of).read(config, life.ids)), None)
    people = _people(life, scores)
    _refuse_unknown_types(config, people.flags)
    stages = life.spells.on(life.as_of)
    hour_cost = 0.0 if config.call_list is None else config.call_list.hour_cost
    rows = planned(config.plan.lines, config.actions, stages, people, hour_cost=hour_cost)
    table = pa.Table.from_pylist([_named(row) for row in rows], SCHEMA)
    day = None if scores is None else iso(scores.day)
    return Told({"scores": day, "lines": [_rounded(row) for row in rows]}, {"plan.csv": table})


def _files(config: Config, as_of: int) -> ScoreFiles:
    return ScoreFiles.of(Folders.of(config), as_of, None).newest()


def plan_reads(config: Config, as_of: int) -> Mapping[str, str]:
    """The files beside the sources that decide the plan, with their hashes."""
    return _files(config, as_of).hashes()


def _people(life: Life, scores: ScoreSet | None) -> Customers:
    """All customers: types and stages as of the day, probabilities, values and bands as of the newest scores before it."""
    n = len(life.ids)
    unknown, nobody = np.full(n, np.nan), np.zeros(n, np.bool_)
    flags: dict[str, Flags] = dict.fromkeys(BANDS, nobody)
    if scores is not None:
        flags |= scores.groups
    flags |= {name: group.members("yes") for name, group in life.groups.items() if group.labels == ("no", "yes")}
    stages = life.spells.on(life.as_of)
    flags |= {stage: stages == code for code, stage in enumerate(STAGES)}
    if scores is None:
        return Customers(unknown, unknown, flags, unknown, {})
    return Customers(scores.probability, scores.value, flags, unknown, {})


def _refuse_unknown_types(config: Config, flags: Mapping[str, Flags]) -> None:
    """Every type that the plan or one of its actions names has to be told."""
    assert config.plan is not None
    for number, line in enumerate(config.plan.lines, start=1):
        accepts = config.actions[line.action].acceptance
        named = dict.fromkeys(line.types, f"[plan] lines #{number} types")
        named |= dict.fromkeys(accepts if isinstance(accepts, dict) else (), f"[actions.{line.action}] acceptance")
        for name, where in named.items():
            if name not in flags:
                raise ConfigError(f"{where}: nothing tells a type of customers {name!r}.", nearest(name, flags))


def _named(row: PlanRow) -> dict[str, Any]:
    told = _rounded(row)
    return told | {"types": ", ".join(row.types), "expected_gain": told["gain"], "expected_cost": told["cost"]}


def _rounded(row: PlanRow) -> dict[str, Any]:
    money = {
        name: None if value is None else round(value, MONEY_DIGITS) for name, value in (("gain", row.gain), ("cost", row.cost))
    }
    return row.to_json() | money


PLAN = LifecyclePart(
    name="plan",
    tell=plan_told,
    sections=plan_sections,
    brief=plan_brief,
    tables=("plan.csv",),
    applies=lambda config: config.plan is not None,
    reads=plan_reads,
)
