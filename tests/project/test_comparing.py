"""Active against inactive customers end to end: counted by hand, blind to what comes later, and honest about chance."""

from __future__ import annotations

import csv
import json
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import date, timedelta
from io import StringIO
from pathlib import Path

import numpy as np
import pytest

from churnscope.cli.app import app
from churnscope.evaluation.side_by_side import contrast
from churnscope.operations.logs import silent
from churnscope.project import Project
from churnscope.project.lifecycle.comparing import compare
from churnscope.project.lifecycle.key_events import key_events
from churnscope.project.session import loaded_data
from churnscope.timeline import day_number

from .test_schemas import problems

AS_OF = date(2023, 2, 27)
FIRST = date(2022, 1, 3)
PRODUCTS = 12
MARKS = 60
CONFIG = """
name = "corner_shop"
complete_through = 2023-02-26

[sources.sales]
role = "purchases"
format = "csv"
files = "sales.csv"
columns = { customer = "customer", time = "time", amount = "amount", order = "order_no", product = "product" }
signals = { lucky = "lucky", warned = "warned" }
types = { lucky = "boolean", warned = "boolean", amount = "number" }

[sources.tickets]
role = "support"
format = "csv"
files = "tickets.csv"
columns = { customer = "customer", time = "opened", resolved = "resolved" }

[sources.people]
role = "customers"
format = "csv"
files = "people.csv"
columns = { customer = "customer", birthday = "born", loyalty_since = "card" }

[activity]
rules = [{ source = "sales", days = 60 }]

[prediction]
horizon_days = 30

[processes.support]
steps = [{ source = "tickets" }, { at = "resolved" }]
within_days = 3

[occasions.card]
source = "people"
column = "loyalty_since"

[tracking]
enabled = false
"""


@dataclass(frozen=True)
class Line:
    customer: str
    day: date
    amount: float
    order: str
    product: str
    lucky: bool
    warned: bool
    draws: str = ""  # digits at random

    @property
    def row(self) -> tuple[object, ...]:
        return (self.customer, self.day, self.amount, self.order, self.product, self.lucky, self.warned, self.draws)


@dataclass(frozen=True)
class Corner:
    """The rows of a shop in which a mark of the last purchases tells who leaves, and another one nothing."""

    sales: tuple[Line, ...]
    tickets: tuple[tuple[str, date, date | None], ...]
    people: tuple[tuple[str, date, date | None], ...]

    @classmethod
    def of(cls, seed: int, customers: int = 300) -> Corner:
        rng = np.random.default_rng(seed)
        sales, tickets, people = [], [], []
        days = (AS_OF - FIRST).days
        for number in range(customers):
            name, day, stops = f"c{number:03d}", float(rng.uniform(0, 200)), float(rng.uniform(60, 700))
            gap = rng.gamma(3, 5)
            while day < min(stops, days):
                warned = bool(rng.random() < (0.6 if stops - day < 20 else 0.05))
                on, order = FIRST + timedelta(days=int(day)), f"o{len(sales)}"
                for _ in range(int(rng.integers(1, 3))):
                    product = f"p{rng.integers(PRODUCTS):02d}"
                    draws = "d" + "".join(map(str, rng.integers(0, 10, MARKS)))
                    sales.append(
                        Line(name, on, float(rng.integers(1, 40)), order, product, bool(rng.random() < 0.1), warned, draws)
                    )
                day += 1 + rng.exponential(gap)
            if rng.random() < 0.3:
                opened = FIRST + timedelta(days=int(rng.integers(0, days)))
                tickets.append((name, opened, opened + timedelta(days=int(rng.integers(0, 6))) if rng.random() < 0.8 else None))
            born = date(1980, 1, 1) + timedelta(days=int(rng.integers(0, 4000)))
            people.append((name, born, FIRST + timedelta(days=int(rng.integers(0, 300))) if rng.random() < 0.5 else None))
        return cls(tuple(sales), tuple(tickets), tuple(people))

    def project(self, folder: Path) -> Project:
        self._write(
            folder / "sales.csv", "customer,time,amount,order_no,product,lucky,warned,draws", [line.row for line in self.sales]
        )
        self._write(folder / "tickets.csv", "customer,opened,resolved", self.tickets)
        self._write(folder / "people.csv", "customer,born,card", self.people)
        (folder / "config.toml").write_text(CONFIG)
        return Project(folder / "config.toml")

    @staticmethod
    def _write(path: Path, header: str, rows: object) -> None:
        lines = [",".join("" if cell is None else str(cell).lower() for cell in row) for row in rows]
        path.write_text("\n".join([header, *lines]) + "\n")


