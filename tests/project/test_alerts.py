"""Alerts end to end: fired once whatever happens, sent once whatever fails, files watched as they come."""

from __future__ import annotations

import csv
import json
import logging
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from churnscope.cli.app import main
from churnscope.errors import ConfigError, GateError, InputError, ServiceError, StorageError
from churnscope.operations.exports import write_parquet
from churnscope.operations.output_set import OutputSet
from churnscope.outcomes import open_store, store
from churnscope.project import Project
from churnscope.project.alerts import run as alerting
from churnscope.project.alerts.watching import SECONDS_TO_RETRY, Watch
from churnscope.project.lifecycle.score_sets import ScoreFiles
from listening import SECRET, Listening, listening

pytest.importorskip("apprise", reason="apprise is not installed")

FIRST, DAYS = date(2023, 1, 2), 120
CONFIG = """
name = "corner_shop"
time_zone = "Europe/London"

[sources.sales]
role = "purchases"
format = "csv"
files = "in/sales*.csv"
columns = { customer = "customer", time = "time", amount = "amount", is_return = "amount < 0" }
types = { amount = "number" }

[sources.tickets]
role = "support"
format = "csv"
files = "tickets.csv"
columns = { customer = "id", time = "opened", resolved = "resolved" }

[activity]
rules = [{ source = "sales", days = 30 }]

[prediction]
horizon_days = 30

[profit]
value = 200

[tracking]
enabled = false

[alerts.rules.return]
kind = "event"
source = "sales"
where = "is_return"
severity = "info"
quiet_days = 4
action = "Ask what went wrong."

[alerts.rules.waits]
kind = "open_complaint"
source = "tickets"
days = 5
severity = "urgent"
most = 2
action = "Call back today."

[alerts.rules.once_only]
kind = "onboarding_silence"
days = 10
action = "Send the voucher."

[alerts.rules.silent]
kind = "stage"
enters = ["inactive"]
comes_from = ["new", "active", "loyal"]
action = "Call."

[alerts.rules.eroding]
kind = "erosion"
above = 0.05
action = "Look at the plan."
"""
TEAM = '[alerts.destinations.team]\nurl_env = "TEAM_URL"\ntimeout_seconds = 2\n'


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The folder of a shop with sales and tickets of four months."""
    rng = np.random.default_rng(7)
    sales, tickets = [], []
    for number in range(25):
        day = int(rng.integers(0, 80))
        while day < DAYS:
            sales.append(f"C-{number:02},{FIRST + timedelta(day)},{rng.normal(40, 30):.2f}")
            day += 1 + int(rng.exponential(14))
        opened = FIRST + timedelta(int(rng.integers(5, DAYS)))
        resolved = opened + timedelta(int(rng.integers(0, 20)))
        tickets.append(f"C-{number:02},{opened},{resolved if rng.random() < 0.7 else ''}")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "sales.csv").write_text("\n".join(["customer,time,amount", *sales, ""]))
    (tmp_path / "tickets.csv").write_text("\n".join(["id,opened,resolved", *tickets, ""]))
    return tmp_path


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Iterator[Listening]:
    with listening() as each:
        monkeypatch.setenv("TEAM_URL", each.address)
        yield each


def project(folder: Path, more: str = "") -> Project:
    (folder / "shop.toml").write_text(CONFIG + more)
    return Project(folder / "shop.toml")


def written(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def day(number: int) -> date:
    return FIRST + timedelta(number)


def remembered(folder: Path) -> dict[str, tuple[str, str, str, str | None]]:
    """What the store holds: rule, subject, since, resolved by id."""
    with sqlite3.connect(folder / "outputs" / "corner_shop" / "outcomes.db") as connection:
        rows = connection.execute("SELECT alert_id, rule, subject, since, resolved FROM churnscope_alerts").fetchall()
    connection.close()
    return {row[0]: row[1:] for row in rows}


def replayed(folder: Path, days: Sequence[int], more: str = "") -> dict[str, tuple[str, str, str, str | None]]:
    """Runs on these days, on files that hold what had happened by then, and what is remembered at the end."""
    shutil.rmtree(folder / "outputs", ignore_errors=True)
    sales = (folder / "in" / "sales.csv").read_text()
    header, *rows = sales.splitlines()
    try:
        for number in days:
            kept = [row for row in rows if row.split(",")[1] < str(day(number))]
            (folder / "in" / "sales.csv").write_text("\n".join([header, *kept, ""]))
            project(folder, more).alerts(as_of=day(number))
    finally:
        (folder / "in" / "sales.csv").write_text(sales)
    return remembered(folder)


SINCE = f"\n[alerts]\nsince = {day(20)}\n"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_days_and_weeks_fire_the_same_alerts(shop: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    some = sorted({*rng.choice(np.arange(30, DAYS), 8, replace=False).tolist(), DAYS})
    at_once = replayed(shop, [DAYS], SINCE)
    assert {rule for rule, *_ in at_once.values()} == {"return", "waits", "once_only", "silent", "eroding"}
    assert replayed(shop, some, SINCE) == at_once


@pytest.mark.slow
def test_two_runs_fire_what_one_does(shop: Path) -> None:
    assert replayed(shop, [60, DAYS], SINCE) == replayed(shop, [DAYS], SINCE)


def test_a_run_writes_what_is_open_and_what_it_resolved(shop: Path) -> None:
    first = project(shop, SINCE).alerts(as_of=day(90))
    rows = written(first.outputs[0])
    assert len(rows) == len(remembered(shop))
    assert {row["state"] for row in rows} == {"new", "resolved"}
    documents = [json.loads(line) for line in first.outputs[1].read_text().splitlines()]
    assert [document["alert_id"] for document in documents] == [row["alert_id"] for row in rows]
    assert all(document["numbers"] for document in documents)
    second = project(shop, SINCE).alerts(as_of=day(97))
    rows = written(second.outputs[0])
    still = {alert_id for alert_id, (*_, resolved) in remembered(shop).items() if resolved is None}
    assert {row["alert_id"] for row in rows if row["state"] in {"new", "open"}} == still
    assert sum(row["state"] == "resolved" for row in rows) == sum(rule.resolved for rule in second.rules.values())
    assert [row["severity"] for row in rows] == sorted(
        (row["severity"] for row in rows), key=["urgent", "warning", "info"].index
    )


def test_the_same_run_again_changes_nothing_and_an_earlier_day_is_refused(shop: Path) -> None:
    first = project(shop, SINCE).alerts(as_of=day(90))
    before = first.outputs[0].read_bytes()
    again = project(shop, SINCE).alerts(as_of=day(90))
    assert (again.was_done, again.rules) == (True, first.rules)
    assert first.outputs[0].read_bytes() == before
    with pytest.raises(ConfigError, match="days go forward only"):
        project(shop, SINCE).alerts(as_of=day(80))


def test_a_dry_run_shows_the_message_and_remembers_nothing(shop: Path, heard: Listening) -> None:
    tried = project(shop, SINCE + TEAM).alerts(as_of=day(90), dry_run=True)
    assert tried.new
    assert (tried.outputs, remembered(shop), heard.got) == ((), {}, [])
    done = project(shop, SINCE + TEAM).alerts(as_of=day(90))
    assert done.rules == tried.rules
    assert [text.partition("\n\n")[0] for _, text in tried.messages] == [heard.got[0]["title"]]


def test_a_message_says_how_many_and_names_customers_only_where_that_may_be(shop: Path, heard: Listening) -> None:
    project(shop, SINCE + TEAM).alerts(as_of=day(90))
    assert "C-" not in heard.got[0]["message"]
    assert "URGENT waits:" in heard.got[0]["message"]
    shutil.rmtree(shop / "outputs")
    project(shop, SINCE + TEAM + "names_customers = true\n").alerts(as_of=day(90))
    waits = heard.got[1]["message"].partition("\n\n")[0]
    assert waits.count("- C-") == 2
    assert "held back by the limit of 2 alerts" in waits


def test_only_what_is_serious_enough_goes_to_a_destination(shop: Path, heard: Listening) -> None:
    project(shop, SINCE + TEAM + 'least = "urgent"\n').alerts(as_of=day(90))
    assert "Ask what went wrong" not in heard.got[0]["message"]


def test_a_missing_address_stops_the_run_before_anything_is_marked(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEAM_URL", raising=False)
    with pytest.raises(ConfigError, match="the variable TEAM_URL is not set"):
        project(shop, SINCE + TEAM).alerts(as_of=day(90))
    assert not (shop / "outputs").exists()


def test_what_cannot_be_delivered_goes_out_with_the_next_run_and_once(shop: Path, heard: Listening) -> None:
    heard.code = 500
    first = project(shop, SINCE + TEAM).alerts(as_of=day(90))
    assert [each.reason for each in first.deliveries] == ["the other side answered 500"]
    heard.code = 200
    project(shop, SINCE + TEAM).alerts(as_of=day(90))
    assert [got["title"] for got in heard.got] == [first.deliveries[0].title]
    assert project(shop, SINCE + TEAM).alerts(as_of=day(90)).deliveries == ()


@pytest.mark.slow
def test_one_destination_that_fails_keeps_no_other_waiting(shop: Path, heard: Listening, monkeypatch) -> None:
    with listening() as other:
        monkeypatch.setenv("OTHER_URL", other.address)
        heard.code = 500
        more = SINCE + TEAM + '[alerts.destinations.other]\nurl_env = "OTHER_URL"\n'
        project(shop, more).alerts(as_of=day(90))
        heard.code = 200
        project(shop, more).alerts(as_of=day(90))
        assert [len(heard.got), len(other.got)] == [1, 1]


def test_a_required_destination_ends_the_run_with_its_code(shop: Path, heard: Listening) -> None:
    heard.code = 503
    with pytest.raises(ServiceError, match="could not be told: the other side answered 503"):
        project(shop, SINCE + TEAM + "required = true\n").alerts(as_of=day(90))
    assert remembered(shop)


@pytest.mark.parametrize("place", ["written", "deliver", "after_sending"])
def test_an_interrupt_between_store_and_delivery_loses_and_doubles_nothing(
    shop: Path, heard: Listening, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        if place == "written":
            broken.setattr(OutputSet, "write", interrupted)
        elif place == "deliver":
            broken.setattr(alerting, "_deliver", interrupted)
        else:
            broken.setattr(store.Store, "mark_sent", interrupted)
        with pytest.raises(KeyboardInterrupt):
            project(shop, SINCE + TEAM).alerts(as_of=day(90))
    found = remembered(shop)
    project(shop, SINCE + TEAM).alerts(as_of=day(90))
    assert remembered(shop) == found
    if place == "after_sending":  # nobody can know whether it arrived: it comes again and says so
        assert len(heard.got) == 2
        assert heard.got[1]["message"].startswith(heard.got[0]["message"])
        assert "This may have reached you before" in heard.got[1]["message"]
    else:
        assert len(heard.got) == 1
    assert len(written(shop / f"outputs/corner_shop/alerts/{day(90)}/alerts.csv")) == len(found)


def test_a_locked_store_stops_the_run_and_nothing_is_lost(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project(shop, SINCE).alerts(as_of=day(60))
    before = remembered(shop)
    monkeypatch.setattr(store, "BUSY_SECONDS", 0.05)
    other = sqlite3.connect(shop / "outputs/corner_shop/outcomes.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageError, match="database is locked"):
        project(shop, SINCE).alerts(as_of=day(90))
    other.execute("ROLLBACK")
    other.close()
    assert remembered(shop) == before
    project(shop, SINCE).alerts(as_of=day(90))
    assert remembered(shop).keys() > before.keys()


def test_no_secret_stands_in_any_file_or_log(shop: Path, heard: Listening, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        heard.code = 500
        project(shop, SINCE + TEAM).alerts(as_of=day(60))
        heard.code = 200
        project(shop, SINCE + TEAM).alerts(as_of=day(90))
    assert SECRET not in caplog.text
    assert "C-0" not in caplog.text
    files = [path for path in (shop / "outputs").rglob("*") if path.is_file()]
    assert files
    assert not any(SECRET.encode() in path.read_bytes() for path in files)


STALE = (
    '[alerts.rules.stale]\nkind = "freshness"\nsource = "sales"\ndays = 3\nseverity = "stop"\naction = "Ask for the file."\n'
)


def test_old_data_of_a_rule_that_stops_end_the_run_when_all_is_written(shop: Path, heard: Listening) -> None:
    asked = project(shop, SINCE + STALE + TEAM)
    asked.alerts(as_of=day(90))  # as it was on that day
    with pytest.raises(GateError, match="the data of sales are too old"):
        asked.alerts()
    assert "1 stop" in heard.got[-1]["title"]
    with pytest.raises(GateError):
        asked.alerts()
    assert sum("STOP stale" in got["message"] for got in heard.got) == 1
    assert [rule for rule, *_ in remembered(shop).values()].count("stale") == 1


def write_scores(folder: Path, number: int, probability: dict[str, float]) -> Path:
    path = folder / "outputs" / "corner_shop" / "scores" / str(day(number)) / "scores.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    table = {
        "customer_id": list(probability),
        "as_of": [day(number)] * len(probability),
        "churn_probability": list(probability.values()),
        "risk_band": ["high" if value >= 0.6 else "low" for value in probability.values()],
        "is_loyal": [name == "C-01" for name in probability],
    }
    with path.open("wb") as stream:
        write_parquet(pa.table(table), stream)
    return path


SCORED = """
[alerts.rules.jump]
kind = "probability"
jump = 0.3
action = "Call."
[alerts.rules.risk]
kind = "value_at_risk"
above = 150
group = "{group}"
action = "Tell the board."
"""


SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    ("group", "subject"),
    [
        ("all", "all"),
        pytest.param("is_loyal", "is_loyal", marks=SLOW),
        pytest.param("risk_band", "high", marks=SLOW),
        pytest.param("stage", None, marks=SLOW),
    ],
)
def test_scores_tell_of_jumps_and_of_money_at_risk(shop: Path, group: str, subject: str | None) -> None:
    write_scores(shop, 80, {"C-01": 0.2, "C-02": 0.2})
    write_scores(shop, 87, {"C-01": 0.9, "C-02": 0.3, "gone": 0.9})
    asked = project(shop, SINCE + SCORED.format(group=group))
    asked.alerts(as_of=day(88))
    told = [(rule, whom) for rule, whom, *_ in remembered(shop).values() if rule in {"jump", "risk"}]
    assert ("jump", "C-01") in told
    assert (subject is None) or ("risk", subject) in told
    calm = write_scores(shop, 94, {"C-01": 0.1, "C-02": 0.1})
    asked.alerts(as_of=day(95), scores=calm)
    assert all(resolved == str(day(94)) for rule, *_, resolved in remembered(shop).values() if rule in {"jump", "risk"})


@pytest.mark.slow
def test_the_same_night_again_writes_nothing_however_many_scores_there_are(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a run remembers of itself is no reason to run again; alerts on stages that stay open are none to read old scores."""
    asked = project(shop, SINCE + SCORED.format(group="all"))
    read: list[int] = []
    whole = ScoreFiles.read
    monkeypatch.setattr(ScoreFiles, "read", lambda files, *given: read.append(len(files.scores)) or whole(files, *given))
    for number in range(76, 92, 3):
        write_scores(shop, number, {"C-01": 0.2, "C-02": 0.2})
        result = asked.alerts(as_of=day(number))
    before = [path.read_bytes() for path in (*result.outputs, result.manifest)]
    again = asked.alerts(as_of=day(number))
    assert again.was_done
    assert [path.read_bytes() for path in (*again.outputs, again.manifest)] == before
    assert any(rule == "silent" and resolved is None for rule, *_, resolved in remembered(shop).values())
    assert read == [1, 2, 3, 4, 5, 5]  # of seven late days, and the set before: not all six


