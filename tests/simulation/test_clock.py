from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnscope.simulation.business import Season
from churnscope.simulation.clock import DAY, Clock

START = date(2023, 1, 2)  # a Monday
BUSY = Season(yearly_swing=0.5, weekend_factor=3)


def test_a_season_averages_one_over_years():
    clock = Clock.of(BUSY, START, 7 * 209)  # four years, nearly, in whole weeks
    assert clock.passed[-1] / clock.days == pytest.approx(1, abs=0.002)


def test_weekends_and_december_pass_quickly():
    speeds = np.diff(Clock.of(BUSY, START, 365).passed)
    assert speeds[5] / speeds[4] == pytest.approx(3, rel=0.01)  # Saturday against Friday
    assert speeds[343:350].sum() / speeds[161:168].sum() == pytest.approx(3, rel=0.01)  # 1.5 against 0.5


@given(st.lists(st.floats(0, 399), min_size=1, max_size=20))
def test_seasonal_time_can_be_turned_back(times):
    clock = Clock.of(BUSY, START, 400)
    assert clock.real(clock.seasonal(np.array(times))) == pytest.approx(times, abs=1e-8)


@given(st.lists(st.floats(0, 1000), min_size=2, max_size=20))
def test_instants_keep_order_and_day(times):
    clock, rising = Clock.of(BUSY, START, 400), np.sort(times)
    instants = clock.instant(rising)
    assert (np.diff(instants) >= 0).all()
    assert (instants // DAY - clock.first_day == np.floor(rising)).all()
    assert (clock.midnight(rising) <= instants).all()


def test_without_season_seasonal_days_are_days():
    clock = Clock.of(Season(), START, 10)
    assert clock.seasonal(np.array([0.25, 9.5, 12.0])) == pytest.approx([0.25, 9.5, 12.0])
