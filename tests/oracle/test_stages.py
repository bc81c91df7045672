"""Stages on every single day against plain Python, which asks each day anew what was seen by then."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from churnscope.activity import Activity, DailyActivity
from churnscope.config.models import Activity as ActivityConfig
from churnscope.config.models import Rule, Stages
from churnscope.events import Block, Events
from churnscope.events.block import NO_DAY
from churnscope.lifecycle.making import Making, joined
from churnscope.lifecycle.spells import STAGES, UNKNOWN, WITH_US, Spells
from churnscope.snapshots import ACTIVE, SnapshotPlan, build_scoring_rows
from churnscope.sources.zones import FIRST_DAY
from oracle.effort import effort
from oracle.expected import has_renewed, qualifying_days, visible
from oracle.scenes import AS_OF, CUTOFFS, MICROSECONDS, Shape, plan, rows_of, scene
from oracle.test_oracle import counted, holds

pytestmark = pytest.mark.property
FIRST = min(CUTOFFS) - 155  # before any row of a scene

terms = st.builds(
    Rule,
    source=st.just("contracts"),
    in_force=st.just(True),
    at_least=st.sampled_from([1, 1, 2]),
    grace_days=st.sampled_from([0, 1, 14, 40]),
    where=st.sampled_from([None, "gift"]),
)
events = st.sampled_from(
    [
        Rule(source="shop", days=30),
        Rule(source="app", days=30, at_least=2),
        Rule(source="shop", days=90, measure="amount", at_least=9.99),
        Rule(source="app", days=60, measure="duration", at_least=20.0),
        Rule(source="app", days=45, measure="score", at_least=0.5),  # values below 0 too
        Rule(source="help", days=20, where=None),
        Rule(source="crm", days=30, where="gift"),
    ]
)
rules = st.lists(terms | events, min_size=1, max_size=3).map(tuple)
shapes = st.builds(
    Shape,
    st.integers(0, 10**6),
    st.integers(1, 8),
    st.sampled_from([0.0, 0.2, 1.0]),
    rules,
    st.sampled_from(["any", "all"]),
)
steady_rules = (
    st.builds(Rule, source=st.just("contracts"), in_force=st.just(True), grace_days=st.sampled_from([0, 1, 14, 40]))
    | st.sampled_from([Rule(source="shop", days=30), Rule(source="app", days=30, at_least=2)])
    | st.just(Rule(source="shop", days=90, measure="amount", at_least=9.99))
)
steady_shapes = st.builds(
    Shape,
    st.integers(0, 10**6),
    st.integers(1, 8),
    st.sampled_from([0.0, 0.2, 1.0]),
    st.lists(steady_rules, min_size=1, max_size=3).map(tuple),
    st.sampled_from(["any", "all"]),
)
numbers = st.sampled_from(
    [
        Stages(loyal_days=50, reactivated_days=20, onboarding_days=15),
        Stages(loyal_days=0, loyal_events=2, reactivated_days=0, onboarding_days=0),
        Stages(loyal_days=30, loyal_events=4, reactivated_days=7, onboarding_days=90),
    ]
)


def slow_stages(block: Block, setting: SnapshotPlan, limits: Stages, customer: int) -> list[int]:
    """The stage on each day from `FIRST` on, one day after the other."""
    logs = {role: rows_of(log, customer) for role, log in block.logs.items()}
    definition, places = setting.activity.definition, dict(setting.activity.places)
    combine, answer, was_inactive, active_since = all if definition.combine == "all" else any, [], False, None
    for day in range(FIRST, AS_OF + 1):
        seen = {role: visible(rows, day) for role, rows in logs.items()}
        found = qualifying_days(seen, setting)
        is_active = combine(holds(rule, counted(rule, seen[places[rule.source][0]], places), day) for rule in definition.rules)
        active_since = (day if active_since is None else active_since) if is_active else None
        if not any(seen.values()):
            stage = None
        elif not found:
            touched = {row.day for role in ("contacts", "engagement") for row in seen[role]}
            stage = "nurtured" if len(touched) >= 2 else "prospect"
        elif not is_active:
            stage, was_inactive = "inactive", True
        elif was_inactive and day - active_since < limits.reactivated_days:
            stage = "reactivated"
        elif day - found[0] < limits.onboarding_days:
            stage = "new"
        elif day - found[0] >= limits.loyal_days and (len(found) >= limits.loyal_events or has_renewed(seen, setting)):
            stage = "loyal"
        else:
            stage = "active"
        answer.append(UNKNOWN if stage is None else STAGES.index(stage))
    return answer


def without(log: Events, rows: np.ndarray) -> Events:
    known = None if log.visible_day is None else log.visible_day[~rows]
    return replace(log.where(~rows), visible_day=known)


def made(block: Block, setting: SnapshotPlan, limits: Stages, size: int = 1_000) -> Spells:
    making = Making(setting.activity, limits, AS_OF)
    parts = [(part.first, making.spells(part)) for part in block.parts(size)]
    return joined(parts, block.n_customers, making.until)


@effort
@given(shapes, numbers)
@example(  # tied values of which the smaller is known later
    Shape(3051, 2, 1.0, (Rule(source="app", days=60, at_least=20.0, measure="duration"),), "any"),
    Stages(loyal_days=50, reactivated_days=20, onboarding_days=15),
)
def test_stages_on_every_day_equal_plain_python(shape: Shape, limits: Stages) -> None:
    block = scene(shape)
    setting = plan(block, shape)
    spells = made(block, setting, limits)
    days = np.array([spells.on(day) for day in range(FIRST, AS_OF + 1)]).T.tolist()
    for customer in range(block.n_customers):
        assert days[customer] == slow_stages(block, setting, limits, customer), customer


@effort
@given(shapes, numbers, st.integers(1, 5))
def test_spells_follow_each_other_without_a_break_and_differ(shape: Shape, limits: Stages, size: int) -> None:
    block = scene(shape)
    setting = plan(block, shape)
    spells = made(block, setting, limits)
    pieces = made(block, setting, limits, size)
    for name in ("customer", "stage", "entered", "left"):
        np.testing.assert_array_equal(getattr(spells, name), getattr(pieces, name))
    same = spells.customer[1:] == spells.customer[:-1]
    assert (spells.entered < spells.left).all()
    assert (spells.left[:-1][same] == spells.entered[1:][same]).all()
    assert (spells.stage[:-1][same] != spells.stage[1:][same]).all()
    assert (spells.left[:-1][~same] == AS_OF + 1).all()


@effort
@given(shapes, numbers)
def test_whoever_is_active_at_a_cutoff_is_with_us_on_that_day(shape: Shape, limits: Stages) -> None:
    block = scene(shape)
    setting = plan(block, shape, families=())
    spells = made(block, setting, limits)
    with_us = [STAGES.index(stage) for stage in WITH_US]
    for cutoff in CUTOFFS:
        status = build_scoring_rows([block], setting.at([cutoff]), threads=1).status
        np.testing.assert_array_equal(status == ACTIVE, np.isin(spells.on(cutoff), with_us))


@effort
@given(steady_shapes, st.sampled_from(CUTOFFS))
@example(  # a term that ended in the instant in which it began
    Shape(189858, 3, 0.0, (Rule(source="contracts", in_force=True, grace_days=14),), "any"), 1045
)
def test_an_activity_lasts_as_long_as_if_nothing_became_known_later(shape: Shape, day: int) -> None:
    block = scene(shape)
    activity, far = plan(block, shape).activity, day + 2_000
    daily = DailyActivity(activity, block.logs, AS_OF + 1)
    stretches = DailyActivity(activity, {role: seen_by(log, day) for role, log in block.logs.items()}, far).stretches()
    lasting = daily.lasting([day])[0]
    holding = (stretches.begin <= day) & (day < stretches.end)
    for customer, end in zip(stretches.customer[holding].tolist(), stretches.end[holding].tolist(), strict=True):
        assert min(int(lasting[customer]), far) == end


def seen_by(log: Events, day: int) -> Events:
    """The rows that a day sees, without what ends them early after it."""
    seen = log.where(log.seen_from <= day)
    if "ended_day" not in seen.signals:
        return seen
    later = seen.signals["ended_day"] > day
    return replace(seen, signals={**seen.signals, "ended_day": np.where(later, NO_DAY, seen.signals["ended_day"])})


@pytest.mark.parametrize(
    ("told", "known"),
    [
        ({}, 1_100),  # nothing says when: known as of the day that is looked at
        ({"start": 1_050}, 1_051),
        ({"start": 1_200}, 1_100),  # a day to come says nothing of the past
        ({"valid_from": 1_020, "start": 1_050}, 1_021),
    ],
)
def test_who_is_only_told_of_is_a_prospect_from_the_day_on_that_this_was_known(told: dict[str, int], known: int) -> None:
    """A file of customers without a date speaks of today: whoever stands in it may have been unknown a year ago."""
    day = np.array([told.get("valid_from", FIRST_DAY)], np.int32)
    signals = {"start": np.array([told["start"]])} if "start" in told else {}
    people = Events(1, np.zeros(1, np.int32), day * np.int64(MICROSECONDS), day, signals)
    nothing = Events(1, *(np.empty(0, kind) for kind in (np.int32, np.int64, np.int32)))
    activity = Activity(ActivityConfig(rules=(Rule(source="shop", days=30),)), {"shop": ("purchases", 0)}, 0.01)
    logs = {"purchases": nothing, "customers": people}
    spells = Making(activity, Stages(), 1_100).spells(Block(0, 1, logs))
    assert (spells.entered.tolist(), spells.stage.tolist()) == ([known], [STAGES.index("prospect")])


@effort
@given(shapes, numbers, st.sampled_from(CUTOFFS))
def test_the_stages_sum_to_the_customers_known_and_later_rows_change_none_of_them(
    shape: Shape, limits: Stages, cutoff: int
) -> None:
    block = scene(shape)
    setting = plan(block, shape)
    told = made(block, setting, limits)
    known = [
        any(visible(rows_of(log, customer), cutoff) for log in block.logs.values()) for customer in range(block.n_customers)
    ]
    np.testing.assert_array_equal(told.on(cutoff) != UNKNOWN, known)
    then = Making(setting.activity, limits, cutoff).spells(
        Block(0, block.n_customers, {role: without(log, log.seen_from > cutoff) for role, log in block.logs.items()})
    )
    for day in range(cutoff - 40, cutoff + 1):
        np.testing.assert_array_equal(then.on(day), told.on(day))
