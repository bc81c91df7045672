"""What customers with contracts are worth, end to end on simulated ones."""

from __future__ import annotations

import io
import json
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from churnscope.cli import value as command
from churnscope.cli.rendering import print_parts
from churnscope.config.load import load_config
from churnscope.errors import ConfigError
from churnscope.features import FAMILIES, catalog
from churnscope.operations.exports import read_export
from churnscope.operations.logs import silent
from churnscope.project import Project
from churnscope.project.money.contract_valued import ContractFigures
from churnscope.project.money.customer_values import CustomerValues
from churnscope.project.money.list_inputs import if_kept
from churnscope.project.money.valued import ValueResult
from churnscope.project.money.worth import worth_if_kept
from churnscope.project.notebook import html
from churnscope.project.session import loaded_data
from churnscope.simulation import PRESETS, simulate
from churnscope.timeline import day_number

from .test_schemas import problems

TOP = Path(__file__).parents[2]
ACTIONS = """
[actions.call]
channel = "phone"
minutes = 10
acceptance = 0.3
cool_down_days = 0
opening = ["Good day."]

[call_list]
agents = [{ name = "Ana", minutes = 100 }]
control_share = 0.0
"""
MAPPED = 'price = "price"'
SOURCES_READ = ("sessions", "tickets", "touches")


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("contracts")
    simulate(PRESETS["subscription"], folder / "data" / "subscription", customers=2_000, days=730, seed=1)
    text = (TOP / "configs" / "subscription.toml").read_text()
    for name in SOURCES_READ:  # contracts alone tell the value
        begin = text.index(f"[sources.{name}]")
        text = text[:begin] + text[text.index("\n\n", text.index(f"[sources.{name}.columns]")) + 2 :]
    path = folder / "configs" / "subscription.toml"
    path.parent.mkdir()
    path.write_text(text + "\n[value]\nhorizon_days = 120\nmargin = 0.5\n")
    return path


@pytest.fixture(scope="module")
def valued(config: Path) -> ValueResult:
    return Project(config).value()


def figures_of(result: ValueResult) -> ContractFigures:
    assert isinstance(result.figures, ContractFigures)
    return result.figures


def test_rows_fit_the_schema_and_sum_to_the_totals(valued: ValueResult) -> None:
    rows, figures = valued.to_arrow(), figures_of(valued)
    assert [problem for row in rows.slice(0, 40).to_pylist() for problem in problems(row, "contract_value")][:3] == []
    assert problems(json.loads(valued.manifest.read_text()), "manifest") == []
    assert rows.num_rows == figures.customers > 500
    assert figures.total("value") == pytest.approx(rows.column("value").to_numpy().sum(), rel=1e-4)
    value, kept, price = (rows.column(name).to_numpy() for name in ("value", "value_if_kept", "price_per_day"))
    assert (np.diff(value) <= 0).all()
    assert (kept >= value - 0.01).all()
    assert (rows.column("spend_high").to_numpy() <= price * 120 + 0.01).all()


def test_the_judged_revenue_is_near_what_came_and_nearer_than_that_nobody_leaves(valued: ValueResult) -> None:
    judgement = figures_of(valued).judgement
    assert judgement is not None
    by_age, nobody = judgement.errors["by age"], judgement.errors["nobody leaves"]
    assert by_age.spend == pytest.approx(judgement.spend, rel=0.05)
    assert by_age.spend_error < nobody.spend_error
    assert by_age.spend_held == pytest.approx(by_age.spend_promised, abs=0.06)


def test_the_same_run_again_writes_nothing_and_says_the_same(config: Path, valued: ValueResult) -> None:
    again = Project(config).value()
    assert again.was_done
    assert again.figures == valued.figures


def test_what_is_printed_and_shown(valued: ValueResult) -> None:
    stream = io.StringIO()
    print_parts(command.describe(valued), stream)
    said = stream.getvalue()
    assert "How many contracts last" in said
    assert "from contracts begun later" in said
    assert "Nothing later than ten years from now counts." in said
    assert "in_force_probability" in html(valued)


