"""Files of contracts: which end is meant, how long terms are, how far ahead to look."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
import tomlkit

from churnscope.discovery.discover import init
from churnscope.project import Project
from discovery import shops

TODAY = date(2025, 1, 1)
FIRST, LAST = date(2023, 1, 1), date(2024, 6, 30)
CUSTOMERS = 200
QUICKLY = {"CHURNSCOPE__MODEL__SEEDS": "1", "CHURNSCOPE__MODEL__ROUNDS": "60", "CHURNSCOPE__EVALUATION__BOOTSTRAPS": "0"}


def written(folder, header, rows, *more, **options):
    """The config for a file of contracts, and the guesses for it by key."""
    (folder / "contracts.csv").write_text(shops.csv_text(header, rows))
    result = init([folder / "contracts.csv", *more], folder / "c.toml", today=TODAY, **options)
    return tomlkit.parse((folder / "c.toml").read_text()).unwrap(), {guess.key: guess for guess in result.guesses}


def monthly(customers=CUSTOMERS, *, last_day=False):
    """Months, one row each, until the customer leaves."""
    rng = np.random.default_rng(3)
    for number in range(customers):
        start = FIRST + timedelta(days=int(rng.integers(0, 300)))
        leaves = start + timedelta(days=int(rng.exponential(300)))
        while start < min(leaves, LAST):
            end = start + timedelta(days=30)
            yield f"A{number:03}", "pro", start, end - timedelta(days=last_day), 9.5
            start = end


def running():
    """Contracts, one row each; one in two ends, which is told then."""
    rng = np.random.default_rng(4)
    for number in range(400):
        start = FIRST + timedelta(days=int(rng.integers(0, 500)))
        ended = start + timedelta(days=int(rng.exponential(250)) + 1)
        yield f"A{number:03}", start, ended if ended <= LAST else None, ("Monthly", "One year", "Two years")[number % 3]


HEADER = ("account_id", "plan", "start_date", "end_date", "price")


def test_terms_of_a_month_are_in_force_until_their_end(tmp_path):
    config, guesses = written(tmp_path, HEADER, monthly())
    source = config["sources"]["contracts"]
    assert source["role"] == "subscriptions"
    assert source["columns"] == {
        "customer": "account_id",
        "start": "start_date",
        "end": "end_date",
        "plan": "plan",
        "price": "price",
    }
    assert config["activity"]["rules"] == [{"source": "contracts", "in_force": True}]
    assert config["label"] == {"kind": "contract_end"}
    assert config["prediction"] == {"horizon_days": 30}
    assert "a usual term lasts 30 days" in guesses["prediction.horizon_days"].evidence
    assert "taken as agreed with the row" in guesses["sources.contracts.columns.end"].evidence
    newest = max(row[2] for row in monthly())
    assert config["complete_through"] == newest - timedelta(days=1)


def test_an_end_that_is_the_last_day_is_moved_to_the_day_after(tmp_path):
    config, guesses = written(tmp_path, HEADER, monthly(last_day=True))
    source = config["sources"]["contracts"]
    assert source["columns"]["end"] == "end_date + INTERVAL 1 DAY"
    assert source["types"] == {"end_date": "timestamp"}
    assert "next terms start the day after" in guesses["sources.contracts.columns.end"].evidence
    assert Project(tmp_path / "c.toml").check().reports[0].quarantined == {}


def test_ends_that_came_are_told_from_ends_that_were_agreed(tmp_path):
    config, guesses = written(tmp_path, ("client", "BeginDate", "EndDate"), [row[:3] for row in running()])
    assert config["sources"]["contracts"]["columns"] == {"customer": "client", "start": "BeginDate", "ended": "EndDate"}
    assert "not as agreed" in guesses["sources.contracts.columns.ended"].evidence
    assert config["complete_through"] == max(ended for _, _, ended, _ in running() if ended)


def test_an_end_in_the_year_9999_is_none(tmp_path):
    rows = [(row[0], row[1], row[2] or "9999-12-31") for row in running()]
    config, _ = written(tmp_path, ("client", "BeginDate", "EndDate"), rows)
    assert config["sources"]["contracts"]["columns"]["ended"] == "nullif(EndDate, '9999-12-31')"
    assert Project(tmp_path / "c.toml").check().reports[0].quarantined == {}


def test_ends_ahead_are_agreed_ones(tmp_path):
    ahead = [
        (*row[:3], row[3] + timedelta(days=400), row[4]) if i % 9 else (*row[:3], None, row[4])
        for i, row in enumerate(monthly())
    ]
    config, guesses = written(tmp_path, HEADER, ahead)
    assert config["sources"]["contracts"]["columns"]["end"] == "end_date"
    assert guesses["sources.contracts.columns.end"].check


def test_one_row_per_contract_is_rolled_by_what_it_is_called(tmp_path):
    rows = [(customer, start, ended or "No", kind) for customer, start, ended, kind in running()]
    config, guesses = written(tmp_path, ("client", "BeginDate", "EndDate", "Type"), rows)
    source = config["sources"]["contracts"]
    assert source["columns"]["ended"] == "nullif(EndDate, 'No')"
    assert source["rolling"] == {
        "months": "CASE Type WHEN 'Monthly' THEN 1 WHEN 'One year' THEN 12 WHEN 'Two years' THEN 24 END"
    }
    assert "1 or 12 or 24 months" in guesses["sources.contracts.rolling"].evidence
    assert Project(tmp_path / "c.toml").check().reports[0].used == 400


def test_terms_of_a_year_are_looked_at_as_far_ahead_as_the_history_allows(tmp_path):
    rows = [
        (f"A{i}", start, start + timedelta(days=365))
        for i in range(300)
        for start in [date(2019 + i % 5, 1 + i % 12, 1 + i % 28)]
    ]
    config, guesses = written(tmp_path, ("client", "start", "end"), rows)
    assert config["prediction"]["horizon_days"] == 365
    short = [row for row in rows if row[1].year >= 2022]
    config, guesses = written(tmp_path, ("client", "start", "end"), short, force=True)
    assert config["prediction"]["horizon_days"] < 365
    assert guesses["prediction.horizon_days"].check


def test_cutoffs_begin_where_ends_are_told(tmp_path):
    rows = [(row[0], row[1], row[2]) for row in running() if row[2] is None or row[2] >= date(2024, 1, 1)]
    config, guesses = written(tmp_path, ("client", "BeginDate", "EndDate"), rows)
    first = min(row[1] for row in rows)
    newest_before = min(row[2] for row in rows if row[2])
    assert config["prediction"]["history_days"] == (newest_before - first).days - config["prediction"]["horizon_days"]
    assert "who left then is not in the files" in guesses["prediction.history_days"].evidence


def test_sessions_are_no_contracts(tmp_path):
    rows = [(row.customer, row.at, row.at + timedelta(minutes=20)) for row in shops.purchases()]
    (tmp_path / "sessions.csv").write_text(shops.csv_text(("user_id", "start_time", "end_time"), rows))
    init([tmp_path / "sessions.csv"], tmp_path / "c.toml", today=TODAY)
    assert tomlkit.parse((tmp_path / "c.toml").read_text())["sources"]["sessions"]["role"] == "engagement"


def test_usage_by_contract_is_said_to_need_a_join(tmp_path):
    rows = [(f"S{i}", row[0], row[1], row[2]) for i, row in enumerate(running())]
    uses = [(f"S{i % 400}", FIRST + timedelta(days=i % 500), i % 7) for i in range(3_000)]
    (tmp_path / "usage.csv").write_text(shops.csv_text(("subscription_id", "usage_date", "usage_count"), uses))
    written(tmp_path, ("subscription_id", "account_id", "start_date", "end_date"), rows, tmp_path / "usage.csv")
    assert "usage.csv: its ids stand in subscription_id of contracts" in (tmp_path / "c.toml").read_text().replace("\n# ", " ")


@pytest.mark.slow
def test_a_config_for_contracts_trains_and_scores_with_no_edit(tmp_path, monkeypatch):
    for name, value in {**QUICKLY, "CHURNSCOPE__TRACKING__ENABLED": "false"}.items():
        monkeypatch.setenv(name, value)
    written(tmp_path, HEADER, monthly(700))
    project = Project(tmp_path / "c.toml")
    assert project.train().churned >= 30
    assert project.score().counts["active"] > 10
