"""What happened later, or became known later, changes nothing; nor does the way the same rows are written."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from churnscope.operations.logs import silent
from churnscope.project.session import loaded_data
from churnscope.snapshots import ScoringRows, SnapshotPlan, build_scoring_rows

from .conftest import FIRST_DAY, Sale, Shop

AS_OF = datetime(2023, 2, 27)
few_examples = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def scores(shop: Shop, rows: list[Sale] | None = None) -> list[dict[str, object]]:
    """The scored customers without the run id, which names the input files' hashes."""
    result = shop.project(rows).score(output=shop.folder / "scores.parquet", all_customers=True)
    return pq.read_table(result.outputs[0]).drop_columns(["run_id"]).to_pylist()


def scoring_rows(shop: Shop, rows: list[Sale]) -> tuple[np.ndarray, ScoringRows]:
    """Ids and scoring rows straight from the files."""
    config = shop.project(rows).config
    with loaded_data(config, None, silent) as loaded:
        plan = SnapshotPlan.from_config(config, loaded, (loaded.as_of,))
        return loaded.ids(), build_scoring_rows(loaded.blocks(), plan)


def test_sales_on_or_after_the_day_change_no_score(shop: Shop) -> None:
    before = scores(shop)
    late = [sale.later(DAYS_AHEAD) for sale in shop.sales if sale.later(DAYS_AHEAD).time >= AS_OF]
    newcomer = Sale("newcomer", AS_OF, 9.99, "n1", AS_OF)
    assert len(late) > 100
    assert scores(shop, [*shop.sales, *late, newcomer]) == before


DAYS_AHEAD = 400


def test_sales_known_only_later_change_no_score(shop: Shop) -> None:
    before = scores(shop)
    unknown = [replace(sale, order=f"x{sale.order}", known=AS_OF + timedelta(seconds=1)) for sale in shop.sales[::3]]
    newcomer = Sale("newcomer", AS_OF - timedelta(days=3), 9.99, "n1", AS_OF + timedelta(days=1))
    assert scores(shop, [*shop.sales, *unknown, newcomer]) == before


def test_order_of_rows_and_split_into_files_change_no_score(shop: Shop) -> None:
    before = scores(shop)
    shuffled = [shop.sales[i] for i in np.random.default_rng(1).permutation(len(shop.sales))]
    assert scores(replace(shop, files=("a.csv", "b.csv", "c.csv")), shuffled) == before


def test_whole_weeks_change_no_probability(shop: Shop) -> None:
    before = [row["churn_probability"] for row in scores(shop)]
    moved = replace(shop, complete_through="2023-07-16")
    assert [row["churn_probability"] for row in scores(moved, [sale.later(140) for sale in shop.sales])] == before


moments = st.integers(-40, 20).flatmap(
    lambda day: st.sampled_from([0, 1, 43_200, 86_399]).map(lambda second: AS_OF + timedelta(days=day, seconds=second))
)


@st.composite
def histories(draw: st.DrawFn) -> list[Sale]:
    """Few customers with sales around the day, on its very edge too, some known late; one sale is always there."""
    sales = [Sale("c0", AS_OF - timedelta(days=5), 1.0, "first", AS_OF - timedelta(days=5))]
    for number in range(draw(st.integers(0, 12))):
        time = draw(moments)
        known = time + timedelta(days=draw(st.sampled_from([0, 0, 1, 30])))
        amount = draw(st.sampled_from([0.0, 5.0, 12.34, -5.0]))
        sales.append(Sale(draw(st.sampled_from(["c0", "c1", "c2"])), time, amount, f"o{number}", known))
    return sales


@few_examples
@given(history=histories())
@pytest.mark.slow
def test_only_what_was_known_on_the_day_decides_features_and_population(tmp_path: Path, history: list[Sale]) -> None:
    shop = Shop(tmp_path, ())
    ids, rows = scoring_rows(shop, history)
    seen = [sale for sale in history if sale.time < AS_OF and sale.known <= AS_OF]
    known_ids, known_rows = scoring_rows(shop, seen)
    assert ids.tolist() == known_ids.tolist()
    assert rows.status.tolist() == known_rows.status.tolist()
    assert rows.table.customer.tolist() == known_rows.table.customer.tolist()
    np.testing.assert_array_equal(rows.table.features, known_rows.table.features)


def test_first_day_is_a_monday() -> None:
    """Whole weeks keep weekdays only from the same weekday on."""
    assert FIRST_DAY.weekday() == 0
