"""What every feature of a plan should be for one customer at one cutoff."""

from __future__ import annotations

from churnscope.roles import ROLES
from churnscope.snapshots import SnapshotPlan
from oracle.families import ORACLES
from oracle.history import History, Row
from oracle.scenes import OWN

ROUNDING = {"rel": 1e-9, "abs": 1e-9}  # float64 against float64; the absolute part is for what should be nought


def visible(rows: list[Row], cutoff: int) -> list[Row]:
    return [row for row in rows if row.day < cutoff and row.visible_day <= cutoff]


def expected_features(logs: dict[str, list[Row]], setting: SnapshotPlan, cutoff: int) -> dict[str, float]:
    answers: dict[str, float] = {}
    for role in sorted(logs):
        columns, own = setting.columns[role], tuple(name for name in OWN[role] if name in setting.columns[role])
        words = ROLES[role].noun, own, setting.resolution, setting.flags.get(role, frozenset())
        kinds = {"dates": setting.dates.get(role, frozenset()), "levels": setting.levels.get(role, {})}
        history = History(visible(logs[role], cutoff), cutoff, setting.windows, columns, *words, **kinds)
        for family in setting.families:
            if family.applies(role, setting.columns[role]):
                answers |= ORACLES[family.name](history)
    return answers
