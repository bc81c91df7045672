"""Churn after an event against matched customers: hand tables, no effect where there is none, and a planted one."""

from __future__ import annotations

import numpy as np
import pytest

from churnscope.evaluation.matched import LEAST_CUSTOMERS, matched, strata_of

SEEDS = 300


def snapshots(seed: int, effect: float = 0.0) -> tuple[np.ndarray, ...]:
    """Customers of differing risk seen four times; who does more has the event more often, and leaves less."""
    rng = np.random.default_rng(seed)
    n = 400
    customers = np.repeat(np.arange(n), 4)
    busy = rng.integers(0, 3, n)  # what strata tell
    mood = rng.normal(0, 0.12, n)  # what they do not: rows of one customer are alike
    stratum = busy[customers]
    exposed = rng.random(len(customers)) < (0.05 + 0.2 * stratum)
    risk = np.clip(0.5 - 0.15 * stratum + mood[customers] + effect * exposed, 0.01, 0.99)
    return exposed, rng.random(len(customers)) < risk, stratum, customers


def test_one_stratum_gives_the_difference_of_two_rates():
    exposed = np.repeat([True, False], [40, 60])
    churned = np.concatenate([np.arange(40) < 10, np.arange(60) < 30])
    found = matched(exposed, churned, np.zeros(100, int), np.arange(100))
    assert (found.churn, found.otherwise) == (0.25, 0.5)
    assert found.difference.value == pytest.approx(-0.25)
    by_hand = 1.96 * np.sqrt(0.25 * 0.75 / 40 + 0.5 * 0.5 / 60)
    assert found.difference.high - found.difference.value == pytest.approx(by_hand, rel=0.08)


def test_strata_are_weighted_as_mantel_and_haenszel_do():
    # 20 with and 20 without in the first stratum, 10 and 30 in the second: weights 10 and 7.5.
    strata = np.repeat([0, 1], 40)
    exposed = np.concatenate([np.arange(40) < 20, np.arange(40) < 10])
    churned = np.zeros(80, bool)
    churned[:8] = churned[20:24] = True  # 8 of 20 against 4 of 20
    churned[40:45] = churned[50:53] = True  # 5 of 10 against 3 of 30
    found = matched(exposed, churned, strata, np.arange(80))
    assert found.difference.value == pytest.approx((10 * (0.4 - 0.2) + 7.5 * (0.5 - 0.1)) / 17.5)


def test_who_is_like_nobody_is_counted_and_left_out():
    strata = np.array([0] * 60 + [1] * 5 + [2] * 7)
    exposed = np.concatenate([np.arange(60) < 30, np.ones(5, bool), np.zeros(7, bool)])
    found = matched(exposed, np.arange(72) % 2, strata, np.arange(72))
    assert (found.exposed, found.matched, found.unmatched, found.compared) == (35, 30, 5, 30)


def test_what_strata_explain_is_no_difference():
    """Simpson: with the event far fewer leave, and in no stratum any fewer."""
    strata = np.repeat([0, 1], 1000)
    exposed = np.concatenate([np.arange(1000) < 100, np.arange(1000) < 900])
    churned = np.concatenate([np.arange(1000) % 10 < 6, np.arange(1000) % 10 < 1])
    found = matched(exposed, churned, strata, np.arange(2000))
    assert churned[exposed].mean() - churned[~exposed].mean() == pytest.approx(-0.4)
    assert found.difference.value == pytest.approx(0, abs=1e-12)


def test_of_too_few_customers_nothing_is_said():
    n = LEAST_CUSTOMERS - 1
    exposed = np.arange(200) < 2 * n  # two snapshots each
    found = matched(exposed, exposed, np.zeros(200, int), np.arange(200) // 2)
    assert found.customers == n
    assert np.isnan(found.p)
    assert np.isnan(found.difference.low)
    assert matched([True, False], [1, 0], [0, 1], [0, 1]).customers == 0


def test_an_event_that_tells_nothing_is_rarely_significant():
    p = np.array([matched(*snapshots(seed)).p for seed in range(SEEDS)])
    assert 0.02 <= (p < 0.05).mean() <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / SEEDS)
    assert (p < 0.01).mean() <= 0.01 + 3 * np.sqrt(0.01 * 0.99 / SEEDS)


def test_small_strata_are_no_evidence():
    """Pairs, in which the rows differ by chance alone: a variance that forgot the size of the strata would be half the true."""
    rng = np.random.default_rng(0)
    strata = np.repeat(np.arange(150), 2)
    p = [matched(np.tile([1, 0], 150), rng.random(300) < 0.3, strata, np.arange(300)).p for _ in range(SEEDS)]
    assert (np.array(p) < 0.05).mean() <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / SEEDS)


def test_a_planted_effect_is_found():
    found = [matched(*snapshots(seed, effect=0.15)) for seed in range(100)]
    assert np.mean([each.difference.value for each in found]) == pytest.approx(0.15, abs=0.01)
    assert np.mean([each.difference.low <= 0.15 <= each.difference.high for each in found]) >= 0.9
    assert np.mean([each.p < 0.05 for each in found]) > 0.9


def test_rows_of_one_customer_are_one_piece_of_evidence():
    exposed, churned, strata, customers = snapshots(1)
    again = [np.concatenate([each, each]) for each in (exposed, churned, strata)]
    twice = matched(*again, np.concatenate([customers, customers]))
    once = matched(exposed, churned, strata, customers)
    assert twice.difference.high - twice.difference.low == pytest.approx(once.difference.high - once.difference.low, rel=0.01)


def test_strata_are_those_alike_in_every_column():
    rng = np.random.default_rng(2)
    columns = [rng.integers(0, 4, 500) for _ in range(5)]
    pairs = list(zip(*columns, strict=True))
    numbers = strata_of(*columns).tolist()
    assert len(set(numbers)) == len(set(pairs)) == len(set(zip(numbers, pairs, strict=True)))
