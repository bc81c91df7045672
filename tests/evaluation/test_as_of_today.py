"""Columns that are as of today are told from lasting traits and from values of the past."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from churnscope.activity import Activity
from churnscope.config.models import Activity as ActivityConfig
from churnscope.config.models import Label, Rule
from churnscope.evaluation.as_of_today import Compared, agreements, compared_with_today, without_history
from churnscope.events import Block, Events
from churnscope.snapshots import SnapshotPlan
from churnscope.timeline import Timing

CUTOFFS, AS_OF = (300, 400, 500), 600
CUSTOMERS = 400
DAY_US = 86_400_000_000
UP = np.ones(1, np.int8)


@given(st.permutations(range(12)), st.permutations(range(12)))
def test_without_equal_values_it_is_the_rank_correlation(one: list[int], other: list[int]) -> None:
    column, feature = np.array(one, float), np.array(other, float)
    assert agreements(column, feature[None], UP)[0][0] == pytest.approx(spearmanr(column, feature)[0])


@given(st.lists(st.integers(0, 4), min_size=3, max_size=30).filter(lambda values: len(set(values)) > 1), st.integers(0, 99))
def test_equal_values_may_stand_in_any_order(values: list[int], seed: int) -> None:
    """Months of tenure agree wholly with days of tenure, in either direction."""
    months = np.array(values, float)
    days = 30 * months + np.random.default_rng(seed).integers(0, 20, len(values))
    agreement, misplaced = agreements(months, np.array([days, -days, months]), np.array([1, -1, 1], np.int8))
    assert agreement.tolist() == [1, 1, 1]
    assert not misplaced.any()


def test_by_chance_it_is_nought() -> None:
    rng = np.random.default_rng(0)
    for column in (rng.integers(0, 2, 4_000), rng.poisson(0.2, 4_000), rng.normal(size=4_000)):
        chance = agreements(column.astype(float), rng.normal(size=(30, 4_000)), np.ones(30, np.int8))[0]
        assert abs(chance.mean()) < 0.02
        assert agreements(column.astype(float), np.zeros((1, 4_000)), UP)[0][0] == pytest.approx(0)


def shop(rng: np.random.Generator) -> tuple[Events, np.ndarray]:
    """Purchases at rates of the customers' own from the first cutoff's past on; and what each is ready to spend."""
    rows = rng.poisson(rng.gamma(3, 4, CUSTOMERS)) + 1
    customer = np.repeat(np.arange(CUSTOMERS, dtype=np.int32), rows)
    day = rng.integers(0, AS_OF, len(customer))
    day[np.unique(customer, return_index=True)[1]] = rng.integers(0, 250, CUSTOMERS)
    day = day[np.lexsort((day, customer))].astype(np.int32)
    habit = rng.gamma(20, 100, CUSTOMERS)
    amount = (habit[customer] * rng.gamma(25, 1 / 25, len(customer))).astype(np.int64)
    return Events(CUSTOMERS, customer, day * np.int64(DAY_US), day, {"amount": amount}), habit


def with_columns(events: Events, columns: dict[str, np.ndarray]) -> tuple[Block, SnapshotPlan]:
    """The columns, a value a customer, joined to every row."""
    signals = {**events.signals, **{name: values.astype(float)[events.customer] for name, values in columns.items()}}
    block = Block(0, CUSTOMERS, {"purchases": replace(events, signals=signals)})
    activity = Activity(ActivityConfig(rules=(Rule(source="shop", days=365),)), {"shop": ("purchases", 0)}, 0.01)
    return block, SnapshotPlan(
        CUTOFFS, Timing(horizon_days=30), (30, 90), activity, Label(), {"purchases": frozenset(signals)}, AS_OF
    )


def found(**columns: np.ndarray) -> Compared:
    return compared_with_today(*with_columns(shop(np.random.default_rng(0))[0], columns))


def totals(events: Events, before: int) -> np.ndarray:
    rows = events.day < before
    return np.bincount(events.customer[rows], events.signals["amount"][rows], CUSTOMERS)


EVENTS, HABIT = shop(np.random.default_rng(0))
LAST_DAY = EVENTS.day[EVENTS.begin[1:] - 1].astype(float)
FIRST_DAY = EVENTS.day[EVENTS.begin[:-1]].astype(float)
FIRST_AMOUNT = EVENTS.signals["amount"][EVENTS.begin[:-1]].astype(float)


@pytest.mark.parametrize(
    ("values", "feature"),
    [
        (totals(EVENTS, AS_OF), "spend_ever"),
        (-np.sqrt(totals(EVENTS, AS_OF)), "spend_ever"),
        (np.bincount(EVENTS.customer).astype(float), "purchase_count_ever"),
        (LAST_DAY, "days_since_last_purchase"),
        (LAST_DAY < 560, "days_since_last_purchase"),
    ],
    ids=["money so far", "a function of it", "purchases so far", "the last day", "a flag"],
)
def test_what_was_computed_today_is_found_with_its_feature(values: np.ndarray, feature: str) -> None:
    (one,) = found(value=values).current
    assert (one.role, one.column, one.feature, one.severity) == ("purchases", "value", feature, "leak")
    assert (one.cutoff, one.customers) == (CUTOFFS[0], CUSTOMERS)
    assert one.then < one.now - 0.01
    assert one.now > 0.999


@pytest.mark.parametrize(
    "values",
    [
        totals(EVENTS, CUTOFFS[0]),
        FIRST_DAY,
        FIRST_AMOUNT,
        HABIT,
        np.random.default_rng(1).normal(size=CUSTOMERS),
        np.arange(CUSTOMERS) < 5,
    ],
    ids=["money up to the cutoff", "the first day", "the first amount", "a lasting habit", "chance", "a rare flag"],
)
def test_what_was_known_at_the_cutoff_and_lasting_traits_are_not(values: np.ndarray) -> None:
    assert found(value=values) == Compared((), {})


def test_a_few_late_rows_are_no_reason() -> None:
    """The first amount of three customers became known late: the feature was another one then, by no fault of the column."""
    block, plan = with_columns(EVENTS, {"value": FIRST_AMOUNT})
    events = block.logs["purchases"]
    visible_day = events.day + 1
    visible_day[events.begin[[3, 70, 200]]] = AS_OF
    assert compared_with_today(Block(0, CUSTOMERS, {"purchases": replace(events, visible_day=visible_day)}), plan).current == ()


def test_only_columns_with_one_value_a_customer_have_no_history() -> None:
    block, plan = with_columns(EVENTS, {"worth": totals(EVENTS, AS_OF)})
    events = block.logs["purchases"]
    each = {**events.signals, "basket": np.arange(len(events.day), dtype=float)}
    block = replace(block, logs={"purchases": replace(events, signals=each)})
    assert without_history(block, replace(plan, columns={"purchases": frozenset(each)})) == (("purchases", "worth"),)


def test_with_too_few_customers_nobody_can_tell() -> None:
    block, plan = with_columns(EVENTS, {"worth": totals(EVENTS, AS_OF)})
    few = compared_with_today(block.of(np.arange(50)), plan)
    assert few == Compared((), {("purchases", "worth"): "too few customers had a past at a cutoff"})
