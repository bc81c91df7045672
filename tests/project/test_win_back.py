"""Winning customers back on the data of a shop: day by day, once a day, with a memory."""

from __future__ import annotations

import json
import shutil
import stat
import threading
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from churnscope.cli.app import app
from churnscope.errors import BusyError, ChurnscopeError, ConfigError, InputError
from churnscope.operations.output_set import OutputSet
from churnscope.outcomes import StepTaken
from churnscope.outcomes.store import HISTORY
from churnscope.project import Project
from churnscope.project.money.list_inputs import Past
from churnscope.project.money.outcomes import store_of
from churnscope.project.win_back.won_back import WinBackResult
from churnscope.timeline import day_number

from .test_schemas import problems

FIRST = date(2024, 5, 1)
CONFIG = """
name = "shop"
complete_through = 2024-12-31

[sources.sales]
role = "purchases"
format = "csv"
files = "sales.csv"
columns = { customer = "customer", time = "day" }

[sources.tickets]
role = "support"
format = "csv"
files = "tickets.csv"
columns = { customer = "customer", time = "opened", resolved = "resolved" }

[sources.people]
role = "customers"
format = "csv"
files = "people.csv"
columns = { customer = "customer", do_not_contact = "silent = 'yes'" }

[activity]
rules = [{ source = "sales", days = 30 }]

[prediction]
horizon_days = 30

[win_back]
from_days = 1
to_days = 60
cool_down_days = 0
control_share = 0.3

[[win_back.steps]]
name = "reminder"
channel = "e-mail"
wait_days = 0
message = "You are missed: {days_inactive} days."

[[win_back.steps]]
name = "survey"
channel = "e-mail"
wait_days = 5
message = "=What keeps you away?"

[[win_back.steps]]
name = "discount"
channel = "post"
wait_days = 5
offer = "10 % off"
offers = { "too dear" = "20 % off" }
message = ["{offer} for you."]
contact_cost = 1
offer_cost = 5

[tracking]
enabled = false

[folders]
outputs = "outputs"
models = "models"
"""
SILENT = "c03"
CUSTOMERS = tuple(f"c{number:02d}" for number in range(20))


def sales() -> list[tuple[str, date]]:
    """Each customer's last purchase lies a day later than that of the one before, so that c00 enters on the first day, c01 on
    the next ...; every fourth comes back twelve days after that."""
    rows = []
    for place, customer in enumerate(CUSTOMERS):
        last = FIRST - timedelta(days=32 - place)
        rows += [(customer, last - timedelta(days=60)), (customer, last)]
        if place % 4 == 0:
            rows.append((customer, last + timedelta(days=32 + 12)))
    return rows


def write(folder: Path, rows: Iterable[tuple[str, date]], *, tickets: str = "") -> Project:
    lines = "".join(f"{customer},{day}\n" for customer, day in rows)
    (folder / "sales.csv").write_text(f"customer,day\n{lines}")
    (folder / "tickets.csv").write_text(f"customer,opened,resolved\nx,2024-04-01,2024-04-02\n{tickets}")
    people = "".join(f"{customer},{'yes' if customer == SILENT else 'no'}\n" for customer in (*CUSTOMERS, "late", "x"))
    (folder / "people.csv").write_text(f"customer,silent\n{people}")
    (folder / "shop.toml").write_text(CONFIG)
    return Project(folder / "shop.toml")


@pytest.fixture
def shop(tmp_path: Path) -> Project:
    return write(tmp_path, sales())


def on(project: Project, days: int) -> WinBackResult:
    """The win-back of so many days after the first one."""
    return project.win_back_next(FIRST + timedelta(days=days))


def given(result: WinBackResult) -> dict[str, str]:
    return {row["customer_id"]: row["step"] for row in result.to_arrow().to_pylist()}


def kept(project: Project) -> list[dict[str, Any]]:
    """What the store holds of ways."""
    engine = sa.create_engine(f"sqlite:///{project.config.folders.outputs / 'shop' / 'outcomes.db'}")
    with engine.connect() as connection:
        rows = [dict(row) for row in connection.execute(sa.text("SELECT * FROM churnscope_win_back_steps")).mappings()]
    engine.dispose()
    return sorted(rows, key=lambda row: (row["day"], row["customer_id"], row["place"]))


def bytes_of(result: WinBackResult) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (*result.outputs, result.manifest)}