@pytest.fixture(scope="module")
def corner() -> Corner:
    return Corner.of(0)


@pytest.fixture(scope="module")
def told(corner: Corner, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Where the command wrote, and what it printed."""
    folder, printed = tmp_path_factory.mktemp("corner"), StringIO()
    corner.project(folder)
    with redirect_stdout(printed), pytest.raises(SystemExit) as left:
        app(["lifecycle", str(folder / "config.toml"), "--all", "--quiet"])
    assert not left.value.code
    return folder / "outputs" / "corner_shop" / "lifecycle" / AS_OF.isoformat(), printed.getvalue()


@pytest.fixture(scope="module")
def folder(told: tuple[Path, str]) -> Path:
    return told[0]


@pytest.fixture(scope="module")
def figures(folder: Path) -> dict[str, dict]:
    return json.loads((folder / "figures.json").read_bytes())


def test_all_that_is_told_fits_its_schema(figures: dict[str, dict]) -> None:
    assert {"processes", "occasions", "purchased", "key_events"} <= figures.keys()
    assert problems(figures, "lifecycle") == []


def table(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / name).open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_groups_and_means_are_those_of_the_rows(corner: Corner, figures: dict[str, dict]):
    bought: dict[str, list[Line]] = {}
    for line in corner.sales:
        bought.setdefault(line.customer, []).append(line)
    active = {who for who, lines in bought.items() if max(line.day for line in lines) >= AS_OF - timedelta(days=60)}
    found = figures["active_inactive"]
    assert (found["active"], found["inactive"]) == (len(active), len(bought) - len(active))

    def spent(who: str) -> float:
        return sum(line.amount for line in bought[who] if line.day >= AS_OF - timedelta(days=365))

    def orders(who: str) -> int:
        return len({line.order for line in bought[who] if line.day >= AS_OF - timedelta(days=90)})

    measures = {row["measure"]: row for row in found["measures"]}
    for name, told in (("revenue_365d", spent), ("sales_count_90d", orders)):
        expected = contrast([told(who) for who in active], [told(who) for who in bought.keys() - active])
        row = measures[name]
        assert row["active_mean"] == pytest.approx(expected.one.mean.value)
        assert row["inactive_median"] == pytest.approx(expected.other.median.value)
        assert row["difference_low"] == pytest.approx(expected.difference.low)
        assert "definition" in row["remark"]
    member = {who for who, _, card in corner.people if card is not None}
    assert measures["loyalty_joined"]["active_mean"] == pytest.approx(len(active & member) / len(active))
    assert "satisfaction" in measures["asked_365d"]["remark"]


def test_revenue_by_tenth_sums_to_all(figures: dict[str, dict]):
    assert sum(figures["revenue_by_tenth"]["tenths"]) == pytest.approx(1, abs=1e-4)
    assert figures["revenue_by_tenth"]["tenths"] == sorted(figures["revenue_by_tenth"]["tenths"], reverse=True)


def test_products_have_their_names_and_customers(corner: Corner, folder: Path):
    rows = table(folder, "purchased.csv")
    since = AS_OF - timedelta(days=30)
    expected = {}
    for line in corner.sales:
        if line.day >= since:
            expected.setdefault(line.product, set()).add(line.customer)
    assert {row["name"]: int(row["customers"]) for row in rows if int(row["customers"])} == {
        name: len(who) for name, who in expected.items()
    }
    assert not any(row["change"] for row in rows)


def test_tickets_are_late_after_three_days(corner: Corner, figures: dict[str, dict]):
    (support,) = [each for each in figures["processes"]["processes"] if each["name"] == "support"]
    recent = [(opened, done) for _, opened, done in corner.tickets if opened >= AS_OF - timedelta(days=365)]
    ends = [(opened, done if done is not None and done < AS_OF else None) for opened, done in recent]
    late = sum(((done or AS_OF) - opened).days > 3 for opened, done in ends)
    good = sum(done is not None and (done - opened).days <= 3 for opened, done in ends)
    assert (support["cases"], support["late"], support["finished"]) == (len(recent), late, good)
    assert support["failure_share"] == pytest.approx(late / (late + good))


def test_occasions_name_who_has_one_soon(corner: Corner, folder: Path):
    soon = [AS_OF + timedelta(days=ahead) for ahead in range(30)]
    expected = {
        (who, name)
        for who, born, card in corner.people
        for name, day in (("birthday", born), ("card", card))
        if day is not None
        and any((day.month, min(day.day, 28)) == (at.month, min(at.day, 28)) and _same(day, at) for at in soon)
    }
    rows = table(folder, "occasions.csv")
    assert {(row["customer_id"], row["occasion"]) for row in rows} == expected
    assert [int(row["days_ahead"]) for row in rows if row["occasion"] == "birthday"] == sorted(
        (date.fromisoformat(row["date"]) - AS_OF).days for row in rows if row["occasion"] == "birthday"
    )


def _same(day: date, at: date) -> bool:
    return day.day == at.day or (day.month, day.day, at.day) == (2, 29, 28)


def test_the_mark_that_tells_is_found_and_the_other_is_not(figures: dict[str, dict]):
    events = {row["event"]: row for row in figures["key_events"]["events"]}
    assert events["sales warned"]["tells"]
    assert events["sales warned"]["low"] > 0.05
    assert not events["sales lucky"]["tells"]
    assert events["sales warned"]["matched"] + events["sales warned"]["unmatched"] == events["sales warned"]["exposed"]


@pytest.mark.slow
def test_marks_at_random_are_rarely_significant(tmp_path: Path):
    """Whoever buys more has one more often, and leaves less: only those with as many rows may be compared."""
    Corner.of(1).project(tmp_path)
    path, marks = tmp_path / "config.toml", [f"mark_{number}" for number in range(MARKS)]
    drawn = ", ".join(f"{mark} = \"substr(draws, {place}, 1) = '0'\"" for place, mark in enumerate(marks, 2))
    path.write_text(path.read_text().replace('warned = "warned" }', f'warned = "warned", {drawn} }}'))
    with loaded_data(Project(path).config, None, silent) as loaded:
        found = key_events(Project(path).config, loaded, silent)
    assert found is not None
    p = np.array([each.found.p for each in found.events if each.event.column in marks])
    assert len(p) == len(marks)
    assert np.mean(p < 0.05) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / len(p))


def test_what_comes_later_changes_nothing(corner: Corner, tmp_path: Path):
    later = [
        Line(line.customer, AS_OF + timedelta(days=ahead), 99.0, "late", "p00", lucky=True, warned=True)
        for ahead in (0, 3)
        for line in corner.sales[:80]
    ]
    answers = []
    for name, rows in (("as_it_was", corner.sales), ("with_more", (*corner.sales, *later))):
        (tmp_path / name).mkdir()
        config = Corner(rows, corner.tickets, corner.people).project(tmp_path / name).config
        with loaded_data(config, day_number(AS_OF), silent) as loaded:
            compared, events = compare(config, loaded, silent), key_events(config, loaded, silent)
            assert events is not None
            answers.append(
                (
                    [each.row() for each in compared.measures],
                    compared.concentration,
                    [each.rows() for each in compared.purchased],
                    compared.processes,
                    [each.day.tolist() for each in compared.occasions],
                    events.to_json(),
                )
            )
    assert repr(answers[0]) == repr(answers[1])


@pytest.mark.slow
def test_what_customers_are_worth_is_compared_once_it_is_known(corner: Corner, tmp_path: Path):
    corner.project(tmp_path)
    path = tmp_path / "config.toml"
    path.write_text(path.read_text() + '[value]\nmodel = "mbg_nbd"\n')
    project = Project(path)
    with loaded_data(project.config, None, silent) as loaded:
        assert not any(each.topic == "value" for each in compare(project.config, loaded, silent).measures)
        values = project.value().frame().table
        (worth, _) = (each for each in compare(project.config, loaded, silent).measures if each.topic == "value")
    total = worth.contrast.one.total + worth.contrast.other.total
    assert total == pytest.approx(sum(values["value"].to_pylist()))


def test_the_command_prints_it(told: tuple[Path, str]):
    for words in (
        "Active against inactive customers",
        "Who makes the revenue",
        "What recent purchasers buy",
        "support: tickets to resolved",
        "sales: warned *",
        "only a trial can tell",
        "part of the definition of active, so that the groups must differ: purchases in 90 days (sales)",
    ):
        assert words in told[1]
