"""Attrition by month and cohort: by hand, as properties, and against rates that are known."""

from datetime import date

import numpy as np
import pytest

from churnscope.errors import InputError
from churnscope.evaluation.arms import wilson as wilson_of_one
from churnscope.lifecycle.erosion import Attrition, erosion, wilson
from churnscope.timeline import day_number
from lifecycle.made_up import spells, steady

JAN, FEB, MAR, APR = (day_number(date(2024, month, 1)) for month in (1, 2, 3, 4))
LIFE = spells(
    [
        (0, "new", JAN, JAN + 40),  # stays through January, is lost in February
        (0, "inactive", JAN + 40, APR - 5),  # comes back in March
        (0, "reactivated", APR - 5, APR + 3),
        (1, "new", JAN, JAN + 20),  # is lost in January
        (1, "inactive", JAN + 20, APR + 3),
        (2, "prospect", JAN, FEB + 3),
        (2, "new", FEB + 3, APR + 3),  # comes in February
        (3, "new", JAN, JAN + 10),  # away and back within January
        (3, "inactive", JAN + 10, JAN + 15),
        (3, "reactivated", JAN + 15, APR + 3),
        (4, "new", FEB + 2, FEB + 9),  # came and went within February: never there as a month begins or ends
        (4, "inactive", FEB + 9, APR + 3),
    ],
    5,
    APR + 3,
)


def test_each_month_by_hand():
    found = erosion(LIFE).attrition
    assert found.starts.tolist() == [JAN, FEB, MAR, APR]
    assert found.base.tolist() == [3, 2, 2]
    assert found.lost.tolist() == [1, 1, 0]
    assert found.new.tolist() == [0, 1, 0]
    assert found.back.tolist() == [0, 0, 1]
    assert found.end.tolist() == [2, 2, 3]
    assert found.rows()[1]["attrition"] == 0.5


def test_each_cohort_by_hand():
    found = erosion(LIFE).cohorts
    assert found.size.tolist() == [3, 2, 0]
    assert found.end.tolist() == [[2, 1, 2], [0, 1, 1], [0, 0, 0]]
    assert found.lost[0].tolist() == [1, 1, 0]
    rows = found.rows()
    assert [(row["cohort"].month, row["months_since"], row["end"], row["with_us_share"]) for row in rows] == [
        (1, 1, 1, pytest.approx(1 / 3)),
        (1, 2, 2, pytest.approx(2 / 3)),
        (2, 1, 1, 0.5),
    ]


def test_who_came_before_the_cohorts_is_in_none():
    found = erosion(LIFE, cohorts_from=FEB + 2).cohorts
    assert (found.starts.tolist(), found.size.tolist()) == ([FEB, MAR, APR], [2, 0])
    assert found.end.tolist() == [[1, 1], [0, 0]]


def test_by_stage_the_lost_of_those_with_us_and_who_came_of_the_others():
    by_stage = erosion(LIFE).stages
    assert (by_stage["new"].value, by_stage["new"].of) == (pytest.approx(2 / 5), 5)
    assert (by_stage["prospect"].value, by_stage["prospect"].of) == (0.5, 2)
    assert (by_stage["inactive"].value, by_stage["inactive"].of) == (0.25, 4)


def test_the_months_add_up_and_cohorts_are_all_customers():
    life = steady(
        np.random.default_rng(1), n_customers=400, first=JAN, until=JAN + 500, leaving=0.01, returning=0.005, arriving_days=200
    )
    found = erosion(life)
    months = found.attrition
    assert months.end[:-1].tolist() == months.base[1:].tolist()
    assert found.cohorts.size.sum() == 400
    n = len(months.base)  # cohorts begin with the month of the first customer, whole or not
    assert found.cohorts.base.sum(axis=0)[-n:].tolist() == months.base.tolist()
    assert found.cohorts.lost.sum(axis=0)[-n:].tolist() == months.lost.tolist()
    assert found.cohorts.end.sum(axis=0)[-n:].tolist() == months.end.tolist()


def test_without_a_whole_month_there_is_no_erosion():
    with pytest.raises(InputError, match="no whole month"):
        erosion(spells([(0, "new", JAN + 2, FEB + 20)], 1, FEB + 20))


def test_limits_are_those_of_one_share_elsewhere_in_the_package():
    one = wilson_of_one(7, 40)
    assert [float(part) for part in wilson(np.array(7), np.array(40))] == pytest.approx([one.value, one.low, one.high])
    share, low, high = wilson(np.array([0, 5, 0]), np.array([5, 5, 0]))
    assert (low[0], high[1], np.isnan(share[2])) == (0, 1, True)


def test_months_that_differ_more_than_chance_widen_the_limits():
    def of(lost):
        zeros, base = np.zeros(4, np.int64), np.full(4, 10_000)
        return Attrition(np.arange(5, dtype="i4"), base, np.array(lost), zeros, zeros).rate(4)

    alike, apart = of([500, 500, 500, 500]), of([300, 700, 300, 700])
    assert alike.value == apart.value == 0.05
    assert alike.high - alike.low < 0.01 < 0.05 < apart.high - apart.low


@pytest.mark.slow
def test_the_known_rate_of_attrition_lies_inside_nine_intervals_of_ten_and_never_far_away():
    leaving, months = 0.004, []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        life = steady(rng, n_customers=1_500, first=JAN, until=JAN + 720, leaving=leaving, returning=0.001, arriving_days=300)
        found = erosion(life).attrition
        days = np.diff(found.starts)
        # Lost by the end of a month: gone, and not back by then; two states and their rates a day.
        truth = leaving / (leaving + 0.001) * (1 - (1 - leaving - 0.001) ** days)
        share, low, high = found.rates
        error = np.sqrt(truth * (1 - truth) / found.base)
        months += list(zip((low <= truth) & (truth <= high), np.abs(share - truth) / error, strict=True))[1:]
        pooled = erosion(life, recent_months=12).rate
        assert pooled.low < truth[-12:].mean() < pooled.high
    inside, errors = (np.array(column) for column in zip(*months, strict=True))
    assert inside.mean() >= 0.9
    assert errors.max() < 4
