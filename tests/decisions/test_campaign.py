"""What calling changed: by hand, and by what must hold of any campaign."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churnscope.decisions.campaign import HARMED, NOT_AS_DRAWN, OPEN, UNKNOWN, WORKED, Chosen, Effect, effect


def chosen(stayed: int, called: int, control_stayed: int, control: int, share: float | None = None, **more) -> Chosen:
    held = np.arange(called + control) >= called
    kept = np.r_[np.arange(called) < stayed, np.arange(control) < control_stayed]
    planned = control / (called + control) if share is None else share
    return Chosen(held, kept, np.full(called + control, planned), **more)


def test_retention_by_first_inclusion_as_in_newcombes_table() -> None:
    found = effect(chosen(56, 70, 48, 80))
    assert found.verdict == WORKED
    assert (found.retention.value, found.retention.low, found.retention.high) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)
    assert found.saved.value == pytest.approx(14)
    assert found.saved.low == pytest.approx(70 * found.retention.low)
    assert (found.spend, found.profit, found.cost, found.cost_per_saved) == (None, None, None, None)


def test_a_saved_customer_costs_all_contacts_over_all_saved() -> None:
    cost = np.r_[np.full(70, 2.0), np.zeros(80)]
    found = effect(chosen(56, 70, 48, 80, cost=cost))
    assert found.cost == 140
    assert found.cost_per_saved.value == pytest.approx(10)
    assert found.cost_per_saved.low == pytest.approx(140 / found.saved.high)
    assert found.cost_per_saved.high == pytest.approx(140 / found.saved.low)


@pytest.mark.parametrize(
    ("arms", "verdict"), [((50, 100, 50, 100), OPEN), ((40, 100, 60, 100), HARMED), ((60, 100, 40, 100), WORKED)]
)
def test_the_interval_decides(arms, verdict: str) -> None:
    found = effect(chosen(*arms, cost=np.ones(200)))
    assert found.verdict == verdict
    assert (found.cost_per_saved is None) == (verdict != WORKED)


def test_without_a_control_group_the_effect_is_unknown() -> None:
    found = effect(chosen(90, 100, 0, 0, share=0.0, spend=np.ones(100)))
    assert (found.verdict, found.retention, found.spend) == (UNKNOWN, None, None)
    assert (found.called.customers, found.called.stayed, found.called.spend) == (100, 90, 1.0)


def test_arms_that_were_not_drawn_as_planned_are_not_compared() -> None:
    found = effect(chosen(560, 700, 48, 80, share=0.3))
    assert (found.verdict, found.retention) == (NOT_AS_DRAWN, None)
    assert found.sample_ratio_p < 0.001


def test_money_is_the_difference_of_means_and_spend_before_narrows_it() -> None:
    rng = np.random.default_rng(3)
    before = rng.gamma(2, 50, 3_000)
    base = chosen(900, 2_000, 400, 1_000)
    spend = before * 0.8 + rng.normal(0, 5, 3_000) + np.where(base.control, 0, 4)
    cost = np.where(base.control, 0, 1.0)
    found = effect(Chosen(base.control, base.stayed, base.planned_share, spend, before, cost), margin=0.5)
    assert found.spend.value == pytest.approx(spend[:2_000].mean() - spend[2_000:].mean())
    assert found.spend_adjusted.low <= 4 <= found.spend_adjusted.high
    assert found.spend_adjusted.high - found.spend_adjusted.low < 0.2 * (found.spend.high - found.spend.low)
    assert found.profit.value == pytest.approx(0.5 * found.spend.value - 1)
    assert found.profit_adjusted.value == pytest.approx(0.5 * found.spend_adjusted.value - 1, abs=0.05)


def test_arms_of_few_have_no_interval_of_money() -> None:
    assert effect(chosen(20, 29, 20, 100, spend=np.ones(129))).spend is None


def test_an_effect_is_the_same_after_it_was_saved() -> None:
    found = effect(chosen(56, 70, 48, 80, spend=np.arange(150.0), spend_before=np.ones(150), cost=np.ones(150)), draws=50)
    assert Effect.from_json(json.loads(json.dumps(found.to_json(), allow_nan=False))) == found


arms = st.tuples(st.integers(1, 300), st.integers(1, 300)).flatmap(
    lambda n: st.tuples(st.integers(0, n[0]), st.just(n[0]), st.integers(0, n[1]), st.just(n[1]))
)


@pytest.mark.property
@settings(deadline=None)
@given(arms, st.integers(0, 99))
def test_the_order_of_customers_does_not_matter(counts, seed: int) -> None:
    group = chosen(*counts)
    order = np.random.default_rng(seed).permutation(len(group.stayed))
    mixed = Chosen(group.control[order], group.stayed[order], group.planned_share[order])
    assert effect(mixed) == effect(group)


@pytest.mark.property
@settings(deadline=None)
@given(arms)
def test_calling_nobody_away_turns_the_sign(counts) -> None:
    stayed, called, control_stayed, control = counts
    kept, lost = effect(chosen(*counts)), effect(chosen(called - stayed, called, control - control_stayed, control))
    assert kept.retention.value == pytest.approx(-lost.retention.value)
    assert (kept.retention.low, kept.retention.high) == pytest.approx((-lost.retention.high, -lost.retention.low), abs=1e-9)