def test_scores_that_come_after_a_run_are_told_of_by_the_next_one_of_the_same_day(shop: Path, heard: Listening) -> None:
    asked = project(shop, SINCE + SCORED.format(group="all") + TEAM)
    write_scores(shop, 80, {"C-01": 0.2})
    asked.alerts(as_of=day(88))
    write_scores(shop, 88, {"C-01": 0.9})
    assert not asked.alerts(as_of=day(88)).was_done
    first, second = (got["message"] for got in heard.got)
    assert "jump" not in first
    assert "jump" in second
    assert not any(rule in second for rule in ("waits", "silent", "once_only"))


def test_scores_of_a_later_day_are_refused(shop: Path) -> None:
    later = write_scores(shop, 99, {"C-01": 0.1})
    with pytest.raises(InputError, match="holds scores of"):
        project(shop, SINCE).alerts(as_of=day(90), scores=later)


def test_without_scores_it_is_said_which_rules_cannot_speak(shop: Path) -> None:
    assert "jump and risk cannot speak" in project(shop, SCORED.format(group="all")).alerts(as_of=day(90)).notes[0]


# ------------------------------------------------------------------------------------------------------------------ watching


@pytest.fixture
def inbox(shop: Path) -> Path:
    """The sales of the shop in three files that are still to come."""
    header, *rows = (shop / "in" / "sales.csv").read_text().splitlines()
    (shop / "in" / "sales.csv").unlink()
    for part, (low, high) in enumerate(((0, 60), (60, 90), (90, DAYS))):
        kept = [row for row in rows if str(day(low)) <= row.split(",")[1] < str(day(high))]
        (shop / f"part{part}.csv").write_text("\n".join([header, *kept, ""]))
    return shop / "in"


