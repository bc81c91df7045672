"""Columns without history held against features of a past cutoff and of today: one that agrees with today's was written over.

A customer's tenure, spending so far or state is right at one moment only. Where the rows it comes from are there as well, a
feature computed from them tells of which moment: it orders the customers as the column does, at that moment and at no other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from churnscope.evaluation.later_rows import few
from churnscope.events.block import NO_DAY
from churnscope.features import build
from churnscope.features.log import RESERVED_SIGNALS
from churnscope.roles import ROLES, START, Role

if TYPE_CHECKING:
    from churnscope.evaluation.leak_audit import Severity
    from churnscope.events import Block, Observed
    from churnscope.snapshots import SnapshotPlan

MOST_CUSTOMERS = 2_048  # looked at
FEWEST_CUSTOMERS = 100  # with a past at the cutoff and a value in the column
NO_FEATURE = frozenset({START, "valid_to", "do_not_contact"})  # of what is told of customers
FEWEST_OTHERS = 30  # with another value than the most frequent one
LEAST_EVIDENCE = 4.0  # standard errors by which customers stand nearer to their place today

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Limit:
    """How well a column agrees with a feature of today, and how many times worse with that of the cutoff."""

    severity: Severity
    agreement: float
    worse: float


# A lasting trait agrees the better with what customers do the longer one looks; only what was computed agrees to a thousandth.
LIMITS = (Limit("leak", 0.999, 3.0), Limit("suspicious", 0.95, 3.0))


@dataclass(frozen=True)
class Current:
    """A column that is as of today.

    Parameters
    ----------
    role, column : whose values they are.
    feature : what the column agrees with.
    cutoff : the past day that was compared.
    customers : looked at.
    then, now : agreement with the feature at the cutoff and today, 1 where it orders the customers as the column does.
    """

    role: str
    column: str
    feature: str
    cutoff: int
    customers: int
    then: float
    now: float
    severity: Severity


@dataclass(frozen=True)
class Compared:
    """The columns that are as of today, and those of which nobody can tell: (role, column) -> why."""

    current: tuple[Current, ...]
    unchecked: Mapping[tuple[str, str], str]


def compared_with_today(sample: Block, plan: SnapshotPlan) -> Compared:
    """Hold every column without history against the features that do not read one, at a past cutoff and today.

    Parameters
    ----------
    sample : some customers.
    plan : its first cutoff at which enough customers had a past is looked at.
    """
    columns = without_history(sample, plan)
    if not columns:
        return Compared((), {})
    bare = _without(plan, columns)
    today = _features(_known(sample, bare, plan.as_of), bare)
    current, unchecked = list[Current](), dict[tuple[str, str], str]()
    for role, name in columns:
        past = _past(sample, bare, role, name)
        if past is None:
            unchecked[role, name] = "too few customers had a past at a cutoff"
            continue
        rows, features = past.rows, past.features[:, past.rows]
        for values in _readings(plan, role, name, past.values):
            found = _nearest(values[rows], features, today[:, rows]) if _others(values[rows]) >= FEWEST_OTHERS else None
            if found is not None:
                place, limit, then, now = found
                feature = bare.specs[place].name
                current.append(Current(role, name, feature, past.cutoff, len(rows), then, now, limit.severity))
                break
    return Compared(tuple(current), unchecked)


@dataclass(frozen=True)
class _Past:
    """What was known at a cutoff: values of a column, all features, and the customers who had both."""

    cutoff: int
    values: Numbers
    features: Numbers
    rows: NDArray[np.int64]


def _past(sample: Block, plan: SnapshotPlan, role: str, name: str) -> _Past | None:
    """The first cutoff at which enough customers had a past."""
    for cutoff in few(plan.cutoffs):
        known = _known(sample, plan, cutoff)
        values = known[role].last(name)[0]
        values[values == NO_DAY] = np.nan
        rows = np.flatnonzero(_has_past(known) & ~np.isnan(values))
        if len(rows) >= FEWEST_CUSTOMERS:
            return _Past(cutoff, values, _features(known, plan), rows)
    return None


def _readings(plan: SnapshotPlan, role: str, name: str, values: Numbers) -> Iterator[Numbers]:
    """The column as numbers: of a text, whether it is each of its common values."""
    levels = plan.levels.get(role, {}).get(name)
    yield from [values] if levels is None else [(values == level.code).astype(np.float64) for level in levels]


def without_history(sample: Block, plan: SnapshotPlan) -> tuple[tuple[str, str], ...]:
    """The columns, as (role, name), that hold one value a customer, however many rows the customer has.

    Those that the config declares itself, and all that rows tell of what customers are.
    """
    seen = _known(sample, plan, plan.as_of)
    return tuple(
        (role, name)
        for role in sorted(seen)
        for name in sorted(plan.columns.get(role, frozenset()) - _of_events(ROLES[role]) - RESERVED_SIGNALS)
        if _is_one_value(seen[role], name, is_activity=ROLES[role].is_activity)
    )


def _of_events(role: Role) -> frozenset[str]:
    """The role's own columns where its rows are events, the day on which a customer began, and what is no feature."""
    return NO_FEATURE if role.since else frozenset(role.carried)


def _is_one_value(rows: Observed, name: str, *, is_activity: bool) -> bool:
    largest, smallest = rows.largest(name)[0], rows.smallest(name)[0]
    there = ~np.isnan(largest)
    several = there & (rows.count()[0] > 1)
    return bool(there.any() and (largest == smallest)[there].all() and (several.sum() >= FEWEST_OTHERS or not is_activity))


