"""What customers are worth, end to end."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.parquet as pq
import pytest

from churnscope.errors import ConfigError, InputError
from churnscope.project import Project
from churnscope.project.money import spend_trees
from churnscope.project.money.valued import ValueFigures, ValueResult
from churnscope.value.judging import LAST_PERIOD

from .conftest import Sale, Shop, simulated_sales

if TYPE_CHECKING:
    import pyarrow as pa


ONE_MODEL = ("[value]", 'model = "bg_nbd"')  # saves the tests the fits they do not ask about


@pytest.fixture(scope="module")
def valued(sales: tuple[Sale, ...], tmp_path_factory: pytest.TempPathFactory) -> ValueResult:
    folder = tmp_path_factory.mktemp("valued") / "configs"
    folder.mkdir()
    return Shop(folder, sales).project().value()


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A smaller shop without a model: none is needed."""
    (tmp_path / "configs").mkdir()
    return Shop(tmp_path / "configs", simulated_sales(1, customers=120))


@pytest.fixture(scope="module")
def rows(valued: ValueResult) -> pa.Table:
    return valued.to_arrow()


def with_lines(shop: Shop, *lines: str, drop: str = "", sales: Iterable[Sale] | None = None) -> Project:
    """The project of these sales, with more lines in its config."""
    shop.project(sales)
    path = shop.folder / "config.toml"
    path.write_text(path.read_text().replace(drop, "") + "\n".join(lines) + "\n")
    return Project(path)


def column(rows: pa.Table, name: str) -> np.ndarray:
    return rows.column(name).to_numpy()


def test_everyone_who_has_bought_has_one_row(valued: ValueResult, rows: pa.Table, sales: tuple[Sale, ...]) -> None:
    end = np.datetime64("2023-02-27")
    buyers = {sale.customer for sale in sales if np.datetime64(sale.known) < end}
    ids = rows.column("customer_id").to_pylist()
    assert len(ids) == len(set(ids)) == valued.figures.customers
    assert set(ids) == buyers


def test_the_most_valuable_come_first_in_tenths_of_one_size(rows: pa.Table) -> None:
    value, tenth = column(rows, "value"), column(rows, "value_decile")
    assert (np.diff(value) <= 0).all()
    sizes = np.bincount(tenth)[1:]
    assert np.ptp(sizes) <= 1
    assert len(sizes) == 10


def test_whoever_comes_back_is_worth_a_purchase_more(rows: pa.Table) -> None:
    assert (column(rows, "value_if_back") > column(rows, "value")).all()


def test_totals_are_those_of_the_rows(valued: ValueResult, rows: pa.Table) -> None:
    figures = valued.figures
    assert figures.total("value") == pytest.approx(column(rows, "value").sum(), rel=1e-3)
    assert figures.total("spend") == pytest.approx(column(rows, "expected_spend").sum(), rel=1e-3)
    assert figures.total("purchase_days") == pytest.approx(column(rows, "expected_purchase_days").sum(), abs=0.06)
    assert "worth" in valued.summary


def test_intervals_and_probabilities_are_possible(rows: pa.Table) -> None:
    assert (column(rows, "spend_low") <= column(rows, "spend_high")).all()
    assert (column(rows, "purchase_days_low") <= column(rows, "purchase_days_high")).all()
    alive = column(rows, "alive_probability")
    assert ((alive >= 0) & (alive <= 1)).all()


def test_models_are_judged_on_what_came_after_and_the_nearest_is_used(valued: ValueResult, sales: tuple[Sale, ...]) -> None:
    judgement = valued.figures.judgement
    assert judgement is not None
    days = {
        (sale.customer, sale.time.date())
        for sale in sales
        if np.datetime64("2023-01-28") <= np.datetime64(sale.time) < np.datetime64("2023-02-27")
        and np.datetime64(sale.known) < np.datetime64("2023-02-27")
    }
    assert judgement.purchase_days == len(days)
    assert judgement.choice is not None
    assert judgement.choice.cutoff == judgement.cutoff - 30
    assert judgement.choice.nearest_first[0] == valued.figures.kind
    assert judgement.beats_rule(valued.figures.kind)
    assert judgement.errors[valued.figures.kind].purchase_days == pytest.approx(judgement.purchase_days, rel=0.2)


