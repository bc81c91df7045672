"""Status, label and features of some customers: where events become rows of the table."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from churnscope.activity import CENSORED, churned
from churnscope.events import Block, Events, Grid, Observed, kernels
from churnscope.events.scratch import empty, lent, reused_memory
from churnscope.features import build
from churnscope.lifecycle.making import Making
from churnscope.lifecycle.spells import Standing
from churnscope.snapshots.plan import SnapshotPlan
from churnscope.snapshots.table import ACTIVE, INACTIVE, LONG_GONE, NO_HISTORY, NOT_DUE, Features, Part, population


def answer(block: Block, plan: SnapshotPlan, n_features: int, *, with_types: bool = False) -> Part:
    """The rows of the customers of a block, made in this thread's own memory.

    Parameters
    ----------
    with_types : tell which types every customer is of too, and in which stage, listed or not; at one cutoff.
    """
    with reused_memory(), np.errstate(divide="ignore", invalid="ignore"):
        return _population(block, plan, n_features, with_types=with_types)


def _population(block: Block, plan: SnapshotPlan, n_features: int, *, with_types: bool) -> Part:
    """Status of all, features and label of the population.

    The few (customer, cutoff) that must not see every row are answered again, as customers of their own who have only the rows
    known then; the shift gives each its own cutoff.
    """
    grid = plan.grid
    seen = {role: grid.see(events) for role, events in block.logs.items()}
    active, due, days = plan.activity.active(seen), plan.due(seen), plan.activity.days_since_last(seen)
    late = np.nonzero(_late(block, grid))
    known = _as_known(block.logs, plan, *late) if len(late[0]) else {}
    if known:
        active[late], due[late] = plan.activity.active(known)[0], plan.due(known)[0]
        days[late] = plan.activity.days_since_last(known)[0]
    resting = np.where(np.isnan(days), NO_HISTORY, INACTIVE)
    status = np.where(active, np.where(due, ACTIVE, NOT_DUE), resting).astype(np.int8)
    status[(status == INACTIVE) & _long_gone(plan, seen, known, late)] = LONG_GONE
    listed = status == population(plan)
    label = _label(block.logs, plan, listed)
    rows = np.flatnonzero(listed)
    columns = lent(n_features, len(rows), dtype=plan.dtype)
    _write(plan, seen, rows, columns)
    if known:
        _overwrite(plan, known, listed, late, columns)
    customer = (block.first + rows % block.n_customers).astype(np.int32)
    types = _types(plan, seen, known, late) if with_types else {}
    standing = _standing(block, plan) if with_types and plan.tells_lives else None
    return Part(block.first, status, days.astype(np.float32), customer, label.ravel()[rows], columns, types, standing)


def _standing(block: Block, plan: SnapshotPlan) -> Standing:
    """In which stage of the life cycle customers are at the only cutoff."""
    (cutoff,) = plan.cutoffs
    return Making(plan.activity, plan.stages, cutoff).spells(block).standing(cutoff)


def _long_gone(
    plan: SnapshotPlan,
    seen: Mapping[str, Observed],
    known: Mapping[str, Observed],
    late: tuple[NDArray[np.int64], ...],
) -> NDArray[np.bool_]:
    """Who has been silent for longer than is looked at, shape (n_cutoffs, n_customers); the late cells from what was known."""
    most = None if plan.reactivation is None else plan.reactivation.within_days
    if most is None:
        return np.zeros_like(plan.due(seen))
    silent = plan.activity.days_silent(seen)
    if known:
        silent[late] = plan.activity.days_silent(known)[0]
    return np.asarray(silent > most)


def _types(
    plan: SnapshotPlan, seen: Mapping[str, Observed], known: Mapping[str, Observed], late: tuple[NDArray[np.int64], ...]
) -> dict[str, NDArray[np.bool_]]:
    """Who is of which type; the late cells again, from what was known."""
    answers = {name: told() for name, told in plan.types.flags(seen).items()}
    for name, told in plan.types.flags(known).items() if known else ():
        answers[name][late] = told()[0]
    return answers


def _late(block: Block, grid: Grid) -> NDArray[np.bool_]:
    """Which (cutoff, customer) have a row that had happened but was not known."""
    late = np.zeros((len(grid.cutoffs), block.n_customers), np.bool_)
    for events in block.logs.values():
        if events.visible_day is not None:
            kernels.mark_late(events.customer, events.day, events.visible_day, grid.cutoffs, late)
    return late


def _as_known(
    logs: Mapping[str, Events], plan: SnapshotPlan, cutoff: NDArray[np.int64], customer: NDArray[np.int64]
) -> dict[str, Observed]:
    grid = plan.grid
    cutoffs, alone = grid.cutoffs[cutoff], Grid(grid.cutoffs[-1:].tolist(), [w for w in grid.windows if w is not None])
    return {role: alone.see(events.as_known_at(customer, cutoffs), grid.cutoffs[-1] - cutoffs) for role, events in logs.items()}


def _label(logs: Mapping[str, Events], plan: SnapshotPlan, listed: NDArray[np.bool_]) -> NDArray[np.int8]:
    """Who left; who came back, where a return is predicted: in whose outcome window there is not nothing."""
    if plan.label.kind != "given" and plan.timing.outcome_end(plan.cutoffs[0]) > plan.as_of:
        return np.full(listed.shape, CENSORED, np.int8)
    left = churned(
        plan.activity,
        plan.label,
        logs,
        cutoffs=plan.grid.cutoffs,
        timing=plan.timing,
        as_of=plan.as_of,
        days_together=plan.days_together,
    )
    return left if plan.reactivation is None else np.where(left >= 0, 1 - left, left).astype(np.int8)


def _write(plan: SnapshotPlan, seen: Mapping[str, Observed], cells: NDArray[np.int64], columns: Features) -> None:
    """The features of some cells of (cutoff, customer), one row of `columns` each."""
    for column, (_, feature) in zip(columns, build(plan.families, plan.logs(seen)), strict=True):
        kernels.gather(np.ravel(feature.values), cells, column)


def _overwrite(
    plan: SnapshotPlan,
    known: Mapping[str, Observed],
    listed: NDArray[np.bool_],
    late: tuple[NDArray[np.int64], ...],
    columns: Features,
) -> None:
    """The features of the late cells that are in the population, from what was known."""
    cells = np.flatnonzero(listed[late])
    row_of_cell = np.cumsum(listed.ravel()) - 1
    again = empty(len(columns), len(cells), dtype=plan.dtype)
    _write(plan, known, cells, again)
    columns[:, row_of_cell[np.ravel_multi_index(late, listed.shape)[cells]]] = again
