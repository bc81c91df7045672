"""The workbook of a call list, read back as a spreadsheet and as the XML it is."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import date

import openpyxl
import pyarrow as pa
import pytest

from churnscope.outcomes import RESULTS
from churnscope.reports.workbook import write_workbook

PAYLOADS = (
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "\u200b=1+1",
    "\uff1d1+1",
    '=HYPERLINK("http://evil.example","x")',
    "http://evil.example",
    "<script>alert(1)</script>",
)
PLACES = ("customer_id", "name", "risk_band", "reason_1")


def lines(n=3, agent="Ana", **columns):
    plain = {
        "rank": pa.array(range(1, n + 1), pa.int32()),
        "customer_id": [f"00{i}" for i in range(n)],
        "name": ["Jo"] * n,
        "phone": ["+44 20 7946 0000"] * n,
        "agent": [agent] * n,
        "action": ["call"] * n,
        "channel": ["phone"] * n,
        "minutes": [8.0] * n,
        "opening": ["Good day."] * n,
        "churn_probability": [0.5] * n,
        "risk_band": ["high"] * n,
        "value_at_risk": [100.0] * n,
        "expected_gain": [10.0 - i for i in range(n)],
        "reason_1": ["last bought 74 days ago"] * n,
        "reason_2": pa.nulls(n, pa.string()),
        "reason_3": pa.nulls(n, pa.string()),
        "listed": ["new"] * n,
        "tries": pa.nulls(n, pa.int32()),
        "call_back_noted": pa.nulls(n, pa.string()),
        "last_contact": pa.array([date(2023, 1, 2)] * n, pa.date32()),
        "line_key": ["0123456789abcdef"] * n,
        "campaign": ["spring"] * n,
        "as_of": pa.array([date(2023, 2, 27)] * n, pa.date32()),
        "run_id": ["r"] * n,
    }
    return pa.table({**plain, **columns})


def written(table, agents=("Ana",)) -> bytes:
    stream = io.BytesIO()
    write_workbook(table, list(agents), ["name", "phone"], RESULTS, stream)
    return stream.getvalue()


def sheet_of(content: bytes):
    return openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]


def column(sheet, title: str) -> list:
    (place,) = [cell.column for cell in sheet[1] if cell.value == title]
    return [sheet.cell(row, place) for row in range(2, sheet.max_row + 1)]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("payload", PAYLOADS)
def test_nothing_in_the_data_becomes_a_formula_or_a_link(payload: str, place: str) -> None:
    content = written(lines(1, **{place: [payload]}))
    sheet = sheet_of(content)
    titles = {"customer_id": "Customer", "name": "Name", "risk_band": "Risk band", "reason_1": "Reason 1"}
    (cell,) = column(sheet, titles[place])
    assert (cell.data_type, cell.value) == ("s", payload.replace("\r", "_x000D_"))  # as the format writes it
    assert cell.hyperlink is None
    xml = "".join(
        zipfile.ZipFile(io.BytesIO(content)).read(name).decode() for name in zipfile.ZipFile(io.BytesIO(content)).namelist()
    )
    assert not re.search(r"<f[ >]|<hyperlink|externalLink|relationships/hyperlink", xml)


def test_ids_and_phone_numbers_keep_zeros_and_signs() -> None:
    sheet = sheet_of(written(lines()))
    assert [cell.value for cell in column(sheet, "Customer")] == ["000", "001", "002"]
    (phone, *_) = column(sheet, "Phone")
    assert (phone.value, phone.data_type, phone.number_format) == ("+44 20 7946 0000", "s", "@")
    assert column(sheet, "Expected gain")[0].value == 10.0
    assert column(sheet, "Last contact")[0].value.date() == date(2023, 1, 2)


def test_what_nobody_has_takes_no_room() -> None:
    plain = {cell.value for cell in sheet_of(written(lines()))[1]}
    tried = {cell.value for cell in sheet_of(written(lines(tries=pa.array([None, 2, None], pa.int32()))))[1]}
    assert tried - plain == {"Tries"}
    assert "Last contact" in plain


def test_outcomes_are_chosen_from_a_list() -> None:
    sheet = sheet_of(written(lines()))
    (rule,) = sheet.data_validations.dataValidation
    assert rule.formula1 == '"reached,no answer,accepted,refused,do not call,wrong number"'
    place = str(rule.sqref)
    assert sheet[f"{place[0]}1"].value == "Result"
    assert place == f"{place[0]}2:{place[0]}4"


def test_header_filter_scale_and_key() -> None:
    sheet = sheet_of(written(lines()))
    assert sheet.freeze_panes == "C2"
    assert sheet.auto_filter.ref.endswith("4")
    (scale,) = [rule for rules in sheet.conditional_formatting for rule in rules.rules]
    assert scale.type == "colorScale"
    (key, *_) = column(sheet, "Line key")
    assert key.value == "0123456789abcdef"
    assert sheet.column_dimensions[key.column_letter].hidden


def test_every_agent_has_a_sheet_whatever_the_name() -> None:
    agents = ["Ana/Bo: [x]*?", "history", "ana bo   x", "A" * 40, "'", "A" * 40 + "b"]
    tables = [lines(2, agent=agent) for agent in agents[:3]]
    book = openpyxl.load_workbook(io.BytesIO(written(pa.concat_tables(tables), agents)))
    assert len({name.casefold() for name in book.sheetnames}) == len(agents)
    assert all(len(name) <= 31 for name in book.sheetnames)
    assert [sheet.max_row for sheet in book] == [3, 3, 3, 1, 1, 1]


def test_there_is_no_clock_in_the_file() -> None:
    assert written(lines()) == written(lines())
    core = zipfile.ZipFile(io.BytesIO(written(lines()))).read("docProps/core.xml").decode()
    assert set(re.findall(r"\d{4}-\d\d-\d\dT[\d:]+", core)) == {"2000-01-01T00:00:00"}