def test_trees_do_not_learn_from_few_customers(valued: ValueResult) -> None:
    judgement = valued.figures.judgement
    assert judgement is not None
    assert "trees" not in judgement.errors
    assert valued.figures.used == {valued.figures.kind}


@pytest.mark.slow
def test_trees_are_judged_beside_them_and_used_where_asked_for(
    valued: ValueResult, sales: tuple[Sale, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spend_trees, "FEWEST_SPENDERS", 50)
    (tmp_path / "configs").mkdir()
    asked = with_lines(Shop(tmp_path / "configs", sales), "[value]", 'model = "trees"').value()
    judgement = asked.figures.judgement
    assert judgement is not None
    assert judgement.choice is not None
    trees = judgement.errors["trees"]
    assert trees.purchase_days_error is None
    assert trees.spend == pytest.approx(judgement.spend, rel=0.3)
    assert trees.spend_held == pytest.approx(trees.spend_promised, abs=0.06)
    assert asked.figures.used == {asked.figures.kind, "trees"}
    assert any("because the config asks" in note for note in asked.figures.notes)
    rows, plain = (result.to_arrow().sort_by("customer_id") for result in (asked, valued))
    assert set(rows.column("model").to_pylist()) == {f"{valued.figures.kind}+trees"}
    for name in ("alive_probability", "expected_purchase_days"):
        assert rows.column(name) == plain.column(name)
    assert (column(rows, "spend_low") <= column(rows, "spend_high")).all()
    assert np.corrcoef(column(rows, "expected_spend"), column(plain, "expected_spend"))[0, 1] > 0.6


@pytest.mark.slow
def test_the_same_run_again_writes_nothing_and_says_the_same(shop: Shop) -> None:
    first = with_lines(shop, *ONE_MODEL).value()
    written = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in (*first.outputs, first.manifest)}
    second = with_lines(shop, *ONE_MODEL).value()
    assert (first.was_done, second.was_done) == (False, True)
    assert second.figures == first.figures
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in written} == written
    again = replace(shop, folder=shop.folder.parent / "elsewhere" / "configs")
    again.folder.mkdir(parents=True)
    assert [path.read_bytes() for path in with_lines(again, *ONE_MODEL).value().outputs] == [
        path.read_bytes() for path in first.outputs
    ]


def test_figures_are_read_back_as_they_were(valued: ValueResult) -> None:
    assert ValueFigures.from_json(json.loads(json.dumps(valued.figures.to_json()))) == valued.figures
    assert json.loads(json.dumps(valued.to_json(), allow_nan=False))["judgement"]["cutoff"] == "2023-01-28"


def test_a_file_of_ones_own(shop: Shop) -> None:
    result = with_lines(shop, *ONE_MODEL).value(output=shop.folder / "worth.csv", horizon_days=60)
    assert [path.name for path in result.outputs] == ["worth.csv", "worth.csv.figures.json"]
    assert set(result.to_pandas()["horizon_days"]) == {60}
    with pytest.raises(ConfigError, match="unknown kind of output"):
        shop.project().value(output="worth.txt")
    with pytest.raises(ConfigError, match="would be read"):
        shop.project().value(output=shop.folder / "sales.csv")
    with pytest.raises(ConfigError, match="no number of days"):
        shop.project().value(horizon_days=0)


def test_margin_scales_value_and_a_higher_discount_lowers_it(shop: Shop) -> None:
    plain = with_lines(shop, *ONE_MODEL).value().to_arrow()
    quarter = with_lines(shop, *ONE_MODEL, "margin = 0.25", "discount_rate = 0.9").value().to_arrow()
    assert (column(quarter, "value") <= column(plain, "value") * 0.25 + 0.01).all()
    assert column(quarter, "value").sum() < column(plain, "value").sum() * 0.25 * 0.9
    for name in ("alive_probability", "expected_spend", "spend_high"):
        assert sorted(column(quarter, name)) == sorted(column(plain, name))


