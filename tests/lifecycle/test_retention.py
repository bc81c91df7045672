"""Curves of those still with us, by group."""

import numpy as np
import pytest

from churnscope.lifecycle.groups import NOT_TOLD, OTHER, Group
from churnscope.lifecycle.retention import MOST_GROUPS, NOT_KNOWN, retention
from churnscope.lifecycle.stays import CODES_WITH_US, with_us
from lifecycle.made_up import spells, steady


def life(seed=0, **changed):
    settings = {"n_customers": 600, "first": 0, "until": 700, "leaving": 0.006, "returning": 0.004, "arriving_days": 400}
    return steady(np.random.default_rng(seed), **settings | changed)


def by(found, name):
    return next(each for each in found.comparisons if each.name == name)


def test_everybody_counts_once_and_those_who_came_back_apart():
    found = retention(life())
    first, second = by(found, "stay").curves
    assert (first.customers, second.customers) == (600, found.returned)
    assert by(found, "away").curves[0].customers == first.over


def test_the_known_rate_is_found():
    curve = by(retention(life(n_customers=5_000)), "stay").curves[0]
    for age in (30, 90, 180, 365):
        share, low, high = curve.at(age)
        assert low < share < high
        assert share == pytest.approx((1 - 0.006) ** age, abs=0.03)
    assert curve.median_days == pytest.approx(np.log(0.5) / np.log(1 - 0.006), rel=0.1)


@pytest.mark.slow
def test_the_known_shares_lie_inside_nine_intervals_of_ten_and_never_far_away():
    inside, errors = [], []
    for seed in range(20):
        comparisons = retention(life(seed), recent_from=350).comparisons
        first, late, second = comparisons[0].curves
        for curve, rate in ((first, 0.006), (late, 0.006), (second, 0.006), (comparisons[-1].curves[0], 0.004)):
            for age in (30, 90, 180, 365):
                share, low, high = curve.at(age)
                truth = (1 - rate) ** age
                if not np.isnan(share):
                    inside.append(low <= truth <= high)
                    errors.append(abs(np.log(np.log(share) / np.log(truth))) / (np.log(np.log(low) / np.log(high)) / 3.92))
    assert np.mean(inside) >= 0.9
    assert max(errors) < 4


def test_the_rates_of_late_are_told_from_those_before():
    # The first 300 days nobody leaves; after them five in a thousand a day.
    rng = np.random.default_rng(3)
    rows = []
    for customer, came in enumerate(np.sort(rng.integers(600, size=2_000)).tolist()):
        left = min(max(came, 300) + int(rng.geometric(0.005)), 700)
        rows += [(customer, "active", came, left)] + ([(customer, "inactive", left, 700)] if left < 700 else [])
    every, late = by(retention(spells(rows, 2_000, 700), recent_from=300), "stay").curves
    _, low, high = late.at(90)
    assert low < (1 - 0.005) ** 90 < high < every.at(90)[1]


def group(name, values):
    """A value for every customer, None where it is not told."""
    labels = tuple(sorted({value for value in values if value is not None} - {OTHER}))
    labels += (OTHER,) if OTHER in values else ()
    return Group(name, labels, np.array([NOT_TOLD if value is None else labels.index(value) for value in values], np.int16))


def test_groups_that_differ_are_told_apart_and_the_smallest_are_taken_together():
    seen = life()
    assert by(retention(seen, [group("channel", ["a", "b"] * 300)]), "channel").p_value > 0.001
    many = group("product", [OTHER if customer < 9 else f"g{customer % 12}" for customer in range(600)])
    curves = by(retention(seen, [many]), "product").curves
    assert (len(curves), curves[-1].group) == (MOST_GROUPS + 1, OTHER)
    assert sum(curve.customers for curve in curves) == 600
    stays = with_us(seen).first()
    lucky = np.zeros(600, bool)
    lucky[stays.customer] = stays.left - stays.entered > 100
    assert by(retention(seen, [group("luck", np.where(lucky, "long", "short").tolist())]), "luck").p_value < 1e-6


def test_one_group_is_not_compared_and_what_is_not_known_is_a_group():
    seen = life()
    alone = retention(seen, [group("plan", ["one"] * 600)])
    assert [each.name for each in alone.comparisons] == ["stay", "stage", "away"]
    curves = by(retention(seen, [group("plan", ["one", None] * 300)]), "plan").curves
    assert [curve.group for curve in curves] == ["one", NOT_KNOWN]


def test_from_a_landmark_on_only_those_with_us_on_it():
    seen = life()
    compared = by(retention(seen, landmarks=[group("is_loyal", ["yes", "no"] * 300)], landmark=500), "is_loyal")
    with_us_then = int(np.isin(seen.on(500), CODES_WITH_US).sum())
    assert sum(curve.customers for curve in compared.curves) == with_us_then
    assert all(curve.curve.survival[0] == 1 for curve in compared.curves)


def test_a_share_of_which_too_few_were_watched_is_not_said():
    curve = by(retention(life(until=420)), "stay").curves[0]
    assert np.isnan(curve.at(730)[0])
    assert "730" not in curve.to_json()["still_there"]


def test_rows_hold_each_day_on_which_something_happened():
    rows = list(retention(spells([(0, "new", 0, 5), (0, "inactive", 5, 9), (1, "new", 2, 9)], 2, 9)).rows())
    first = [(row["days"], row["watched"], row["still_there"]) for row in rows if row["group"] == "first stay"]
    assert first == [(0, 2, 1.0), (5, 2, 0.5)]
