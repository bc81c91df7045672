"""From erosion and a target to customers and money, by hand."""

from datetime import date

import numpy as np
import pytest

from churnscope.config.budget import AcquisitionChannel, Budget, RetentionPlan, Targets, WinBackPlan
from churnscope.config.models import Profit
from churnscope.errors import ConfigError
from churnscope.lifecycle.budget import Planning, channel_values
from churnscope.lifecycle.erosion import Attrition, Cohorts, Erosion
from churnscope.lifecycle.forecast import BaseForecast, Expected, MonthAhead
from churnscope.lifecycle.formulas import evaluate
from churnscope.timeline import day_number

DAY = day_number(date(2025, 1, 1))
NONE = np.zeros(0, np.int64)
BUDGET = Budget(
    value=100.0,
    win_back_share=0.25,
    retention=RetentionPlan(reach=0.5, precision=0.25, contact_cost=1.0, offer_cost=10.0, acceptance=0.4),
    win_back=WinBackPlan(conversion=0.1, contact_cost=2.0, offer_cost=5.0),
    channels={
        "search": AcquisitionChannel(share=0.75, conversion={"visit": 0.1, "order": 0.5}, lead_cost=2.0),
        "friends": AcquisitionChannel(share=0.25, conversion=0.2, lead_cost=4.0, customer_cost=10.0, value=200.0),
    },
)


def planning(budget=BUDGET, targets=None, lost=(90, 110), profit=None, **changed):
    attrition = Attrition(
        np.array([DAY - 61, DAY - 31, DAY], "i4"),
        np.array([1000, 1000]),
        np.array(lost),
        np.array([60, 60]),
        np.array([20, 20]),
    )
    erosion = Erosion(attrition, Cohorts(attrition.starts, NONE, NONE, NONE, NONE), {}, 2)
    settings = {"forecast": None, "base": 1000, "inactive": 5000, "day": DAY, "forecast_months": 6} | changed
    return Planning(erosion, targets=targets or Targets(), budget=budget, profit=profit, **settings)


def values(plan, scenario=None):
    return {line.name: line.value for line in (plan.lines if scenario is None else plan.scenarios[scenario])}


def test_every_number_by_hand():
    found = values(planning().plan())
    assert (found["mean_base"], found["lost"]) == (1000, pytest.approx(600))  # 10 % of 1000 in each of 6 months
    assert found["kept"] == pytest.approx(600 * 0.5 * 0.4)
    assert found["to_replace"] == pytest.approx(480)
    assert (found["to_win_back"], found["to_acquire"]) == (pytest.approx(120), pytest.approx(360))
    assert (found["as_lately"], found["missing"]) == (480, pytest.approx(0))
    assert found["contacted"] == pytest.approx(300 / 0.25)
    assert found["offers_taken"] == pytest.approx(120 + 1200 - 300)
    assert found["retention_cost"] == pytest.approx(1200 + 1020 * 10)
    assert found["retention_gain"] == pytest.approx(120 * 100 - 11_400)
    assert found["win_back_cost"] == pytest.approx(1200 * 2 + 120 * 5)
    assert found["search_leads"] == pytest.approx(270 / 0.05)
    assert found["search_cost"] == pytest.approx(5400 * 2)
    assert found["friends_cost"] == pytest.approx(90 / 0.2 * 4 + 90 * 10)
    assert found["acquisition_cost"] == pytest.approx(10_800 + 2_700)
    assert found["acquisition_gain"] == pytest.approx(27_000 - 10_800 + 18_000 - 2_700)
    assert found["budget"] == pytest.approx(11_400 + 3_000 + 13_500)
    assert found["kept_for_one_acquired"] == pytest.approx((13_500 / 360) / (11_400 / 120))


def test_every_line_is_what_its_formula_says_and_what_its_numbers_say():
    plan = planning().plan()
    numbers = {each.name: np.asarray(each.value) for each in plan.inputs}
    for line in plan.lines:
        assert float(evaluate(line.formula, numbers)) == pytest.approx(line.value)
        assert float(evaluate(line.in_numbers.replace(",", "").replace("max(0 ", "max(0, "), {})) == pytest.approx(
            line.value, rel=0.01, abs=1
        )
        numbers[line.name] = np.asarray(line.value)
        assert line.meaning


def test_the_doubt_of_the_attrition_is_carried_to_every_number():
    plan = planning().plan()
    rate = next(each for each in plan.inputs if each.name == "attrition")
    assert rate.low < 0.1 < rate.high
    lost = plan.line("lost")
    assert (lost.low, lost.high) == (pytest.approx(6000 * rate.low), pytest.approx(6000 * rate.high))
    budget = plan.line("budget")
    assert budget.low < budget.value < budget.high
    assert plan.line("as_lately").low == plan.line("as_lately").high


