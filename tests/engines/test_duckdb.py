from __future__ import annotations

import itertools
import random
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from churnscope.config.load import load_config
from churnscope.engines.duckdb import open_engine
from churnscope.errors import ConfigError, InputError
from churnscope.events.block import NO_DAY
from churnscope.sources.zones import FIRST_DAY

HEADER = "customer,time,amount\n"
DATA = Path(__file__).parents[2] / "data" / "online_retail"
HOUR = 3_600_000_000


@pytest.mark.slow
def test_online_retail_counts_rows_kept_once_from_two_overlapping_files():
    config = load_config(Path(__file__).parents[2] / "configs" / "online_retail.toml")
    with open_engine(config) as engine:
        loaded = engine.load()
        report = loaded.reports[0]
        rows = sum(len(block.logs["purchases"].time) for block in loaded.blocks())
    assert report.rows_in == 1_067_370
    assert report.ignored["overlap"] == 22_523
    assert report.rows_in - report.ignored["overlap"] == 1_044_847
    assert report.missing_ids == 107_927 + 135_080
    assert report.used + sum(report.quarantined.values()) + sum(report.ignored.values()) == report.rows_in
    assert rows == report.used


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [(1, 1, 1), (2, 1, 2), (1, 3, 3), (2, 2, 2), (3, 0, 3)],
    ids=str,
)
def test_overlap_keeps_a_row_as_often_as_the_file_that_has_it_most(shop, config, source, first, second, kept):
    row = "a,2024-01-01,5\n"
    one = shop.write(HEADER + row * first + "b,2024-01-01,1\n", "one.csv")
    two = shop.write(HEADER + row * second + "c,2024-01-01,1\n", "two.csv")
    loaded = shop.open(config({"orders": source([{"path": str(one)}, {"path": str(two)}], overlap="max")}))
    assert [row.id for row in shop.rows(loaded)] == ["a"] * kept + ["b", "c"]
    assert loaded.reports[0].ignored.get("overlap", 0) == first + second - kept
    assert loaded.reports[0].duplicates == kept - 1


def test_duplicates_are_kept_and_counted_or_dropped(shop):
    content = HEADER + "a,2024-01-01,5\n" * 3 + "a,2024-01-01,6\n"
    kept, dropped = shop.load(content), shop.load(content, duplicates="drop")
    assert (kept.reports[0].used, kept.reports[0].duplicates) == (4, 2)
    assert (dropped.reports[0].used, dropped.reports[0].ignored) == (2, {"duplicate": 2})


def test_files_of_one_source_may_name_and_order_their_columns_differently(shop, config, source):
    one = shop.write(HEADER + "a,2024-01-01,5\n", "one.csv")
    two = shop.write("Wert,Datum,Kunde,Notiz\n7,2024-01-02,b,x\n", "two.csv.gz")
    rename = {"Kunde": "customer", "Datum": "time", "Wert": "amount"}
    loaded = shop.open(config({"orders": source([{"path": str(one)}, {"path": str(two), "rename": rename}])}))
    assert [(row.id, row.amount) for row in shop.rows(loaded)] == [("a", 500), ("b", 700)]
    assert "Columns that nothing reads: Notiz." in loaded.reports[0].advice


def test_a_column_missing_in_the_second_file_names_that_file(shop, config, source):
    one = shop.write(HEADER + "a,2024-01-01,5\n", "one.csv")
    two = shop.write("customer,time,amont\na,2024-01-01,5\n", "two.csv")
    with pytest.raises(InputError, match=r'two\.csv: .*no column amount.*\n.*Did you mean "amont"'):
        shop.open(config({"orders": source([{"path": str(one)}, {"path": str(two)}])}))


def test_a_folder_and_a_glob_read_their_files_in_order(shop, config, source):
    for month in ("01", "02"):
        shop.write(HEADER + f"c{month},2024-{month}-01,5\n", f"{month}.csv")
    for path in (shop.folder, shop.folder / "0*.csv"):
        loaded = shop.open(config({"orders": source(path)}))
        assert [file.path for file in loaded.reports[0].files] == ["01.csv", "02.csv"]
        assert list(loaded.ids()) == ["c01", "c02"]


