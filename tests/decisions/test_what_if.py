"""Other money and time, other offers: the best list of each, and what a unit more would add."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from churnscope.config.models import Action
from churnscope.decisions.actions import Customers, expected_gains
from churnscope.decisions.selection import Limits, Problem, select, total_gain
from churnscope.decisions.what_if import Grid, Terms, candidates, outlooks, scaled
from decisions.test_selection import small_problems

CALL = Action(channel="phone", acceptance=0.5, minutes=10, offer_cost=10, contact_cost=1)


def terms(n=10, *, actions=None, budget=55.0, minutes=100.0, callable_=None) -> Terms:
    """Customers who leave for sure, worth 100, 200 ... each: a call brings half of what is above 10, less 1."""
    sure = Customers(np.ones(n), 100.0 * np.arange(1, n + 1), {}, np.full(n, np.nan), {})
    can = np.ones(n, bool) if callable_ is None else np.asarray(callable_, bool)
    return Terms(sure, actions or {"call": CALL}, 0.0, can, np.arange(n, dtype=np.uint64), minutes, budget)


def brings(*hundreds) -> float:
    return sum(0.5 * (100 * each - 10) - 1 for each in hundreds)


def test_each_amount_has_its_best_list_and_its_price() -> None:
    found = outlooks(terms(), Grid((0.0, 22.0, 55.0, 110.0, 500.0), (0.0, 25.0, 100.0), (), ()))
    budgets = [each for each in found if each.varied == "budget"]
    assert [each.lines for each in budgets] == [0, 2, 5, 10, 10]
    assert [each.gain for each in budgets] == pytest.approx(
        [0, brings(10, 9), brings(10, 9, 8, 7, 6), *[brings(*range(1, 11))] * 2]
    )
    assert [each.cost for each in budgets] == [0, 22, 55, 110, 110]
    assert budgets[-1].gain_per_money == 0  # what is not short costs nothing
    minutes = [each for each in found if each.varied == "minutes"]
    assert [(each.lines, each.minutes_used) for each in minutes] == [(0, 0), (2, 20), (5, 50)]
    assert minutes[1].gain_per_hour == pytest.approx(6 * brings(8))  # the next is the third call
    assert budgets[1].gain_per_money * 11 == pytest.approx(brings(9), rel=0.2)


def test_terms_are_those_of_every_action_and_now_is_among_them() -> None:
    found = outlooks(terms(budget=None), Grid((), (100.0,), (0.5, 1.0, 2.0), (0.5, 1.0, 4.0)))
    by = {(each.offer_cost, each.acceptance): each for each in found if each.varied == "terms"}
    (now,) = (each for each in found if each.varied == "minutes")
    assert by[1.0, 1.0] == replace(now, varied="terms")
    assert by[2.0, 0.5].gain == pytest.approx(sum(0.25 * (100 * k - 20) - 1 for k in range(1, 11)))
    assert by[0.5, 4.0].gain == pytest.approx(sum(1.0 * (100 * k - 5) - 1 for k in range(1, 11)))  # all accept, not more
    assert now.gain_per_money is None


def test_those_left_alone_or_understood_by_nobody_are_on_no_list() -> None:
    (found,) = outlooks(terms(3, callable_=[True, False, True], budget=None), Grid((), (100.0,), (), ()))
    assert (found.lines, found.gain) == (2, pytest.approx(brings(1, 3)))


def test_acceptance_of_each_type_is_multiplied() -> None:
    call = scaled({"call": CALL.model_copy(update={"acceptance": {"high": 0.2, "low": 0.6}})}, 1.0, 2.0)["call"]
    assert call.acceptance == {"high": 0.4, "low": 1.0}


@pytest.mark.property
@settings(deadline=None)
@given(small_problems())
def test_nobody_drops_out_who_a_best_list_needs(asked: Problem) -> None:
    gains = np.where(asked.is_control[:, None], -np.inf, asked.gains)
    rows = candidates(gains, asked.limits)
    few = select(Problem(gains[rows], asked.limits, asked.ties[rows], asked.is_control[rows] & False))
    every = select(asked)
    assert total_gain(gains[rows], few.choice) == pytest.approx(total_gain(asked.gains, every.choice), abs=1e-7)
    assert few.bound == pytest.approx(every.bound, abs=1e-6)


def test_only_as_many_are_looked_at_as_there_is_room_for() -> None:
    rng = np.random.default_rng(0)
    gains = rng.random((100_000, 2))
    limits = Limits(np.array([[10.0, 5.0], [3.0, 0.0]]), np.array([100.0, 9.0]))
    rows = candidates(gains, limits)
    assert len(rows) <= 2 * 21
    full = select(Problem(gains, limits, np.arange(100_000, dtype=np.uint64), np.zeros(100_000, bool)))
    few = select(Problem(gains[rows], limits, rows.astype(np.uint64), np.zeros(len(rows), bool)))
    assert total_gain(gains[rows], few.choice) == pytest.approx(total_gain(gains, full.choice), rel=1e-9)


def test_gains_are_those_of_the_list() -> None:
    asked = terms()
    gains, _ = expected_gains(asked.customers, asked.actions, 0.0)
    assert gains[:, 0].tolist() == pytest.approx([brings(k) for k in range(1, 11)])
