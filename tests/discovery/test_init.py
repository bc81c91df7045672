"""What `init` writes, asks and refuses."""

from __future__ import annotations

import os
import re
from datetime import date
from pathlib import Path

import pytest
import tomlkit

from churnscope import files as storage
from churnscope.config.load import load_config
from churnscope.discovery.discover import init
from churnscope.errors import ConfigError, InputError, StorageError
from churnscope.project import Project
from discovery import shops

TODAY = date(2025, 1, 1)
ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("CHURNSCOPE_DATA", ROOT.parent / "shared" / "data"))


def run(folder, *files, **options):
    """The result and the config as plain tables."""
    result = init(files, folder / "c.toml", today=TODAY, **options)
    return result, tomlkit.parse((folder / "c.toml").read_text()).unwrap()


def answers(given):
    """Answers by key; every other question is answered by its default. Remembers what was asked."""

    def ask(question):
        ask.asked.append(question.key)
        return given.get(question.key, question.default)

    ask.asked = []
    return ask


def ambiguous(folder):
    rows = [(i % 40, f"{i % 12 + 1:02}/{i // 12 % 12 + 1:02}/2023", i) for i in range(400)]
    (folder / "sales.csv").write_text(shops.csv_text(("customer", "date", "amount"), rows))
    return folder / "sales.csv"


def test_every_key_stands_beside_its_reason(tmp_path):
    result, _ = run(tmp_path, *shops.day_first(tmp_path))
    text = (tmp_path / "c.toml").read_text()
    assert 'date = "%d/%m/%Y"' in text
    assert 'time = "date" # all 3,815 sampled values fit %d/%m/%Y, 2,338 of them only day first' in text
    assert all(guess.evidence in text.replace("\n# ", " ") for guess in result.guesses if ".columns." in guess.key)


def test_no_value_of_the_data_is_written_or_shown(tmp_path):
    rows = [(f"secret{i % 30}@example.org", f"{i % 12 + 1}/{i % 28 + 1}/2023", f"SECRET{i}") for i in range(500)]
    (tmp_path / "a.csv").write_text(shops.csv_text((), rows))
    asked = answers({})
    result, _ = run(tmp_path, tmp_path / "a.csv", ask=asked)
    assert "secret" not in ((tmp_path / "c.toml").read_text() + repr(result)).lower()


def test_a_date_that_may_be_either_is_marked_or_asked(tmp_path):
    file = ambiguous(tmp_path)
    result, config = run(tmp_path, file)
    assert config["sources"]["sales"]["types"]["date"] == "%d/%m/%Y"
    assert "# check: all 400 sampled values may be day first or month first" in (tmp_path / "c.toml").read_text()
    assert "sources.sales.columns.time" in {guess.key for guess in result.to_check}
    ask = answers({"types.date": "%m/%d/%Y"})
    result, config = run(tmp_path, file, ask=ask, force=True)
    assert config["sources"]["sales"]["types"]["date"] == "%m/%d/%Y"
    assert "check: all 400" not in (tmp_path / "c.toml").read_text()
    assert ask.asked == ["types.date", "time_zone", "like", "activity.days", "prediction.horizon_days"]


def test_answers_decide(tmp_path):
    given = {"time_zone": "Europe/Paris", "like": "bank", "activity.days": "45", "prediction.horizon_days": "20"}
    _, config = run(tmp_path, *shops.day_first(tmp_path), ask=answers(given))
    assert config["time_zone"] == "Europe/Paris"
    assert config["activity"]["rules"][0]["days"] == 45
    assert config["prediction"]["horizon_days"] == 20


def test_missing_names_are_asked(tmp_path):
    rows = [(f"x{i % 30}", f"2023-{i % 12 + 1:02}-{i % 28 + 1:02}", f"{i}.5") for i in range(500)]
    (tmp_path / "a.csv").write_text(shops.csv_text((), rows))
    names = iter(["client_no", "day", "paid"])
    _, config = run(tmp_path, tmp_path / "a.csv", ask=lambda q: next(names) if q.key == "csv.names" else q.default)
    assert config["sources"]["a"]["csv"]["names"] == ["client_no", "day", "paid"]
    assert config["sources"]["a"]["columns"] == {"customer": "client_no", "time": "day", "amount": "paid"}


def test_another_column_may_be_the_customer(tmp_path):
    rows = [(f"a{i % 30}", f"b{i % 20}", f"2023-{i % 12 + 1:02}-{i % 28 + 1:02}", f"{i}.5") for i in range(500)]
    (tmp_path / "sales.csv").write_text(shops.csv_text(("thing", "other", "date", "amount"), rows))
    _, config = run(tmp_path, tmp_path / "sales.csv", ask=answers({"columns.customer": "other"}))
    assert config["sources"]["sales"]["columns"]["customer"] == "other"


