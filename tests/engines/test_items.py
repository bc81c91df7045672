"""What to offer: bought on most days, and not lately."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow.csv as csv
import pyarrow.parquet as pq
import pytest

from churnscope.config.load import load_config
from churnscope.config.models import Config
from churnscope.engines.items import items_from, items_to_offer
from churnscope.timeline import day_number

CONFIG = """
name = "shop"
[sources.orders]
role = "purchases"
format = "{form}"
files = "orders.{form}"
columns = {{ customer = "id", time = "day", quantity = "n", product = "code"{columns} }}
{types}
[activity]
rules = [{{ source = "orders", days = 90 }}]
[prediction]
horizon_days = 30
[actions.call]
channel = "phone"
acceptance = 0.3
[call_list]
agents = [{{ name = "Ana", minutes = 60 }}]
{more}
"""
LINES = """id,day,n,code,kind
a,2024-01-01,1,t1,tea
a,2024-01-01,9,t2,tea
a,2024-01-11,1,t1,tea
a,2024-01-21,1,c1,coffee
a,2024-01-31,50,s1,sugar
a,2024-01-05,-1,s1,sugar
a,2024-01-06,-1,s1,sugar
a,2024-01-07,-1,s1,sugar
b,2024-01-01,1,c1,coffee
b,2024-01-11,1,t1,tea
c,2024-01-20,1,c1,coffee
d,2024-01-05,-1,c1,coffee
e,2024-01-01,1,x,
f,2024-01-03,1,t1,tea
f,2024-01-03,1,c1,coffee
f,2024-03-03,1,c1,coffee
g,2024-02-09,1,t1,tea
g,2024-02-09,1,c1,coffee
g,2024-02-09,1,c2,coffee
"""
AS_OF = "2024-02-10"


def shop(folder: Path, *, form: str = "csv", columns: str = ', category = "kind"', more: str = "") -> Config:
    types = '[sources.orders.types]\nn = "number"' if form == "csv" else ""
    (folder / "shop.toml").write_text(CONFIG.format(form=form, columns=columns, types=types, more=more))
    (folder / "orders.csv").write_text(LINES)
    if form == "parquet":
        pq.write_table(csv.read_csv(folder / "orders.csv"), folder / "orders.parquet")
    return load_config(folder / "shop.toml", {})


def offered(config: Config, ids: str = "abcdefgz", as_of: str = AS_OF) -> dict[str, str]:
    rows = items_to_offer(config, list(ids), day_number(date.fromisoformat(as_of))).to_pylist()
    return {row["customer_id"]: row["item"] for row in rows}


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_bought_on_most_days_and_not_within_the_customers_own_pace(tmp_path: Path, form: str) -> None:
    """a buys every 10 days, tea on two of them; b bought each thing once, and coffee first."""
    found = offered(shop(tmp_path, form=form))
    assert found == {"a": "tea", "b": "coffee", "f": "coffee"}  # c and g bought once, within the horizon; d only took back


def test_days_of_the_config_count_for_everybody(tmp_path: Path) -> None:
    assert offered(shop(tmp_path, more="item_days = 21")) == {"a": "tea", "b": "coffee", "f": "coffee"}
    assert offered(shop(tmp_path, more="item_days = 20"))["c"] == "coffee"
    assert offered(shop(tmp_path, more="item_days = 1"), "g") == {}  # the day before is no longer ago than a day


def test_nothing_after_the_day_is_seen(tmp_path: Path) -> None:
    """Of f, the coffee of March would make it the one bought most; before, both are as old and the first by name counts."""
    assert offered(shop(tmp_path), "f") == {"f": "coffee"}
    assert offered(shop(tmp_path), "f", "2024-03-20") == {"f": "tea"}  # every 60 days; coffee 17 days ago, tea 77


def test_without_a_category_the_product_and_what_the_list_says_before_both(tmp_path: Path) -> None:
    assert offered(shop(tmp_path, columns=""), "ab") == {"a": "t1", "b": "c1"}
    said = shop(tmp_path, more="item = \"CASE WHEN kind <> 'tea' THEN '  ' || upper(kind) || '   to go' END\"")
    assert offered(said, "ab") == {"a": "COFFEE to go", "b": "COFFEE to go"}


def test_only_those_asked_for_and_of_nobody_nothing(tmp_path: Path) -> None:
    config = shop(tmp_path)
    assert offered(config, "b") == {"b": "coffee"}
    assert items_to_offer(config, [], day_number(date.fromisoformat(AS_OF))).num_rows == 0
    assert list(items_from(config)) == ["orders"]