def agreements(column: Numbers, features: Numbers, directions: NDArray[np.int8]) -> tuple[Numbers, Numbers]:
    """How far features order customers as a column does.

    Parameters
    ----------
    column : shape (n_customers,), equal values stand in any order.
    features : shape (n_features, n_customers); missing values come first.
    directions : shape (n_features,), -1 where a feature falls as the column rises.

    Returns
    -------
    agreement : shape (n_features,), 1 where the order is the same, 0 as by chance.
    misplaced : shape (n_features, n_customers), squared places from where the column puts a customer; equal values of a feature
        stand in any order too, of which it is the mean.

    Notes
    -----
    Without equal values in the column it is Spearman's rank correlation; with two values, that grows with the area under the
    curve.

    Examples
    --------
    >>> column, same = np.array([1.0, 1.0, 2.0, 3.0]), np.array([[4.0, 5.0, 6.0, 7.0], [0.0, 7.0, 8.0, 1.0]])
    >>> agreements(column, same, np.ones(2, np.int8))[0].round(2).tolist()
    [1.0, 0.2]
    """
    low, high = (ranks[0] for ranks in _ranks(column[None]))
    misplaced = _misplaced(low, high, *_ranks(features * directions[:, None]))
    by_chance = _misplaced(low, high, np.ones_like(low), np.full_like(low, len(column)))
    return 1 - misplaced.mean(axis=1) / by_chance.mean(), misplaced


def _misplaced(low: Numbers, high: Numbers, first: Numbers, last: Numbers) -> Numbers:
    """Mean squared distance from the places low to high of a customer who may stand at any of the places first to last."""
    before = _squares(low - first) - _squares(low - last - 1)
    after = _squares(last - high) - _squares(first - high - 1)
    distance: Numbers = (before + after) / (last - first + 1)
    return distance


def _nearest(column: Numbers, then: Numbers, now: Numbers) -> tuple[int, Limit, float, float] | None:
    """The feature that agrees best today, where it agrees clearly worse at the cutoff."""
    directions = _directions(column, now)
    (agreed_then, misplaced_then), (agreed_now, misplaced_now) = (
        agreements(column, features, directions) for features in (then, now)
    )
    moved = misplaced_then - misplaced_now
    spread = moved.std(axis=1) / np.sqrt(len(column))
    is_moved = moved.mean(axis=1) > LEAST_EVIDENCE * spread
    for limit in LIMITS:
        fits = is_moved & (agreed_now >= limit.agreement) & (1 - agreed_then >= limit.worse * (1 - agreed_now))
        if fits.any():
            place = int(np.argmax(np.where(fits, agreed_now, -np.inf)))
            return place, limit, float(agreed_then[place]), float(agreed_now[place])
    return None


def _directions(column: Numbers, features: Numbers) -> NDArray[np.int8]:
    ranks, own = (np.add(*_ranks(values)) for values in (features, column[None]))
    together = (ranks - ranks.mean(axis=1, keepdims=True)) @ (own[0] - own.mean())
    return np.where(together < 0, -1, 1).astype(np.int8)


def _ranks(values: Numbers) -> tuple[Numbers, Numbers]:
    """Ranks from 1 along each row: the first and the last place at which each of several equal values may stand."""
    values = np.where(np.isnan(values), -np.inf, values)
    order = np.argsort(values, axis=1, kind="stable")
    in_order = np.take_along_axis(values, order, axis=1)
    n = values.shape[1]
    place = np.broadcast_to(np.arange(1.0, n + 1), values.shape)
    begins, ends = np.ones(values.shape, np.bool_), np.ones(values.shape, np.bool_)
    begins[:, 1:] = ends[:, :-1] = in_order[:, 1:] != in_order[:, :-1]
    first, last = np.empty(values.shape), np.empty(values.shape)
    np.put_along_axis(first, order, np.maximum.accumulate(np.where(begins, place, 0), axis=1), axis=1)
    nearest_end = np.minimum.accumulate(np.where(ends, place, n)[:, ::-1], axis=1)[:, ::-1]
    np.put_along_axis(last, order, nearest_end, axis=1)
    return first, last


def _squares(n: Numbers) -> Numbers:
    """1 + 4 + 9 + ... + n * n; 0 below 1."""
    n = np.maximum(n, 0)
    return n * (n + 1) * (2 * n + 1) / 6


def _others(values: Numbers) -> int:
    return int(len(values) - np.unique(values, return_counts=True)[1].max())


def _without(plan: SnapshotPlan, columns: Sequence[tuple[str, str]]) -> SnapshotPlan:
    """The plan without the features that read one of these columns."""
    left = {role: names - {name for its, name in columns if its == role} for role, names in plan.columns.items()}
    return replace(plan, columns=left)


def _known(sample: Block, plan: SnapshotPlan, day: int) -> dict[str, Observed]:
    """What was known of every customer on a day, in the population or not."""
    everyone = np.arange(sample.n_customers)
    days = np.full(len(everyone), day, np.int32)
    grid = plan.at([day]).grid
    return {role: grid.see(events.as_known_at(everyone, days)) for role, events in sample.logs.items()}


def _features(known: Mapping[str, Observed], plan: SnapshotPlan) -> Numbers:
    with np.errstate(divide="ignore", invalid="ignore"):
        values: Iterator[NDArray[Any]] = (feature.values[0] for _, feature in build(plan.families, plan.logs(known)))
        return np.array([value.astype(np.float64) for value in values])


def _has_past(known: Mapping[str, Observed]) -> NDArray[np.bool_]:
    """Who had done something."""
    counts = [rows.count()[0] > 0 for role, rows in known.items() if ROLES[role].is_activity]
    has: NDArray[np.bool_] = np.logical_or.reduce(counts)
    return has
