"""Columns that are filled by the outcome are told from those filled by habit, and from what a row is honestly told later."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from churnscope.evaluation.filled_later import Filled, filled_later
from churnscope.events import Block
from churnscope.events.block import NO_DAY
from churnscope.snapshots import SnapshotPlan, build_snapshots

from .test_as_of_today import CUSTOMERS, CUTOFFS, EVENTS, with_columns

GROUPS = (CUTOFFS[:2], CUTOFFS[2:])


def churned_at(cutoff: int) -> np.ndarray:
    """Who of all leaves after a cutoff; who is not active then counts as staying."""
    block, plan = with_columns(EVENTS, {})
    table = build_snapshots([block], plan.at([cutoff]), threads=1)
    left = np.zeros(CUSTOMERS, np.bool_)
    left[table.customer[table.churned == 1]] = True
    return left


def planted(reason: np.ndarray) -> tuple[Block, SnapshotPlan]:
    """A reason, a code a customer, joined to every purchase as its category."""
    block, plan = with_columns(EVENTS, {})
    events = block.logs["purchases"]
    signals = {**events.signals, "category": reason.astype(np.int64)[events.customer]}
    logs = {"purchases": replace(events, signals=signals)}
    return replace(block, logs=logs), replace(plan, columns={"purchases": frozenset(signals)})


def test_a_reason_of_those_who_left_is_found_with_its_shares() -> None:
    left = churned_at(CUTOFFS[2])
    (found,) = filled_later(*planted(np.where(left, 7, 0)), GROUPS)
    assert found == Filled("purchases", "category", 1.0, 0.0, "leak")


def test_a_number_that_is_missing_of_those_who_left_is_found() -> None:
    left = churned_at(CUTOFFS[2])
    block, plan = with_columns(EVENTS, {"renewed_price": np.where(left, np.nan, 3.0)})
    (found,) = filled_later(block, plan, GROUPS)
    assert (found.column, found.churned, found.stayed) == ("renewed_price", 0.0, 1.0)


@pytest.mark.parametrize("share", [0.05, 0.5])
def test_what_is_filled_of_some_is_no_leak(share: float) -> None:
    assert filled_later(*planted(np.random.default_rng(0).random(CUSTOMERS) < share), GROUPS) == []


def test_what_is_told_with_a_later_time_of_the_row_is_no_leak() -> None:
    """A rating is there once a ticket was resolved: at the cutoff nobody reads it before."""
    block, plan = with_columns(EVENTS, {})
    left, events = churned_at(CUTOFFS[2]), block.logs["purchases"]
    told = left[events.customer]
    resolved = {"resolved": events.time, "resolved_day": np.where(told, events.day, NO_DAY)}
    tickets = replace(events, signals={**resolved, "satisfaction": np.where(told, 1.0, np.nan)})
    both = replace(block, logs={**block.logs, "support": tickets})
    plan = replace(plan, columns={**plan.columns, "support": frozenset(tickets.signals)})
    assert filled_later(both, plan, GROUPS) == []
