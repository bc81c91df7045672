"""Erosion, retention, forecast and budget of a whole run, and against customers whose rates are known."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from churnscope.lifecycle.erosion import erosion
from churnscope.lifecycle.formulas import evaluate
from churnscope.lifecycle.spells import WITH_US
from churnscope.project import Project
from churnscope.project.lifecycle.stages import life
from churnscope.simulation import PRESETS, simulate

from .conftest import Sale, Shop
from .test_schemas import problems

if TYPE_CHECKING:
    import pyarrow as pa

    from churnscope.project.lifecycle.lived import LifecycleResult

BUDGET = """
[targets]
growth = 0.1

[profit]
value = 120

[budget.retention]
reach = 0.5
precision = 0.3

[budget.win_back]
conversion = 0.05
contact_cost = 1

[budget.channels.search]
conversion = { visit = 0.1, order = 0.4 }
lead_cost = 2

[budget.scenarios.better_offer]
acceptance = 0.5
"""


@pytest.fixture(scope="module")
def lived(sales: tuple[Sale, ...], tmp_path_factory: pytest.TempPathFactory) -> LifecycleResult:
    folder = tmp_path_factory.mktemp("eroded") / "configs"
    folder.mkdir()
    Shop(folder, sales).project()
    path = folder / "config.toml"
    path.write_text(path.read_text() + BUDGET)
    return Project(path).lifecycle()


def file(lived: LifecycleResult, name: str) -> pa.Table:
    path = next(path for path in lived.outputs if path.name == name)
    return pq.read_table(path) if path.suffix == ".parquet" else pyarrow.csv.read_csv(path)


def test_months_of_erosion_are_those_of_the_stages(lived: LifecycleResult) -> None:
    by_day = {row["day"]: sum(row[stage] for stage in WITH_US) for row in file(lived, "months.csv").to_pylist()}
    rows = file(lived, "attrition.csv").to_pylist()
    assert rows
    for row in rows:
        if row["month"] in by_day:
            assert row["base"] == by_day[row["month"]]
        assert row["end"] == row["base"] - row["lost"] + row["new"] + row["back"]


def test_curves_fall_from_one_and_hold_everybody(lived: LifecycleResult) -> None:
    rows = file(lived, "retention.parquet").to_pylist()
    first = [row for row in rows if (row["by"], row["group"]) == ("stay", "first stay")]
    assert (first[0]["days"], first[0]["still_there"]) == (0, 1)
    shares = [row["still_there"] for row in first]
    assert shares == sorted(shares, reverse=True)
    loyal = next(each for each in lived.figures["retention"]["comparisons"] if each["by"] == "is_loyal")
    assert {curve["group"] for curve in loyal["curves"]} == {"no", "yes"}


def test_figures_of_a_budget_fit_their_schema(lived: LifecycleResult) -> None:
    assert problems(dict(lived.figures), "lifecycle") == []


def test_every_number_of_the_budget_is_that_of_its_formula(lived: LifecycleResult) -> None:
    rows = file(lived, "budget.csv").to_pylist()
    for scenario in ("as planned", "better_offer"):
        numbers = {
            row["name"]: np.asarray(row["value"]) for row in rows if row["scenario"] == "as planned" and not row["formula"]
        }
        numbers |= {"acceptance": np.asarray(0.5)} if scenario == "better_offer" else {}
        for row in rows:
            if row["scenario"] == scenario and row["formula"] and row["value"] is not None:
                assert float(evaluate(row["formula"], numbers)) == pytest.approx(row["value"])
                numbers[row["name"]] = np.asarray(row["value"])
    assert {"retention_cost", "win_back_cost", "acquisition_cost", "budget", "gain"} <= {row["name"] for row in rows}


def test_the_base_of_the_budget_is_the_present_one(lived: LifecycleResult) -> None:
    now = lived.figures["stages"]["days"]["now"]
    base = sum(now[stage] for stage in WITH_US)
    given = {row["name"]: row["value"] for row in lived.figures["outlook"]["budget"]["rows"] if not row["formula"]}
    assert (given["base"], given["target"]) == (base, round(1.1 * base))
    assert lived.figures["outlook"]["forecast"]["base"] == base


def test_people_read_what_was_found(lived: LifecycleResult) -> None:
    sections = {section.anchor: section for section in lived.sections}
    assert {"erosion", "retention", "forecast", "budget"} <= set(sections)
    budget = sections["budget"]
    assert "acquired" in budget.lead
    formulas = next(table for table in budget.tables if table.columns[-2] == "formula")
    assert all(row[2] for row in formulas.rows)
    assert any(table.caption == "Scenarios" for table in budget.tables)


@pytest.mark.slow
def test_customers_are_worth_what_they_bought_and_will_buy_by_their_channel(tmp_path: Path) -> None:
    written = simulate(PRESETS["pareto_nbd"], tmp_path / "shop", customers=400, days=500, seed=1)
    config = written.config
    config.write_text(config.read_text() + BUDGET)
    told = Project(config).lifecycle().figures["outlook"]["budget"]
    customers, log = (pyarrow.csv.read_csv(written.files[name][0]) for name in ("customers", "purchases"))
    by_channel = {each["channel"]: each for each in told["channels"]}
    came = dict(zip(customers["customer"].to_pylist(), customers["acquisition_channel"].to_pylist(), strict=True))
    assert set(by_channel) == set(came.values())
    spent = dict.fromkeys(by_channel, 0.0)
    for customer, amount in zip(log["customer"].to_pylist(), log["amount"].to_pylist(), strict=True):
        spent[came[customer]] += amount
    for channel, found in by_channel.items():
        number = sum(name == channel for name in came.values())
        assert found["customers"] == number
        assert found["low"] < found["value"] < found["high"]
        assert spent[channel] / number < found["value"] < 4 * spent[channel] / number
    used = next(row for row in told["rows"] if row["name"] == "search_value")
    assert used["value"] == pytest.approx(by_channel["search"]["value"])


@pytest.mark.slow
def test_known_rates_of_attrition_lie_inside_nine_intervals_of_ten_and_never_far_away(tmp_path: Path) -> None:
    """Whom silence makes inactive by a month's end is chance that the truth of each customer tells."""
    inside, errors, excess, variance = [], [], 0.0, 0.0
    for seed in range(20):
        written = simulate(PRESETS["pareto_nbd"], tmp_path / str(seed), customers=1_500, days=730, seed=seed)
        config = Project(written.config).config
        told = life(config, None, groups=())
        window = max(rule.days for rule in config.activity.rules)
        attrition = erosion(told.spells, first_day=int(told.spells.entered.min()) + window).attrition
        share, low, high = attrition.rates
        for place, expected in enumerate(_expected(written, told.ids, attrition.starts, window)):
            truth = expected.mean()
            assert len(expected) == attrition.base[place]
            inside.append(low[place] <= truth <= high[place])
            errors.append(abs(share[place] - truth) / np.sqrt(truth * (1 - truth) / len(expected)))
            excess += attrition.lost[place] - expected.sum()
            variance += (expected * (1 - expected)).sum()
    assert np.mean(inside) >= 0.9
    assert max(errors) < 4
    assert abs(excess) < 4 * np.sqrt(variance)  # all months together: much closer, as the truth knows who is gone