def watch(shop: Path, more: str = SINCE) -> Watch:
    asked = project(shop, more)
    return Watch(asked.config, shop / "in", asked.progress, alerting.AlertRequest())


def arrives(inbox: Path, part: int) -> Path:
    return Path(shutil.copy(inbox.parent / f"part{part}.csv", inbox / f"sales{part}.csv"))


def test_a_file_is_read_once_when_it_is_whole(inbox: Path) -> None:
    shop, watching = inbox.parent, watch(inbox.parent)
    assert watching.look()  # nothing is there yet
    text = (shop / "part0.csv").read_text()
    (inbox / "sales0.csv").write_text(text[:100])
    assert not watching.look()
    (inbox / "sales0.csv").write_text(text)  # it grew: not whole at the next look either
    assert not watching.look()
    assert watching.watched.runs == 0
    assert watching.look()
    assert watching.look()
    assert (watching.watched.runs, watching.watched.read) == (1, 1)


def test_a_part_of_a_file_beside_a_whole_one_is_not_read(inbox: Path) -> None:
    watching = watch(inbox.parent)
    arrives(inbox, 0)
    watching.look()
    (inbox / "sales1.csv").write_text("customer,time,amount\nC-0")
    (inbox / "sales2.csv").write_text("")
    watching.look()
    assert (watching.watched.runs, watching.watched.read, watching.watched.quarantined) == (1, 1, ())