def test_a_file_can_be_left_out(tmp_path):
    shops.two_columns(tmp_path)
    shops.day_first(tmp_path)
    result, config = run(tmp_path, tmp_path / "data.csv", tmp_path / "sales.csv", ask=answers({"role": "leave out"}))
    assert list(config["sources"]) == ["sales"]
    assert [(guess.key, guess.evidence) for guess in result.left_out] == [("data.csv", "as answered")]


def test_what_is_not_read_is_said(tmp_path):
    result, config = run(tmp_path, *shops.several_kinds(tmp_path))
    assert list(config["sources"]) == ["orders", "visits", "users"]
    assert [guess.key for guess in result.left_out] == ["plans.csv"]
    assert "# Not read: plans.csv" in (tmp_path / "c.toml").read_text()


def test_files_of_other_customers_are_left_out(tmp_path):
    shops.day_first(tmp_path)
    rows = [(f"device{i % 30}", f"2023-{i % 12 + 1:02}-{i % 28 + 1:02}") for i in range(500)]
    (tmp_path / "pings.csv").write_text(shops.csv_text(("user", "event_date"), rows))
    (tmp_path / "users.csv").write_text(shops.csv_text(("user_id", "signup_date"), [(i, "2023-01-01") for i in range(1, 50)]))
    result, config = run(tmp_path, *(tmp_path / name for name in ("sales.csv", "pings.csv", "users.csv")))
    assert list(config["sources"]) == ["sales"]
    reasons = {guess.key: guess.evidence for guess in result.left_out}
    assert reasons["pings.csv"].startswith("none of its sampled ids stands in sales")
    assert reasons["users.csv"].startswith("it lists 49 of 260 ids")


def test_missing_ids_and_missing_words(tmp_path):
    rows = [
        ("" if i % 5 == 0 else i % 40, f"2023-{i % 12 + 1:02}-{i % 28 + 1:02}", "NULL" if i % 60 == 0 else f"{i}.5")
        for i in range(900)
    ]
    (tmp_path / "sales.csv").write_text(shops.csv_text(("customer", "date", "amount"), rows))
    _, config = run(tmp_path, tmp_path / "sales.csv")
    source = config["sources"]["sales"]
    assert source["missing_customer"] == "ignore"
    assert source["csv"]["missing"] == ["", "NULL"]
    assert source["most_quarantined"] == pytest.approx(0.05, abs=0.01)
    report = Project(tmp_path / "c.toml").check().reports[0]
    assert report.rows_in == 900
    assert report.used > 600


def test_files_with_the_same_days_and_other_rows_keep_them_all(tmp_path):
    rows = [(row.customer, f"{row.at:%Y-%m-%d %H:%M}", row.amount) for row in shops.purchases()]
    for name, part in (("north.csv", rows[::2]), ("south.csv", rows[1::2])):
        (tmp_path / name).write_text(shops.csv_text(("customer", "time", "amount"), part))
    result, config = run(tmp_path, tmp_path / "north.csv", tmp_path / "south.csv")
    (source,) = config["sources"].values()
    assert "overlap" not in source
    assert any("none of the sampled rows stands in two" in guess.evidence for guess in result.guesses)


def test_paths_are_relative_to_the_config(tmp_path):
    (tmp_path / "in").mkdir()
    files = shops.day_first(tmp_path / "in")
    init(files, tmp_path / "configs" / "shop.toml", today=TODAY)
    config = tomlkit.parse((tmp_path / "configs" / "shop.toml").read_text())
    assert config["sources"]["sales"]["files"] == "../in/sales.csv"
    assert config["name"] == "shop"


def test_a_config_is_not_replaced_unless_that_is_meant(tmp_path):
    files = shops.day_first(tmp_path)
    (tmp_path / "c.toml").write_text("mine")
    with pytest.raises(ConfigError, match="is there already"):
        run(tmp_path, *files)
    assert (tmp_path / "c.toml").read_text() == "mine"
    run(tmp_path, *files, force=True)
    with pytest.raises(ConfigError, match="no name of a config"):
        init(files, tmp_path / "sales.csv", force=True)


def test_a_full_disk_leaves_the_old_config(tmp_path, monkeypatch):
    files = shops.day_first(tmp_path)
    (tmp_path / "c.toml").write_text("mine")

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(storage.os, "fsync", full)
    with pytest.raises(StorageError, match="no room"):
        run(tmp_path, *files, force=True)
    assert (tmp_path / "c.toml").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".tmp")] == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("customer,amount\n" + "1,2\n" * 30, "no column looks like the time of an event"),
        ("date,amount\n" + "2024-01-01,2.5\n" * 30, "no column looks like a customer's id"),
        ("customer_id,signup_date\n" + "".join(f"{i},2024-01-01\n" for i in range(50)), "it has one row per customer"),
    ],
)
def test_files_without_events_are_refused_with_the_reason(content, message, tmp_path):
    (tmp_path / "a.csv").write_text(content)
    with pytest.raises(InputError, match=message):
        run(tmp_path, tmp_path / "a.csv")
    assert not (tmp_path / "c.toml").exists()


