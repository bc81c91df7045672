"""Expressions: honest ones mean what they meant to DuckDB, hostile ones are refused with their place."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from churnscope.errors import ConfigError
from churnscope.expressions import MOST_CHARACTERS, is_plain_column, may_be_header, parse_expression

AS_TEXT = "SELECT CAST(({0}) AS VARCHAR), typeof({0}) FROM t"
COLUMNS = ["Quantity", "Price", "Invoice", "Customer ID", "Moment", "Day", "Flag", "order", "Größe"]

TABLE = """
    CREATE TABLE t AS SELECT * FROM (VALUES
        (3, 2.5, 'C536', '17850.0', TIMESTAMP '2024-02-29 23:59:59.5', DATE '2024-02-29', true, 'a-b-c', 1000.0),
        (-7, 0.1, ' 48a ', '00042', TIMESTAMP '1999-12-31 00:00:00', DATE '1999-12-31', false, 'it''s', 8.0),
        (0, 1e9, 'Straße', NULL, NULL, NULL, NULL, '', 0.5),
        (11, -1.5, '', 'x', TIMESTAMP '2024-03-31 01:30:00', DATE '2024-03-31', true, NULL, 2.0)
    ) AS rows("Quantity", "Price", "Invoice", "Customer ID", "Moment", "Day", "Flag", "order", "Größe")
