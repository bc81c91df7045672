"""A list goes out, comes back, and is judged: by the command line, against the same figures counted by hand."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from openpyxl import Workbook

from churnscope.errors import InputError
from churnscope.evaluation.arms import rate_difference
from churnscope.outcomes import CALLABLE, CONTROL, Line, ListFacts, line_key
from churnscope.project import Project
from churnscope.project.money.outcomes import store_of

from .test_schemas import problems

if TYPE_CHECKING:
    from .conftest import Sale, Shop

FIRST, SECOND, LATE = date(2022, 12, 1), date(2022, 12, 8), date(2023, 2, 20)
HORIZON = 30
MONEY = "[profit]\nvalue = 100\ncontact_cost = 2.0\noffer_cost = 5.0\n[value]\nmargin = 0.5\n"


def facts(day: date, campaign: str = "winter", share: float = 0.4) -> ListFacts:
    return ListFacts(f"{campaign}-{day}", campaign, day, "salt", share)


def lines(of: ListFacts, customers: Iterable[str], control: set[str]) -> list[Line]:
    return [
        Line(
            line_key(of.list_id, customer),
            customer,
            "service_call",
            CONTROL if customer in control else CALLABLE,
            rank,
            probability=0.5,
            value_at_risk=50.0,
            expected_gain=10.0,
        )
        for rank, customer in enumerate(customers, start=1)
    ]


def spent(sales: Iterable[Sale], customer: str, first: date, days: int) -> float:
    begins = datetime.combine(first, datetime.min.time())
    return sum(s.amount for s in sales if s.customer == customer and begins <= s.time < begins + timedelta(days=days))


def came(sales: Iterable[Sale], customer: str, first: date) -> bool:
    return spent(sales, customer, first, HORIZON) > 0


@pytest.fixture(scope="module")
def active(sales: tuple[Sale, ...]) -> list[str]:
    """Customers who bought in the 60 days before the first list."""
    return sorted({s.customer for s in sales if FIRST - timedelta(days=60) <= s.time.date() < FIRST})


@pytest.fixture
def control(active: list[str]) -> set[str]:
    rng = np.random.default_rng(4)
    return {customer for customer in active if rng.random() < 0.4}


@pytest.fixture
def project(bare: Shop, active: list[str], control: set[str]) -> Project:
    """Two lists whose outcome is known and one whose is not; the second repeats half of the first."""
    bare.project()
    path = bare.folder / "config.toml"
    path.write_text(path.read_text() + MONEY)
    made = Project(path)
    half = len(active) // 2
    with store_of(made.config) as store:
        store.record_list(facts(FIRST), lines(facts(FIRST), active[:-10], control))
        store.record_list(facts(SECOND), lines(facts(SECOND), [*active[half:], "gone"], control))
        store.record_list(facts(LATE), lines(facts(LATE), [*active[:5], "newcomer"], control))
    return made


def returned(path: Path, of: ListFacts, results: dict[str, str]) -> Path:
    workbook = Workbook()
    workbook.active.append(("customer_id", "line_key", "result"))
    for customer, result in results.items():
        workbook.active.append((customer, line_key(of.list_id, customer), result))
    workbook.save(path)
    return path


def test_the_report_equals_a_count_by_hand(project: Project, bare: Shop, active: list[str], control: set[str]) -> None:
    result = project.campaign_report()
    (found,) = result.campaigns
    day = dict.fromkeys(active[:-10], FIRST) | dict.fromkeys(active[-10:], SECOND)
    arms = [[c for c in active if (c in control) == held] for held in (False, True)]
    stayed = [sum(came(bare.sales, c, day[c]) for c in arm) for arm in arms]
    effect = found.effect
    assert effect is not None
    assert [(arm.customers, arm.stayed) for arm in (effect.called, effect.control)] == [
        (len(arm), count) for arm, count in zip(arms, stayed, strict=True)
    ]
    assert effect.retention == rate_difference(stayed[0], len(arms[0]), stayed[1], len(arms[1]))
    spend = [np.mean([spent(bare.sales, c, day[c], HORIZON) for c in arm]) for arm in arms]
    assert effect.called.spend == pytest.approx(spend[0])
    assert effect.spend is not None
    assert effect.spend.value == pytest.approx(spend[0] - spend[1])
    assert found.not_in_data == 1
    assert [(each.as_of, each.is_complete) for each in found.lists] == [
        (FIRST.isoformat(), True),
        (SECOND.isoformat(), True),
        (LATE.isoformat(), False),
    ]
    assert any("left out, for their outcome is not known yet: 1 list of 2023-02-20" in note for note in found.notes)


def test_costs_are_those_of_the_calls_made_and_the_offers_taken(project: Project, tmp_path: Path, active, control) -> None:
    called = [customer for customer in active[:-10] if customer not in control]
    result = project.add_outcomes(
        returned(tmp_path / "a.xlsx", facts(FIRST), {called[0]: "accepted", called[1]: "no answer", called[2]: ""})
    )
    assert (result.stored, result.without_result) == (2, 1)
    project.add_outcomes(returned(tmp_path / "b.xlsx", facts(FIRST), {called[1]: "refused"}), day="2022-12-03")
    second = [customer for customer in active[len(active) // 2 :] if customer not in control]
    (found,) = project.campaign_report().campaigns
    assert found.effect is not None
    # Three calls and one offer of the first list; of the second nothing came back, so that each of its lines counts as a call.
    assert found.effect.cost == pytest.approx(3 * 2.0 + 5.0 + 2.0 * len(second))
    assert found.results == {
        "without_result": len(called) + len(second) + 1 - 2,
        "accepted": 1,
        "refused": 1,
    }
    assert any("nothing has come back of the lists of 2022-12-08" in note for note in found.notes)


def test_a_corrected_result_is_the_one_that_is_reported(project: Project, tmp_path: Path, active, control) -> None:
    called = [customer for customer in active[:-10] if customer not in control]
    first = returned(tmp_path / "a.xlsx", facts(FIRST), {called[0]: "accepted", called[1]: "accepted"})
    project.add_outcomes(first)
    before = project.campaign_report().campaigns[0]
    result = project.add_outcomes(returned(tmp_path / "b.xlsx", facts(FIRST), {called[0]: "refused", called[1]: "accepted"}))
    assert (result.corrected, result.known) == (1, 1)
    assert "2 rows of b.xlsx: 0 stored, 1 corrected, 1 known already" in repr(result)
    after = project.campaign_report().campaigns[0]
    assert (before.results["accepted"], after.results["accepted"], after.results["refused"]) == (2, 1, 1)
    assert before.effect is not None
    assert after.effect is not None
    assert before.effect.cost - after.effect.cost == 5.0  # of the offer that was not taken
    assert project.add_outcomes(first).corrected == 0
    assert project.campaign_report().was_done


def test_prices_that_stand_on_the_list_go_before_those_of_the_config(bare: Shop, active: list[str]) -> None:
    project = bare.project()
    of = facts(FIRST)
    priced = [replace(line, contact_cost=3.0, offer_cost=1.0) for line in lines(of, active[:40], set(active[:10]))]
    with store_of(project.config) as store:
        store.record_list(of, priced)
    (found,) = project.campaign_report().campaigns
    assert found.effect is not None
    assert found.effect.cost == 3.0 * 30


def test_an_effect_that_was_planted_is_found(bare: Shop, active: list[str], control: set[str]) -> None:
    of = facts(FIRST)
    called = [customer for customer in active if customer not in control]
    first = next(iter(bare.sales))
    bought = datetime.combine(FIRST + timedelta(days=3), datetime.min.time())
    more = [replace(first, customer=c, time=bought, known=bought, order=f"x{c}", amount=20.0) for c in called[::2]]
    project = bare.project([*bare.sales, *more])
    with store_of(project.config) as store:
        store.record_list(of, lines(of, active, control))
    (found,) = project.campaign_report().campaigns
    assert found.effect is not None
    assert found.effect.verdict == "worked"
    assert "Calling kept customers: retention is" in found.verdict
    assert found.effect.spend_adjusted is not None
    assert found.effect.spend_adjusted.low <= 10 <= found.effect.spend_adjusted.high


def test_without_a_control_group_the_effect_is_unknown(bare: Shop, active: list[str]) -> None:
    project = bare.project()
    with store_of(project.config) as store:
        store.record_list(facts(FIRST, share=0.0), lines(facts(FIRST, share=0.0), active, set()))
    result = project.campaign_report()
    assert "Effect unknown: there is no control group" in repr(result)
    assert result.to_pandas().query("measure == 'retention'")["difference"].isna().all()


def test_lists_and_outcomes_after_the_day_are_not_read(project: Project, tmp_path: Path, active, control) -> None:
    called = next(customer for customer in active if customer not in control)
    project.add_outcomes(returned(tmp_path / "a.xlsx", facts(FIRST), {called: "accepted"}), day="2023-02-25")
    (then,) = project.campaign_report("2023-01-05").campaigns
    assert [each.is_complete for each in then.lists] == [True, False]
    assert "accepted" not in then.results
    with pytest.raises(InputError, match=r"No list had been made by 2022-11-30"):
        project.campaign_report("2022-11-30")


def test_what_is_written_fits_its_schema(project: Project) -> None:
    with store_of(project.config) as store:
        store.record_list(facts(LATE, "spring"), lines(facts(LATE, "spring"), ["ann"], set()))
    result = project.campaign_report()
    assert problems(json.loads(result.outputs[1].read_text()), "campaigns") == []
    assert problems(json.loads(result.manifest.read_text()), "manifest") == []
    assert result.campaigns[0].effect is None
    assert result.campaigns[0].verdict == "No list's outcome is known yet."


def test_each_campaign_is_judged_by_itself(project: Project, active: list[str]) -> None:
    with store_of(project.config) as store:
        store.record_list(facts(FIRST, "spring"), lines(facts(FIRST, "spring"), active[:20], set(active[:8])))
    both = project.campaign_report()
    assert [each.campaign for each in both.campaigns] == ["spring", "winter"]
    alone = project.campaign_report(campaign="spring")
    assert alone.campaigns == both.campaigns[:1]
    assert alone.outputs[0].parent.name == "2023-02-27-spring"
    with pytest.raises(InputError, match=r"No list of a campaign winer is recorded\.\nDid you mean \"winter\"\?"):
        project.campaign_report(campaign="winer")


def test_the_same_report_again_writes_nothing_until_an_outcome_comes(project: Project, tmp_path: Path, active, control) -> None:
    first = project.campaign_report()
    again = project.campaign_report()
    assert (first.was_done, again.was_done, again.campaigns) == (False, True, first.campaigns)
    called = next(customer for customer in active if customer not in control)
    project.add_outcomes(returned(tmp_path / "a.xlsx", facts(FIRST), {called: "accepted"}))
    assert not project.campaign_report().was_done


def test_the_store_is_where_the_config_says(bare: Shop, tmp_path: Path, active: list[str]) -> None:
    bare.project()
    path = bare.folder / "config.toml"
    path.write_text(f'{path.read_text()}[outcomes]\nurl = "sqlite:///{tmp_path}/elsewhere.db"\n')
    project = Project(path)
    with store_of(project.config) as store:
        store.record_list(facts(FIRST), lines(facts(FIRST), active, set(active[::3])))
    assert project.campaign_report().campaigns[0].lists[0].control == len(active[::3])
    assert (tmp_path / "elsewhere.db").exists()
    assert not (project.config.folders.outputs / "corner_shop" / "outcomes.db").exists()


def test_a_business_without_lists_is_told_so(bare: Shop) -> None:
    with pytest.raises(InputError, match="holds no list"):
        bare.project().campaign_report()


def test_from_the_returned_workbook_to_the_verdict(project: Project, tmp_path: Path, active, control, capsys) -> None:
    from churnscope.cli.app import main

    def run(*words: object) -> str:
        with pytest.raises(SystemExit, match="0"):
            main(list(map(str, words)))
        return capsys.readouterr().out

    config = project.config.folders.outputs.parent / "configs" / "config.toml"
    called = [customer for customer in active[:-10] if customer not in control]
    path = returned(tmp_path / "list.xlsx", facts(FIRST), {called[0]: "accepted", called[1]: "maybe", "stranger": "reached"})
    said = run("outcomes", "add", config, path)
    assert "list.xlsx: 3 rows" in said
    assert "stored            1" in said
    assert "unreadable result" in said
    told = json.loads(run("outcomes", "add", config, path, "--json"))
    assert (told["known"], told["quarantined"]) == (1, {"unreadable result": 1, "line of no recorded list": 1})
    quarantine = Path(told["quarantine"]).read_text()
    assert '"Sheet",3,"unreadable result"' in quarantine
    assert "stranger" not in quarantine
    said = run("campaign", "report", config)
    assert "Campaign winter: 2 lists of 2022-12-01 to 2022-12-08, over 30 days" in said
    assert "winter: Cannot tell: the effect on retention may be anything from" in said
    shown = json.loads(run("campaign", "report", config, "--campaign", "winter", "--as-of", "2023-02-27", "--json"))
    assert shown["campaigns"][0]["effect"]["verdict"] == "cannot tell"


def test_results_show_themselves(project: Project, tmp_path: Path, active, control) -> None:
    called = next(customer for customer in active if customer not in control)
    added = project.add_outcomes(returned(tmp_path / "list.xlsx", facts(FIRST), {called: "accepted", "x": "reached"}))
    assert "2 rows of list.xlsx: 1 stored, 0 corrected, 0 known already, 0 without a result, 1 quarantined" in repr(added)
    assert "line of no recorded list" in added._repr_html_()
    assert "stayed" in project.campaign_report()._repr_html_()
