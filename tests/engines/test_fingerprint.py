"""The past of a source as sums of hashes: the same for the same rows, in any order and whoever else is a customer."""

from __future__ import annotations

import random

import pyarrow as pa
import pytest

HEADER = "customer,time,amount,status\n"
ROWS = [f"c{i % 7},2024-01-{1 + i % 20:02d} 1{i % 5}:00:00,{i},{'open' if i % 3 else 'done'}\n" for i in range(60)]


@pytest.fixture
def printed(shop):
    """The fingerprint of the orders in some lines."""

    def made(lines: list[str], header: str = HEADER, **changes) -> pa.Table:
        columns = {"customer": "customer", "time": "time", "amount": "amount"} | changes.pop("columns", {})
        signals = {"is_done": "status = 'done'"}
        loaded = shop.load(header + "".join(lines), columns=columns, signals=signals, **changes)
        return loaded.fingerprint("orders", changes.get("since", loaded.as_of))

    return made


def test_it_counts_rows_by_day_and_holds_a_sum_for_every_column(printed):
    table = printed(ROWS)
    assert table.column_names == ["day", "slot", "is_new", "rows", "key", "sum amount", "sum is_done"]
    assert sum(table["rows"].to_pylist()) == 60
    assert len(set(table["day"].to_pylist())) == 20
    assert table.schema.field("key").type == pa.uint64()


def test_neither_order_nor_other_customers_change_the_cells_of_a_customer(printed):
    shuffled = ROWS.copy()
    random.Random(1).shuffle(shuffled)
    before = printed(ROWS)
    assert printed(shuffled).equals(before)
    newcomer = printed([*ROWS, "a0,2024-01-21 10:00:00,1,open\n"])  # sorts before all others
    assert newcomer.slice(0, len(before)).equals(before)
    assert len(newcomer) == len(before) + 1


@pytest.mark.parametrize(
    ("line", "changed"),
    [
        ("c0,2024-01-01 10:00:00,0,open\n", {"sum is_done"}),
        ("c0,2024-01-01 10:00:00,0.01,done\n", {"sum amount"}),
        ("c0,2024-01-01 10:00:01,0,done\n", {"key", "sum amount", "sum is_done"}),
    ],
)
def test_a_changed_value_changes_the_sum_of_its_column_alone(printed, line, changed):
    assert ROWS[0] == "c0,2024-01-01 10:00:00,0,done\n"
    before, now = printed(ROWS), printed([line, *ROWS[1:]])
    assert {name for name in before.column_names if not before[name].equals(now[name])} == changed


def test_values_of_one_day_that_are_swapped_between_customers_are_noticed(printed):
    one, two = "c0,2024-01-01 10:00:00,1,done\n", "c1,2024-01-01 10:00:00,2,done\n"
    swapped = "c0,2024-01-01 10:00:00,2,done\n", "c1,2024-01-01 10:00:00,1,done\n"
    assert not printed([one, two])["sum amount"].equals(printed(list(swapped))["sum amount"])


def test_rows_known_only_later_are_told_apart(shop):
    lines = ["c0,2024-01-01 10:00:00,1,2024-01-01 12:00:00\n", "c0,2024-01-02 10:00:00,1,2024-01-09 12:00:00\n"]
    columns = {"customer": "customer", "time": "time", "amount": "amount", "known": "known"}
    loaded = shop.load("customer,time,amount,known\n" + "".join(lines), as_of=19_740, columns=columns)
    day = 19_723  # 2024-01-01
    for since, new in ((day + 1, [False, True]), (day + 8, [False, True]), (day + 9, [False, False])):
        table = loaded.fingerprint("orders", since)
        assert table["day"].to_pylist() == [day, day + 1]
        assert table["is_new"].to_pylist() == new
    assert "sum known" in table.column_names
