"""Sources that are tables in memory give what the same rows in a file give, whatever library holds them."""

from __future__ import annotations

import gc
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from churnscope import Project
from churnscope.errors import ChurnscopeError, ConfigError, InputError

from .conftest import Sale, Shop

BUSINESS = {
    "name": "table_shop",
    "time_zone": "Europe/London",
    "activity": {"rules": [{"source": "purchases", "days": 60}]},
    "prediction": {"horizon_days": 30},
    "features": {"windows_days": [14, 60]},
    "tracking": {"enabled": False},
}


@pytest.fixture
def bought(sales: tuple[Sale, ...]) -> pa.Table:
    columns = {
        "customer": [sale.customer for sale in sales],
        "time": [sale.time for sale in sales],
        "amount": [sale.amount for sale in sales],
        "order": [sale.order for sale in sales],
        "known": [sale.known for sale in sales],
    }
    return pa.table(columns)


@pytest.fixture
def business(tmp_path: Path) -> dict[str, Any]:
    return BUSINESS | {"folders": {"outputs": str(tmp_path / "outputs"), "models": str(tmp_path / "models")}}


def as_pandas(table: pa.Table) -> object:
    return table.to_pandas().astype({"order": "category"})


def as_polars(table: pa.Table) -> object:
    polars = pytest.importorskip("polars", reason="Polars is not installed")
    return polars.from_arrow(table)


def as_relation(table: pa.Table) -> object:
    return duckdb.connect().from_arrow(table)


@pytest.mark.parametrize("held", [as_pandas, as_polars, as_relation], ids=["pandas", "polars", "duckdb"])
def test_every_library_gives_the_same_snapshots(held: Any, bought: pa.Table, business: dict[str, Any]) -> None:
    one = Project.from_tables(business, purchases=bought).snapshots()
    assert Project.from_tables(business, purchases=held(bought)).snapshots().to_arrow().equals(one.to_arrow())
    assert one.columns[:3] == ["customer_id", "cutoff", "churned"]
    assert len(one) > 500


def test_a_table_gives_what_its_file_gives(bought: pa.Table, shop: Shop) -> None:
    from_file = shop.project().snapshots().to_arrow()
    config = shop.folder / "config.toml"
    assert Project.from_tables(config, sales=bought).snapshots().to_arrow().equals(from_file)


def test_a_model_trained_on_tables_scores_tables(bought: pa.Table, shop: Shop) -> None:
    shop.project()
    project = Project.from_tables(shop.folder / "config.toml", sales=bought)
    scores = project.score()
    assert scores.to_pandas()["churn_probability"].between(0, 1).any()
    assert project.score().was_done


def test_the_folder_goes_with_the_project(bought: pa.Table, business: dict[str, Any]) -> None:
    project = Project.from_tables(business, purchases=bought)
    kept = Path(project.config.sources["purchases"].files[0].path)
    assert pq.read_metadata(kept).num_rows == bought.num_rows
    del project
    gc.collect()
    assert not kept.parent.exists()


def test_dictionaries_are_a_config(business: dict[str, Any], bought: pa.Table, tmp_path: Path) -> None:
    pq.write_table(bought, tmp_path / "rows.parquet")
    columns = {"customer": "customer", "time": "time"}
    source = {"role": "purchases", "format": "parquet", "files": str(tmp_path / "rows.parquet"), "columns": columns}
    project = Project(business | {"sources": {"purchases": source}})
    assert project.check().reports[0].used == bought.num_rows
    assert business["activity"] == BUSINESS["activity"]  # what was given is left as it is


def test_a_name_that_means_nothing(business: dict[str, Any], bought: pa.Table) -> None:
    with pytest.raises(ConfigError, match=r'no source purchase\.\nDid you mean "purchases"'):
        Project.from_tables(business, purchase=bought)


def test_what_is_no_table(business: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="purchases is a list, which offers no Arrow stream"):
        Project.from_tables(business, purchases=[1, 2])  # type: ignore[arg-type]


def test_a_column_of_mixed_types(business: dict[str, Any]) -> None:
    frame = pd.DataFrame({"customer": ["a", 2], "time": [datetime(2024, 1, 1)] * 2})
    with pytest.raises(InputError, match="values of a type that cannot be read"):
        Project.from_tables(business, purchases=frame)


def test_a_frame_without_polars(business: dict[str, Any], bought: pa.Table, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = Project.from_tables(business, purchases=bought).snapshots()
    monkeypatch.setitem(__import__("sys").modules, "polars", None)
    with pytest.raises(ChurnscopeError, match="pip install polars"):
        frame.to_polars()


def test_a_column_of_mixed_types_is_named(business: dict[str, Any]) -> None:
    frame = pd.DataFrame({"customer": ["a", "b"], "time": [datetime(2024, 1, 1)] * 2, "amount": [1, "a lot"]})
    with pytest.raises(InputError, match=r"^purchases, column amount: it holds values of a type") as caught:
        Project.from_tables(business, purchases=frame)
    assert "a lot" not in str(caught.value)


def test_two_columns_of_one_name(business: dict[str, Any], bought: pa.Table) -> None:
    frame = bought.to_pandas()
    with pytest.raises(InputError, match="purchases has two columns of the same name"):
        Project.from_tables(business, purchases=pd.concat([frame, frame[["amount"]]], axis=1))


def test_categories_of_polars_are_text(business: dict[str, Any], bought: pa.Table) -> None:
    polars = pytest.importorskip("polars", reason="Polars is not installed")
    frame = polars.from_arrow(bought).with_columns(polars.col("customer").cast(polars.Categorical))
    one = Project.from_tables(business, purchases=bought).snapshots()
    assert Project.from_tables(business, purchases=frame).snapshots().to_arrow().equals(one.to_arrow())


def test_categories_with_gaps_are_read(business: dict[str, Any]) -> None:
    customers = pa.array(["a", None, "b"]).dictionary_encode()
    table = pa.table({"customer": customers, "time": [datetime(2024, 1, 1)] * 3})
    project = Project.from_tables(business, purchases=table)
    kept = pq.read_table(project.config.sources["purchases"].files[0].path)
    assert kept["customer"].to_pylist() == ["a", None, "b"]


def test_one_row_a_customer_is_no_fault_of_facts_beside_the_events(business: dict[str, Any], bought: pa.Table) -> None:
    facts = pa.table(
        {"customer": bought["customer"].unique(), "time": [datetime(2023, 1, 1)] * len(bought["customer"].unique())}
    )
    reports = Project.from_tables(business, purchases=bought, extra_features=facts).check().reports
    assert "single row" not in " ".join(line for report in reports for line in report.advice)


def test_a_source_that_says_no_more_than_its_role(business: dict[str, Any], bought: pa.Table) -> None:
    described = {"sources": {"orders": {"role": "purchases"}}, "activity": {"rules": [{"source": "orders", "days": 60}]}}
    project = Project.from_tables(business | described, orders=bought)
    assert project.config.sources["orders"].columns["amount"] == "amount"


def test_columns_of_other_names_are_told_with_those_there_are(business: dict[str, Any], bought: pa.Table) -> None:
    table = bought.rename_columns({"customer": "customer_id", "time": "date"})
    with pytest.raises(
        ConfigError, match=r"purchases has no column customer and no column time\. It has: customer_id, date, am"
    ):
        Project.from_tables(business, purchases=table)