"""

HONEST = [
    "Quantity * Price",
    "Quantity - Price - 1",
    "Quantity - (Price - 1)",
    "-Quantity % 4 + Quantity // 2",
    "Quantity / 2",
    "Quantity ** 2 ^ 2",
    "- - Quantity",
    "Quantity & 3 | 4",
    "abs(Quantity) << 1",
    "quantity < 0 OR Invoice LIKE 'C%'",
    "NOT Flag AND Quantity >= 3 OR Price <> 2.5",
    "Quantity BETWEEN 0 AND 5 AND Price IS NOT NULL",
    "Quantity IN (3, 11) OR Invoice NOT IN ('a', 'b')",
    "Flag IS TRUE",
    'Invoice IS DISTINCT FROM "order"',
    "Invoice ILIKE 'c_3%' AND \"order\" NOT LIKE 'a!%%' ESCAPE '!'",
    "CASE WHEN Quantity < 0 THEN 'back' WHEN Quantity = 0 THEN 'none' ELSE 'sold' END",
    "CASE Invoice WHEN 'C536' THEN 1 END",
    "if(Flag, Price, 0)",
    "coalesce(\"Customer ID\", Invoice, 'none')",
    "ifnull(nullif(Invoice, ''), 'none')",
    "greatest(Quantity, 2) + least(Quantity, 2)",
    "CAST(Quantity AS DOUBLE) / 3",
    'TRY_CAST("Customer ID" AS BIGINT)',
    "Price::DECIMAL(18, 2)",
    "Quantity::VARCHAR || '-' || Invoice",
    "try_cast(Invoice AS INTEGER) IS NULL",
    "regexp_replace(\"Customer ID\", '\\.0$', '')",
    "regexp_replace(Invoice, '[0-9]', '#', 'g')",
    "regexp_extract(Invoice, '([0-9]+)', 1)",
    "regexp_matches(Invoice, '^C') AND NOT regexp_full_match(Invoice, 'C')",
    "lower(trim(Invoice)) || upper(Invoice)",
    "ltrim(\"Customer ID\", '0') || rtrim(Invoice)",
    "lpad(\"Customer ID\", 8, '0') || rpad(Invoice, 3, '-')",
    "substr(Invoice, 2, 3) || substring(Invoice, 1, 1) || left(Invoice, 2) || right(Invoice, 1)",
    "split_part(\"order\", '-', 2)",
    "concat(Invoice, '/', \"order\") || concat_ws('-', Invoice, \"order\")",
    "starts_with(Invoice, 'C') OR ends_with(Invoice, '6') OR prefix(Invoice, 'S') OR suffix(Invoice, ' ')",
    "contains(Invoice, 'ß') OR strpos(Invoice, '3') > 0 OR position('8' IN Invoice) > 0",
    "replace(Invoice, 'C', '') || translate(Invoice, 'C5', 'D6') || reverse(Invoice)",
    "length(Invoice) + strlen(Invoice)",
    "strip_accents(Invoice) || nfc_normalize(Invoice)",
    "md5(Invoice) || sha256(Invoice)",
    "round(Price, 1) + floor(Price) + ceil(Price) + trunc(Price) + sign(Price)",
    "sqrt(abs(Price)) + ln(abs(Quantity) + 1) + exp(1) + pow(Quantity, 2) + cbrt(8)",
    'log10("Größe") + log2("Größe") + log("Größe")',
    "isnan(Price) OR isinf(Price) OR NOT isfinite(Price)",
    "mod(Quantity, 4) + fmod(Price, 2)",
    "Moment + INTERVAL 1 DAY",
    "Moment - INTERVAL '2 hours' + INTERVAL (Quantity) MINUTES",
    "Day + 1",
    "Moment >= TIMESTAMP '2024-01-01 00:00:00' AND Day < DATE '2024-03-01'",
    "date_trunc('month', Moment)",
    "date_trunc('week', Day)",
    "date_diff('day', Moment, TIMESTAMP '2024-12-31')",
    "datediff('month', Day, DATE '2024-12-31')",
    "date_sub('hour', Moment, TIMESTAMP '2024-12-31') + date_part('year', Moment)",
    "extract(YEAR FROM Moment) * 100 + extract('month' FROM Moment)",
    "year(Moment) + quarter(Moment) + month(Moment) + week(Moment)",
    "day(Moment) + hour(Moment) + minute(Moment) + second(Moment)",
    "dayofweek(Moment) * 10 + isodow(Moment) + dayofyear(Moment) + weekday(Moment) + isoyear(Moment) + yearweek(Moment)",
    "dayname(Moment) || monthname(Moment)",
    "last_day(Day)",
    "make_date(2024, 2, 28) + 1",
    "make_timestamp(2024, 2, 28, 1, 2, 3.5)",
    "strptime('2024-02-28 10', '%Y-%m-%d %H')",
    "try_strptime(Invoice, '%Y')",
    "strftime(Moment, '%d.%m.%Y')",
    "epoch_ms(1700000000123)",
    "make_timestamp(1700000000123456)",
    "to_timestamp(1700000000)",
    "epoch(Moment) + epoch_us(Moment)",
    "to_days(Quantity) + to_hours(2)",
    "(Moment AT TIME ZONE 'Europe/London') AT TIME ZONE 'UTC'",
    "timezone('America/New_York', Moment)",
    '"order"',
    "größe + 1",
    "'a constant'",
    "NULL",
    "true",
    "1_000 + 1e3",
]


@pytest.fixture(scope="module")
def table() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(TABLE)
    return connection


@pytest.mark.parametrize("text", HONEST)
def test_an_honest_expression_means_what_it_means_to_duckdb(text: str, table: duckdb.DuckDBPyConnection) -> None:
    written = parse_expression(text, where="amount", columns=COLUMNS).sql("duckdb")
    assert table.execute(AS_TEXT.format(written)).fetchall() == table.execute(AS_TEXT.format(text)).fetchall()


HOSTILE = {
    "subquery": "(SELECT 1)",
    "subquery in a list": "Quantity IN (SELECT 1)",
    "exists": "EXISTS (SELECT 1 FROM t)",
    "any": "Quantity = ANY (SELECT 1)",
    "select": "SELECT Price FROM t",
    "from first": "FROM t",
    "union": "1 UNION SELECT 2",
    "common table": "WITH x AS (SELECT 1) SELECT 1",
    "values": "VALUES (1)",
    "star": "*",
    "columns": "COLUMNS(*)",
    "count of star": "count(*)",
    "star of a table": "t.*",
    "column of a table": "t.Price",
    "file as a column": '"/etc/passwd".content',
    "method": "Invoice.upper()",
    "aggregate": "sum(Price)",
    "aggregate that sorts": "list(Price ORDER BY Price)",
    "window": "row_number() OVER ()",
    "window over an aggregate": "max(Price) OVER (PARTITION BY Invoice)",
    "csv file": "read_csv('/etc/passwd')",
    "quoted csv file": "\"read_csv\"('/etc/passwd')",
    "text file": "read_text('/etc/passwd')",
    "blob": "read_blob('/etc/passwd')",
    "parquet": "parquet_scan('x')",
    "glob": "glob('/*')",
    "environment": "getenv('HOME')",
    "setting": "current_setting('secret_directory')",
    "variable": "getvariable('x')",
    "pragma function": "pragma_version()",
    "pragma": "PRAGMA version",
    "sequence": "nextval('s')",
    "query": "query('SELECT 1')",
    "query of a table": "query_table('t')",
    "user": "current_user",
    "two statements": "Price; DROP TABLE t",
    "semicolon alone": ";",
    "copy": "COPY t TO 'x'",
    "attach": "ATTACH 'x'",
    "install": "INSTALL httpfs",
    "load": "LOAD httpfs",
    "set": "SET memory_limit = '1TB'",
    "drop": "DROP TABLE t",
    "positional parameter": "?",
    "numbered parameter": "$1",
    "named parameter": "$name",
    "column by place": "#1",
    "line comment": "Price -- * 2",
    "block comment": "Price /* * 2 */",
    "comment in the middle": "Price /* ; */ * 2",
    "lambda": "list_transform([1], lambda x: x + 1)",
    "arrow lambda": "list_filter([1], x -> x > 0)",
    "arrow": "Invoice -> '$.a'",
    "now": "now()",
    "today": "today()",
    "current date": "current_date",
    "current timestamp": "CURRENT_TIMESTAMP",
    "clock behind age": "age(Moment)",
    "random": "random()",
    "uuid": "uuid()",
    "generate": "generate_series(1, 1000000000)",
    "unnest": "unnest([1, 2])",
    "long text": "repeat('x', 1000000000)",
    "unknown function": "my_macro(Price)",
    "list": "[1, 2]",
    "struct": "{'a': 1}",
    "map": "MAP {1: 2}",
    "tuple": "(Price, Quantity)",
    "alias": "Price AS amount",
    "assignment": "x := 1",
    "named argument": "round(Price, precision := 2)",
    "list type": "Price::INTEGER[]",
    "struct type": "Price::STRUCT(a INTEGER)",
    "own type": "CAST(Price AS mood)",
    "json type": "CAST(Invoice AS JSON)",
    "type with text inside": "CAST(Price AS \"mood) FROM read_csv('x'\")",
    "unit with text inside": 'extract("YEAR FROM Moment), (SELECT 1" FROM Moment)',
    "collation": "Invoice COLLATE NOCASE",
    "distinct": "lower(DISTINCT Invoice)",
    "byte string": "e'\\x41'",
    "too many arguments": "len(Invoice, 1, 2)",
    "no argument": "abs()",
    "open bracket": "(Price",
    "open quote": "'Price",
    "open comment": "Price /* ",
    "nothing": "",
    "spaces": "  \n ",
    "two expressions": "Price, Quantity",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_expression_is_refused_with_its_key(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^\[sources\.x\] columns\.amount"):
        parse_expression(text, where="[sources.x] columns.amount")
    with pytest.raises(ConfigError, match=r"^\[sources\.x\] columns\.amount"):
        parse_expression(text, where="[sources.x] columns.amount", columns=COLUMNS)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Price * getenv('HOME')", r"character 9: the function getenv is not allowed"),
        ("Price + (SELECT Price FROM t)", r"character 17: a query or subquery is not allowed"),
        ("Price +\n read_text('x')", r"character 10: the function read_text is not allowed"),
        ("Price -- all", r"character 7: a comment is not allowed"),
        ("Price; Price", r"character 6: a semicolon is not allowed"),
        ("sum(Price)", r"character \d: an aggregate function is not allowed"),
        ("Price * * 2", r"character 9: a star is not allowed|character \d+: this is not an SQL expression"),
        ("Price +\n) 2", r"character 9: this is not an SQL expression"),
        ("CAST(Price AS mood)", r"the type mood is not allowed"),
        ('extract("x) y" FROM Moment)', r"the unit X\) Y is not allowed"),
        ("Price Quantity", r"two names side by side"),
    ],
)
def test_a_refusal_says_what_and_where(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_expression(text, where="amount")


def test_the_advice_shows_how_a_name_of_several_words_is_written() -> None:
    with pytest.raises(ConfigError, match='double quotes: "Customer ID"'):
        parse_expression("Customer ID", where="customer")


def test_an_unknown_column_names_the_nearest_one() -> None:
    with pytest.raises(ConfigError, match=r'character 12: there is no column Prise\.\nDid you mean "Price"\?'):
        parse_expression("Quantity * Prise", where="amount", columns=COLUMNS)


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("Customer ID", "Customer ID"),
        (" customer id ", "Customer ID"),
        ("order", "order"),
        ("quantity", "Quantity"),
        ('"Customer ID"', "Customer ID"),
        ("Unit (£), net", "Unit (£), net"),
        ("current_date", "current_date"),
        ("a-b", "a-b"),
    ],
)
def test_a_text_that_is_a_column_of_the_file_is_that_column(text: str, column: str) -> None:
    tree = parse_expression(text, where="x", columns=[*COLUMNS, "Unit (£), net", "current_date", "a-b", "a", "b"])
    assert tree.sql("duckdb") == f'"{column}"'


def test_an_exact_name_goes_before_one_that_differs_in_case() -> None:
    assert parse_expression("id", where="x", columns=["ID", "id"]).sql("duckdb") == '"id"'


def test_a_quote_inside_a_column_name_stays_inside() -> None:
    name = "a\" FROM read_csv('x') --"
    assert parse_expression(name, where="x", columns=[name]).sql("duckdb") == '"a"" FROM read_csv(\'x\') --"'


@pytest.mark.parametrize(("text", "plain"), [("Customer ID", True), ("PRICE", True), ("Price * 2", False), ("", False)])
def test_plain_columns_are_told_from_expressions(text: str, plain: bool) -> None:
    assert is_plain_column(text, COLUMNS) is plain


@pytest.mark.parametrize(
    ("text", "possible"), [("Customer ID", True), ("Größe 2", True), ("Price * 2", False), ("f(x)", False)]
)
def test_words_may_be_a_header(text: str, possible: bool) -> None:
    assert may_be_header(text) is possible


@pytest.mark.parametrize("text", ["(" * 500 + "1" + ")" * 500, "NOT " * 500 + "true", "- " * 500 + "1", "1" + "+1" * 500])
def test_what_nests_too_deeply_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="too long or nests too deeply"):
        parse_expression(text, where="x")


def test_an_endless_expression_is_refused_unread() -> None:
    with pytest.raises(ConfigError, match="4,001 characters"):
        parse_expression("1" * (MOST_CHARACTERS + 1), where="x")


def parses_or_is_refused(text: str) -> None:
    """What parses is written as SQL that parses to the same SQL again."""
    try:
        written = parse_expression(text, where="x").sql("duckdb")
    except ConfigError:
        return
    assert parse_expression(written, where="x").sql("duckdb") == written


@given(st.text(max_size=60))
@example("@")
@example("\x00")
@example("var_map(a, b, c)")
@settings(max_examples=300, deadline=None)
def test_any_text_parses_or_is_refused(text: str) -> None:
    parses_or_is_refused(text)


PIECES = sorted(
    {piece for text in [*HONEST, *HOSTILE.values()] for piece in text.replace("(", " ( ").replace(")", " ) ").split()}
)


@given(st.lists(st.sampled_from(PIECES), max_size=12))
@settings(max_examples=300, deadline=None)
def test_any_mixture_of_sql_parses_or_is_refused(pieces: list[str]) -> None:
    parses_or_is_refused(" ".join(pieces))