def test_a_file_named_twice_is_refused(tmp_path):
    (file,) = shops.day_first(tmp_path)
    with pytest.raises(InputError, match="named twice"):
        run(tmp_path, file, tmp_path / "." / "sales.csv")


@pytest.mark.slow
def test_online_retail_as_it_came(tmp_path):
    result, config = run(tmp_path, ROOT / "data" / "online_retail")
    source = config["sources"]["online_retail"]
    assert source["overlap"] == "max"
    assert source["columns"]["customer"] == "regexp_replace(\"Customer ID\", '\\.0+$', '')"
    assert source["columns"]["amount"] == "Quantity * Price"
    assert source["files"][1]["rename"] == {"InvoiceNo": "Invoice", "UnitPrice": "Price", "CustomerID": "Customer ID"}
    assert config["complete_through"] == date(2011, 12, 8)
    report = Project(tmp_path / "c.toml").check().reports[0]
    assert report.ignored["overlap"] == 22_523
    assert report.quarantined == {}
    assert {guess.key for guess in result.to_check} == {"sources.online_retail.missing_customer", "complete_through"}


FIRST_RUNS = {
    "cdnow/raw/CDNOW_master.txt.gz": ("purchases", 69_659, 23_570),
    "cdnow/raw/CDNOW_sample.txt.gz": ("purchases", 6_919, 2_357),
    "cdnow/transactions.parquet": ("purchases", 69_659, 23_570),
    "college_messages/raw/CollegeMsg.txt.gz": ("engagement", 59_801, 1_349),
    "megaline/raw": ("engagement", 137_735, 481),
    "ravenstack/raw": ("customers", 500, 500),
    "telco_churn/raw": ("subscriptions", 7_032, 7_032),
    "telco_churn/raw/Telco-Customer-Churn.csv.gz": ("snapshot", 7_043, 7_043),
}


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.parametrize("path", FIRST_RUNS)
def test_the_development_data(path, tmp_path):
    if not (DATA / path).exists():
        pytest.skip(f"no {path} below CHURNSCOPE_DATA")
    role, used, customers = FIRST_RUNS[path]
    run(tmp_path, DATA / path)
    report = Project(tmp_path / "c.toml").check().reports[0]
    assert (report.role, report.used, report.customers) == (role, used, customers)
    assert report.quarantined == {}


def in_force(text):
    """A config with its examples put in force."""
    return re.sub(r"^#(?=[\[a-z])", "", text, flags=re.MULTILINE)


def contacts(folder):
    rows = [(i, f"Name {i}", "+44 20", f"a{i}@example.org", "en", "2022-01-01") for i in range(1, shops.CUSTOMERS + 1)]
    header = ("customer_id", "Full Name", "Phone no.", "E-Mail", "Language", "signup_date")
    (folder / "customers.csv").write_text(shops.csv_text(header, rows))
    return folder / "customers.csv"


@pytest.mark.parametrize("way", shops.WAYS, ids=lambda way: way.__name__)
def test_examples_are_comments_that_hold_when_they_are_put_in_force(way, tmp_path):
    _, config = run(tmp_path, *way(tmp_path))
    tables = {"actions", "call_list", "profit", "stages", "win_back", "alerts"}
    assert not tables & config.keys()
    path = tmp_path / "c.toml"
    path.write_text(in_force(path.read_text()))
    loaded = load_config(path)
    assert tables <= tomlkit.parse(path.read_text()).unwrap().keys()
    assert set(loaded.actions) == {"service_call", "exclusive_discount"}
    assert [step.name for step in loaded.win_back.steps] == ["reminder", "discount"]
    assert set(loaded.alerts.rules) == {"fell_silent", "data_grew_old"}


def test_examples_show_the_contact_columns_there_are(tmp_path):
    run(tmp_path, *shops.day_first(tmp_path), contacts(tmp_path))
    path = tmp_path / "c.toml"
    path.write_text(in_force(path.read_text()))
    listed = load_config(path).call_list
    assert listed.show == {"name": "Full Name", "phone": '"Phone no."', "email": '"E-Mail"', "language": "Language"}
    assert listed.reach == {"phone": '"Phone no."', "e-mail": '"E-Mail"'}
    assert Project(path).check().reports


def test_a_flat_file_needs_no_examples(tmp_path):
    rows = [(i, i % 7, "yes" if i % 3 else "no") for i in range(400)]
    (tmp_path / "flat.csv").write_text(shops.csv_text(("customer_id", "visits", "churned"), rows))
    run(tmp_path, tmp_path / "flat.csv")
    assert "call_list" not in (tmp_path / "c.toml").read_text()