def test_the_steps_of_some_days_by_hand(shop: Project) -> None:
    """One customer enters a day; the survey follows after five days, the discount after five more."""
    first = on(shop, 0)
    control = pq.read_table(first.outputs[0].parent / "control.parquet").column("customer_id").to_pylist()
    assert given(first) | dict.fromkeys(control) == {"c00": "reminder"} | dict.fromkeys(control)
    assert first.figures.entered == 1
    found = {day: given(on(shop, day)) for day in range(1, 14)}
    left_alone = {row["customer_id"] for row in kept(shop) if row["arm"] == "control"}
    expected = {
        day: {
            CUSTOMERS[day]: "reminder",
            **({CUSTOMERS[day - 5]: "survey"} if day >= 5 else {}),
            **({CUSTOMERS[day - 10]: "discount"} if day >= 10 else {}),
        }
        for day in found
    }
    for steps in expected.values():
        for customer in {SILENT} | left_alone:
            steps.pop(customer, None)
    assert found == expected
    assert 2 <= len(left_alone) <= 8
    assert not left_alone & {row["customer_id"] for row in kept(shop) if row["place"]}


@pytest.mark.slow
def test_who_came_back_gets_nothing_more(shop: Project) -> None:
    on(shop, 0)
    for day in (5, 13, 14):  # the discount was due on the tenth day, on which nobody ran it; c00 bought on the twelfth
        result = on(shop, day)
    assert "c00" not in given(result)
    assert result.figures.states["came back"] >= 1


def test_the_same_day_again_gives_the_same_bytes_and_doubles_nothing(shop: Project) -> None:
    before = [on(shop, day) for day in (0, 3)][-1]
    content, rows = bytes_of(before), kept(shop)
    again = on(shop, 3)
    assert again.was_done
    shutil.rmtree(before.manifest.parent)
    third = on(shop, 3)
    assert not third.was_done
    assert bytes_of(third) == content
    assert kept(shop) == rows


@pytest.mark.slow
def test_a_decided_day_stays_decided_whatever_comes_later(shop: Project) -> None:
    first = given(on(shop, 0)) | given(on(shop, 5))
    write(Path(shop.config.folders.outputs).parent, [*sales(), ("late", FIRST - timedelta(days=32))])
    assert given(on(shop, 0)) | given(on(shop, 5)) == first
    with pytest.raises(InputError, match=r"Nobody decided on 2024-05-04 .* and 2024-05-06 has been decided since"):
        on(shop, 3)


@pytest.mark.slow
def test_a_missed_day_is_caught_up_once(shop: Project) -> None:
    on(shop, 0)
    assert given(on(shop, 9)).get("c00", "survey") == "survey"  # due on the fifth day
    assert "c00" not in given(on(shop, 10))
    assert {row["place"] for row in kept(shop) if row["customer_id"] == "c00"} <= {0, 1, 2}


@pytest.mark.slow
def test_days_replayed_from_the_whole_history_equal_days_as_they_came(tmp_path: Path) -> None:
    """With the files as they were on each day, and later with all that followed in them."""
    whole, growing = tmp_path / "whole", tmp_path / "growing"
    for folder in (whole, growing):
        folder.mkdir()
    tickets = [("c05", FIRST + timedelta(days=6), FIRST + timedelta(days=8))]
    text = "".join(f"{who},{opened},{resolved}\n" for who, opened, resolved in tickets)
    replayed = write(whole, sales(), tickets=text)
    for day in range(0, 16, 2):
        now = FIRST + timedelta(days=day)
        known = "".join(
            f"{who},{opened},{resolved if resolved < now else ''}\n" for who, opened, resolved in tickets if opened < now
        )
        live = write(growing, [row for row in sales() if row[1] < now], tickets=known)
        assert given(on(live, day)) == given(on(replayed, day))
    assert kept(live) == kept(replayed)


@pytest.mark.slow
def test_an_open_complaint_holds_the_next_step_and_no_more(tmp_path: Path) -> None:
    opened = FIRST + timedelta(days=3)
    tickets = "".join(f"{customer},{opened},{opened + timedelta(days=4)}\n" for customer in CUSTOMERS)
    project = write(tmp_path, sales(), tickets=tickets)
    assert given(on(project, 2))
    held = on(project, 7)
    assert given(held) == {}
    assert held.figures.states["open complaint"] > 0
    assert "survey" in given(on(project, 8)).values()


def answered(project: Project, *rows: str) -> Path:
    path = Path(project.config.folders.outputs).parent / "survey.csv"
    path.write_text("\n".join(["Customer ID,Answer,Date", *rows]) + "\n")
    return path


@pytest.mark.slow
def test_answers_choose_the_offer_and_end_ways(shop: Project) -> None:
    for day in range(6):
        on(shop, day)
    asked = sorted({row["customer_id"] for row in kept(shop) if row["place"]})[:4]
    dear, declines, never, other = asked
    said = ("Too  DEAR", "refused", "do not call", "something else")
    path = answered(
        shop, *(f"{customer},{answer}," for customer, answer in zip(asked, said, strict=True)), "nobody,x,", "c09,,"
    )
    result = shop.add_answers(path)
    assert (result.rows, result.stored, result.known, result.without_answer) == (6, 4, 0, 1)
    assert result.refused == {"customer without a step": 1}
    assert shop.add_answers(path).known == 4
    for day in range(6, 16):
        on(shop, day)
    last = {row["customer_id"]: row for row in kept(shop) if row["step"] == "discount"}
    assert last[dear]["offer"] == "20 % off"
    assert last[dear]["message"] == "20 % off for you."
    assert last[other]["offer"] == "10 % off"
    assert not {declines, never} & set(last)
    with pytest.raises(InputError, match="no header names customers and their answers"):
        shop.add_answers(Path(shop.config.folders.outputs).parent / "sales.csv")


