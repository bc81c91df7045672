"""Contracts of one customer, spelled out: what the families make of them, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from churnscope.events import Events, Grid
from churnscope.events.block import NO_DAY
from churnscope.features import FAMILIES, Log, build
from churnscope.roles import ROLES

# start, end, ended, cancelled, plan, price, due, paid, failed
MONTHS = [
    (0, 31, None, None, 1, 10_00, 0, 0, False),
    (31, 59, None, None, 1, 10_00, 31, 36, True),  # a shorter month at the same price is no cut
    (59, 90, None, None, 2, 12_00, 59, 59, False),  # another plan, and dearer
    (100, 465, None, 150, 2, 120_00, 100, None, True),  # ten days later, for a year: cheaper a day
]


def features(rows: list[tuple], cutoffs: list[int]) -> dict[str, list[float]]:
    """Every feature of contracts at each cutoff."""
    start, end, ended, cancelled, plan, price, due, paid, failed = zip(*rows, strict=True)
    signals = {"plan": np.array(plan), "price": np.array(price), "failed": np.array(failed)}
    for name, days in (("end", end), ("ended", ended), ("cancelled", cancelled), ("due", due), ("paid", paid)):
        signals[name] = np.array([(day or 0) * 86_400_000_000 for day in days])
        signals[f"{name}_day"] = np.array([NO_DAY if day is None else day for day in days])
    day = np.array(start, np.int32)
    events = Events(1, np.zeros(len(day), np.int32), day * np.int64(86_400_000_000), day, signals)
    log = Log(ROLES["subscriptions"], Grid(cutoffs, [30, 90]).see(events), frozenset(signals), (30, 90), 0.01)
    with np.errstate(all="ignore"):
        return {feature.name: feature.values[:, 0].tolist() for _, feature in build(FAMILIES, {"subscriptions": log})}


@pytest.fixture(scope="module")
def found() -> dict[str, list[float]]:
    return features(MONTHS, [31, 60, 95, 160])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("term_in_force_count", [1, 1, 0, 1]),
        ("days_to_term_end", [0, 30, math.nan, 305]),
        ("current_term_days", [31, 31, math.nan, 365]),
        ("days_in_force_ever", [31, 60, 90, 150]),
        ("days_without_term_ever", [0, 0, 5, 10]),
        ("contract_gap_count_ever", [0, 0, 0, 1]),
        ("renewals_in_a_row", [0, 2, 2, 0]),
        ("term_money_ever", [10, 32, 32, 152]),
        ("current_term_price", [10, 12, math.nan, 120]),
        ("price_of_current_to_previous_term", [math.nan, 1.2, math.nan, 120 / 365 / (12 / 31)]),
        ("price_rise_count_ever", [0, 1, 1, 1]),
        ("price_cut_count_ever", [0, 0, 0, 1]),
        ("plan_change_count_ever", [0, 1, 1, 1]),
        ("days_since_plan_change", [math.nan, 1, 36, 101]),
        ("cancelled_in_force_count", [0, 0, 0, 1]),
        ("days_since_notice", [math.nan, math.nan, math.nan, 10]),
        ("failed_payment_count_ever", [0, 1, 1, 2]),
        ("payment_mean_days_late_90d", [0, 5 / 3, 5 / 2, math.nan]),
        ("unpaid_count", [0, 0, 0, 1]),
        ("oldest_unpaid_days", [math.nan, math.nan, math.nan, 60]),
    ],
)
def test_by_hand(found, name, expected) -> None:
    assert found[name] == pytest.approx(expected, nan_ok=True)


def test_a_term_that_ended_early_is_in_force_until_that_is_known() -> None:
    found = features([(0, 365, 50, None, 1, 5_00, 0, 0, False)], [50, 51])
    assert found["term_in_force_count"] == [1, 0]
    assert found["days_in_force_ever"] == [50, 50]
    assert found["early_end_count_ever"] == [0, 1]


def test_contracts_side_by_side_change_no_plan() -> None:
    phone = [(day, day + 30, None, None, 1, 10_00, day, day, False) for day in (0, 30, 60, 90)]
    internet = [(day, day + 30, None, None, 2, 30_00, day, day, False) for day in (15, 45, 75)]
    found = features(sorted(phone + internet), [14, 16, 100])
    assert found["plan_change_count_ever"] == [0, 1, 1]  # a second contract is one, its renewals are none
    assert found["price_in_force"] == [10, 40, 40]
    assert found["term_in_force_count"] == [1, 2, 2]
