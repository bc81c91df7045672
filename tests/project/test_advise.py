"""`advise` on a small shop, from the file to the picture."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from churnscope.errors import InputError
from churnscope.project import Project

if TYPE_CHECKING:
    from .conftest import Shop


@pytest.mark.slow
def test_it_weighs_the_shop_and_draws_it_once(shop: Shop) -> None:
    project = shop.project()
    result = project.advise()
    written = result.picture.read_bytes(), result.picture.stat().st_mtime_ns
    assert written[0].startswith(b"<?xml")
    assert result.lines[1] == f'rules = [{{ source = "sales", days = {result.advice.window} }}]'
    assert (result.window, result.horizon) == (60, 30)
    assert project.advise() == result
    assert (result.picture.read_bytes(), result.picture.stat().st_mtime_ns) == written
    json.dumps(result.to_json(), allow_nan=False)


def test_customers_and_churners_are_those_a_model_would_learn_from(shop: Shop) -> None:
    advice = shop.project().advise().advice
    config = shop.folder / "config.toml"
    text = config.read_text().replace("days = 60 }", f"days = {advice.window} }}")
    config.write_text(text.replace("horizon_days = 30", f"horizon_days = {advice.horizon}"))
    written = Project(config).features(output=shop.folder / "table.parquet")
    table = pq.read_table(written.output, columns=["cutoff", "churned"])
    newest = table.filter(pc.equal(table["cutoff"], pc.max(table["cutoff"])))
    assert (len(newest), pc.sum(newest["churned"]).as_py()) == (advice.chosen_horizon.customers, advice.chosen_horizon.churned)


def test_without_a_second_day_there_is_nothing_to_say(shop: Shop) -> None:
    once = {sale.customer: sale for sale in shop.sales}
    with pytest.raises(InputError, match="come back on a second day"):
        shop.project(once.values()).advise()
