"""What a spreadsheet or a page could run stands in the data of a call list, and nothing of it runs in any file or page.

Twelve payloads in the id, the name, the segment and a reason, and beside these in the phone number, the item to offer and the
opening that names both; read back with a reader of CSV, of Parquet, of workbooks, and of pages.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from dataclasses import dataclass
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from churnscope.operations.exports import write_parquet
from churnscope.project.money.listed import CallListResult
from churnscope.reports.snippets import shown_rows
from project.test_call_list import CONFIG, Desk

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
PLACES = {"id": "customer_id", "name": "name", "segment": "risk_band", "reason": "reason_1"}
MORE = {"phone": "phone", "item": "item_to_offer", "opening": "opening"}
DANGEROUS = re.compile(r"^[\s\u200b\ufeff\x00]*[=+\-@\uff1d]")
N = len(PAYLOADS)


@dataclass(frozen=True)
class Listed:
    """A list whose customers p00 to p11 have a payload everywhere but in the id, and others one as their id."""

    result: CallListResult

    def path(self, ending: str) -> Path:
        return next(path for path in self.result.outputs if path.name.startswith("call_list") and path.suffix == ending)

    def where(self, place: str, number: int) -> str:
        """The id of the customer in whose row a payload stands."""
        return PAYLOADS[number] if place == "id" else f"p{number:02}"


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> Listed:
    folder = tmp_path_factory.mktemp("injection") / "configs"
    folder.mkdir()
    config = CONFIG.replace("More {item}?", "{item} {phone}").replace("minutes = 60", "minutes = 400")
    config = config.replace("budget = 250", "budget = 9000").replace("control_share = 0.2", "control_share = 0.0")
    config = re.sub(r"reach = .*\n", "", config).replace(', languages = ["en", "fr"]', "").replace(', languages = ["en"]', "")
    (folder / "config.toml").write_text(config)
    plain, everyone = [f"p{number:02}" for number in range(N)], [f"p{number:02}" for number in range(N)] + list(PAYLOADS)
    write_csv(folder / "sales.csv", ["customer", "time", "amount", "kind"], [[i, "2022-12-01", 5, p] for i, p in both(plain)])
    write_csv(
        folder / "people.csv",
        ["id", "silent", "Name", "Phone", "Mail", "May", "Lang"],
        [[customer, "false", payload, payload, "a@b", "yes", "en"] for customer, payload in both(plain)],
    )
    write_csv(folder / "touches.csv", ["id", "at", "direction"], [["p00", "2022-01-01", "inbound"]])
    write_csv(folder / "tickets.csv", ["id", "opened", "resolved"], [["p00", "2022-01-01", "2022-01-02"]])
    rows = 2 * N
    scores = {
        "customer_id": everyone,
        "as_of": [date(2023, 2, 27)] * rows,
        "churn_probability": [0.9] * rows,
        "risk_band": [*PAYLOADS, *["high"] * N],
        "reason_1": [*PAYLOADS, *["-"] * N],
        "is_loyal": [True] * rows,
    }
    with (folder / "today.parquet").open("wb") as stream:
        write_parquet(pa.table(scores), stream)
    return Listed(Desk(folder).listed())


def both(ids: list[str]) -> list[tuple[str, str]]:
    return list(zip(ids, PAYLOADS, strict=True))


def write_csv(path: Path, header: list[str], rows: list[list[object]]) -> None:
    with path.open("w", newline="") as stream:
        csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([header, *rows])


@pytest.fixture(scope="module")
def as_csv(listed: Listed) -> dict[str, dict[str, str]]:
    with listed.path(".csv").open(newline="", encoding="utf-8") as stream:
        return {row["customer_id"].removeprefix("'"): row for row in csv.DictReader(stream)}


@pytest.fixture(scope="module")
def as_parquet(listed: Listed) -> dict[str, dict[str, object]]:
    return {row["customer_id"]: row for row in pq.read_table(listed.path(".parquet")).to_pylist()}


@pytest.fixture(scope="module")
def as_cells(listed: Listed) -> dict[str, dict[str, object]]:
    """By id and title, the cells of all sheets."""
    found = {}
    for sheet in openpyxl.load_workbook(listed.path(".xlsx")):
        titles = [cell.value for cell in sheet[1]]
        for cells in sheet.iter_rows(min_row=2):
            row = dict(zip(titles, cells, strict=True))
            found[str(row["Customer"].value).replace("_x000D_", "\r")] = row
    return found


@pytest.fixture(scope="module")
def as_page(as_parquet: dict) -> Page:
    columns = {name: [str(row[name] or "") for row in as_parquet.values()] for name in (*PLACES.values(), *MORE.values())}
    parts = [shown_rows(pa.table({name: values}), 2 * N, "a customer") for name, values in columns.items()]
    page = Page()
    page.feed("".join(parts))
    page.close()
    return page


class Page(HTMLParser):
    """The tags of a page, and the texts of its cells."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.texts += [""] if tag == "td" else []

    def handle_data(self, data: str) -> None:
        if self.texts:
            self.texts[-1] += data


cells_of = pytest.mark.parametrize("place", [*PLACES, *MORE])
payloads = pytest.mark.parametrize("number", range(N))


def stands(place: str, payload: str) -> str:
    """What has to stand there in a file that changes nothing."""
    if place == "item":
        return payload.strip()
    return payload if place in {"id", "segment", "reason"} else payload.strip(" ")


@cells_of
@payloads
def test_csv(listed: Listed, as_csv: dict, place: str, number: int) -> None:
    cell = as_csv[listed.where(place, number)][(PLACES | MORE)[place]]
    assert not DANGEROUS.match(cell)
    if place != "opening":
        assert cell.removeprefix("'") == stands(place, PAYLOADS[number])


@cells_of
@payloads
def test_parquet_holds_what_was_there(listed: Listed, as_parquet: dict, place: str, number: int) -> None:
    cell = as_parquet[listed.where(place, number)][(PLACES | MORE)[place]]
    said = stands(place, PAYLOADS[number])
    assert said in str(cell) if place == "opening" else cell == said


@cells_of
@payloads
def test_workbook(listed: Listed, as_cells: dict, place: str, number: int) -> None:
    titles = {"id": "Customer", "segment": "Risk band", "reason": "Reason 1", "item": "Item to offer"}
    cell = as_cells[listed.where(place, number)][titles.get(place, place.capitalize())]
    assert cell.data_type in {"s", "inlineStr"}
    assert cell.hyperlink is None
    if place != "opening":
        assert str(cell.value).replace("_x000D_", "\r") == stands(place, PAYLOADS[number])


def test_nowhere_in_the_workbook_is_a_formula_or_a_link(listed: Listed) -> None:
    with zipfile.ZipFile(io.BytesIO(listed.path(".xlsx").read_bytes())) as book:
        xml = "".join(book.read(name).decode() for name in book.namelist())
    assert not re.search(r"<f[ >]|<hyperlink|externalLink|relationships/hyperlink", xml)


@cells_of
@payloads
def test_page(as_page: Page, place: str, number: int) -> None:
    assert as_page.tags <= {"table", "thead", "tbody", "tr", "th", "td", "p"}
    assert as_page.attributes <= {"style"}
    said = " ".join(stands(place, PAYLOADS[number]).split())
    assert any(said in " ".join(text.split()) for text in as_page.texts)


def test_a_notebook_shows_none_of_it(listed: Listed) -> None:
    page = Page()
    page.feed(listed.result._repr_html_())
    assert not {"script", "a", "iframe", "img"} & page.tags