@pytest.mark.slow
def test_what_is_written_is_for_its_owner_and_no_spreadsheet_runs_it(shop: Project) -> None:
    for day in range(6):
        result = on(shop, day)
    assert [problem for row in result.to_arrow().to_pylist() for problem in problems(row, "win_back")] == []
    text = result.outputs[0].read_text()
    assert '"\'=What keeps you away?"' in text
    assert '"=What' not in text
    assert [stat.S_IMODE(path.stat().st_mode) for path in result.outputs[:3]] == [0o600] * 3


@pytest.mark.slow
def test_runs_at_the_same_time_decide_once(shop: Project) -> None:
    found: list[Any] = []

    def run(wait_seconds: float) -> None:
        try:
            found.append(Project(shop.config).win_back_next(FIRST, wait_seconds=wait_seconds))
        except ChurnscopeError as error:
            found.append(error)

    threads = [threading.Thread(target=run, args=(30,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [result.was_done for result in found].count(False) == 1
    assert len({json.dumps(given(result)) for result in found}) == 1
    assert len(kept(shop)) == len({(row["customer_id"], row["place"]) for row in kept(shop)})
    with OutputSet(found[0].manifest.parent, ("x",)).held(), pytest.raises(BusyError):
        shop.win_back_next(FIRST)


@pytest.mark.slow
@pytest.mark.parametrize("where", ["store", "files"])
def test_an_interrupted_run_leaves_nothing_half_done(shop: Project, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    on(shop, 0)
    rows = kept(shop)

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        name = "churnscope.outcomes.store._insert" if where == "store" else "churnscope.project.win_back.next_steps._writers"
        patched.setattr(name, interrupted)
        with pytest.raises(KeyboardInterrupt):
            on(shop, 5)
    folder = shop.config.folders.outputs / "shop" / "win_back" / "2024-05-06"
    assert [path.name for path in folder.iterdir() if not path.name.startswith(".")] == []
    assert (kept(shop) == rows) == (where == "store")
    assert "survey" in given(on(shop, 5)).values() or "c00" in {row["customer_id"] for row in rows if row["arm"] == "control"}
    assert len(kept(shop)) == len({(row["customer_id"], row["place"]) for row in kept(shop)})


def test_scores_choose_who_enters(shop: Project, tmp_path: Path) -> None:
    scores = tmp_path / "scores.parquet"
    columns = {"customer_id": ["c00", "c01", "c02"], "as_of": [FIRST] * 3, "reactivation_probability": [0.01, 0.3, 0.2]}
    pq.write_table(pa.table(columns), scores)
    (tmp_path / "shop.toml").write_text(CONFIG.replace("from_days = 1", "from_days = 1\nleast_probability = 0.1"))
    project = Project(tmp_path / "shop.toml")
    result = project.win_back_next(FIRST + timedelta(days=5), scores=scores)
    assert {row["customer_id"] for row in kept(project)} == {"c01", "c02"}
    assert result.figures.scores_of == "2024-05-01"
    with pytest.raises(InputError, match="another day than one up to 2024-04-30"):
        project.win_back_next(FIRST - timedelta(days=1), scores=scores)
    with pytest.raises(InputError, match="has no column customer_id"):
        project.win_back_next(FIRST, scores=_one_column(tmp_path))


def _one_column(folder: Path) -> Path:
    path = folder / "other.parquet"
    pq.write_table(pa.table({"x": [1]}), path)
    return path


@pytest.mark.slow
def test_the_report_holds_the_arms_against_each_other(shop: Project) -> None:
    for day in range(20):
        on(shop, day)
    early = shop.win_back_report(FIRST + timedelta(days=20))
    assert early.effect is None
    assert problems(json.loads(early.outputs[0].read_text()), "win_back_report") == []
    assert early.open == early.entered == len({row["customer_id"] for row in kept(shop)})
    report = shop.win_back_report(FIRST + timedelta(days=60))
    assert report.effect is not None
    control = {row["customer_id"] for row in kept(shop) if row["arm"] == "control"}
    back = {CUSTOMERS[place] for place in range(0, 20, 4)}
    entered = {row["customer_id"] for row in kept(shop)}
    assert (report.effect.control.customers, report.effect.control.stayed) == (len(control), len(control & back))
    assert (report.effect.called.customers, report.effect.called.stayed) == (
        len(entered - control),
        len((entered - control) & back),
    )
    assert report.effect.retention is not None
    assert problems(json.loads(report.outputs[0].read_text()), "win_back_report") == []
    assert report.steps["discount"].cost == report.steps["discount"].customers
    config = Path(shop.config.folders.outputs).parent / "shop.toml"
    command = CliRunner().invoke(app, ["win-back", "report", str(config), "--as-of", "2024-06-30", "-q"])
    assert "share who came back" in command.stdout
    assert "left alone" in command.stdout


@pytest.mark.slow
def test_without_a_control_group_the_effect_is_unknown(tmp_path: Path) -> None:
    write(tmp_path, sales())
    (tmp_path / "shop.toml").write_text(CONFIG.replace("control_share = 0.3", "control_share = 0"))
    project = Project(tmp_path / "shop.toml")
    on(project, 0)
    report = project.win_back_report(FIRST + timedelta(days=60))
    assert report.effect is not None
    assert report.effect.verdict == "unknown"
    assert problems(json.loads(report.outputs[0].read_text()), "win_back_report") == []
    words = ["win-back", "report", str(tmp_path / "shop.toml"), "--as-of", "2024-06-30", "-q"]
    command = CliRunner().invoke(app, words)
    assert "The effect is unknown" in command.stdout


def test_a_config_that_says_nothing_is_told_so(tmp_path: Path) -> None:
    write(tmp_path, sales())
    text = CONFIG[: CONFIG.index("[win_back]")] + CONFIG[CONFIG.index("[tracking]") :]
    (tmp_path / "shop.toml").write_text(text)
    with pytest.raises(ConfigError, match="says nothing of winning customers back"):
        Project(tmp_path / "shop.toml").win_back_next(FIRST)
    with pytest.raises(InputError, match="Nobody had entered before"):
        write(tmp_path, sales()).win_back_report(FIRST)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('name = "survey"', 'name = "reminder"', "reminder stands there more than once"),
        ("{offer}", "{ofer}", r"nothing is known as \{ofer\}.*Did you mean .offer"),
        ("{offer}", "{offer", "a brace is not closed"),
        ("to_days = 60", "to_days = 0", "to_days"),
        ("from_days = 1", "from_days = 61", "nobody is inactive for so few days"),
        ('channel = "post"', 'channel = "fax"', "channel"),
    ],
)
def test_contradictions_are_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    write(tmp_path, sales())
    (tmp_path / "shop.toml").write_text(CONFIG.replace(old, new, 1))
    with pytest.raises(ConfigError, match=f"(?s){said}"):
        Project(tmp_path / "shop.toml")


def test_a_step_counts_as_a_contact_for_call_lists() -> None:
    nothing = HISTORY.empty_table()
    today = day_number(FIRST)
    past = Past.of(nothing, today, "spring", {"ann": FIRST - timedelta(days=2)})
    assert past.last_reached == {"ann": today - 2}
    assert past.digest
    assert not Past.of(nothing, today, "spring").digest


def test_who_asks_not_to_be_called_is_on_no_later_list_whatever_the_day() -> None:
    """Files come late: the list of Monday is called on Wednesday, and the next one is that of Tuesday."""
    monday = FIRST
    row = {"customer_id": "ann", "list_id": "1", "campaign": "spring", "as_of": monday, "line_key": "k", "action": "call"}
    row |= {"arm": "callable", "rank": 1, "agent": "Eve", "day": monday + timedelta(days=2), "result": "do_not_call"}
    history = pa.Table.from_pylist([row | {"call_back": None}], HISTORY)
    past = Past.of(history, day_number(monday) + 1, "spring")
    assert past.never == {"ann"}
    assert past.digest != Past.of(HISTORY.empty_table(), day_number(monday) + 1, "spring").digest
    assert Past.of(history, day_number(monday), "spring").never == frozenset()  # the very list again is as it was
    assert Past.of(HISTORY.empty_table(), day_number(monday), "spring", silent=frozenset({"bob"})).never == {"bob"}


@pytest.mark.slow
def test_who_answers_do_not_call_is_called_by_nobody(shop: Project) -> None:
    for day in range(2):
        on(shop, day)
    customer = next(row["customer_id"] for row in kept(shop) if row["place"])
    assert shop.add_answers(answered(shop, f"{customer},do not call,2024-05-09", "nobody,do not call,")).stored == 1
    with store_of(shop.config) as store:
        assert store.asked_for_silence() == {customer}
    assert customer not in given(on(shop, 6))


def test_a_row_has_an_arm() -> None:
    with pytest.raises(ValueError, match="the arm of a row is one of callable, control"):
        StepTaken("ann", FIRST, 0, FIRST, "other")
