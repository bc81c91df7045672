"""Forecasts of the base: the nearest rule serves, and its limits hold what comes."""

from datetime import date

import numpy as np
import pytest

from churnscope.errors import InputError
from churnscope.lifecycle.forecast import forecast
from churnscope.lifecycle.rolling import Trial
from churnscope.operations.logs import silent
from churnscope.project import Project
from churnscope.project.lifecycle.stages import life_of
from churnscope.project.session import loaded_data
from churnscope.simulation import PRESETS, simulate
from churnscope.timeline import date_of, day_number
from lifecycle.made_up import AWAY_ONE, NOT_YET, left, moves


def steady(n_months, *, renew=0.8, new=20, base=200):
    """Half of the base has a month left and renews or not, the other half has two and ages."""
    rows, one, two = [], base // 2, base - base // 2
    for _ in range(n_months):
        kept = round(one * renew)
        rows.append(
            [(left(1), left(2), kept), (left(1), AWAY_ONE, one - kept), (left(2), left(1), two), (NOT_YET, left(2), new)]
        )
        one, two = two, kept + new
    return moves(rows)


def test_the_days_are_months_from_the_last_one_looked_at():
    found = forecast(steady(8), months=3)
    assert [date_of(month.day).isoformat() for month in found.months] == ["2022-10-01", "2022-11-01", "2022-12-01"]
    assert (found.day, int(found.bases[-1])) == (day_number(date(2022, 9, 1)), int(steady(8).bases[-1]))


def test_the_same_moves_give_the_same_forecast():
    assert forecast(steady(9)).to_json() == forecast(steady(9)).to_json()


def test_every_month_adds_up():
    found = forecast(steady(14))
    before = float(found.bases[-1])
    for month in found.months:
        assert month.base.value == pytest.approx(before - month.lost.value + month.new.value + month.back.value)
        assert month.base.low <= month.base.value <= month.base.high
        before = month.base.value
    assert 0 < found.attrition.low < found.attrition.value < found.attrition.high < 1


def test_where_nobody_comes_or_goes_the_base_stays():
    found = forecast(moves([[(left(3), left(3), 50)]] * 8))
    assert {(month.base.low, month.base.value, month.base.high) for month in found.months} == {(50.0, 50.0, 50.0)}


def test_a_short_history_is_refused():
    with pytest.raises(InputError, match="takes 4 months of history, and there are 2"):
        forecast(steady(2))


def test_a_rule_that_was_clearly_nearer_serves():
    """Half of the year few are lost and half many, and always as many come."""
    rows, base = [], 1_000
    for month in range(36):
        lost = round(base * (0.02 if month % 12 < 6 else 0.2))
        rows.append([(left(1), left(1), base - lost), (left(1), AWAY_ONE, lost), (NOT_YET, left(1), lost)])
    assert forecast(moves(rows)).rule in {"no change", "as a year ago"}


def test_the_past_is_told_by_rule_and_says_why():
    found = forecast(steady(24))
    assert [past.months_ahead for past in found.past] == [1, 2, 3, 4, 5, 6]
    assert found.past[0].forecasts == found.past[-1].forecasts + 5
    assert all(0 <= past.inside <= 1 for past in found.past)
    assert found.rule in found.verdict
    assert "6 months ahead" in found.verdict
    assert "too short" in forecast(steady(4)).verdict


def test_what_is_not_known_yet_changes_no_trial():
    """What was said on a day is the same when the months after it are not in the data."""
    whole = steady(20, renew=0.7)
    all_known, cut = Trial.of(whole, 0, 3, 12), Trial.of(whole.until(12), 0, 3, 12)
    place = int(np.flatnonzero(all_known.origins == 12)[0])
    assert all_known.serving(place) == cut.serving(-1)
    for ours, theirs in zip(all_known.limits("by days left", place), cut.limits("by days left", -1), strict=True):
        assert ours == pytest.approx(theirs)


@pytest.mark.slow
def test_what_comes_in_simulated_businesses_lies_inside_nine_intervals_of_ten(tmp_path):
    """Newcomers end at two thirds of a simulation's days, which nothing before tells: such trials are left out."""
    inside, off, unchanged = [], [], []
    for seed, preset in enumerate(["pareto_nbd", "shop", "subscription", "both"]):
        written = simulate(PRESETS[preset], tmp_path / preset, customers=1_500, days=1_000, seed=seed)
        config = Project(written.config).config
        with loaded_data(config, None, silent) as loaded:
            told = life_of(config, loaded, groups=(), with_moves=True)
        known = told.moves.since_known
        trial = Trial.of(known, 8, 6, 12)
        for place, origin in enumerate(trial.origins[:-1].tolist()):
            if known.flows[origin : origin + 6, 1].min() > 0 or known.flows[origin - 3 : origin, 1].max() == 0:
                rule, _ = trial.serving(place)
                low, high = trial.limits(rule, place)
                came = trial.came[place, :, 0]
                inside += [low[row, 0] <= each <= high[row, 0] for row, each in enumerate(came) if not np.isnan(each)]
                off.append(np.nanmean(trial.off(rule)[place]))
                unchanged.append(np.nanmean(trial.off("no change")[place]))
    assert 0.9 <= np.mean(inside) <= 0.99
    assert np.mean(off) < 0.5 * np.mean(unchanged)
