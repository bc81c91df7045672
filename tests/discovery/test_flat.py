"""Files with one row per customer: a flat file where they say who left, attributes beside events."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
import tomlkit

from churnscope.discovery.discover import init
from churnscope.project import Project
from discovery import shops

TODAY = date(2025, 1, 1)
HEADER = ("CustomerId", "Plan", "Seats", "Monthly fee", "joined", "Exited")


def people(left=("0", "1"), number=600):
    rng = np.random.default_rng(5)
    for i in range(number):
        seats = int(rng.integers(1, 40))
        gone = rng.uniform() < (0.6 if seats < 12 else 0.1)
        yield f"K{i}", ("basic", "pro")[i % 2], seats, f"{seats * 2.5:.2f}", f"{1 + i % 12}/{1 + i % 28}/2023", left[gone]


def written(folder, header, rows, name="people.csv"):
    (folder / name).write_text(shops.csv_text(header, rows))
    result = init([folder / name], folder / "c.toml", today=TODAY, force=True)
    return tomlkit.parse((folder / "c.toml").read_text()).unwrap(), {guess.key: guess for guess in result.guesses}


def test_a_flat_file_is_read_alone_with_the_types_of_its_columns(tmp_path):
    config, guesses = written(tmp_path, HEADER, people())
    assert config == {
        "name": "c",
        "sources": {
            "people": {
                "role": "snapshot",
                "format": "csv",
                "files": "people.csv",
                "attributes": "*",
                "columns": {"customer": "CustomerId", "churned": "Exited = '1'"},
                "types": {"Seats": "number", "Monthly fee": "number", "joined": "%m/%d/%Y"},
            }
        },
        "folders": {"outputs": "outputs", "models": "models"},
    }
    left = sum(row[-1] == "1" for row in people())
    assert guesses["sources.people.columns.churned"].evidence == f"{left} of 600 sampled customers left"
    assert Project(tmp_path / "c.toml").check().reports[0].used == 600


@pytest.mark.parametrize(
    ("header", "left", "sql", "check"),
    [
        ("Churn", ("No", "Yes"), "Churn = 'Yes'", False),
        ("churned", ("false", "true"), "churned = 'true'", False),
        ("Attrition_Flag", ("Existing Customer", "Attrited Customer"), "Attrition_Flag = 'Attrited Customer'", False),
        ("attrition", ("Stayed", "X"), "attrition = 'X'", False),
        ("churn", ("A", "B"), "churn = 'B'", True),
    ],
)
def test_which_value_stands_for_those_who_left(header, left, sql, check, tmp_path):
    config, guesses = written(tmp_path, (*HEADER[:-1], header), people(left))
    assert config["sources"]["people"]["columns"]["churned"] == sql
    assert guesses["sources.people.columns.churned"].check == check


def test_columns_that_tell_the_outcome_are_no_attributes(tmp_path):
    rows = [(*row, "price" if row[-1] == "1" else "") for row in people()]
    config, guesses = written(tmp_path, (*HEADER, "Churn reason"), rows)
    assert config["sources"]["people"]["attributes"] == ["Plan", "Seats", "Monthly fee", "joined"]
    assert guesses["sources.people.attributes"].check
    assert "Churn reason" in guesses["sources.people.attributes"].evidence


def test_numbers_that_only_an_expression_reads(tmp_path):
    rows = [(*row[:3], f"${1_000 + 7 * row[2]:,}.00", *row[4:]) for row in people()]
    config, _ = written(tmp_path, HEADER, rows)
    source = config["sources"]["people"]
    assert source["attributes"]["plan"] == "Plan"
    assert source["attributes"]["monthly_fee"].startswith("CAST(replace(regexp_replace(")
    assert source["types"] == {"Seats": "number", "joined": "%m/%d/%Y"}
    assert Project(tmp_path / "c.toml").check().reports[0].quarantined == {}


def test_beside_events_only_what_never_changes_is_told_of_customers(tmp_path):
    shops.day_first(tmp_path)
    header = ("client", "signup_date", "birthday", "Sex", "utm_source", "city", "churned")
    rows = [(i, "2023-01-01", f"{1 + i % 12}/{1 + i % 28}/1980", "fm"[i % 2], "ad", "Ulm", i % 2) for i in range(1, 261)]
    (tmp_path / "users.csv").write_text(shops.csv_text(header, rows))
    init([tmp_path / "sales.csv", tmp_path / "users.csv"], tmp_path / "c.toml", today=TODAY)
    source = tomlkit.parse((tmp_path / "c.toml").read_text()).unwrap()["sources"]["users"]
    assert source["columns"] == {
        "customer": "client",
        "time": "signup_date",
        "birthday": "birthday",
        "acquisition_channel": "utm_source",
    }
    assert (source["attributes"], source["static"]) == (["Sex"], ["sex"])
    assert source["types"] == {"birthday": "%m/%d/%Y"}
    assert "# Not read: city, churned: today's values would know too much" in (tmp_path / "c.toml").read_text()
    assert [report.quarantined for report in Project(tmp_path / "c.toml").check().reports] == [{}, {}]


def test_with_a_history_all_is_told(tmp_path):
    shops.day_first(tmp_path)
    rows = [(i, day, "Ulm") for i in range(1, 261) for day in ("2023-01-01", "2023-06-01")]
    (tmp_path / "users.csv").write_text(shops.csv_text(("client", "valid_from", "city"), rows))
    init([tmp_path / "sales.csv", tmp_path / "users.csv"], tmp_path / "c.toml", today=TODAY)
    source = tomlkit.parse((tmp_path / "c.toml").read_text()).unwrap()["sources"]["users"]
    assert source["columns"] == {"customer": "client", "valid_from": "valid_from"}
    assert source["attributes"] == ["city"]
    assert "static" not in source
    assert Project(tmp_path / "c.toml").check().reports[1].used == 520


@pytest.mark.slow
def test_a_config_for_a_flat_file_trains_and_scores_with_no_edit(tmp_path, monkeypatch):
    monkeypatch.setenv("CHURNSCOPE__MODEL__SEEDS", "1")
    monkeypatch.setenv("CHURNSCOPE__TRACKING__ENABLED", "false")
    written(tmp_path, HEADER, people(number=1_500))
    project = Project(tmp_path / "c.toml")
    assert project.train().churned > 200
    assert project.score().counts["active"] == 1_500
