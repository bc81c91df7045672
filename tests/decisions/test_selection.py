"""The list that brings most within its limits, its bound, its order, and the control by the same cut."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churnscope.config.models import Action
from churnscope.decisions.selection import (
    Limits,
    Problem,
    control_of,
    gap,
    select,
    total_gain,
)

TINY = 1e-9


def problem(gains, used, most, *, ties=None, held=None):
    gains = np.asarray(gains, float)
    n = len(gains)
    ties = np.arange(n, dtype=np.uint64) if ties is None else np.asarray(ties, np.uint64)
    held = np.zeros(n, bool) if held is None else np.asarray(held, bool)
    return Problem(gains, Limits(np.asarray(used, float), np.asarray(most, float)), ties, held)


def best_of_all(asked: Problem) -> float:
    """The largest gain of any choice, by trying them all."""
    n, k = asked.gains.shape
    words = np.array(list(product(range(-1, k), repeat=n)))
    gains = np.column_stack([asked.gains, np.zeros(n)])
    gains[asked.is_control, :k] = -np.inf
    used = np.column_stack([asked.limits.used, np.zeros(len(asked.limits.most))])
    kept = (used[:, words].sum(axis=2) <= asked.limits.most[:, None] + TINY).all(axis=0)
    return float(gains[np.arange(n), words].sum(axis=1)[kept].max())


@st.composite
def small_problems(draw):
    n, k, limits = draw(st.integers(1, 5)), draw(st.integers(1, 3)), draw(st.integers(1, 3))
    whole = st.integers(-4, 12).map(float) | st.just(-np.inf)
    gains = draw(st.lists(st.lists(whole, min_size=k, max_size=k), min_size=n, max_size=n))
    used = draw(st.lists(st.lists(st.integers(0, 9), min_size=k, max_size=k), min_size=limits, max_size=limits))
    most = draw(st.lists(st.integers(0, 25), min_size=limits, max_size=limits))
    held = draw(st.lists(st.booleans(), min_size=n, max_size=n))
    return problem(gains, used, most, ties=draw(st.permutations(range(n))), held=held)


@pytest.mark.property
@settings(deadline=None)  # the solver's first call is slow
@given(small_problems())
def test_a_small_list_brings_as_much_as_the_best_of_all_lists(asked: Problem) -> None:
    found = select(asked)
    assert total_gain(asked.gains, found.choice) == pytest.approx(best_of_all(asked), abs=1e-7)
    assert found.bound >= best_of_all(asked) - 1e-7
    assert (asked.limits.left(found.choice) >= -1e-6).all()
    assert not (found.choice[asked.is_control] >= 0).any()
    taken = np.flatnonzero(found.choice >= 0)
    assert (asked.gains[taken, found.choice[taken]] > 0).all()


def large(n=20_000, seed=0):
    rng = np.random.default_rng(seed)
    leaves, value = rng.beta(1, 5, n), rng.gamma(1, 200, n)
    gains = np.column_stack([leaves * 0.3 * (value - 10) - (1 - leaves) * 10 - 1, leaves * 0.1 * value - 0.5])
    held = rng.random(n) < 0.1
    return problem(gains, [[8, 3], [11, 0.5]], [2_400, 2_000], ties=rng.permutation(n), held=held)


def test_a_large_list_is_close_to_its_bound_within_its_limits() -> None:
    asked = large()
    found = select(asked)
    gain = total_gain(asked.gains, found.choice)
    assert 0 <= gap(gain, found.bound) < 0.001
    assert (asked.limits.left(found.choice) >= -1e-6).all()


def test_the_order_of_the_rows_decides_nothing() -> None:
    asked = large(3_000)
    order = np.random.default_rng(5).permutation(len(asked.gains))
    turned = Problem(asked.gains[order], asked.limits, asked.ties[order], asked.is_control[order])
    first, second = select(asked), select(turned)
    np.testing.assert_array_equal(first.choice[order], second.choice)
    lines = int((first.choice >= 0).sum())
    np.testing.assert_array_equal(control_of(asked, first, lines)[order], control_of(turned, second, lines))


def test_equals_go_by_their_hash_however_many_there_are() -> None:
    ties = np.random.default_rng(3).permutation(5_000)
    asked = problem(np.full((5_000, 1), 7.0), [[10]], [1_000], ties=ties)
    assert sorted(ties[select(asked).choice >= 0]) == list(range(100))


def test_without_a_shortage_everybody_gets_what_brings_most() -> None:
    asked = problem([[5, 9], [4, -1], [-2, -3]], [[1, 2]], [100])
    found = select(asked)
    assert found.choice.tolist() == [1, 0, -1]
    assert found.bound == 13


def test_as_many_of_an_action_as_it_may_have() -> None:
    actions = {
        "call": Action(channel="phone", acceptance=0.3, minutes=8, most=2),
        "mail": Action(channel="e-mail", acceptance=0.1),
    }
    limits = Limits.of(actions, minutes=80, budget=None)
    asked = Problem(np.array([[9.0, 1.0]] * 5), limits, np.arange(5, dtype=np.uint64), np.zeros(5, bool))
    assert sorted(select(asked).choice.tolist()) == [0, 0, 1, 1, 1]


def test_a_budget_counts_every_offer_as_taken() -> None:
    actions = {"gift": Action(channel="phone", acceptance=0.3, offer_cost=10, contact_cost=2.5)}
    assert Limits.of(actions, 60, 500).used.tolist() == [[0.0], [12.5]]


def test_control_are_those_whom_the_same_cut_would_have_called() -> None:
    gains = np.array([[9.0], [8.0], [7.0], [6.0], [5.0], [4.0]])
    asked = problem(gains, [[1]], [2], held=[False, True, False, True, False, True])
    found = select(asked)
    assert found.choice.tolist() == [0, -1, 0, -1, -1, -1]
    assert control_of(asked, found, 2).tolist() == [-1, 0, -1, -1, -1, -1]


def test_with_room_for_all_the_whole_control_counts() -> None:
    asked = problem(np.array([[9.0], [8.0], [-1.0]]), [[1]], [5], held=[False, True, True])
    assert control_of(asked, select(asked), 1).tolist() == [-1, 0, -1]


def test_control_and_called_are_alike() -> None:
    few = large(60_000, seed=9)
    asked = Problem(few.gains, Limits(few.limits.used, few.limits.most * 10), few.ties, few.is_control)
    found = select(asked)
    lines = int((found.choice >= 0).sum())
    control = control_of(asked, found, lines)
    assert (control >= 0).sum() / ((control >= 0).sum() + lines) == pytest.approx(0.1, abs=0.02)
    called, alone = found.worth[found.choice >= 0].mean(), found.worth[control >= 0].mean()
    assert called == pytest.approx(alone, rel=0.15)


@pytest.mark.parametrize("n", [0, 1])
def test_an_empty_list_is_a_list(n: int) -> None:
    found = select(problem(np.full((n, 2), -np.inf), [[1, 2]], [5]))
    assert (found.choice == -1).all()
    assert found.bound == 0


def test_no_minutes_no_lines() -> None:
    assert select(problem([[5.0], [6.0]], [[4]], [0])).choice.tolist() == [-1, -1]
