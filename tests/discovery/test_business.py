"""What active means, windows, time zones, the last whole day."""

from __future__ import annotations

import csv
from datetime import date, datetime, timedelta

import pytest
import tomlkit

from churnscope.discovery.dates import Times
from churnscope.discovery.discover import init
from churnscope.discovery.guesses import FEWEST_CHURNED, nobody
from churnscope.discovery.presets import PRESETS
from churnscope.discovery.windows import choose_windows
from churnscope.discovery.zones import guess_zone
from churnscope.model import training
from churnscope.timeline import Timing, plan_cutoffs, split_by_time

TODAY = date(2025, 1, 1)


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("history", [35, 60, 100, 150, 200, 300, 450, 1_000])
def test_windows_leave_cutoffs_to_fit_to_stop_and_to_test_on(name, history):
    windows = choose_windows(PRESETS[name], history)
    timing = Timing(windows.horizon_days)
    cutoffs = plan_cutoffs(windows.active_days, history, timing, most=12, spacing_days=max(1, windows.horizon_days // 3))
    assert split_by_time(cutoffs, timing).fit
    assert windows.check == (
        (windows.active_days, windows.horizon_days) != (PRESETS[name].active_days, PRESETS[name].horizon_days)
    )


def test_a_history_that_is_too_short_is_said():
    assert choose_windows(PRESETS["shop"], 9).evidence == "9 days of history are too short to train on: give more"


@pytest.mark.parametrize(
    ("offsets", "zone"),
    [
        (set(), "UTC"),
        ({"+00:00"}, "UTC"),
        ({"+01:00", "+02:00"}, "Europe/Berlin"),
        ({"-05:00", "-04:00"}, "America/New_York"),
        ({"+02:00"}, "Etc/GMT-2"),
        ({"-03:00"}, "Etc/GMT+3"),
        ({"+05:30"}, "UTC"),
    ],
)
def test_the_zone_that_offsets_point_to(offsets, zone):
    guess = guess_zone([Times("timestamp", (), offsets=frozenset(offsets))], nobody)
    assert guess.value == zone
    assert guess.check == bool(offsets)


def test_epochs_leave_the_zone_open():
    assert guess_zone([Times("epoch_seconds", ())], nobody).check


def test_as_few_as_training_refuses():
    assert training.FEWEST_CHURNED == FEWEST_CHURNED


def orders(folder, times, name="orders.csv", customers=60):
    with (folder / name).open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["user_id", "order_time", "total"])
        writer.writerows([i * 7 % customers, f"{time:%Y-%m-%d %H:%M:%S}", "9.5"] for i, time in enumerate(times))
    return folder / name


def config_of(folder, *files, **options):
    result = init(files, folder / "c.toml", today=TODAY, **options)
    return tomlkit.parse((folder / "c.toml").read_text()).unwrap(), {guess.key: guess for guess in result.guesses}


HOURLY = [datetime(2023, 1, 1) + timedelta(hours=5 * i) for i in range(1_500)]


def test_a_day_that_ends_at_noon_is_not_whole(tmp_path):
    last = HOURLY[-1].replace(hour=12)
    config, guesses = config_of(tmp_path, orders(tmp_path, [*(time for time in HOURLY if time < last), last]))
    assert config["complete_through"] == last.date() - timedelta(days=1)
    assert "ends at 12:00 of the day after" in guesses["complete_through"].evidence


def test_a_day_that_ends_in_the_evening_is(tmp_path):
    last = HOURLY[-1].replace(hour=21)
    config, _ = config_of(tmp_path, orders(tmp_path, [*(time for time in HOURLY if time < last), last]))
    assert "complete_through" not in config


def test_rows_of_days_to_come_do_not_move_the_end(tmp_path):
    config, guesses = config_of(tmp_path, orders(tmp_path, [*HOURLY, datetime(2099, 12, 31, 20)]))
    assert config["complete_through"] == HOURLY[-1].date()
    assert guesses["complete_through"].evidence == "1 sampled row of orders dated after today"


@pytest.mark.parametrize(
    ("like", "counted", "days", "horizon"),
    [
        ("shop", ["orders"], 30, 60),
        ("app", ["visits"], 30, 30),
        ("bank", ["orders", "visits"], 60, 60),
        ("streaming", ["visits"], 30, 30),
    ],
)
def test_who_is_active_in_which_business(like, counted, days, horizon, tmp_path):
    files = [orders(tmp_path, HOURLY), orders(tmp_path, HOURLY, "visits.csv")]
    text = files[1].read_text().replace("order_time,total", "visit_time,duration")
    files[1].write_text(text)
    config, guesses = config_of(tmp_path, *files, like=like)
    assert [rule["source"] for rule in config["activity"]["rules"]] == counted
    assert {rule["days"] for rule in config["activity"]["rules"]} == {days}
    assert config["prediction"]["horizon_days"] == horizon
    assert guesses["active"].check == (like == "streaming")
    if like == "streaming":
        assert guesses["active"].evidence == "no file holds subscriptions: rows of visits count"


def test_a_business_that_nobody_leaves_is_said(tmp_path):
    _, guesses = config_of(tmp_path, orders(tmp_path, HOURLY))
    assert guesses["churned"].value == "hardly anybody"
