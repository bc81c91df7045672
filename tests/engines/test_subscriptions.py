"""Terms of contracts: how they arrive, what is refused, and how a contract of many terms becomes one row for each."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from churnscope.events.block import NO_DAY
from churnscope.roles import ROLES
from churnscope.snapshots import SnapshotPlan, build_snapshots
from churnscope.timeline import date_of, day_number

TERMS = ("start", "end", "ended", "cancelled", "reason", "price", "due", "paid", "failed")
CONTRACTS = ("start", "ended", "cancelled", "reason", "price")


@pytest.fixture
def contracts(shop, config, source):
    """Loads a source of contracts from the text of one CSV file, by default in Berlin."""

    def load(text, columns=TERMS, *, as_of=None, zone="Europe/Berlin", **changes):
        path = shop.write(",".join(("customer", *columns, "length")) + "\n" + text)
        mapped = {name: name for name in ("customer", *columns)}
        terms = source(path, role="subscriptions", columns=mapped, **changes)
        whole = config({"contracts": terms}, time_zone=zone, complete_through=date(2030, 1, 1))
        return shop.open(whole, as_of=as_of and day(as_of))

    return load


def day(text: str) -> int:
    return day_number(date.fromisoformat(text))


def shown(number: int) -> str:
    return "" if number == NO_DAY else date_of(number).isoformat()


def rolled(shop, loaded) -> list[tuple[str, ...]]:
    """First day, first day after, and day of an earlier end of each term."""
    return [tuple(map(shown, (row.day, row.end_day, row.ended_day))) for row in shop.rows(loaded, "subscriptions")]


def test_the_start_of_a_term_is_the_time_of_its_row(shop, contracts):
    (row,) = shop.rows(contracts("a,2024-01-31,2024-02-29,,,,9.99,,,,\n"), "subscriptions")
    assert (shown(row.day), shown(row.end_day), row.price) == ("2024-01-31", "2024-02-29", 999)
    assert row.time == datetime(2024, 1, 31, tzinfo=ZoneInfo("Europe/Berlin")).timestamp() * 1_000_000
    assert (row.ended_day, row.cancelled_day) == (NO_DAY, NO_DAY)


def test_terms_may_overlap_and_be_open_ended(shop, contracts):
    loaded = contracts("a,2024-01-01,,,,,,,,,\na,2024-01-01,2025-01-01,,,,,,,,\na,2024-02-01,,,,,,,,,\n")
    assert loaded.reports[0].used == 3
    assert [shown(row.end_day) for row in shop.rows(loaded, "subscriptions")].count("") == 2


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ("a,2024-01-02,2024-01-01,,,,,,,,", "before_its_begin:end"),
        ("a,2024-01-02,,2024-01-01,,,,,,,", "before_its_begin:ended"),
        ("a,,2024-01-01,,,,,,,,", "missing:start"),
        ("a,soon,2024-01-01,,,,,,,,", "not_a_date:start"),
    ],
)
def test_a_term_that_ends_before_it_starts_is_quarantined(contracts, row, rule):
    good = "a,2024-01-01,2024-01-01,2024-01-01,2023-12-01,,,2023-12-15,2023-12-15,false,\n"  # bill and notice may be early
    report = contracts(row + "\n" + good).reports[0]
    assert (report.quarantined, report.used) == ({rule: 1}, 1)


def test_what_is_told_later_is_not_there_before(shop, contracts):
    text = "a,2024-01-01,2024-02-01,2024-01-20,2024-01-10,payment,5,2024-01-05,2024-01-08,true,\n"
    for as_of, told in (("2024-01-08", ""), ("2024-01-09", "paid"), ("2024-01-11", "cancelled"), ("2024-01-21", "ended")):
        (row,) = shop.rows(contracts(text, as_of=as_of), "subscriptions")
        seen = [name for name in ("paid", "cancelled", "ended") if getattr(row, f"{name}_day") != NO_DAY]
        assert seen == ["paid", "cancelled", "ended"][: ["", "paid", "cancelled", "ended"].index(told)]
        assert (row.reason == ROLES["subscriptions"].column("reason").code("payment")) == (told == "ended")
        assert row.failed  # told on the day on which the payment was due


def test_months_are_those_of_the_calendar_and_end_on_its_last_day(shop, contracts):
    loaded = contracts("a,2024-01-31,,,,7,1\n", CONTRACTS, as_of="2024-04-30", rolling={"months": "1"})
    assert rolled(shop, loaded) == [
        ("2024-01-31", "2024-02-29", ""),
        ("2024-02-29", "2024-03-31", ""),
        ("2024-03-31", "2024-04-30", ""),
    ]
    assert [row.price for row in shop.rows(loaded, "subscriptions")] == [700, 700, 700]
    assert loaded.reports[0].rows_in == loaded.reports[0].used == 1


def test_a_term_starts_at_midnight_whether_or_not_it_is_summer(shop, contracts):
    loaded = contracts("a,2024-03-01,,,,,\n", CONTRACTS, as_of="2024-05-01", rolling={"days": "31"})
    rows = shop.rows(loaded, "subscriptions")
    assert [shown(row.day) for row in rows] == ["2024-03-01", "2024-04-01"]
    assert [datetime.fromtimestamp(row.time / 1e6, UTC).hour for row in rows] == [23, 22]
    assert rows[0].end == rows[1].time


@pytest.mark.parametrize(
    ("ended", "terms"),
    [
        ("2024-01-15", [("2024-01-01", "2024-02-01", "2024-01-15")]),
        ("2024-02-01", [("2024-01-01", "2024-02-01", "2024-02-01")]),
        ("2024-02-01 00:00:01", [("2024-01-01", "2024-02-01", ""), ("2024-02-01", "2024-03-01", "2024-02-01")]),
        ("2024-01-01", [("2024-01-01", "2024-02-01", "2024-01-01")]),
        ("", [("2024-01-01", "2024-02-01", ""), ("2024-02-01", "2024-03-01", "")]),
    ],
)
def test_a_contract_runs_until_it_ended_and_only_its_last_term_says_so(shop, contracts, ended, terms):
    loaded = contracts(f"a,2024-01-01,{ended},2024-01-10,moved,,\n", CONTRACTS, as_of="2024-03-01", rolling={"months": "1"})
    assert rolled(shop, loaded) == terms
    rows = shop.rows(loaded, "subscriptions")
    assert [row.reason != 0 for row in rows] == [bool(term[2]) for term in terms]
    assert [shown(row.cancelled_day) for row in rows] == ["2024-01-10", *[""] * (len(terms) - 1)]


def test_an_end_that_is_not_told_yet_shortens_no_contract(shop, contracts):
    text = "a,2024-01-01,2024-02-20,,,,\n"
    assert rolled(shop, contracts(text, CONTRACTS, as_of="2024-02-20", rolling={"months": "1"}))[-1][2] == ""
    assert rolled(shop, contracts(text, CONTRACTS, as_of="2024-02-21", rolling={"months": "1"}))[-1][2] == "2024-02-20"


@pytest.mark.parametrize("length", ["", "0", "1.5", "-3", "2000", "x"])
def test_a_contract_without_a_length_of_term_is_quarantined(contracts, length):
    text = f"a,2024-01-01,,,,,{length}\nb,2024-01-01,,,,,12\n"
    report = contracts(text, CONTRACTS, rolling={"months": "TRY_CAST(length AS DOUBLE)"}).reports[0]
    assert (report.quarantined, report.used) == ({"term_length": 1}, 1)


def test_terms_are_as_late_as_their_contract(shop, contracts):
    """Where rows say when they arrived, all terms are known from then; otherwise each arrives its delay after its start."""
    text = "a,2024-01-01,2024-01-20,1\n"
    known = contracts(text, ("start", "known"), as_of="2024-04-01", rolling={"months": "1"})
    assert [shown(row.visible_day) for row in shop.rows(known, "subscriptions")] == ["2024-01-20"] * 3
    text = "a,2024-01-01,1\n"
    late = contracts(text, ("start",), as_of="2024-04-01", rolling={"months": "1"}, delay_days=2)
    assert [shown(row.visible_day) for row in shop.rows(late, "subscriptions")] == ["2024-01-03", "2024-02-03", "2024-03-03"]


def test_rolled_and_single_terms_stand_side_by_side(shop, config, source):
    one = shop.write("customer,start,end\na,2024-01-15,2024-01-20\n", "one.csv")
    many = shop.write("customer,start\na,2024-01-01\nb,2024-01-01\n", "many.csv")
    columns = {"customer": "customer", "start": "start"}
    sources = {
        "one": source(one, role="subscriptions", columns={**columns, "end": "end"}),
        "many": source(many, role="subscriptions", columns=columns, rolling={"days": "20"}),
    }
    loaded = shop.open(config(sources, complete_through=date(2024, 1, 31)))
    found = [(row.id, shown(row.day), shown(row.end_day), row.source) for row in shop.rows(loaded, "subscriptions")]
    assert found == [
        ("a", "2024-01-01", "2024-01-21", 1),
        ("a", "2024-01-15", "2024-01-20", 0),
        ("a", "2024-01-21", "2024-02-10", 1),
        ("b", "2024-01-01", "2024-01-21", 1),
        ("b", "2024-01-21", "2024-02-10", 1),
    ]


def months_later(begin: date, months: int) -> date:
    """The same day of a later month, or its last one."""
    first = date(begin.year + (begin.month - 1 + months) // 12, (begin.month - 1 + months) % 12 + 1, 1)
    last = (date(first.year + first.month // 12, first.month % 12 + 1, 1) - timedelta(1)).day
    return first.replace(day=min(begin.day, last))


def terms_of(begin: date, months: int, ended: date | None, as_of: date) -> list[tuple[str, str]]:
    """First day and first day after of every term, one after another."""
    found, k = [], 0
    while k == 0 or ((start := months_later(begin, k * months)) < as_of and (ended is None or start < ended)):
        found.append((months_later(begin, k * months).isoformat(), months_later(begin, (k + 1) * months).isoformat()))
        k += 1
    return found


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Beirut", "America/New_York"])
def test_terms_are_those_of_the_calendar(shop, contracts, zone):
    rng, as_of = np.random.default_rng(3), date(2025, 1, 1)
    drawn = [
        (
            f"c{number:03}",
            date(2019, 1, 1) + timedelta(int(rng.integers(0, 1_800))),
            int(rng.integers(1, 25)),
            int(rng.integers(0, 1_500)) if rng.random() < 0.6 else None,
        )
        for number in range(150)
    ]
    ends = {who: begin + timedelta(lasted) if lasted is not None else None for who, begin, _, lasted in drawn}
    text = "".join(f"{who},{begin},{ends[who] or ''},{months}\n" for who, begin, months, _ in drawn)
    loaded = contracts(text, ("start", "ended"), as_of=as_of.isoformat(), zone=zone, rolling={"months": "length"})
    rows = shop.rows(loaded, "subscriptions")
    for who, begin, months, _ in drawn:
        own, ended = [row for row in rows if row.id == who], ends[who]
        assert [(shown(row.day), shown(row.end_day)) for row in own] == terms_of(begin, months, ended, as_of)
        told = [shown(row.ended_day) for row in own if row.ended_day != NO_DAY]
        assert told == ([ended.isoformat()] if ended and ended < as_of else [])
        assert all(earlier.end == later.time for earlier, later in pairwise(own))


def test_contracts_and_their_terms_written_out_give_the_same_table(shop, config, source):
    """Population, label and every feature."""
    rng, rolling, written = np.random.default_rng(5), ["customer,start,ended,months\n"], ["customer,start,end,ended\n"]
    for number in range(120):
        begin, months = date(2022, 1, 31) + timedelta(int(rng.integers(0, 800))), int(rng.choice([1, 3, 12]))
        ended = begin + timedelta(int(rng.integers(10, 900))) if rng.random() < 0.7 else None
        rolling.append(f"c{number},{begin},{ended or ''},{months}\n")
        for start, end in terms_of(begin, months, ended, date(2025, 1, 1)):
            is_last = ended is not None and ended <= date.fromisoformat(end)
            written.append(f"c{number},{start},{end},{ended if is_last else ''}\n")
    columns = {"customer": "customer", "start": "start", "ended": "ended"}
    sources = [
        source(
            shop.write("".join(rolling), "rolling.csv"), role="subscriptions", columns=columns, rolling={"months": "months"}
        ),
        source(shop.write("".join(written), "written.csv"), role="subscriptions", columns=columns | {"end": "end"}),
    ]
    changes = {
        "complete_through": date(2024, 12, 31),
        "activity": {"rules": [{"source": "contracts", "in_force": True, "grace_days": 7}]},
        "label": {"kind": "contract_end"},
        "prediction": {"horizon_days": 40},
    }
    tables = []
    for one in sources:
        whole = config({"contracts": one}, **changes)
        loaded = shop.open(whole)
        plan = SnapshotPlan.from_config(whole, loaded, [day("2023-06-01"), day("2024-03-31"), day("2024-11-01")])
        tables.append(build_snapshots(loaded.blocks(), plan, threads=1))
    assert len(tables[0].customer) > 100
    assert {0, 1} <= set(tables[0].churned.tolist())
    for name in ("customer", "cutoff", "churned", "features"):
        np.testing.assert_array_equal(getattr(tables[0], name), getattr(tables[1], name))
