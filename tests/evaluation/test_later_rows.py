"""Families that look ahead are found by name; the built-in ones and honest ones of one's own are not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from churnscope.evaluation.later_rows import (
    MOST_CUSTOMERS,
    MOST_ROWS_EACH,
    Sample,
    _dealt,
    changed_by_later_rows,
    few,
    signals_read,
)
from churnscope.events import Block, Events
from churnscope.features import FAMILIES, Family, Feature, Log, family
from churnscope.snapshots import SnapshotPlan
from oracle.scenes import CUTOFFS, Shape, plan, scene

LATE = Shape(3, customers=200, late=0.2)


def feature(name: str, values: np.ndarray) -> Feature:
    return Feature(name=name, unit="", concept="", sentence="", values=values)


@family("purchases", needs=("amount",))
def largest_of_all(log: Log) -> Iterator[Feature]:
    """The largest amount a customer ever paid, later ones too."""

    def share(rows: Events) -> np.ndarray:
        largest = np.zeros(rows.n_customers)
        np.maximum.at(largest, rows.customer, rows.signals["amount"])
        return rows.signals["amount"] / np.maximum(largest[rows.customer], 1)

    yield feature("share_of_largest", log.kept.total(log.kept.derive("share", share)))


@family("purchases")
def rows_at_all(log: Log) -> Iterator[Feature]:
    """How many rows there are at all."""
    rows = log.kept.derive("all", lambda rows: np.bincount(rows.customer, minlength=rows.n_customers)[rows.customer])
    yield feature("rows_at_all", log.kept.last(rows))


@family("purchases", needs=("amount",))
def honest(log: Log) -> Iterator[Feature]:
    """How often the customer paid more than ten."""
    large = log.kept.derive("large", lambda rows: rows.signals["amount"] > 1_000)
    yield feature("large_orders", log.kept.total(large))


@family("purchases")
def drawn(log: Log) -> Iterator[Feature]:
    """Chance."""
    yield feature("chance", np.random.default_rng().uniform(size=log.kept.count().shape))


@family("support", needs=("satisfaction",))
def rating_of_open_tickets(log: Log) -> Iterator[Feature]:
    """What the customer will think of the answer to a ticket, whether there has been one or not."""
    yield feature("rating", log.rows.mean("satisfaction"))


@family("support", needs=("resolved",))
def ever_resolved(log: Log) -> Iterator[Feature]:
    """Whether a ticket was resolved at all, and be it after the cutoff."""
    done = log.rows.derive("ever resolved", lambda rows: rows.signals["resolved_day"] > 0)
    yield feature("ever_resolved", log.rows.total(done))


def planned(block: Block, *own: Family, shape: Shape = LATE) -> SnapshotPlan:
    return plan(block, shape, families=(*FAMILIES, *own), dtype=np.float32)


def names(plan: SnapshotPlan, changes) -> set[str]:
    return {plan.specs[change.position].name for change in changes}


@pytest.fixture(scope="module", params=[0.0, 0.2], ids=["one clock", "two clocks"])
def block(request: pytest.FixtureRequest) -> Block:
    return scene(Shape(3, customers=200, late=request.param))


def test_no_family_of_the_catalogue_and_no_honest_one_changes(block: Block) -> None:
    looked = changed_by_later_rows(block, planned(block, honest))
    assert (looked.ahead, looked.unrepeatable) == ((), ())


def test_families_that_look_ahead_are_named(block: Block) -> None:
    setting = planned(block, largest_of_all, rows_at_all)
    looked = changed_by_later_rows(block, setting)
    assert names(setting, looked.ahead) == {"share_of_largest", "rows_at_all"}
    assert all(0 < change.differed <= 2 * change.looked_at for change in looked.ahead)


def test_families_that_read_what_earlier_rows_are_told_later_are_named(block: Block) -> None:
    setting = planned(block, rating_of_open_tickets, ever_resolved)
    looked = changed_by_later_rows(block, setting)
    assert names(setting, looked.ahead) == {"rating", "ever_resolved"}


def test_what_is_not_repeatable_is_told_apart(block: Block) -> None:
    setting = planned(block, drawn)
    looked = changed_by_later_rows(block, setting)
    assert names(setting, looked.unrepeatable) == {"chance"}
    assert looked.ahead == ()


@pytest.mark.slow
def test_the_columns_a_feature_reads_are_found(block: Block) -> None:
    setting = planned(block, largest_of_all)
    position = {spec.name: i for i, spec in enumerate(setting.specs)}
    asked = ["share_of_largest", "latest_credit", "purchase_weight_total_30d", "days_since_last_purchase"]
    read = signals_read(block, setting, [position[name] for name in asked])
    assert [read[position[name]] for name in asked[:3]] == [
        (("purchases", "amount"),),
        (("extra_features", "credit"),),
        (("purchases", "weight"),),
    ]
    assert set(read[position[asked[3]]]) <= {("purchases", "is_return")}


def test_rows_tied_at_an_instant_may_come_in_any_order() -> None:
    """Two customers with four rows at one instant each: dealt out, every value lands where it did, whatever their order."""
    customer, time = np.repeat(np.arange(2, dtype=np.int32), 4), np.zeros(8, np.int64)
    amount = np.array([5, 6, 7, 8, 1, 2, 3, 4])
    given = Events(2, customer, time, np.zeros(8, np.int32), {"amount": amount})
    turned = replace(given, signals={"amount": amount[[1, 3, 0, 2, 7, 5, 4, 6]]})
    dealt = [
        sorted(zip(events.signals["amount"], _dealt(events, np.arange(8), ["amount"]).signals["amount"], strict=True))
        for events in (given, turned)
    ]
    assert dealt[0] == dealt[1]


@pytest.mark.slow
def test_a_further_time_is_named_as_it_is_mapped(block: Block) -> None:
    setting = planned(block, ever_resolved)
    position = next(i for i, spec in enumerate(setting.specs) if spec.name == "open_ticket_count")
    assert signals_read(block, setting, [position])[position] == (("support", "resolved"),)


def test_a_sample_is_small_the_same_each_time_and_of_customers_with_a_past_and_a_future() -> None:
    block = scene(Shape(5, customers=3_000, late=0.1))

    def sampled(size: int) -> Block:
        sample = Sample(CUTOFFS[1], block.n_customers)
        assert sum(part.n_customers for part in sample.watching(iter(list(block.parts(size))))) == block.n_customers
        return sample.block

    whole, parts = sampled(3_000), sampled(500)
    assert whole.n_customers == MOST_CUSTOMERS
    assert abs(parts.n_customers - MOST_CUSTOMERS) <= 6
    again = sampled(500)
    for role, events in parts.logs.items():
        assert (np.diff(events.customer) >= 0).all()
        np.testing.assert_array_equal(events.time, again.logs[role].time)
    first = {role: (events.day < CUTOFFS[1]).any() for role, events in whole.logs.items()}
    assert all(first.values())


def test_a_customer_with_very_many_rows_is_left_out() -> None:
    rows = MOST_ROWS_EACH + 1
    customer = np.append(np.zeros(rows, np.int32), np.int32(1))
    day = np.append(np.arange(rows) // 1_000, 5).astype(np.int32)
    events = Events(2, customer, day * np.int64(86_400_000_000), day)
    sample = Sample(10, 2)
    list(sample.watching(iter([Block(0, 2, {"purchases": events})])))
    assert (sample.block.n_customers, len(sample.block.logs["purchases"].day)) == (1, 1)


def test_few_cutoffs() -> None:
    assert few(range(12)) == (0, 6, 11)
