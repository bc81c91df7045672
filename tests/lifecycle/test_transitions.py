"""Who moves where, by hand: five customers over three months."""

from __future__ import annotations

import numpy as np
import pytest

from churnscope.lifecycle.spells import STAGES, Spells
from churnscope.lifecycle.transitions import Transitions, time_in
from churnscope.survival import Waits
from lifecycle.made_up import CODE, spells

STARTS = np.array([10, 20, 30], np.int32)
LIFE = spells(
    [
        (0, "new", 5, 15),
        (0, "loyal", 15, 41),
        (1, "active", 1, 25),
        (1, "inactive", 25, 41),
        (2, "prospect", 12, 41),
        (3, "inactive", 2, 19),
        (3, "reactivated", 19, 20),  # back and away again between two looks
        (3, "inactive", 20, 41),
        (4, "active", 10, 30),
        (4, "loyal", 30, 41),
    ],
    5,
    41,
)


def moved(counts: np.ndarray) -> dict[tuple[str, str], int]:
    names = (*STAGES, "unknown")
    return {(names[i], names[j]): int(counts[i, j]) for i, j in zip(*np.nonzero(counts), strict=True)}


def test_moves_are_counted_from_the_first_day_of_a_month_to_that_of_the_next() -> None:
    first, second = Transitions.between(LIFE, STARTS).counts
    assert moved(first) == {
        ("new", "loyal"): 1,
        ("active", "active"): 2,
        ("unknown", "prospect"): 1,
        ("inactive", "inactive"): 1,
    }
    assert moved(second) == {
        ("loyal", "loyal"): 1,
        ("active", "inactive"): 1,
        ("active", "loyal"): 1,
        ("prospect", "prospect"): 1,
        ("inactive", "inactive"): 1,
    }


def test_probabilities_add_up_and_lie_within_their_limits() -> None:
    share, low, high = Transitions.between(LIFE, STARTS).probabilities()
    active = CODE["active"]
    assert share[active, [CODE["active"], CODE["inactive"], CODE["loyal"]]].tolist() == [0.5, 0.25, 0.25]
    assert np.isnan(share[CODE["nurtured"]]).all()
    there = ~np.isnan(share[:, 0])
    np.testing.assert_allclose(share[there].sum(axis=1), 1)
    assert (low[there] <= share[there]).all()
    assert (share[there] <= high[there]).all()


def chain(moves: dict[tuple[str, str], int]) -> Transitions:
    counts = np.zeros((1, 8, 8), np.int64)
    for (before, after), n in moves.items():
        counts[0, CODE[before], CODE[after]] = n
    return Transitions(np.array([0, 30]), counts)


def test_months_until_inactive_are_those_of_the_chain() -> None:
    """From active a quarter leaves: 4 months. From new half becomes active, half stays new: 2 more."""
    moves = {("active", "active"): 7_500, ("active", "inactive"): 2_500, ("new", "new"): 5_000, ("new", "active"): 5_000}
    told = chain(moves).months_to_inactive(np.random.default_rng(0))
    assert set(told) == {"new", "active"}
    assert told["active"][0] == pytest.approx(4)
    assert told["new"][0] == pytest.approx(6)
    for value, low, high in told.values():
        assert low < value < high
        assert high - low < 0.5


def test_where_nobody_leaves_it_takes_for_ever() -> None:
    told = chain({("active", "active"): 10, ("new", "active"): 5, ("new", "inactive"): 5}).months_to_inactive(
        np.random.default_rng(0)
    )
    assert told["active"][0] == told["new"][0] == np.inf
    assert told["active"][1] < np.inf  # one more month might have shown somebody who does
    assert chain({("inactive", "inactive"): 3}).months_to_inactive(np.random.default_rng(0)) == {}


def test_time_in_a_stage_counts_every_spell_of_it() -> None:
    stays = time_in(LIFE, "inactive")
    assert (stays.customer.tolist(), stays.number.tolist()) == ([1, 3, 3], [0, 0, 1])
    assert stays.is_over.tolist() == [False, True, False]


def test_the_median_is_the_day_by_which_half_have_left() -> None:
    curve = Waits.of(np.array([3, 5, 5, 9]), np.array([True, True, True, False])).curve()
    assert curve.median()[0] == 5
    assert Waits.of(np.array([3, 9, 9]), np.array([True, False, False])).curve().median() == (None, None, None)


def test_there_is_no_median_where_few_are_still_watched() -> None:
    """All but one of a hundred are watched for ten days only; that one leaves at the end, and takes the curve to 0."""
    days, left = np.r_[np.full(99, 10), 2_000], np.r_[np.zeros(99, bool), True]
    curve = Waits.of(days, left).curve()
    assert curve.median() == (2_000, 2_000, 2_000)
    assert curve.median(least_watched=20) == (None, None, None)


def test_months_from_a_day_on_are_those_that_begin_on_it_or_later() -> None:
    moved = Transitions.between(LIFE, np.array([0, 10, 20, 30], np.int32))
    late = moved.since(10)
    assert late.starts.tolist() == [10, 20, 30]
    assert (late.counts == moved.counts[1:]).all()
    assert (moved.since(None).counts == moved.counts).all()
    assert len(moved.since(40).counts) == 0


TRUE = {
    "new": {"new": 0.5, "active": 0.4, "inactive": 0.1},
    "active": {"active": 0.8, "loyal": 0.1, "inactive": 0.1},
    "loyal": {"loyal": 0.95, "inactive": 0.05},
    "reactivated": {"reactivated": 0.6, "active": 0.3, "inactive": 0.1},
    "inactive": {"inactive": 0.93, "reactivated": 0.07},
}


@pytest.mark.slow
def test_known_rates_lie_inside_their_intervals() -> None:
    """Seeds 0 to 19: nine rates in ten within the 95 % limits, and none beyond four standard errors."""
    inside, furthest = [], 0.0
    for seed in range(20):
        moved = Transitions.between(wandering(np.random.default_rng(seed)), np.arange(0, 25 * 30, 30, dtype=np.int32))
        share, low, high = moved.probabilities()
        among = moved.pooled.sum(axis=1)
        for before, aims in TRUE.items():
            for after, rate in aims.items():
                i, j = CODE[before], CODE[after]
                inside.append(low[i, j] <= rate <= high[i, j])
                furthest = max(furthest, abs(share[i, j] - rate) / np.sqrt(rate * (1 - rate) / among[i]))
    assert np.mean(inside) >= 0.9
    assert furthest < 4


def wandering(rng: np.random.Generator, n_customers: int = 400, months: int = 24) -> Spells:
    """Customers who move once every thirty days by the rates above."""
    rows = []
    for customer in range(n_customers):
        stage, entered = "new", 0
        for month in range(1, months + 1):
            aims = TRUE[stage]
            following = str(rng.choice(list(aims), p=list(aims.values())))
            if following != stage:
                rows.append((customer, stage, entered, 30 * month))
                stage, entered = following, 30 * month
        rows.append((customer, stage, entered, 30 * months + 1))
    return spells(rows, n_customers, 30 * months + 1)