def test_growth_a_base_and_a_day_are_targets():
    assert values(planning(targets=Targets(growth=0.1)).plan())["to_replace"] == pytest.approx(100 + 6 * 0.1 * 1050 * 0.8)
    assert values(planning(targets=Targets(base=900)).plan())["mean_base"] == 950
    by = planning(targets=Targets(by=date(2025, 12, 31))).plan()
    assert next(each.value for each in by.inputs if each.name == "months") == pytest.approx(11.96)
    assert by.by == day_number(date(2025, 12, 31))
    with pytest.raises(ConfigError, match="no day after 2025-01-01"):
        planning(targets=Targets(by=date(2024, 12, 31))).plan()


def test_when_enough_stay_nobody_is_to_be_replaced():
    found = values(planning(targets=Targets(base=300)).plan())
    assert (found["to_replace"], found["to_acquire"]) == (0, 0)
    assert np.isnan(found["cost_per_acquired"])


def test_without_costs_customers_are_counted_and_it_is_said_what_to_declare():
    plan = planning(budget=None).plan()
    assert set(values(plan)) == {"mean_base", "lost", "to_replace", "to_win_back", "to_acquire", "as_lately", "missing"}
    assert values(plan)["to_win_back"] == pytest.approx(600 * 20 / 80)  # as lately: 20 of 80 came back
    assert all(word in plan.notes[0] for word in ("[budget.retention]", "[budget.win_back]", "[budget.channels.NAME]", "value"))


def test_costs_and_value_of_profit_serve_where_the_budget_has_none():
    budget = Budget(retention=RetentionPlan(reach=0.5, precision=0.25))
    profit = Profit(value=50.0, contact_cost=3.0, offer_cost=4.0, acceptance=0.2)
    plan = planning(budget, profit=profit).plan()
    found = values(plan)
    assert found["retention_gain"] == pytest.approx(60 * 50 - (1200 * 3 + (60 + 900) * 4))
    assert {each.origin for each in plan.inputs if each.name == "acceptance"} == {"config: [profit] acceptance"}


def test_a_scenario_changes_its_inputs_alone():
    budget = BUDGET.model_copy(update={"scenarios": {"calm": {"attrition": 0.05}, "dear": {"search_lead_cost": 4.0}}})
    plan = planning(budget).plan()
    assert values(plan, "calm")["lost"] == pytest.approx(300)
    assert plan.line("lost", "calm").low == plan.line("lost", "calm").high
    assert values(plan, "dear")["search_cost"] == pytest.approx(2 * values(plan)["search_cost"])
    assert values(plan, "dear")["retention_cost"] == values(plan)["retention_cost"]


def test_the_known_value_of_a_channel_is_used_where_enough_came_through_it():
    channels = np.array(["search"] * 25 + ["friends"] * 5 + [None] * 5, object)
    known = channel_values(channels, np.r_[np.full(25, 80.0), np.full(5, 7.0), np.full(5, 1.0)])
    assert [(each.channel, each.customers, each.value) for each in known] == [("search", 25, 80), ("friends", 5, 7)]
    plan = planning(channels=known).plan()
    worth = {each.name: each.value for each in plan.inputs}
    assert (worth["search_value"], worth["friends_value"]) == (80, 200)


def test_what_cannot_be_done_or_does_not_pay_is_said():
    notes = planning(inactive=100).plan().notes
    assert any("Winning back takes 1,200 contacts, and 100 customers are inactive" in note for note in notes)
    poor = planning(BUDGET.model_copy(update={"value": 10.0})).plan().notes
    assert any("Retention costs more" in note for note in poor)
    dear = BUDGET.model_copy(update={"channels": {"search": AcquisitionChannel(conversion=0.01, lead_cost=2.0)}})
    assert any("Acquisition costs more" in note for note in planning(dear).plan().notes)


def test_the_plan_is_told_as_json():
    told = planning(targets=Targets(base=300)).plan().to_json()
    assert (told["day"], told["by"]) == ("2025-01-01", "2025-07-01")
    assert any(row["value"] is None for row in told["rows"])


def test_what_is_forecast_goes_before_the_mean_of_the_past():
    numbers = {name: Expected(value, value, value) for name, value in (("base", 0), ("lost", 0), ("new", 40), ("back", 10))}
    ahead = BaseForecast(
        day=DAY,
        days=np.array([DAY], "i4"),
        bases=np.array([1000]),
        rule="by days left",
        judged_ahead=0,
        months=(MonthAhead(DAY + 31, **numbers),),
        attrition=Expected(0.06, 0.05, 0.08),
        past=(),
        recent=12,
    )
    plan = planning(forecast=ahead).plan()
    lost = plan.line("lost")
    assert (lost.low, lost.value, lost.high) == (pytest.approx(300), pytest.approx(360), pytest.approx(480))
    assert values(plan)["as_lately"] == 300