@pytest.mark.slow
def test_files_that_come_one_by_one_tell_what_they_tell_together(inbox: Path) -> None:
    watching = watch(inbox.parent)
    for part in range(3):
        arrives(inbox, part)
        watching.look()
        watching.look()
    assert watching.watched.runs == 3
    one_by_one = remembered(inbox.parent)
    shutil.rmtree(inbox.parent / "outputs")
    project(inbox.parent, SINCE).alerts()
    assert one_by_one == remembered(inbox.parent)


@pytest.mark.slow
def test_a_bad_file_goes_into_quarantine_and_the_others_are_read(inbox: Path, caplog: pytest.LogCaptureFixture) -> None:
    watching = watch(inbox.parent)
    for part in (0, 1):
        arrives(inbox, part)
    (inbox / "sales9.csv").write_text("customer,time,amount\n" + "C-1,soon,3\n" * 20)
    (inbox / "sales8.csv").write_text("who,when\nC-1,2023-01-01\n")
    watching.look()
    assert watching.look()
    assert [path.name for path in watching.watched.quarantined] == ["sales8.csv", "sales9.csv"]
    assert watching.watched.read == 2
    assert not (inbox / "sales9.csv").exists()
    assert {record.exit_code for record in caplog.records if hasattr(record, "exit_code")} == {3}
    arrives(inbox, 2)
    watching.look()
    assert watching.look()
    assert watching.watched.read == 3