def test_rows_are_ignored_by_condition_by_missing_customer_and_by_day(shop):
    content = HEADER + "a,2024-01-01,5\na,2024-01-02,-5\n,2024-01-01,5\nb,2024-01-10,5\n"
    loaded = shop.load(content, as_of=19_725, where="amount > 0", types={"amount": "number"}, missing_customer="ignore")
    report = loaded.reports[0]
    assert report.ignored == {"where": 1, "no_customer": 1, "after_as_of": 1}
    assert (report.used, report.missing_ids, report.customers, loaded.n_customers) == (1, 1, 1, 1)
    assert (report.first_day, report.last_day, loaded.first_day) == (19_723, 19_723, 19_723)
    assert list(loaded.ids()) == ["a"]


def test_the_data_are_complete_to_the_newest_row_of_the_active_sources(shop, config, source):
    orders = shop.write(HEADER + "a,2024-01-05 23:59:59,5\n", "orders.csv")
    visits = shop.write("customer,time\na,2024-03-01\n", "visits.csv")
    sources = {
        "orders": source(orders),
        "visits": source(visits, role="engagement", columns={"customer": "customer", "time": "time"}),
    }
    loaded = shop.open(config(sources))
    assert (loaded.complete_through, loaded.as_of) == (19_727, 19_728)
    assert loaded.reports[1].ignored == {"after_as_of": 1}
    declared = shop.open(config(sources), as_of=19_700)
    assert (declared.complete_through, declared.as_of, declared.n_customers) == (19_699, 19_700, 0)


def test_several_sources_of_one_role_become_one_log(shop, config, source):
    shop_rows = shop.write(HEADER + "b,2024-01-02,5\na,2024-01-01,2\n", "shop.csv")
    web_rows = shop.write("customer,time,units\na,2024-01-03,4\n", "web.csv")
    columns = {"customer": "customer", "time": "time", "quantity": "units"}
    loaded = shop.open(config({"shop": source(shop_rows), "web": source(web_rows, columns=columns)}), as_of=19_800)
    assert loaded.places == {"shop": ("purchases", 0), "web": ("purchases", 1)}
    assert loaded.columns == {"purchases": frozenset({"amount", "quantity", "is_return", "source", "minute_of_day"})}
    rows = [(row.id, row.day, row.amount, row.quantity, row.source) for row in shop.rows(loaded)]
    assert str(rows) == str(
        [("a", 19_723, 200, float("nan"), 0), ("a", 19_725, 0, 4.0, 1), ("b", 19_724, 500, float("nan"), 0)]
    )


def test_signals_and_flags_travel_in_their_kinds(shop):
    content = "customer,time,amount,units,text\na,2024-01-01,-5,2,x\na,2024-01-02,150,-1,\na,2024-01-03,0,1,x\n"
    loaded = shop.load(
        content,
        columns={"customer": "customer", "time": "time", "amount": "amount", "quantity": "units", "product": "text"},
        types={"amount": "number", "units": "number"},
        signals={"big": "amount > 100", "double_units": "units * 2"},
    )
    (block,) = loaded.blocks()
    signals = block.logs["purchases"].signals
    assert {name: values.dtype.kind for name, values in signals.items()} == {
        "amount": "i",
        "quantity": "f",
        "product": "i",
        "is_return": "b",
        "big": "b",
        "double_units": "f",
        "minute_of_day": "i",
    }
    assert signals["is_return"].tolist() == [True, True, False]
    assert signals["big"].tolist() == [False, True, False]
    assert signals["double_units"].tolist() == [4, -2, 2]
    assert signals["product"].tolist() == [signals["product"][2], 0, signals["product"][0]]
    assert loaded.reports[0].counted == {"zero_amount": 1}
    assert all(values.flags.c_contiguous for values in signals.values())


def test_money_is_counted_in_units_of_the_resolution(shop):
    loaded = shop.load(HEADER + "a,2024-01-01,1.255\na,2024-01-02,-1.255\na,2024-01-03,2.5\n", settings={"resolution": 0.5})
    assert [row.amount for row in shop.rows(loaded)] == [3, -3, 5]


