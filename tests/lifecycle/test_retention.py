"""Curves of those still with us, by group."""

import numpy as np
import pytest

from churnscope.lifecycle.retention import MOST_GROUPS, OTHER, retention
from churnscope.lifecycle.stays import with_us
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


def test_groups_that_differ_are_told_apart_and_the_smallest_are_taken_together():
    seen = life()
    labels = np.array(["a", "b"] * 300, object)
    assert by(retention(seen, {"channel": labels}), "channel").p_value > 0.001
    many = np.array([f"g{customer % 12}" for customer in range(600)], object)
    curves = by(retention(seen, {"product": many}), "product").curves
    assert (len(curves), curves[-1].group) == (MOST_GROUPS, OTHER)
    assert sum(curve.customers for curve in curves) == 600
    stays = with_us(seen).first()
    longest = np.array([None] * 600, object)
    longest[stays.customer] = np.where(stays.left - stays.entered > 100, "long", "short")
    assert by(retention(seen, {"luck": longest}), "luck").p_value < 1e-6


def test_one_group_is_not_compared_and_what_is_not_known_is_a_group():
    seen = life()
    assert [each.name for each in retention(seen, {"plan": np.array(["one"] * 600, object)}).comparisons] == [
        "stay",
        "stage",
        "away",
    ]
    some = np.array(["one", None] * 300, object)
    assert {curve.group for curve in by(retention(seen, {"plan": some}), "plan").curves} == {"one", "not known"}


def test_from_a_landmark_on_only_those_with_us_on_it():
    seen = life()
    flags = np.array(["yes", "no"] * 300, object)
    compared = by(retention(seen, landmarks={"is_loyal": (500, flags)}), "is_loyal")
    assert sum(curve.customers for curve in compared.curves) == int((seen.on(500) != 6).sum() - (seen.on(500) == -1).sum())
    assert all(curve.curve.survival[0] == 1 for curve in compared.curves)


def test_a_share_of_which_too_few_were_watched_is_not_said():
    curve = by(retention(life(until=420)), "stay").curves[0]
    assert np.isnan(curve.at(730)[0])
    assert "730" not in curve.to_json()["still_there"]


def test_rows_hold_each_day_on_which_something_happened():
    rows = list(retention(spells([(0, "new", 0, 5), (0, "inactive", 5, 9), (1, "new", 2, 9)], 2, 9)).rows())
    first = [(row["days"], row["watched"], row["still_there"]) for row in rows if row["group"] == "first stay"]
    assert first == [(0, 2, 1.0), (5, 2, 0.5)]