def test_a_model_asked_for_by_name_is_used(shop: Shop) -> None:
    result = with_lines(shop, "[value]", 'model = "nbd"').value()
    assert result.figures.kind == "nbd"
    assert result.figures.judgement is not None
    assert set(result.figures.judgement.errors) == {"nbd", LAST_PERIOD}


def test_without_amounts_there_is_nothing_to_value(shop: Shop) -> None:
    with pytest.raises(ConfigError, match="maps no amount"):
        with_lines(shop, drop='amount = "amount"\n').value()


def test_a_short_history_is_valued_but_not_judged(shop: Shop) -> None:
    result = shop.project().value("2022-04-01", horizon_days=60)  # of the models in question the first one will do
    assert result.figures.judgement is None
    assert "could not be judged: 87 days of history" in result.figures.notes[0]
    assert result.figures.kind == "bg_nbd"


def test_nobody_who_bought_twice_is_refused_with_the_reason(shop: Shop) -> None:
    first = {sale.customer: sale for sale in reversed(shop.sales)}
    with pytest.raises(InputError, match="bought on a second day"):
        shop.project(first.values()).value()
    with pytest.raises(InputError, match="No purchase lies before 2022-01-01"):
        shop.project(shop.sales[:1]).value("2022-01-01")


@pytest.mark.slow
def test_nothing_after_the_day_is_read(shop: Shop) -> None:
    before = with_lines(shop, *ONE_MODEL).value("2022-12-01").to_arrow()
    cut = np.datetime64("2022-12-01")
    changed = [sale if np.datetime64(sale.time) < cut else replace(sale.later(1), amount=999.0) for sale in shop.sales]
    after = with_lines(shop, *ONE_MODEL, sales=changed).value("2022-12-01").to_arrow()
    assert after.drop_columns("run_id") == before.drop_columns("run_id")


@pytest.mark.slow
def test_a_purchase_that_arrives_late_counts_when_it_does(shop: Shop) -> None:
    sale = shop.sales[0]
    late = replace(
        sale, time=sale.time.replace(year=2022, month=11, day=29), known=sale.time.replace(year=2022, month=12, day=2)
    )
    prompt = replace(late, known=late.time + timedelta(hours=1))

    def rows_of(sales: Iterable[Sale]) -> pa.Table:
        return with_lines(shop, *ONE_MODEL, sales=sales).value("2022-12-01").to_arrow().drop_columns("run_id")

    assert rows_of([*shop.sales, late]) == rows_of(shop.sales) != rows_of([*shop.sales, prompt])


def test_a_notebook_shows_models_tenths_and_customers(valued: ValueResult) -> None:
    html = valued._repr_html_()
    assert all(text in html for text in ("same as last period", "<svg", "The most valuable tenth", "expected_spend"))


def test_the_ledger_and_the_manifest_hold_no_customer(valued: ValueResult) -> None:
    manifest = json.loads(valued.manifest.read_text())
    assert manifest["counts"] == {"customers": valued.figures.customers, "never_bought": 0}
    ledger = list((valued.manifest.parents[2] / "runs").glob("*-value-*.json"))
    assert len(ledger) == 1
    assert "c0001" not in ledger[0].read_text() + valued.outputs[-1].read_text() + valued.manifest.read_text()


def test_csv_and_parquet_hold_the_same(valued: ValueResult) -> None:
    from churnscope.operations.exports import read_export

    csv, parquet = read_export(valued.outputs[0]), pq.read_table(valued.outputs[1])
    for name in ("customer_id", "value", "spend_high", "alive_probability"):
        assert csv.column(name).to_pylist() == parquet.column(name).to_pylist(), name


def test_ids_keep_their_zeros(tmp_path: Path) -> None:
    from churnscope.operations.exports import read_export

    path = tmp_path / "rows.csv"
    path.write_text('customer_id,value\n"007",1.5\n')
    assert read_export(path).column("customer_id").to_pylist() == ["007"]