@pytest.mark.parametrize(
    ("ready_hours", "delay_days", "known", "visible"),
    [
        # A row of 2024-01-01 12:00; cutoff day 19724 is 2024-01-02.
        (0, 0, "2024-01-01 12:00:00", 19_724),
        (0, 0, "2024-01-02 00:00:00", 19_724),  # known at the cutoff itself: known <= cutoff
        (0, 0, "2024-01-02 00:00:01", 19_725),
        (6, 0, "2024-01-02 06:00:00", 19_724),  # the job runs at six
        (6, 0, "2024-01-02 06:00:01", 19_725),
        (0, 0, "2024-01-20 09:00:00", 19_743),
        (0, 2, None, 19_726),
        (12, 1, None, 19_724),
        (13, 1, None, 19_724),
        (11, 1, None, 19_725),
    ],
)
def test_a_row_is_visible_from_the_first_cutoff_at_which_it_is_known(shop, ready_hours, delay_days, known, visible):
    columns = {"customer": "customer", "time": "time"} | ({"known": "known"} if known else {})
    loaded = shop.load(
        f"customer,time,known\na,2024-01-01 12:00:00,{known}\n",
        as_of=19_800,
        columns=columns,
        delay_days=delay_days,
        settings={"prediction": {"horizon_days": 30, "ready_hours": float(ready_hours)}},
    )
    assert [row.visible_day for row in shop.rows(loaded)] == [visible]


def test_rows_not_yet_known_on_the_day_are_ignored_and_counted(shop):
    columns = {"customer": "customer", "time": "time", "known": "known"}
    content = "customer,time,known\na,2024-01-01,2024-01-01\nb,2024-01-01,2024-01-09\n"
    loaded = shop.load(content, as_of=19_725, columns=columns)
    assert loaded.reports[0].ignored == {"not_known_yet": 1}
    assert list(loaded.ids()) == ["a"]


LONDON = [
    ("2024-03-31 00:59:59", 1_711_846_799, None),
    ("2024-03-31 01:30:00", 1_711_848_600, "skipped_hour"),  # moves forward: half past two in summer time
    ("2024-03-31 02:00:00", 1_711_846_800, None),
    ("2024-10-27 00:59:59", 1_729_987_199, None),
    ("2024-10-27 01:30:00", 1_729_989_000, "repeated_hour"),  # the first of the two, in summer time
    ("2024-10-27 02:00:00", 1_729_994_400, None),
]


@pytest.mark.parametrize(("wall", "instant", "odd"), LONDON)
def test_odd_wall_times_in_london(shop, wall, instant, odd):
    loaded = shop.load(HEADER + f"a,{wall},5\n", settings={"time_zone": "Europe/London"})
    (row,) = shop.rows(loaded)
    assert row.time == instant * 1_000_000
    assert loaded.reports[0].counted == ({odd: 1} if odd else {})


def test_a_day_that_was_skipped_moves_forward(shop):
    loaded = shop.load(HEADER + "a,2011-12-30 12:00:00,5\na,2011-12-31 12:00:00,5\n", settings={"time_zone": "Pacific/Apia"})
    assert [row.day for row in shop.rows(loaded)] == [15_339, 15_339]
    assert loaded.reports[0].counted == {"skipped_hour": 1}


def test_times_with_offset_fall_on_the_local_day(shop):
    content = HEADER + "a,2024-01-01T23:30:00-05:00,5\na,2024-01-02T04:30:00Z,5\n"
    loaded = shop.load(content, settings={"time_zone": "America/New_York"})
    rows = shop.rows(loaded)
    assert {row.time for row in rows} == {1_704_169_800_000_000}
    assert {row.day for row in rows} == {19_723}


def test_a_source_may_have_a_time_zone_of_its_own(shop):
    loaded = shop.load(HEADER + "a,2024-01-01 01:00:00,5\n", time_zone="Asia/Kathmandu")
    (row,) = shop.rows(loaded)
    assert (row.time, row.day) == (1_704_050_100_000_000, 19_722)


