"""The SQL that a mapping becomes, on bare schemas: no rows are needed."""

from __future__ import annotations

import pytest
from sqlglot import exp

from churnscope.config.models import Source
from churnscope.errors import ConfigError, InputError
from churnscope.sources.columns import ColumnReader, RawColumn, scaled
from churnscope.sources.mapping import SourceMapping, map_source
from churnscope.sources.rows import Relations, key_rows, mapped_rows, typed_rows
from churnscope.sources.trees import column, sql


def mapping_of(columns: dict[str, str], schema: dict[str, str], *, result: str = "DOUBLE", **changes) -> SourceMapping:
    """A purchases mapping over raw columns of these types; every expression is said to be of type `result`."""
    source = Source.model_validate({"role": "purchases", "files": "x.csv", "format": "csv", "columns": columns} | changes)
    raw = {header: RawColumn(header, f"c{i}", kind) for i, (header, kind) in enumerate(schema.items())}
    reader = ColumnReader(raw, source.types, source.csv, "UTC", "[sources.x]", lambda tree, key: result)
    return map_source(source, reader, 0.01)


TEXT = {"id": "VARCHAR", "at": "VARCHAR", "sum": "VARCHAR", "n": "VARCHAR"}


def part(query: exp.Expr, name: str) -> str:
    """The expression of the column `name`, wherever in the query it is made."""
    return next(sql(found.this.copy()) for found in query.find_all(exp.Alias) if found.alias == name)


def test_a_text_column_takes_the_kind_of_its_role():
    mapping = mapping_of({"customer": "id", "time": "at", "amount": "sum"}, TEXT)
    query = typed_rows(mapping, "raw")
    assert part(query, "c2_text") == """NULLIF(TRIM("c2"), '')"""
    assert part(query, "c2_number") == 'TRY_CAST("c2_text" AS DOUBLE)'
    assert part(query, "amount") == 'COALESCE(TRY_CAST(ROUND("amount_read" * 100) AS BIGINT), 0)'
    assert mapping.rules == (
        "no_match",
        "missing_id",
        "control_character_in_id",
        "scientific_id",
        "unknown_customer",
        "not_a_date:at",
        "not_a_number:sum",
        "missing:time",
        "placeholder_date",
        "stray_date",
        "missing:amount",
        "not_finite:amount",
        "too_large:amount",
    )


def test_declared_types_hold_inside_expressions():
    mapping = mapping_of({"customer": "id", "time": "at", "amount": "sum * n"}, TEXT, types={"sum": "number", "n": "number"})
    assert part(typed_rows(mapping, "raw"), "amount_read") == 'TRY_CAST(("c2_number" * "c3_number") AS DOUBLE)'


def test_missing_texts_and_the_decimal_comma_are_read():
    csv = {"delimiter": ";", "decimal": ",", "missing": ["", "-"]}
    query = typed_rows(mapping_of({"customer": "id", "time": "at", "amount": "sum"}, TEXT, csv=csv), "raw")
    assert part(query, "c2_text") == """NULLIF(NULLIF(TRIM("c2"), ''), '-')"""
    assert part(query, "c2_number") == """TRY_CAST(REPLACE("c2_text", ',', '.') AS DOUBLE)"""


def test_ids_are_made_once_per_raw_key_and_never_missing_by_a_word():
    mapping = mapping_of({"customer": "upper(id)", "time": "at"}, TEXT, csv={"missing": ["NA"]})
    query = key_rows(mapping, "raw")
    assert part(query, "key") == '"c0"'
    assert part(query, "written") == """CAST(UPPER(NULLIF("key", '')) AS TEXT)"""


def test_ids_of_two_columns_are_their_own_key():
    mapping = mapping_of({"customer": "id || n", "time": "at"}, TEXT)
    assert part(key_rows(mapping, "raw"), "written") == '"key"'


def test_no_clock_changes_are_joined_where_all_is_utc():
    mapping = mapping_of({"customer": "id", "time": "at"}, TEXT)
    joined = mapped_rows(mapping, Relations("raw", "keys", "walls", "days"), ready_us=0)
    plain = mapped_rows(mapping, Relations("raw", "keys"), ready_us=0)
    assert [join.this.name for join in joined.find_all(exp.Join)] == ["keys", "days", "walls"]
    assert [join.this.name for join in plain.find_all(exp.Join)] == ["keys"]


def test_instants_need_no_wall_clock():
    mapping = mapping_of({"customer": "id", "time": "at"}, TEXT | {"at": "TIMESTAMP WITH TIME ZONE"})
    query = mapped_rows(mapping, Relations("raw", "keys", "walls", "days"), ready_us=0)
    assert [join.this.name for join in query.find_all(exp.Join)] == ["keys", "days"]
    assert part(query, "time_micros") == 'EPOCH_US("c1_text")'


def test_a_cast_in_the_config_cannot_fail_aloud():
    mapping = mapping_of({"customer": "id", "time": "at", "amount": "CAST(CAST(sum AS INT) AS DOUBLE)"}, TEXT)
    assert "TRY_CAST(TRY_CAST(" in sql(mapping.measures[0].value.tree)


@pytest.mark.parametrize(
    ("resolution", "expected"),
    [
        (0.01, 'TRY_CAST(ROUND("x" * 100) AS BIGINT)'),
        (1, 'TRY_CAST(ROUND("x" * 1) AS BIGINT)'),
        (0.05, 'TRY_CAST(ROUND("x" * 20) AS BIGINT)'),
        (100, 'TRY_CAST(ROUND("x" / 100) AS BIGINT)'),
    ],
)
def test_money_is_scaled_exactly(resolution, expected):
    assert sql(scaled(column("x"), resolution)) == expected


def test_a_number_is_no_time_unless_declared():
    with pytest.raises(InputError, match="column at has the type BIGINT, which is no time"):
        mapping_of({"customer": "id", "time": "at"}, TEXT | {"at": "BIGINT"})
    mapping = mapping_of({"customer": "id", "time": "at"}, TEXT | {"at": "BIGINT"}, types={"at": "epoch_seconds"})
    assert part(typed_rows(mapping, "raw"), "time_micros") == 'TRY_CAST(TRY_CAST("c1_text" AS INT128) * 1000000 AS BIGINT)'


def test_a_text_signal_is_refused():
    with pytest.raises(ConfigError, match=r"signals\.shout is of type VARCHAR"):
        mapping_of({"customer": "id", "time": "at"}, TEXT, signals={"shout": "upper(n)"}, result="VARCHAR")
