"""First days and second purchases, by hand."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from churnscope.activity import Activity
from churnscope.config.models import Activity as ActivityConfig
from churnscope.config.models import Rule
from churnscope.events import Events, Grid
from churnscope.events.since import NEVER
from churnscope.lifecycle.first_days import FirstDays
from churnscope.lifecycle.second_purchase import second_purchases
from churnscope.timeline import day_number

JANUARY, FEBRUARY = day_number(date(2024, 1, 5)), day_number(date(2024, 2, 5))
AS_OF = day_number(date(2024, 4, 1))


def first_days(pairs: list[tuple[int, int]]) -> FirstDays:
    first, second = (np.array(column, np.int32) for column in zip(*pairs, strict=True))
    return FirstDays(first, first, second, has_purchases=True)


def test_cohorts_by_the_month_of_the_first_purchase() -> None:
    first = first_days([(JANUARY, JANUARY + 10), (JANUARY, JANUARY + 40), (JANUARY, NEVER), (FEBRUARY, NEVER), (NEVER, NEVER)])
    everybody, january, february = second_purchases(first, AS_OF)
    assert (everybody.cohort, everybody.customers, everybody.again) == ("all", 4, 2)
    assert (january.cohort, january.customers, january.again, january.median_of_again) == ("2024-01", 3, 2, 25)
    assert january.within[30][0] == pytest.approx(1 / 3)
    assert january.median_days is None  # of so few nothing is said
    assert (february.again, february.median_of_again, february.within[30][0]) == (0, None, 0)
    assert february.within[90] is None  # nobody of February was watched for so long


def test_a_customer_who_could_not_yet_come_back_lowers_no_share() -> None:
    """Three of four who were watched for 30 days are back by then; one bought yesterday."""
    first = first_days([(JANUARY, JANUARY + 9)] * 3 + [(JANUARY, NEVER), (AS_OF - 1, NEVER)])
    everybody = second_purchases(first, AS_OF)[0]
    assert everybody.within[30][0] == pytest.approx(0.75)
    assert everybody.again / everybody.customers == 0.6


def test_half_of_a_large_cohort_have_bought_again_by_the_median() -> None:
    first = first_days([(JANUARY, JANUARY + 10)] * 30 + [(JANUARY, JANUARY + 40)] * 30 + [(JANUARY, NEVER)] * 30)
    assert second_purchases(first, AS_OF)[0].median_days == 40


def test_without_a_purchase_there_is_nothing_to_say() -> None:
    assert second_purchases(first_days([(NEVER, NEVER)]), AS_OF) == ()


def test_two_lines_of_a_day_are_one_purchase_day_and_returns_are_none() -> None:
    day = np.array([3, 3, 5, 8, 12], np.int32)
    signals = {"is_return": np.array([False, False, True, False, False])}
    sales = Events(2, np.zeros(5, np.int32), day * np.int64(86_400_000_000), day, signals)
    activity = Activity(ActivityConfig(rules=(Rule(source="shop", days=30),)), {"shop": ("purchases", 0)}, 0.01)
    seen = {"purchases": Grid([12], [30]).see(sales)}
    found = FirstDays.of(activity, seen)
    assert found.event.tolist() == found.purchase.tolist() == [3, NEVER]
    assert found.second_purchase.tolist() == [8, NEVER]  # the row of the day itself is not seen
    assert found.cohort.labels == ("1970-01",)
    assert found.cohort.code.tolist() == [0, -1]
