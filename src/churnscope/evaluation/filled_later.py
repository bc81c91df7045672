"""Columns that are filled once the outcome is there: a reason for leaving, an end date, whatever is entered of the churned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from churnscope.evaluation.as_of_today import NO_FEATURE
from churnscope.evaluation.leak_audit import SIMPLE, Severity, too_good
from churnscope.events.block import NO_DAY, Block, Signal
from churnscope.features import FAMILIES, Family, Feature, Log
from churnscope.features.log import RESERVED_SIGNALS
from churnscope.roles import ROLES
from churnscope.snapshots import SnapshotPlan, SnapshotTable, build_snapshots

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

_RULES = tuple(family for family in FAMILIES if family.name in {*SIMPLE, "monetary"})


@dataclass(frozen=True)
class Filled:
    """A column that is there for those who churned and not for the others, or the other way round.

    Parameters
    ----------
    role, column : whose values they are.
    churned, stayed : share of those in the population with a value at the cutoff, by what became of them.
    """

    role: str
    column: str
    churned: float
    stayed: float
    severity: Severity


def filled_later(
    sample: Block, plan: SnapshotPlan, groups: Sequence[tuple[int, ...]], *, simple: Collection[str] = SIMPLE
) -> list[Filled]:
    """The columns whose being filled tells the outcome beyond belief.

    Parameters
    ----------
    sample : some customers.
    groups : cutoffs that are looked at together.
    simple : families whose features are the simple rules.
    """
    asked = {f"{role}.{name}": (role, name) for role, name in _sometimes_missing(sample)}
    if not asked:
        return []
    families = tuple(_is_filled(role, name) for role, name in asked.values())
    table = build_snapshots([sample], replace(plan, families=(*_RULES, *families)), threads=1)
    found: dict[str, Filled] = {}
    for cutoffs in groups:
        rows = np.flatnonzero(np.isin(table.cutoff, cutoffs) & (table.churned >= 0))
        for one in too_good(table.features[rows], table.churned[rows], table.specs, simple=simple):
            name = table.specs[one.position].name
            if name in asked:
                churned, stayed = (_share(table, rows[table.churned[rows] == outcome], one.position) for outcome in (1, 0))
                found.setdefault(name, Filled(*asked[name], churned, stayed, one.severity))
    return list(found.values())


def _sometimes_missing(sample: Block) -> Iterator[tuple[str, str]]:
    """Columns told with their row that some rows have and some have not, as (role, name)."""
    for role, events in sorted(sample.logs.items()):
        told_later = {item.name for item in ROLES[role].columns if item.told != "time"}
        days = {f"{clock}_day" for clock in ROLES[role].clocks}
        left_out = told_later | days | RESERVED_SIGNALS | (NO_FEATURE if ROLES[role].since else set())
        for name in sorted(events.signals.keys() - left_out):
            there = _there(role, name, events.signals)
            if there is not None and there.any() and not there.all():
                yield role, name


def _there(role: str, name: str, signals: Mapping[str, Signal]) -> NDArray[np.bool_] | None:
    """Which rows have a value; None for a kind of column that is always there."""
    if name in ROLES[role].clocks:
        return np.asarray(signals[f"{name}_day"] != NO_DAY)
    values = signals[name]
    if values.dtype.kind == "f":
        return ~np.isnan(values)
    kind = ROLES[role].carried.get(name, "text or date")
    if values.dtype.kind != "i" or kind not in {"text", "date", "text or date"}:
        return None
    return np.asarray((values != 0) & (values != NO_DAY))


def _is_filled(role: str, name: str) -> Family:
    """Whether a row so far has a value."""

    def build(log: Log) -> Iterator[Feature]:
        filled = log.rows.derive(f"{name} is filled", lambda rows: np.asarray(_there(role, name, rows.signals)))
        yield Feature(
            name=f"{role}.{name}",
            unit="flag",
            concept=name,
            sentence=f"{name} is filled",
            missing="no row so far",
            values=log.rows.largest(filled),
        )

    return Family(f"{role} {name} filled", (role,), frozenset({name}), build)


def _share(table: SnapshotTable, rows: NDArray[np.int64], position: int) -> float:
    return float((table.features[rows, position] == 1).mean())
