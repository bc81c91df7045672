"""The log that benchmarks read."""

import duckdb
import pytest


def asked(query):
    return duckdb.sql(query).fetchall()[0]


@pytest.fixture
def log(tmp_path):
    from event_log import event_log

    return event_log(tmp_path, 5_000, threads=1)


def test_it_is_sorted_by_time_and_leaves_nothing_beside_it(log):
    rows = f"SELECT time < lag(time) OVER (ORDER BY file_row_number) AS back FROM read_parquet('{log}', file_row_number = true)"
    assert asked(f"SELECT count(*) FROM ({rows}) WHERE back") == (0,)
    assert [path.name for path in log.parent.iterdir()] == ["purchases_5000.parquet"]


@pytest.mark.parametrize(("percent", "low", "high"), [(0, 0, 0), (20, 0.17, 0.23), (100, 1, 1)])
def test_so_many_percent_of_its_rows_are_known_late_and_nothing_else_changes(log, percent, low, high):
    from event_log import late_log

    late = late_log(log, percent, threads=1)
    delay = "date_diff('second', time, known) / 86400"
    share, days, n = asked(
        f"SELECT avg(CAST(known > time AS INTEGER)), avg({delay}) FILTER (known > time), count(*) FROM '{late}'"
    )
    assert low <= share <= high
    assert percent == 0 or days == pytest.approx(3, rel=0.1)
    assert asked(f"SELECT count(*) FROM (SELECT * EXCLUDE known FROM '{late}' INTERSECT ALL FROM '{log}')") == (n,)


def test_the_business_with_every_role_has_about_so_many_rows_and_is_made_once(tmp_path):
    from event_log import whole_business

    config = whole_business(tmp_path, 20_000, threads=1)
    made = {path.stem: asked(f"SELECT count(*) FROM '{path}'")[0] for path in config.parent.glob("*.parquet")}
    assert {"purchases", "engagement", "support", "contacts", "campaigns", "customers", "subscriptions"} == set(made)
    assert 0.8 < sum(made.values()) / 20_000 < 1.25
    assert [path.name for path in tmp_path.iterdir()] == ["business_20000"]
    assert whole_business(tmp_path, 20_000, threads=1) == config
