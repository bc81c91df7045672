"""The snapshot table and the rows to score, and how they are put together from parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from churnscope.activity import LEFT_OUT
from churnscope.features import FeatureSpec
from churnscope.lifecycle.spells import Standing
from churnscope.snapshots.plan import SnapshotPlan

NO_HISTORY, INACTIVE, ACTIVE, NOT_DUE, LONG_GONE = 0, 1, 2, 3, 4  # status of a customer at a cutoff

Features = NDArray[np.float32 | np.float64]


def population(plan: SnapshotPlan) -> int:
    """The status of the customers of whom a plan makes rows."""
    return ACTIVE if plan.reactivation is None else INACTIVE


@dataclass(frozen=True)
class SnapshotTable:
    """Rows of the population, ordered by cutoff, then customer.

    Parameters
    ----------
    customer : int32, shape (n_rows,), dense code.
    cutoff : int32, shape (n_rows,), day number.
    churned : int8, shape (n_rows,): 1 where what is predicted happened (the customer left, or came back), else 0;
        `CENSORED` where the data end before the outcome, `LEFT_OUT` where the kind of label leaves the row out.
    features : float32 (or as the plan says), shape (n_rows, n_features), Fortran order: each column is one piece of memory; NaN
        for missing.
    specs : what each column means.
    cutoffs : the cutoffs asked for, rising; the counts below have their shape.
    active, inactive, no_history : customers at each cutoff: in the population; with a qualifying event but not active;
        without any. The others are active and not due. Where a return is predicted, the population are the inactive.
    predicted : what `churned` means here, `churn` or `reactivation`.
    """

    customer: NDArray[np.int32]
    cutoff: NDArray[np.int32]
    churned: NDArray[np.int8]
    features: Features
    specs: tuple[FeatureSpec, ...]
    cutoffs: tuple[int, ...]
    active: NDArray[np.int64]
    inactive: NDArray[np.int64]
    no_history: NDArray[np.int64]
    predicted: str = "churn"

    def unlabelled(self, *cutoffs: int) -> int:
        """Rows at some cutoffs whose outcome is known, and that the kind of label leaves out."""
        return int(np.count_nonzero(np.isin(self.cutoff, cutoffs) & (self.churned == LEFT_OUT)))


@dataclass(frozen=True)
class ScoringRows:
    """Every customer at one cutoff.

    Parameters
    ----------
    table : rows of the population, ordered by customer.
    status : int8, shape (n_customers,): `NO_HISTORY`, `INACTIVE`, `ACTIVE`, `NOT_DUE` where only terms that end soon are
        looked at, or `LONG_GONE` where only those who have not been inactive for long are.
    days_since_last_event : float32, shape (n_customers,), since the newest qualifying event; NaN without one.
    types : by name of every type of customers that the sources tell, bool, shape (n_customers,), who is of it.
    standing : in which stage of the life cycle every customer is; None where rows tell how customers are, not what they did.
    """

    table: SnapshotTable
    status: NDArray[np.int8]
    days_since_last_event: NDArray[np.float32]
    types: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)
    standing: Standing | None = None


@dataclass(frozen=True)
class Part:
    """The answer for some customers; rows ordered by cutoff, then customer."""

    first: int
    status: NDArray[np.int8]  # (n_cutoffs, n_customers)
    days_since_last: NDArray[np.float32]  # (n_cutoffs, n_customers)
    customer: NDArray[np.int32]
    churned: NDArray[np.int8]
    columns: Features  # (n_features, n_rows)
    types: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)  # (n_cutoffs, n_customers), where asked for
    standing: Standing | None = None  # at the only cutoff, where asked for


def join_parts(parts: list[Part], plan: SnapshotPlan) -> SnapshotTable:
    """Parts, each ordered by cutoff, brought together by cutoff. Parts are let go while the table fills."""
    statuses = np.concatenate([np.empty((len(plan.cutoffs), 0), np.int8), *(part.status for part in parts)], axis=1)
    active = (statuses == population(plan)).sum(axis=1)
    customer, label, columns = _by_cutoff(parts, active, plan)
    return SnapshotTable(
        customer,
        np.repeat(plan.grid.cutoffs, active),
        label,
        columns.T,
        plan.specs,
        plan.cutoffs,
        active,
        (statuses == INACTIVE).sum(axis=1),
        (statuses == NO_HISTORY).sum(axis=1),
        predicted="churn" if plan.reactivation is None else "reactivation",
    )


def _by_cutoff(
    parts: list[Part], active: NDArray[np.int64], plan: SnapshotPlan
) -> tuple[NDArray[np.int32], NDArray[np.int8], Features]:
    """Customer, label and columns of all rows; one part has them in order and is not copied."""
    if len(parts) == 1:
        return parts[0].customer, parts[0].churned, parts[0].columns
    n_rows = int(active.sum())
    customer, label = np.empty(n_rows, np.int32), np.empty(n_rows, np.int8)
    columns = np.empty((len(plan.specs), n_rows), plan.dtype)
    at = np.cumsum(active) - active
    parts.reverse()
    while parts:
        part = parts.pop()
        size = (part.status == population(plan)).sum(axis=1)
        for k, low in enumerate(np.cumsum(size) - size):
            here, there = slice(low, low + size[k]), slice(at[k], at[k] + size[k])
            customer[there], label[there] = part.customer[here], part.churned[here]
            columns[:, there] = part.columns[:, here]
        at += size
    return customer, label, columns
