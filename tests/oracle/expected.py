"""What every feature of a plan should be for one customer at one cutoff."""

from __future__ import annotations

import math

from churnscope.roles import ROLES
from churnscope.snapshots import SnapshotPlan
from oracle.families import ORACLES
from oracle.history import NO_DAY, History, Row
from oracle.scenes import OWN

ROUNDING = {"rel": 1e-9, "abs": 1e-9}  # float64 against float64; the absolute part is for what should be nought


def visible(rows: list[Row], cutoff: int) -> list[Row]:
    return [row for row in rows if row.day < cutoff and row.visible_day <= cutoff]


def qualifying_days(seen: dict[str, list[Row]], setting: SnapshotPlan) -> tuple[int, ...]:
    """Days on which some rule counts a row."""
    days = set()
    for rule in setting.activity.definition.rules:
        role, index = setting.activity.places[rule.source]
        for row in seen[role]:
            is_kept = row.signals.get("source", index) == index and not row.signals.get("is_return", False)
            mark = 1 if rule.where is None else row.signals[rule.where]
            if is_kept and mark and not math.isnan(mark):
                days.add(row.day)
    return tuple(sorted(days))


def has_renewed(seen: dict[str, list[Row]], setting: SnapshotPlan) -> bool:
    """Whether a counted term begins on the day on which another one ends, or in the days of grace after it."""
    rules = [rule for rule in setting.activity.definition.rules if rule.in_force]
    terms = [
        row
        for row in (seen["subscriptions"] if rules else [])
        if any(rule.where is None or row.signals[rule.where] for rule in rules)
    ]
    ends = [min((day for day in (row.end_day, row.ended_day) if day != NO_DAY), default=None) for row in terms]
    grace = max((rule.grace_days for rule in rules), default=0)
    return any(
        end is not None and other is not row and max(end, other.day) <= row.day <= max(end, other.day) + grace
        for row in terms
        for other, end in zip(terms, ends, strict=True)
    )


def expected_features(logs: dict[str, list[Row]], setting: SnapshotPlan, cutoff: int) -> dict[str, float]:
    answers: dict[str, float] = {}
    seen = {role: visible(rows, cutoff) for role, rows in logs.items()}
    days, renewed = qualifying_days(seen, setting), has_renewed(seen, setting)
    for role in sorted(logs):
        columns, own = setting.columns[role], tuple(name for name in OWN[role] if name in setting.columns[role])
        words = ROLES[role].noun, own, setting.resolution, setting.flags.get(role, frozenset())
        kinds = {"dates": setting.dates.get(role, frozenset()), "levels": setting.levels.get(role, {})}
        everything = {"others": seen, "qualifying": days, "has_renewed": renewed}
        history = History(seen[role], cutoff, setting.windows, columns, *words, **kinds, **everything)
        for family in setting.families:
            if family.applies(role, setting.columns[role]):
                answers |= ORACLES[family.name](history)
    return answers
