"""Causes between sets of scores, by hand: jumps, bands, money at risk of a customer and of a group."""

from __future__ import annotations

import numpy as np

from churnscope.alerts import STILL
from churnscope.alerts.on_scores import ScoreSet, at_risk, group_at_risk, jumped

NAN = float("nan")


def scores(day: int, *probability: float, worth: float = 100.0) -> ScoreSet:
    """A set in which a probability of 0.6 is high."""
    values = np.array(probability)
    everybody = np.ones(len(values), np.bool_)
    return ScoreSet(day, values, np.nan_to_num(values) >= 0.6, np.full(len(values), worth), {"all": everybody})


def told(found) -> list[tuple[int, int, int]]:
    """Customer, day, over."""
    return list(zip(found.customer.tolist(), found.seen.tolist(), found.over.tolist(), strict=True))


SETS = [scores(10, 0.3, 0.3, NAN, 0.5), scores(17, 0.5, 0.49, 0.9, 0.6), scores(24, 0.5, 0.7, 0.9, 0.5)]


def test_a_jump_is_measured_from_one_set_to_the_next() -> None:
    # Of customer 2 nothing was known before; customer 1 rises by 0.19 and then by 0.21.
    assert told(jumped(SETS, 0.2, becomes_high=False)) == [(0, 17, STILL), (1, 24, STILL)]


def test_a_jump_is_over_when_the_probability_falls_back_or_is_gone() -> None:
    later = [*SETS, scores(31, 0.4, NAN, 0.9, 0.5)]
    assert told(jumped(later, 0.2, becomes_high=False)) == [(0, 17, 31), (1, 24, 31)]


def test_a_band_becomes_high_where_it_was_known_and_lower_before() -> None:
    assert told(jumped(SETS, None, becomes_high=True)) == [(3, 17, 24), (1, 24, STILL)]


def test_one_set_tells_of_no_jump() -> None:
    assert told(jumped(SETS[:1], 0.1, becomes_high=True)) == []


def test_too_much_at_risk_is_told_when_it_comes_to_that() -> None:
    # 50 is not more than 50; of customer 2 nothing was at risk before.
    assert told(at_risk(SETS, 50.0)) == [(2, 17, STILL), (3, 17, 24), (1, 24, STILL)]


def test_a_group_is_told_of_from_the_first_set_above_the_limit_to_the_first_below() -> None:
    sums = [each.sums()["all"] for each in SETS]
    assert [round(total) for total in sums] == [110, 249, 260]
    (cause,) = group_at_risk("risk", SETS, 200.0, ["all"])
    assert (cause.subject, cause.is_customer, cause.seen, cause.over) == ("all", False, 17, STILL)
    assert cause.numbers["customers"] == 4
    (first, second) = group_at_risk("risk", [SETS[1], SETS[0], scores(24, 0.9, 0.9, 0.9, 0.9)], 200.0, ["all"])
    assert (first.seen, first.over, second.seen) == (17, 10, 24)