def test_order_headers_are_joined_to_their_lines(shop, config, source):
    lines = shop.write("invoice,amount\n1,5\n1,6\n2,7\n3,8\n", "lines.csv")
    headers = shop.write("number,customer,time\n1,a,2024-01-01\n2,b,2024-01-02\n", "headers.csv")
    join = {"files": str(headers), "on": {"invoice": "number"}}
    loaded = shop.open(config({"orders": source(lines, join=join)}))
    assert [(row.id, row.amount) for row in shop.rows(loaded)] == [("a", 500), ("a", 600), ("b", 700)]
    assert loaded.reports[0].quarantined == {"no_match": 1}
    assert [file.path for file in loaded.reports[0].files] == ["lines.csv", "headers.csv"]
    assert '"lines.csv",5,"no_match","3"' in (shop.quarantine / "orders.csv").read_text()


def test_joined_keys_that_repeat_are_refused(shop, config, source):
    lines = shop.write("invoice,amount\n1,5\n", "lines.csv")
    headers = shop.write("number,customer,time\n1,a,2024-01-01\n1,b,2024-01-02\n", "headers.csv")
    join = {"files": str(headers), "on": {"invoice": "number"}}
    with pytest.raises(InputError, match=r"1 keys \(number\) stand more than once"):
        shop.open(config({"orders": source(lines, join=join)}))


@pytest.fixture
def with_customers(shop, config, source):
    def load(customers: str, orders: str, *, as_of: int | None = None):
        people = {
            "role": "customers",
            "format": "csv",
            "files": str(shop.write(customers, "people.csv")),
            "most_quarantined": 1.0,
        }
        columns = {"customer": "id"} | ({"time": "since"} if "since" in customers else {})
        sources = {"people": people | {"columns": columns}, "orders": source(shop.write(HEADER + orders, "orders.csv"))}
        return shop.open(config(sources), as_of=as_of)

    return load


def test_customers_without_events_are_numbered_and_strangers_quarantined(shop, with_customers):
    loaded = with_customers("id\nc\na\nb\n", "b,2024-01-01,5\nz,2024-01-01,5\n")
    assert list(loaded.ids()) == ["a", "b", "c"]
    assert loaded.reports[1].quarantined == {"unknown_customer": 1}
    assert [row.id for row in shop.rows(loaded)] == ["b"]
    assert set(loaded.columns) == {"purchases"}


def test_customers_with_a_time_have_one_row_each(shop, with_customers):
    loaded = with_customers("id,since\na,2023-01-01\na,2023-01-01\nb,\n", "a,2024-01-01,5\n")
    assert loaded.reports[0].ignored == {"duplicate": 1}
    rows = [(row.id, row.day, row.start) for row in shop.rows(loaded, "customers")]
    assert rows == [("a", 19_358, 19_358), ("b", FIRST_DAY, NO_DAY)]  # what is told at no time holds since ever
    assert list(loaded.ids()) == ["a", "b"]


def test_customers_who_joined_later_are_not_known_on_the_day(with_customers):
    loaded = with_customers("id,since\na,2023-01-01\nb,2023-06-01\n", "a,2023-02-01,5\n", as_of=19_500)
    assert list(loaded.ids()) == ["a"]
    assert loaded.reports[0].ignored == {"after_as_of": 1}


def test_two_different_rows_of_one_customer_are_refused(with_customers):
    with pytest.raises(InputError, match="2 different rows stand for 1 customers"):
        with_customers("id,since\na,2023-01-01\na,2023-02-01\n", "a,2024-01-01,5\n")


def test_blocks_hold_every_role_for_the_same_customers(shop, config, source):
    orders = shop.write(HEADER + "".join(f"c{i},2024-01-01,5\n" for i in (0, 1, 5)), "orders.csv")
    visits = shop.write("customer,time\n" + "".join(f"c{i},2024-01-01\n" for i in range(3)), "visits.csv")
    columns = {"customer": "customer", "time": "time"}
    loaded = shop.open(config({"orders": source(orders), "visits": source(visits, role="engagement", columns=columns)}))
    found = [
        (block.first, block.n_customers, {role: log.customer.tolist() for role, log in block.logs.items()})
        for block in loaded.blocks(2)
    ]
    assert found == [
        (0, 2, {"purchases": [0, 1], "engagement": [0, 1]}),
        (2, 2, {"purchases": [1], "engagement": [0]}),
    ]