def test_lists_read_what_a_customer_who_stays_is_worth(valued: ValueResult) -> None:
    path = next(path for path in valued.outputs if path.suffix == ".parquet")
    values = CustomerValues.read(path)
    kept = valued.to_arrow().column("value_if_kept").to_pylist()
    assert values.values.tolist() == kept
    assert if_kept(read_export(path)).tolist() == kept


def test_a_call_list_reads_them(config: Path, valued: ValueResult) -> None:
    path = next(path for path in valued.outputs if path.suffix == ".parquet")
    ids = valued.to_arrow().column("customer_id").to_pylist()[:50]
    columns = {name: ["x"] * 50 for name in ("risk_band", "reason_1", "reason_2", "reason_3", "model_version", "run_id")}
    days, chances = [date(2024, 12, 31)] * 50, [0.5] * 50
    scores = config.parent / "scores.parquet"
    pq.write_table(pa.table({"customer_id": ids, "as_of": days, "churn_probability": chances, **columns}), scores)
    listing = config.with_name("listing.toml")
    listing.write_text(config.read_text() + ACTIONS)
    listed = Project(listing).call_list(scores=scores, values=path).to_arrow()
    kept = dict(zip(*(valued.to_arrow().column(name).to_pylist() for name in ("customer_id", "value_if_kept")), strict=True))
    for row in listed.to_pylist():
        assert row["value_at_risk"] == pytest.approx(0.5 * kept[row["customer_id"]], abs=0.01)
    assert listed.num_rows > 5


def test_the_price_of_today_values_as_a_price_does_and_is_no_feature(config: Path, valued: ValueResult) -> None:
    todays = config.with_name("todays.toml")
    todays.write_text(
        config.read_text().replace(MAPPED, 'price_today = "price"').replace('name = "subscription"', 'name = "t"')
    )
    found = Project(todays).value()
    assert found.to_arrow().column("value").to_pylist() == valued.to_arrow().column("value").to_pylist()
    assert any("Prices are those of today" in note for note in figures_of(found).notes)
    told = frozenset({"end", "end_day", "plan"})
    plain, more = (catalog({"subscriptions": names}, (30,), FAMILIES) for names in (told, told | {"price_today"}))
    assert plain == more


def test_contracts_without_a_price_are_refused(config: Path) -> None:
    path = config.with_name("free.toml")
    path.write_text(config.read_text().replace(MAPPED, "") + 'model = "contracts"\n')
    with pytest.raises(ConfigError, match="maps no price, so contracts cannot be valued"):
        Project(path).value()
    path.write_text(config.read_text().replace(MAPPED, ""))
    with pytest.raises(ConfigError, match="no source of purchases exists"):
        Project(path).value()


def test_an_activity_without_contracts_is_not_valued_by_them() -> None:
    assert not load_config(TOP / "configs" / "online_retail.toml").values_contracts


def test_profit_with_each_customers_own_value_takes_that_of_the_cutoff(config: Path) -> None:
    path = config.with_name("profit.toml")
    path.write_text(config.read_text() + '[profit]\nvalue = "customer"\n')
    config_of_profit, cutoff = load_config(path), day_number(date(2024, 6, 1))
    with loaded_data(config_of_profit, None, silent) as loaded, loaded_data(config_of_profit, cutoff, silent) as then:
        kept = worth_if_kept(config_of_profit, loaded, cutoff, silent)
        assert kept is not None
        assert kept.shape == (loaded.n_customers,)
        known = np.isin(loaded.ids(), then.ids())
        own = worth_if_kept(config_of_profit, then, cutoff, silent)
    assert own is not None
    assert kept[known] == pytest.approx(own)  # what came later tells nothing
    assert np.unique(kept).size > 20
