"""A model in money, from the config to the files."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest

from churnscope.decisions import Offer
from churnscope.errors import ConfigError
from churnscope.project import Project
from churnscope.project.models.judging import Judgement, figures_of
from churnscope.project.models.past import judged_in

from .conftest import Shop

OFFER = Offer(value=120, offer_cost=8)


def with_profit(shop: Shop, *lines: str) -> Project:
    shop.project()
    path = shop.folder / "config.toml"
    path.write_text("\n".join([path.read_text(), "[profit]", *(lines or ("value = 120", "offer_cost = 8")), ""]))
    return Project(path)


@pytest.mark.slow
def test_evaluate_says_what_the_model_is_worth(shop: Shop) -> None:
    result = with_profit(shop).evaluate(backtest=False)
    figures = result.profit
    assert figures is not None
    assert figures.offer == OFFER
    assert figures.customers == result.evaluation.rows
    assert figures.break_even == pytest.approx(9 / (0.3 * 112 + 8))
    written = {path.name: path for path in result.outputs}
    assert json.loads(written["evaluation.json"].read_text())["profit"]["chosen"]["size"] == figures.chosen.size
    assert b"<svg" in written["profit.svg"].read_bytes()
    assert "value times 2" in result._repr_html_()
    assert json.loads(json.dumps(result.to_json(), allow_nan=False))["profit"]["offer"]["value"] == 120
    judged = judged_in(json.loads(json.dumps(figures_of(Judgement(result.cutoff, result.evaluation, result.grade, figures)))))
    assert judged.profit == figures


@pytest.mark.slow
def test_without_it_nothing_is_said_of_money(shop: Shop) -> None:
    result = shop.project().evaluate(backtest=False)
    assert result.profit is None
    assert "profit" not in result.to_json()
    assert "profit.svg" not in {path.name for path in result.outputs}


def test_high_risk_begins_where_a_contact_pays(shop: Shop) -> None:
    rows = pq.read_table(with_profit(shop).score().outputs[1])
    chance = rows.column("churn_probability").to_numpy()
    high = np.array(rows.column("risk_band").to_pylist()) == "high"
    assert 0 < high.sum() < len(high)
    assert (high == (chance >= float(OFFER.break_even()))).all()


@pytest.mark.slow
def test_a_report_of_a_model_judged_before_says_how_to_get_there(shop: Shop) -> None:
    page = with_profit(shop).report(customers=False).page.read_text()
    assert "What is it worth in money?" in page
    assert "churnscope train CONFIG" in page
    assert "What is it worth in money?" not in shop.project().report(customers=False).page.read_text()


@pytest.mark.slow
def test_each_customer_is_worth_what_the_purchases_before_the_cutoff_say(shop: Shop) -> None:
    result = with_profit(shop, 'value = "customer"', "offer_cost = 8", "[value]", 'model = "bg_nbd"').evaluate(backtest=False)
    figures = result.profit
    assert figures is not None
    assert figures.own is not None
    assert figures.own.value_low < figures.own.value_median < figures.own.value_high
    assert figures.own.break_even_low < figures.own.break_even_high
    assert figures.offer.value > figures.own.value_low
    assert "Eight in ten are worth" in result._repr_html_()
    assert "whose risk and value make it pay" in result._repr_html_()
    cut = np.datetime64("1970-01-01") + result.cutoff
    later = [replace(sale, amount=9 * sale.amount) if np.datetime64(sale.time) >= cut else sale for sale in shop.sales]
    assert any(one != other for one, other in zip(later, shop.sales, strict=True))
    config = (shop.folder / "config.toml").read_text()
    shop.project(later)
    (shop.folder / "config.toml").write_text(config)
    again = Project(shop.folder / "config.toml").evaluate(backtest=False).profit
    assert again is not None
    assert (again.own, again.offer) == (figures.own, figures.offer)


def test_values_of_their_own_need_amounts(shop: Shop) -> None:
    shop.project()
    path = shop.folder / "config.toml"
    path.write_text(path.read_text().replace('amount = "amount"\n', "") + '\n[profit]\nvalue = "customer"\n')
    with pytest.raises(ConfigError, match="nothing tells what each customer is worth"):
        Project(path)


def test_a_contact_that_can_never_pay_is_refused(shop: Shop) -> None:
    with pytest.raises(ConfigError, match="costs more than it can bring"):
        with_profit(shop, "value = 30", "offer_cost = 28")
    with pytest.raises(ConfigError, match="value"):
        with_profit(shop, "offer_cost = 8")