@pytest.fixture(scope="module")
def many_rows():
    rng = random.Random(7)
    days = [f"2024-{month:02}-{day:02} {hour:02}:00:00" for month, day, hour in itertools.product((1, 2), (1, 2, 3), (1, 2))]
    return [f"c{rng.randrange(40)},{rng.choice(days)},{rng.randrange(100)}\n" for _ in range(600)]


def events_of(loaded, size):
    columns = []
    for block in loaded.blocks(size):
        events = block.logs["purchases"]
        order = np.lexsort((events.signals["amount"], events.time, events.customer))
        columns.append(
            np.stack(
                [events.customer[order] + block.first, events.time[order], events.day[order], events.signals["amount"][order]]
            )
        )
    return np.concatenate(columns, axis=1)


@pytest.mark.slow
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32 - 1), pieces=st.integers(1, 4), size=st.sampled_from([1, 7, 40, 1_000]))
def test_row_order_file_split_and_block_size_change_nothing(shop, config, source, many_rows, seed, pieces, size):
    shuffled = list(many_rows)
    random.Random(seed).shuffle(shuffled)
    files = [{"path": str(shop.write(HEADER + "".join(shuffled[i::pieces]), f"part{i}.csv"))} for i in range(pieces)]
    whole = shop.open(config({"orders": source(shop.write(HEADER + "".join(many_rows), "whole.csv"))}))
    split = shop.open(config({"orders": source(files)}))
    np.testing.assert_array_equal(events_of(split, size), events_of(whole, 16_384))
    assert list(split.ids()) == list(whole.ids())


def test_csv_and_parquet_of_the_same_rows_are_the_same(shop, config, source, many_rows):
    parts = [row.strip().split(",") for row in many_rows]
    table = pa.table(
        {
            "customer": [part[0] for part in parts],
            "time": pa.array([part[1] for part in parts]).cast(pa.timestamp("us")),
            "amount": [float(part[2]) for part in parts],
        }
    )
    pq.write_table(table, shop.folder / "rows.parquet")
    text = shop.open(config({"orders": source(shop.write(HEADER + "".join(many_rows)))}))
    binary = shop.open(config({"orders": source(shop.folder / "rows.parquet", format="parquet")}))
    np.testing.assert_array_equal(events_of(text, 16), events_of(binary, 16))


def test_sql_can_open_no_other_file(shop):
    loaded = shop.load(HEADER + "a,2024-01-01,5\n")
    import duckdb

    with pytest.raises(duckdb.PermissionException, match="disabled by configuration"):
        loaded._connection.execute("SELECT * FROM read_text('/etc/hostname')")
    with pytest.raises(duckdb.InvalidInputException, match="configuration has been locked"):
        loaded._connection.execute("SET enable_external_access = true")


def test_advice_names_what_is_too_little(shop):
    loaded = shop.load(HEADER + "a,2024-01-01,0\n" * 8 + "b,2024-01-01,0\n")
    advice = " ".join(loaded.reports[0].advice)
    assert "Only 2 customers" in advice
    assert "One customer holds 89% of the rows" in advice
    assert "Every amount is zero" in advice
    assert "1 day of history is too few to train on: 120 are needed" in advice


def test_a_signal_that_is_text_is_refused(shop):
    with pytest.raises(ConfigError, match=r"signals\.label is of type VARCHAR"):
        shop.load(HEADER + "a,2024-01-01,5\n", signals={"label": "upper(customer)"})


@pytest.mark.parametrize(
    ("time", "minute"),
    [("2024-03-30 23:59:00", 1439), ("2024-03-31 01:30:00", 150), ("2024-07-01T12:00:00Z", 780), ("2024-01-01", 0)],
)
def test_the_minute_of_the_day_is_that_of_the_wall(shop, time, minute):
    columns, settings = {"customer": "customer", "time": "time"}, {"time_zone": "Europe/London"}
    (block,) = shop.load(f"customer,time\na,{time}\n", columns=columns, settings=settings).blocks()
    assert block.logs["purchases"].signals["minute_of_day"].tolist() == [minute]
