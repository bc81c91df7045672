"""What must not change a feature, does not; on random logs.

The names begin with the number of the property; those of whole files (3, 4 and 5) are in test_file_properties.py.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnscope.events import EVER, Block, Events, Grid
from churnscope.events.block import NO_DAY
from churnscope.snapshots import SnapshotTable, build_snapshots
from oracle.effort import effort
from oracle.scenes import AS_OF, CUTOFFS, WINDOWS, Shape, plan, scene

pytestmark = pytest.mark.property
MONEY = ("amount", "discount", "cost", "price", "acquisition_cost")
DAYS = ("start", "valid_to", "birthday", "loyalty_since", "moved")
DAY_MICROSECONDS = 86_400_000_000
WEEK_MICROSECONDS = 7 * DAY_MICROSECONDS
shapes = st.builds(Shape, st.integers(0, 10**6), st.integers(1, 12), st.sampled_from([0.0, 0.2, 1.0]))


def table(block: Block, shape: Shape, **changes: object) -> SnapshotTable:
    return build_snapshots([block], plan(block, shape, **changes), threads=1)


def each_log(block: Block, change: object) -> Block:
    return replace(block, logs={role: change(events) for role, events in block.logs.items()})


def rows(events: Events, index: np.ndarray, **changes: object) -> Events:
    visible_day = None if events.visible_day is None else events.visible_day[index]
    signals = {name: values[index] for name, values in events.signals.items()}
    taken = Events(events.n_customers, events.customer[index], events.time[index], events.day[index], signals, visible_day)
    return replace(taken, **changes)


def assert_same_features(one: SnapshotTable, other: SnapshotTable) -> None:
    """To the last bit, for the same customers."""
    np.testing.assert_array_equal(one.customer, other.customer)
    np.testing.assert_array_equal(one.features, other.features)


def told_otherwise(rng: np.random.Generator, terms: Events, cutoff: int) -> Events:
    """Other early ends, reasons, notices and payments, of those that come at or after the cutoff."""
    signals, n = dict(terms.signals), len(terms.day)
    for clock, more in (("ended", ("reason",)), ("cancelled", ()), ("paid", ())):
        later = (signals[f"{clock}_day"] == NO_DAY) | (signals[f"{clock}_day"] >= cutoff)
        day = rng.choice([NO_DAY, cutoff, cutoff + 40], n)
        signals[clock] = np.where(later, np.where(day == NO_DAY, 0, day * DAY_MICROSECONDS), signals[clock])
        signals[f"{clock}_day"] = np.where(later, day, signals[f"{clock}_day"])
        signals |= {name: np.where(later, rng.integers(0, 3, n), signals[name]) for name in more}
    return replace(terms, signals=signals)


@effort
@given(shapes, st.sampled_from(CUTOFFS))
def test_property_1_events_at_or_after_the_cutoff_change_no_feature_and_no_population(shape: Shape, cutoff: int) -> None:
    block = scene(shape)
    before = each_log(block, lambda events: rows(events, np.flatnonzero(events.day < cutoff)))
    assert_same_features(table(block, shape, cutoffs=(cutoff,)), table(before, shape, cutoffs=(cutoff,)))


@effort
@given(shapes, st.sampled_from(CUTOFFS))
def test_property_1_rows_known_later_change_no_feature_and_no_population(shape: Shape, cutoff: int) -> None:
    block = scene(replace(shape, late=max(shape.late, 0.2)))
    known = each_log(block, lambda events: rows(events, np.flatnonzero(events.visible_day <= cutoff), visible_day=None))
    assert_same_features(table(block, shape, cutoffs=(cutoff,)), table(known, shape, cutoffs=(cutoff,)))


@effort
@given(shapes, st.sampled_from(CUTOFFS), st.integers(0, 10**6))
def test_what_a_row_is_told_later_changes_no_feature_and_no_population(shape: Shape, cutoff: int, seed: int) -> None:
    """A resolution at or after the cutoff with its rating, an answer of the last week, an outcome, a date to come; an early
    end with its reason, notice of cancellation, a payment."""
    rng = np.random.default_rng(seed)
    block = scene(shape)
    tickets, contacts, campaigns, people = (block.logs[role] for role in ("support", "contacts", "campaigns", "customers"))
    day = tickets.signals["resolved_day"]
    later = (day == NO_DAY) | (day >= cutoff)
    other = rng.choice([NO_DAY, cutoff, cutoff + 40], len(day))
    told = {
        "resolved_day": np.where(later, other, day),
        "resolved": np.where(later, rng.integers(0, 2**50, len(day)), tickets.signals["resolved"]),
        "satisfaction": np.where(later, rng.random(len(day)), tickets.signals["satisfaction"]),
    }
    answers = np.where(contacts.day >= cutoff - 7, rng.random(len(contacts.day)) < 0.5, contacts.signals["response"])
    dates = {}
    for name in DAYS:
        to_come = (people.signals[name] == NO_DAY) | (people.signals[name] >= cutoff)
        other = rng.choice([NO_DAY, cutoff + 1, cutoff + 40], len(people.day))
        dates[name] = np.where(to_come, other, people.signals[name])
    logs = {
        "customers": replace(people, signals={**people.signals, **dates}),
        "support": replace(tickets, signals={**tickets.signals, **told}),
        "contacts": replace(contacts, signals={**contacts.signals, "response": answers}),
        "campaigns": replace(campaigns, signals={**campaigns.signals, "outcome": ~campaigns.signals["outcome"]}),
        "subscriptions": told_otherwise(rng, block.logs["subscriptions"], cutoff),
    }
    other_block = replace(block, logs={**block.logs, **logs})
    assert_same_features(table(block, shape, cutoffs=(cutoff,)), table(other_block, shape, cutoffs=(cutoff,)))


@effort
@given(shapes, st.integers(-200, 200))
def test_property_2_a_shift_by_whole_weeks_changes_only_the_season(shape: Shape, weeks: int) -> None:
    def shift(events: Events) -> Events:
        visible_day = None if events.visible_day is None else events.visible_day + np.int32(7 * weeks)
        time = events.time + weeks * WEEK_MICROSECONDS
        signals = dict(events.signals)
        for clock in {"resolved", "end", "ended", "cancelled", "due", "paid"} & set(signals):
            is_open = signals[f"{clock}_day"] == NO_DAY
            signals[clock] = np.where(is_open, 0, signals[clock] + weeks * WEEK_MICROSECONDS)
            signals[f"{clock}_day"] = np.where(is_open, NO_DAY, signals[f"{clock}_day"] + 7 * weeks)
        for name in set(DAYS) & signals.keys():
            signals[name] = np.where(signals[name] == NO_DAY, NO_DAY, signals[name] + 7 * weeks)
        return replace(events, day=events.day + np.int32(7 * weeks), time=time, signals=signals, visible_day=visible_day)

    block = scene(shape)
    now = table(block, shape)
    cutoffs = tuple(cutoff + 7 * weeks for cutoff in CUTOFFS)
    then = table(each_log(block, shift), shape, cutoffs=cutoffs, as_of=AS_OF + 7 * weeks)
    lasting = [i for i, spec in enumerate(now.specs) if spec.family != "calendar" and spec.name != "age_years"]
    np.testing.assert_array_equal(now.features[:, lasting], then.features[:, lasting])
    np.testing.assert_array_equal(now.churned, then.churned)


@effort
@given(shapes, st.integers(0, 10**6))
def test_property_3_the_order_of_tied_rows_is_irrelevant(shape: Shape, seed: int) -> None:
    rng = np.random.default_rng(seed)

    def shuffle_ties(events: Events) -> Events:
        return rows(events, np.lexsort((rng.random(len(events.day)), events.time, events.customer)))

    block = scene(shape)
    assert_same_features(table(block, shape), table(each_log(block, shuffle_ties), shape))


@effort
@given(shapes, st.data())
def test_property_6_a_customer_does_not_depend_on_others(shape: Shape, data: st.DataObject) -> None:
    block = scene(shape)
    low = data.draw(st.integers(0, shape.customers - 1))
    alone = Block(low, 1, {role: events.part(low, low + 1) for role, events in block.logs.items()})
    whole, single = table(block, shape), table(alone, shape)
    here = whole.customer == low
    np.testing.assert_array_equal(whole.features[here], single.features)
    np.testing.assert_array_equal(whole.churned[here], single.churned)


@effort
@given(shapes, st.integers(2, 9))
def test_property_7_scaling_money_scales_only_money(shape: Shape, factor: int) -> None:
    def scale(events: Events) -> Events:
        money = {name: events.signals[name] * factor for name in MONEY if name in events.signals}
        return replace(events, signals={**events.signals, **money})

    block = scene(shape)
    once, scaled = table(block, shape), table(each_log(block, scale), shape)
    factors = np.array([factor if spec.unit == "currency" else 1 for spec in once.specs])
    np.testing.assert_allclose(scaled.features, once.features * factors, rtol=1e-9)


@effort
@given(shapes, st.sampled_from(CUTOFFS))
def test_what_is_opened_is_open_or_resolved(shape: Shape, cutoff: int) -> None:
    tickets = Grid([cutoff], WINDOWS).see(scene(shape).logs["support"])
    opened, resolved = tickets.count(), tickets.at("resolved").count()
    oldest = tickets.days_since_oldest_open("resolved")
    np.testing.assert_array_equal(opened - resolved > 0, oldest > 0)
    assert (oldest[opened > resolved] <= tickets.days_since_first()[opened > resolved]).all()


@effort
@given(shapes, st.sampled_from(CUTOFFS))
def test_counts_add_up_over_disjoint_windows(shape: Shape, cutoff: int) -> None:
    events = scene(shape).logs["purchases"]
    seen = Grid([cutoff], WINDOWS).see(events)
    for short, long in pairwise(WINDOWS):
        older = Grid([cutoff - short], [long - short]).see(events)
        np.testing.assert_array_equal(seen.count(long), seen.count(short) + older.count(long - short))
        np.testing.assert_array_equal(
            seen.total("amount", long), seen.total("amount", short) + older.total("amount", long - short)
        )
    earlier = Grid([cutoff - WINDOWS[-1]], []).see(events)
    np.testing.assert_array_equal(seen.count(EVER), seen.count(WINDOWS[-1]) + earlier.count(EVER))