def test_the_next_watch_does_not_read_again_what_was_read(inbox: Path) -> None:
    arrives(inbox, 0)
    first = watch(inbox.parent)
    first.look()
    first.look()
    second = watch(inbox.parent)
    assert second.look()
    second.look()
    assert second.watched.runs == 0
    arrives(inbox, 1)
    second.look()
    second.look()
    assert (second.watched.runs, second.watched.read) == (1, 1)


def test_waiting_messages_are_tried_again_without_a_new_file(inbox: Path, heard: Listening, monkeypatch) -> None:
    monkeypatch.setattr("churnscope.project.alerts.watching.SECONDS_TO_RETRY", 0.0)
    assert SECONDS_TO_RETRY >= 30
    watching, heard.code = watch(inbox.parent, SINCE + TEAM), 500
    arrives(inbox, 0)
    watching.look()
    watching.look()
    assert heard.got == []
    heard.code = 200
    watching.look()
    assert len(heard.got) == 1
    watching.look()
    assert len(heard.got) == 1


def test_watching_a_folder_that_nothing_is_read_from_is_refused(shop: Path) -> None:
    (shop / "elsewhere").mkdir()
    with pytest.raises(ConfigError, match="no source is read from there"):
        project(shop, SINCE).watch_alerts(shop / "elsewhere", once=True)
    with pytest.raises(ConfigError, match="there is no such folder"):
        project(shop, SINCE).watch_alerts(shop / "nowhere", once=True)


