"""What a source of customers tells for a list."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from churnscope.config.load import load_config
from churnscope.config.models import Config
from churnscope.engines.told import told_of_customers
from churnscope.errors import ConfigError
from churnscope.operations.exports import write_parquet

CONFIG = """
name = "shop"
[sources.orders]
role = "purchases"
format = "csv"
files = "orders.csv"
columns = {{ customer = "id", time = "day" }}
[sources.people]
role = "customers"
format = "{format}"
files = "people.{format}"
{more}
[sources.people.columns]
customer = "id"
{columns}
[activity]
rules = [{{ source = "orders", days = 90 }}]
[prediction]
horizon_days = 60
"""


def people(folder: Path, text: str, *, columns: str = "", more: str = "") -> Config:
    (folder / "shop.toml").write_text(CONFIG.format(format="csv", columns=columns, more=more))
    (folder / "people.csv").write_text(text)
    (folder / "orders.csv").write_text("id,day\n1,2024-01-01\n")
    return load_config(folder / "shop.toml", {})


def by_id(config: Config, texts=None, conditions=None, flags=None) -> dict[str, dict]:
    table, files = told_of_customers(config, "people", texts or {}, conditions or {}, flags or {})
    assert [len(digest) for digest in files.values()] == [64]
    return {row.pop("customer_id"): row for row in table.to_pylist()}


def test_texts_are_trimmed_and_empty_ones_missing(tmp_path: Path) -> None:
    config = people(tmp_path, "id,First,Last\n 007 ,Ada , L\n8,,\n")
    found = by_id(config, {"name": "First || ' ' || Last", "last": "Last"})
    assert found == {"007": {"name": "Ada L", "last": "L"}, "8": {"name": None, "last": None}}


@pytest.mark.parametrize(
    ("written", "open_"),
    [("yes", True), ("+44", True), ("", False), ("No", False), ("FALSE", False), ("0", False), ("n", False)],
)
def test_consent_is_a_column_that_is_not_empty_and_says_no_no(tmp_path: Path, written: str, open_: bool) -> None:
    assert by_id(people(tmp_path, f"id,May\n7,{written}\n"), conditions={"phone": "May"}) == {"7": {"phone": open_}}


def test_consent_may_be_a_condition(tmp_path: Path) -> None:
    config = people(tmp_path, "id,Phone,May\n1,5,y\n2,,y\n3,5,\n")
    found = by_id(config, conditions={"phone": "Phone IS NOT NULL AND May = 'y'"})
    assert {customer for customer, row in found.items() if row["phone"]} == {"1"}


def test_a_flag_that_cannot_be_read_counts_as_set(tmp_path: Path) -> None:
    found = by_id(people(tmp_path, "id,Silent\n1,true\n2,false\n3,\n4,perhaps\n"), flags={"silent": "Silent"})
    assert {customer: row["silent"] for customer, row in found.items()} == {"1": True, "2": False, "3": False, "4": True}


def test_the_newest_row_of_a_customer_counts(tmp_path: Path) -> None:
    text = "id,since,Phone\n1,2024-02-01,new\n1,2023-01-01,old\n1,,oldest\n2,,only\n"
    config = people(tmp_path, text, columns='valid_from = "since"')
    assert by_id(config, {"phone": "Phone"}) == {"1": {"phone": "new"}, "2": {"phone": "only"}}


def test_rows_the_source_leaves_aside_tell_nothing(tmp_path: Path) -> None:
    config = people(tmp_path, "id,Phone,Live\n1,5,y\n2,6,n\n,7,y\n", more="where = \"Live = 'y'\"")
    assert by_id(config, {"phone": "Phone"}) == {"1": {"phone": "5"}}


def test_parquet_types_travel_as_text_and_numbers_as_consent(tmp_path: Path) -> None:
    (tmp_path / "shop.toml").write_text(CONFIG.format(format="parquet", columns="", more=""))
    (tmp_path / "orders.csv").write_text("id,day\n1,2024-01-01\n")
    with (tmp_path / "people.parquet").open("wb") as stream:
        write_parquet(pa.table({"id": ["a", "b"], "Phone": [4420, None], "May": [1, 0], "Ok": [True, None]}), stream)
    config = load_config(tmp_path / "shop.toml", {})
    found = by_id(config, {"phone": "Phone"}, {"mail": "May", "visit": "Ok"})
    assert found == {
        "a": {"phone": "4420", "mail": True, "visit": True},
        "b": {"phone": None, "mail": False, "visit": False},
    }


def test_an_expression_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not fit its columns"):
        by_id(people(tmp_path, "id,Phone\n1,5\n"), {"phone": "Phone + INTERVAL 1 DAY"})
