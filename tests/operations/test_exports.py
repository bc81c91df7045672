"""No cell of a CSV is a formula, every value comes back, and the same table gives the same bytes."""

import csv
import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnscope.errors import ConfigError
from churnscope.operations.exports import export, spreadsheet_safe, write_csv, write_parquet

FORMULAS = {
    "equals": "=cmd|' /C calc'!A0",
    "plus": "+44 20 7946 0018",
    "minus": "-2+3",
    "at": "@SUM(1+1)*cmd|'/C calc'!A0",
    "tab": "\t=1+1",
    "carriage return": "\r=1+1",
    "line feed": "\n=1+1",
    "nul": "\x00=1+1",
    "full width": "\uff1d1+1",
    "blanks before": '  =HYPERLINK("http://example.org","look")',
    "byte order mark before": "\ufeff=1+1",
    "zero width before": "\u200b\u2060=1+1",
}
PLAIN = ["", "C-17", "12-3", "a=b", "17850", "007", "é", "O'Brien", 'say "hi"', "a,b", "two\nlines", "<script>", "{{ x }}"]
COLUMNS = ("customer_id", "segment", "reason_1")


def unescape(cell):
    """The rule back, as it is documented."""
    return cell.removeprefix("'")


def written(table, writer=write_csv):
    stream = io.BytesIO()
    writer(table, stream)
    return stream.getvalue()


def read_back(content):
    header, *rows = csv.reader(io.StringIO(content.decode("utf-8"), newline=""))
    return header, rows


def is_formula(cell):
    """Whether a spreadsheet would take the cell for one: it skips what cannot be seen."""
    visible = "".join(sign for sign in cell if sign not in "\ufeff\u200b\u2060 \x00")
    return cell[:1] in "\t\r\n\x00" or visible[:1] in "=+-@\uff1d\uff0b\uff0d\uff20" if cell else False


@pytest.mark.parametrize("family", FORMULAS)
@pytest.mark.parametrize("column", COLUMNS)
def test_no_payload_is_a_formula_in_any_column(family, column):
    cells = {name: ["C-17"] for name in COLUMNS} | {column: [FORMULAS[family]]}
    header, rows = read_back(written(pa.table(cells)))
    (cell,) = [cell for name, cell in zip(header, rows[0], strict=True) if name == column]
    assert not is_formula(cell)
    assert unescape(cell) == FORMULAS[family]


@pytest.mark.parametrize("family", FORMULAS)
@pytest.mark.parametrize("column", COLUMNS)
def test_parquet_holds_every_payload_as_it_is(family, column):
    table = pa.table({name: [FORMULAS[family] if name == column else "C-17"] for name in COLUMNS})
    assert pa.parquet.read_table(io.BytesIO(written(table, write_parquet))).equals(table)


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\x00")), min_size=1))
def test_every_text_comes_back_exactly(cells):
    _, rows = read_back(written(pa.table({"customer_id": cells})))
    assert [unescape(cell) for (cell,) in rows] == cells


@given(st.lists(st.sampled_from([*FORMULAS.values(), *PLAIN, "'", "'=1", "''"])))
def test_only_dangerous_cells_and_apostrophes_are_touched(cells):
    escaped = spreadsheet_safe(pa.chunked_array([cells], pa.string())).to_pylist()
    touched = [cell for cell, after in zip(cells, escaped, strict=True) if cell != after]
    assert touched == [cell for cell in cells if is_formula(cell) or cell.startswith("'")]


def test_numbers_and_dates_stay_what_they_are():
    table = pa.table(
        {
            "p": pa.array([-5.2, 0.25, 1e-7]),
            "n": pa.array([-1, None, 3]),
            "day": pa.array([0, 15_000, None], pa.date32()),
        }
    )
    assert written(table) == b"p,n,day\n-5.2,-1,1970-01-01\n0.25,,2011-01-26\n1e-7,3,\n"


def test_missing_values_are_empty_and_empty_texts_are_quoted():
    table = pa.table({"p": [float("nan"), float("inf"), None], "reason": ["", None, "late"]})
    assert written(table) == b'p,reason\n,""\n,\n,"late"\n'


def test_text_is_utf_8_in_quotes_and_lines_end_in_a_line_feed():
    assert written(pa.table({"name": ['Zoë "Z"', "a\nb"]})) == 'name\n"Zoë ""Z"""\n"a\nb"\n'.encode()


def test_dictionary_columns_are_escaped_like_text():
    assert written(pa.table({"band": pa.array(["=1", "high", "=1"]).dictionary_encode()})) == b'band\n"\'=1"\n"high"\n"\'=1"\n'


def test_a_table_without_rows_is_a_header():
    empty = pa.table({"customer_id": pa.array([], pa.string()), "p": pa.array([], pa.float64())})
    assert written(empty) == b"customer_id,p\n"
    assert pa.parquet.read_table(io.BytesIO(written(empty, write_parquet))).equals(empty)


@pytest.mark.parametrize("writer", [write_csv, write_parquet])
def test_the_same_table_gives_the_same_bytes_however_it_is_cut(writer):
    ids = [f"customer {number}" for number in range(5000)]
    whole = pa.table({"customer_id": ids, "p": np.linspace(0, 1, 5000)})
    pieces = pa.concat_tables([whole.slice(0, 17), whole.slice(17)])
    assert written(whole, writer) == written(pieces, writer) == written(whole, writer)


def test_the_ending_of_the_name_decides_the_format(tmp_path):
    assert export(tmp_path / "today.CSV") is write_csv
    assert export(tmp_path / "today.parquet") is write_parquet
    with pytest.raises(ConfigError, match=r"today\.xls: unknown kind of output file"):
        export(tmp_path / "today.xls")