# -------------------------------------------------------------------------------------------------------------- command line


def test_the_commands_from_a_shell(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project(shop, SINCE)
    with pytest.raises(SystemExit) as ended:
        main(["alerts", "run", str(shop / "shop.toml"), "--as-of", str(day(90))])
    assert ended.value.code == 0
    out = capsys.readouterr().out
    assert "rule       severity  new  held back  open  resolved" in out
    assert f"alerts/{day(90)}/alerts.csv" in out
    with pytest.raises(SystemExit) as ended:
        main(["alerts", "watch", str(shop / "shop.toml"), str(shop / "in"), "--once", "--every", "0.05", "--json", "-q"])
    assert ended.value.code == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["read"], document["quarantined"]) == (1, [])


def test_a_config_without_rules_says_how_to_write_one(shop: Path) -> None:
    (shop / "shop.toml").write_text(CONFIG.partition("[alerts")[0])
    with pytest.raises(ConfigError, match=r"The config has no \[alerts\]"):
        Project(shop / "shop.toml").alerts()


def test_a_store_of_the_first_format_is_brought_up_to_date(shop: Path) -> None:
    project(shop, SINCE).alerts(as_of=day(60))
    path = shop / "outputs/corner_shop/outcomes.db"
    with sqlite3.connect(path) as connection:
        for name in ("alerts", "alert_days", "messages"):
            connection.execute(f"DROP TABLE churnscope_{name}")
        connection.execute("UPDATE churnscope_store SET format = 1")
    connection.close()
    with open_store(f"sqlite:///{path}", "corner_shop") as opened:
        assert opened.alerts() == ()
        assert opened.alert_days() is None
