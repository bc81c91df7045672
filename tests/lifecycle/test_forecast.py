"""Forecasts of the base: as rates that are known say, and as the past proves."""

from datetime import date

import numpy as np
import pytest

from churnscope.errors import InputError
from churnscope.lifecycle.forecast import forecast
from churnscope.timeline import date_of, day_number
from lifecycle.made_up import spells, steady

FIRST = day_number(date(2022, 1, 1))


def life(seed, *, until=FIRST + 900, **changed):
    settings = {"n_customers": 2_000, "first": FIRST, "until": until, "leaving": 0.005, "returning": 0.002}
    return steady(np.random.default_rng(seed), **settings | {"arriving_days": 900} | changed)


def test_the_days_are_months_from_the_last_one_looked_at():
    found = forecast(life(0, until=day_number(date(2023, 9, 1))), months=3)
    assert [date_of(month.day).isoformat() for month in found.months] == ["2023-09-30", "2023-10-31", "2023-11-30"]
    assert found.bases[-1] == (np.isin(life(0, until=day_number(date(2023, 9, 1))).on(found.day), (3, 5))).sum()


def test_the_same_spells_give_the_same_forecast():
    assert forecast(life(1, until=FIRST + 300)).to_json() == forecast(life(1, until=FIRST + 300)).to_json()


def test_every_month_adds_up():
    found = forecast(life(2))
    before = float(found.bases[-1])
    for month in found.months:
        assert month.base.value == pytest.approx(before - month.lost.value + month.new.value + month.back.value, rel=0.005)
        assert month.base.low < month.base.value < month.base.high
        before = month.base.value


def test_where_nobody_comes_or_goes_the_base_stays():
    still = spells([(customer, "loyal", FIRST, FIRST + 400) for customer in range(50)], 50, FIRST + 400)
    found = forecast(still)
    assert {(month.base.low, month.base.value, month.base.high) for month in found.months} == {(50.0, 50.0, 50.0)}


def test_a_short_history_is_refused():
    with pytest.raises(InputError, match="takes 4 months of history, and there are 2"):
        forecast(life(3, until=FIRST + 70))


@pytest.mark.slow
def test_what_comes_lies_inside_nine_intervals_of_ten():
    inside, errors = [], []
    for seed in range(20):
        whole = life(seed)
        day = FIRST + 720
        seen = whole.entered < day + 1
        left = np.minimum(whole.left[seen], day + 1)
        cut = type(whole)(whole.n_customers, whole.customer[seen], whole.stage[seen], whole.entered[seen], left, day + 1)
        found = forecast(cut)
        came = [int(np.isin(whole.on(month.day), (3, 5)).sum()) for month in found.months if month.day < whole.until]
        for month, base in zip(found.months, came, strict=False):
            inside.append(month.base.low <= base <= month.base.high)
            errors.append(abs(base - month.base.value) / (month.base.high - month.base.low) * 3.92)
    assert np.mean(inside) >= 0.9
    assert max(errors) < 4


def test_the_past_is_judged_beside_two_rules():
    found = forecast(life(4, until=FIRST + 500))
    assert [past.months_ahead for past in found.past] == [1, 2, 3, 4, 5, 6]
    assert found.past[0].forecasts == found.past[-1].forecasts + 5
    assert all(0 <= past.inside <= 1 for past in found.past)
    assert found.past[5].error < found.past[5].error_no_change  # it grows: as many come every month
