"""What must hold of contracts on random histories, whatever the kind of label."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnscope.activity import CENSORED, LEFT_OUT
from churnscope.config.models import Cancel, Label, Rule
from churnscope.events import Block
from churnscope.events.block import NO_DAY
from churnscope.snapshots import NOT_DUE, SnapshotTable, build_scoring_rows, build_snapshots
from oracle.effort import effort
from oracle.scenes import CUTOFFS, MICROSECONDS, Shape, plan, scene
from oracle.test_oracle import check

pytestmark = pytest.mark.property
LABELS = (
    Label(),
    Label(kind="not_active"),
    Label(kind="contract_end"),
    Label(kind="cancel"),
    Label(kind="cancel", cancel=Cancel(source="crm", where="gift")),
)
rules = st.builds(
    Rule,
    source=st.just("contracts"),
    in_force=st.just(True),
    at_least=st.sampled_from([1, 2]),
    grace_days=st.sampled_from([0, 1, 14, 40]),
    where=st.sampled_from([None, "gift"]),
)
events = st.sampled_from([Rule(source="app", days=30, at_least=2), Rule(source="shop", days=90, measure="amount")])
shapes = st.builds(
    Shape,
    st.integers(0, 10**6),
    st.integers(1, 24),
    st.sampled_from([0.0, 0.2, 1.0]),
    st.tuples(rules) | st.tuples(rules, rules) | st.tuples(rules, events),
    st.sampled_from(["any", "all"]),
    st.sampled_from(LABELS),
    due_days=st.sampled_from([None, None, (0, 10), (7, 37)]),
)
renewals = st.builds(replace, shapes, label=st.just(Label(kind="contract_end")), renewals=st.sampled_from([1, 2]))


@pytest.mark.slow
@effort
@given(shapes | renewals)
def test_population_and_label_equal_plain_python(shape: Shape) -> None:
    check(shape, features=False)


@effort
@given(shapes | renewals, st.integers(1, 5))
def test_how_customers_are_cut_into_blocks_changes_nothing(shape: Shape, size: int) -> None:
    block = scene(shape)
    whole, pieces = table([block], block, shape), table(block.parts(size), block, shape)
    np.testing.assert_array_equal(whole.customer, pieces.customer)
    np.testing.assert_array_equal(whole.churned, pieces.churned)


@effort
@given(shapes, st.sampled_from(CUTOFFS), st.integers(0, 10**6))
def test_what_a_contract_is_told_later_changes_no_population(shape: Shape, cutoff: int, seed: int) -> None:
    """Early ends and notices at or after the cutoff; what was agreed is known all along."""
    block, rng = scene(shape), np.random.default_rng(seed)
    terms = block.logs["subscriptions"]
    told = dict(terms.signals)
    for clock in ("ended", "cancelled"):
        day = told[f"{clock}_day"]
        later = (day == NO_DAY) | (day >= cutoff)
        other_day = np.maximum(rng.integers(cutoff, cutoff + 90, len(day)), terms.day + 1)
        told[f"{clock}_day"] = np.where(later, other_day, day)
        told[clock] = np.where(later, other_day * MICROSECONDS, told[clock])
    other = replace(block, logs={**block.logs, "subscriptions": replace(terms, signals=told)})
    setting = plan(block, shape, cutoffs=(cutoff,), families=())
    one, two = (build_scoring_rows([each], setting) for each in (block, other))
    np.testing.assert_array_equal(one.status, two.status)


@effort
@given(shapes)
def test_every_end_is_looked_at_once(shape: Shape) -> None:
    """Cutoffs as far apart as the days looked at: a customer is due at one of them at most for each end."""
    shape = replace(shape, rules=(Rule(source="contracts", in_force=True),), late=0.0)
    block, cutoffs = scene(shape), tuple(range(950, 1_050, 5))
    due = table([block], block, replace(shape, due_days=(7, 12)), cutoffs=cutoffs)
    ends, customers = block.logs["subscriptions"].signals["end_day"], block.logs["subscriptions"].customer
    for customer in range(block.n_customers):
        placed = due.cutoff[due.customer == customer]
        assert len(placed) <= len({int(day) for day in ends[customers == customer]})


def test_customers_who_are_not_due_are_told_apart() -> None:
    shape = Shape(5, 60, rules=(Rule(source="contracts", in_force=True),))
    block = scene(shape)
    everybody, due = (
        build_scoring_rows([block], plan(block, replace(shape, due_days=days), cutoffs=CUTOFFS[:1])) for days in (None, (0, 10))
    )
    assert 0 < len(due.table.customer) < len(everybody.table.customer)
    assert ((due.status == NOT_DUE) | (due.status == everybody.status)).all()
    assert set(due.table.customer) == set(np.flatnonzero(due.status == 2))


def test_who_has_no_contract_left_is_counted_and_never_censored_first() -> None:
    shape = Shape(30, 150, rules=(Rule(source="contracts", in_force=True, grace_days=14),), label=Label(kind="contract_end"))
    block = scene(shape)
    built = table([block], block, shape)
    assert built.unlabelled(*CUTOFFS) == int((built.churned == LEFT_OUT).sum()) > 0
    assert built.unlabelled(CUTOFFS[-1]) == 0
    assert set(built.churned[built.cutoff == CUTOFFS[-1]]) == {CENSORED}


def table(blocks: object, block: Block, shape: Shape, **changes: object) -> SnapshotTable:
    return build_snapshots(blocks, plan(block, shape, families=(), **changes), threads=1)