def _expected(written, ids: np.ndarray, starts: np.ndarray, window: int) -> list[np.ndarray]:
    """By month, for every customer with us as it begins, the chance of being inactive as it ends.

    Who bought on day d is with us on the days up to d + window; without an order in the month who bought too long before its
    end is inactive then, and orders come at the customer's own rate until the customer leaves for good.
    """
    log, truth = (pyarrow.csv.read_csv(written.files[name][0]) for name in ("purchases", "truth"))
    place = {name: number for number, name in enumerate(ids.tolist())}
    owner = np.array([place[name] for name in log["customer"].to_pylist()])
    day = log["time"].to_numpy().astype("datetime64[D]").astype(np.int64)
    known = np.array([place.get(name, -1) for name in truth["customer"].to_pylist()])
    rate, lapse = np.zeros(len(ids)), np.zeros(len(ids))
    rate[known[known >= 0]] = truth["purchase_rate_per_day"].to_numpy()[known >= 0]
    left = truth["lapse"].to_numpy().astype("datetime64[s]").astype(np.int64) / 86_400
    lapse[known[known >= 0]] = left[known >= 0]
    months = []
    for begin, end in pairwise(starts):
        last = np.full(len(ids), -(10**6))
        np.maximum.at(last, owner[day < begin], day[day < begin])
        here = last >= begin - window
        exposed = np.clip(np.minimum(lapse, end) - begin, 0, None)
        months.append(np.where(last < end - window, np.exp(-rate * exposed), 0.0)[here])
    return months
