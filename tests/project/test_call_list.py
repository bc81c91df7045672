"""A call list, end to end: a shop with names, numbers, consent, tickets and earlier contacts."""

from __future__ import annotations

import json
import logging
import stat
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from churnscope.decisions.control_group import ControlGroup
from churnscope.errors import ConfigError, InputError
from churnscope.evaluation.intervals import Estimate
from churnscope.operations.exports import read_export, write_csv, write_parquet
from churnscope.outcomes import CALLABLE, CONTROL, Line, ListFacts, Outcome, line_key, open_store
from churnscope.project import Project
from churnscope.project.money.list_inputs import Past, Scores
from churnscope.project.money.listed import CallListResult
from churnscope.project.money.uplifted import CampaignFigures, OfferFigures
from churnscope.timeline import day_number
from churnscope.uplift import ArmRate
from project.test_schemas import problems

AS_OF = date(2023, 2, 27)
CONFIG = """
name = "corner_shop"
time_zone = "Europe/London"
complete_through = 2023-02-26

[sources.sales]
role = "purchases"
format = "csv"
files = "sales.csv"
columns = { customer = "customer", time = "time", amount = "amount", category = "kind" }

[sources.people]
role = "customers"
format = "csv"
files = "people.csv"
columns = { customer = "id", do_not_contact = "silent" }

[sources.touches]
role = "contacts"
format = "csv"
files = "touches.csv"
columns = { customer = "id", time = "at", direction = "direction" }

[sources.tickets]
role = "support"
format = "csv"
files = "tickets.csv"
columns = { customer = "id", time = "opened", resolved = "resolved" }

[activity]
rules = [{ source = "sales", days = 60 }]

[prediction]
horizon_days = 30

[profit]
value = 200
contact_cost = 1
offer_cost = 10

[actions.personal_offer]
channel = "phone"
minutes = 10
offer_cost = 10
contact_cost = 1
acceptance = 0.3
opening = ["Good day {name}, this is {agent}. More {item}?", "Good day {name}, this is {agent}.", "Good day, this is {agent}."]

[actions.letter]
channel = "e-mail"
contact_cost = 0.5
acceptance = 0.02
stop = []
cool_down_days = 0

[call_list]
campaign = "spring"
agents = [{ name = "Ana", minutes = 60, languages = ["en", "fr"] }, { name = "Ben", minutes = 40, languages = ["en"] }]
budget = 250
control_share = 0.2
show = { name = "Name", phone = "Phone", language = "Lang" }
reach = { phone = "Phone IS NOT NULL AND May = 'yes'", e-mail = "Mail" }

[tracking]
enabled = false

[folders]
outputs = "../outputs"
models = "../models"
"""
N = 60


@dataclass(frozen=True)
class Desk:
    """Files of a shop and its scores; customers k00 to k59, the riskiest first."""

    folder: Path

    @property
    def project(self) -> Project:
        return Project(self.folder / "config.toml")

    @property
    def scores(self) -> Path:
        return self.folder / "today.parquet"

    def with_config(self, old: str, new: str) -> Desk:
        path = self.folder / "config.toml"
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))
        return self

    def listed(self, **options):
        return self.project.call_list(scores=self.scores, **options)


def ids() -> list[str]:
    return [f"k{number:02}" for number in range(N)]


def scores(**columns) -> pa.Table:
    plain = {
        "customer_id": ids(),
        "as_of": [AS_OF] * N,
        "churn_probability": [0.95 - number / 100 for number in range(N)],
        "risk_band": ["high"] * N,
        "reason_1": [f"last bought {number} days ago" for number in range(N)],
        "reason_2": ["=1+1"] * N,
        "reason_3": [None] * N,
        "is_loyal": [number % 2 == 0 for number in range(N)],
        "model_version": ["v"] * N,
        "run_id": ["r"] * N,
    }
    return pa.table({**plain, **columns})


def desk_in(top: Path) -> Desk:
    """k01 must not be contacted, k02 has no phone, k03 does not want calls, k04 has an open ticket, k05 was called on the 20th,
    k06 speaks German, k07 has no name, k08 speaks French, k09 is not among the people."""
    folder = top / "configs"
    folder.mkdir()
    (folder / "config.toml").write_text(CONFIG)
    sales = ["k00,2023-02-01,5,tea", "k10,2023-01-01,5,tea", "k10,2023-01-20,5,"]
    (folder / "sales.csv").write_text("\n".join(["customer,time,amount,kind", *sales]) + "\n")
    people = {
        customer: {
            "silent": "false",
            "Name": f"Name {customer}",
            "Phone": "+44 20 0",
            "Mail": "a@b",
            "May": "yes",
            "Lang": "en",
        }
        for customer in ids()
    }
    people["k01"]["silent"], people["k02"]["Phone"], people["k03"]["May"] = "true", "", "no"
    people["k06"]["Lang"], people["k07"]["Name"], people["k08"]["Lang"] = "de", "", "fr"
    del people["k09"]
    header = ["id", *people["k00"]]
    rows = [",".join([customer, *facts.values()]) for customer, facts in people.items()]
    (folder / "people.csv").write_text("\n".join([",".join(header), *rows]) + "\n")
    touches = ["k05,2023-02-20,outbound", "k10,2023-02-25,inbound", "k11,2023-02-27,outbound"]
    (folder / "touches.csv").write_text("\n".join(["id,at,direction", *touches]) + "\n")
    (folder / "tickets.csv").write_text("id,opened,resolved\nk04,2023-02-01,\nk12,2023-02-01,2023-02-03\n")
    with (folder / "today.parquet").open("wb") as stream:
        write_parquet(scores(), stream)
    return Desk(folder)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Of its own, to be changed."""
    return desk_in(tmp_path)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> CallListResult:
    """A list without a control group; tests must not change its files."""
    desk = desk_in(tmp_path_factory.mktemp("whole"))
    return desk.with_config("control_share = 0.2", "control_share = 0.0").listed()


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> CallListResult:
    """A list with a control group; tests must not change its files."""
    return desk_in(tmp_path_factory.mktemp("held")).listed()


@pytest.fixture(scope="module")
def rows(whole: CallListResult) -> dict[str, dict]:
    """The lines by customer."""
    return {row["customer_id"]: row for row in whole.to_arrow().to_pylist()}


def test_nobody_is_called_who_must_not_be(rows: dict[str, dict]) -> None:
    called = {customer for customer, row in rows.items() if row["channel"] == "phone"}
    assert called == {"k00", "k07", "k08", *(f"k{number}" for number in range(10, 17))}
    assert not {"k01", "k09", "k06"} & set(rows)  # silent, unknown and so not reachable, no agent speaks German


def test_another_action_is_found_where_a_call_is_not_possible(rows: dict[str, dict]) -> None:
    assert {rows[customer]["action"] for customer in ("k02", "k03", "k04", "k05")} == {"letter"}


def test_a_line_says_whom_why_and_with_what(rows: dict[str, dict]) -> None:
    row = rows["k00"]
    assert (row["rank"], row["name"], row["phone"], row["action"]) == (1, "Name k00", "+44 20 0", "personal offer")
    assert row["value_at_risk"] == 190.0
    assert row["expected_gain"] == pytest.approx(0.95 * 0.3 * 190 - 0.05 * 10 - 1)
    assert row["opening"] == f"Good day Name k00, this is {row['agent']}."
    assert (row["item_to_offer"], rows["k10"]["item_to_offer"]) == (None, "tea")
    assert rows["k10"]["opening"] == f"Good day Name k10, this is {rows['k10']['agent']}. More tea?"
    assert rows["k07"]["opening"] == f"Good day, this is {rows['k07']['agent']}."
    assert (row["reason_1"], row["reason_2"], row["reason_3"]) == ("last bought 0 days ago", "=1+1", None)
    assert row["line_key"] == line_key(row["run_id"], "k00")


def test_the_last_contact_is_that_before_the_day(rows: dict[str, dict]) -> None:
    assert rows["k05"]["last_contact"] == date(2023, 2, 20)
    assert rows["k10"]["last_contact"] == date(2023, 2, 25)  # by the customer: no reason not to call
    assert rows["k11"]["last_contact"] is None
    assert rows["k11"]["channel"] == "phone"


def test_minutes_languages_and_ranks(rows: dict[str, dict]) -> None:
    minutes = {name: sum(row["minutes"] for row in rows.values() if row["agent"] == name) for name in ("Ana", "Ben")}
    assert minutes == {"Ana": 60, "Ben": 40}
    assert rows["k08"]["agent"] == "Ana"
    ranked = sorted(rows.values(), key=lambda row: row["rank"])
    assert [row["rank"] for row in ranked] == list(range(1, len(rows) + 1))
    gains = [row["expected_gain"] for row in ranked]
    assert gains == sorted(gains, reverse=True)


def test_lines_and_control_fit_their_schemas(held: CallListResult) -> None:
    lines = held.to_arrow().to_pylist()
    alone = pq.read_table(held.manifest.parent / "control.parquet").to_pylist()
    assert lines
    assert alone
    assert [problem for row in lines for problem in problems(row, "call_list")][:3] == []
    assert [problem for row in alone for problem in problems(row, "control")][:3] == []
    assert problems(alone[0], "call_list") != []
    assert problems(json.loads(held.manifest.read_text()), "manifest") == []


def test_figures_count_everybody_once(whole: CallListResult) -> None:
    figures = whole.figures
    assert figures.left_out == {"not to be contacted": 1, "not reachable": 1, "no agent speaks their language": 1}
    assert figures.lines + figures.control + figures.waiting + sum(figures.left_out.values()) == N
    assert figures.gain <= figures.bound
    assert figures.gap < 0.01
    assert figures.cost <= figures.budget == 250
    assert any("Nobody is left alone" in note for note in figures.notes)


def test_those_left_alone_are_drawn_by_the_hash_stored_and_on_no_list(held: CallListResult) -> None:
    result, lots = held, ControlGroup("corner_shop", "spring", 0.2).holds(ids())
    held_ids = {customer for customer, is_held in zip(ids(), lots, strict=True) if is_held}
    control = {row["customer_id"] for row in pq.read_table(result.manifest.parent / "control.parquet").to_pylist()}
    listed = set(result.to_arrow().column("customer_id").to_pylist())
    assert control
    assert control <= held_ids
    assert not listed & held_ids
    assert result.figures.control == len(control)
    with open_store(f"sqlite:///{result.manifest.parents[2] / 'outcomes.db'}", "corner_shop") as store:
        recorded = store.recorded(result.run_id)
    assert {line.customer_id for line in recorded.lines if line.arm == CONTROL} == control
    assert {line.customer_id for line in recorded.lines if line.arm != CONTROL} == listed
    assert (recorded.facts.campaign, recorded.facts.salt, recorded.facts.share) == ("spring", "corner_shop", pytest.approx(0.2))


@pytest.mark.slow
def test_the_same_run_again_writes_nothing_and_elsewhere_the_same_bytes(desk: Desk, tmp_path: Path) -> None:
    first = desk.listed()
    written = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in first.outputs}
    second = desk.listed()
    assert (first.was_done, second.was_done) == (False, True)
    assert second.figures == first.figures
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in written} == written
    for path in first.outputs:
        path.unlink()
    third = desk.listed()
    assert not third.was_done
    assert {path: path.read_bytes() for path in third.outputs} == {path: content for path, (content, _) in written.items()}


def test_files_that_name_people_are_for_their_owner_alone(held: CallListResult) -> None:
    result = held
    assert {stat.S_IMODE(path.stat().st_mode) for path in result.outputs} == {0o600}


def test_contact_columns_stand_on_the_list_and_nowhere_else(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        result = desk.listed()
    top = result.manifest.parents[2]
    lists = {path for path in result.outputs if path.name.startswith("call_list")}
    for path in top.rglob("*"):
        if path.is_file() and path not in lists:
            assert b"Name k" not in path.read_bytes(), path
    assert "Name k" not in caplog.text + json.dumps(result.to_json())
    assert "k00" not in caplog.text + json.dumps(result.to_json()) + result.manifest.read_text()


@pytest.mark.slow
def test_what_came_of_earlier_lists_counts(desk: Desk) -> None:
    desk.with_config("control_share = 0.2", "control_share = 0.0")
    first = desk.listed()
    keys = {row["customer_id"]: row["line_key"] for row in first.to_arrow().to_pylist()}
    store_url = f"sqlite:///{first.manifest.parents[2] / 'outcomes.db'}"
    day = date(2023, 2, 27)
    told = [
        Outcome(keys["k00"], day, "reached"),
        Outcome(keys["k07"], day, "do_not_call"),
        Outcome(keys["k08"], day, "no_answer", "Friday"),
        Outcome(keys["k10"], day, "wrong_number"),
    ]
    with open_store(store_url, "corner_shop") as store:
        store.add_outcomes(told)
    assert desk.listed().was_done  # of the day itself nothing is known yet
    with desk.scores.open("wb") as stream:
        write_parquet(scores(as_of=[date(2023, 2, 28)] * N), stream)
    rows = {row["customer_id"]: row for row in desk.listed().to_arrow().to_pylist()}
    assert "k07" not in rows
    assert {rows["k00"]["action"], rows["k10"]["action"]} == {"letter"}
    assert (rows["k08"]["tries"], rows["k08"]["call_back_noted"], rows["k08"]["action"]) == (1, "Friday", "personal offer")
    assert rows["k00"]["last_contact"] == day


def with_birthdays(desk: Desk) -> Desk:
    """k00 has a birthday on the day, k01 (not to be contacted) too, k08 (French) and k10 within a month, nobody else."""
    born = {"k00": "1980-02-27", "k01": "1980-02-27", "k08": "1996-02-29", "k10": "1990-03-28", "k12": "1990-03-29"}
    path = desk.folder / "people.csv"
    header, *lines = path.read_text().splitlines()
    path.write_text("\n".join([f"{header},Born", *(f"{line},{born.get(line[:3], '')}" for line in lines)]) + "\n")
    desk.with_config('do_not_contact = "silent"', 'do_not_contact = "silent", birthday = "Born"')
    desk.with_config("control_share = 0.2", "control_share = 0.0")
    return desk.with_config("[actions.personal_offer]", "[actions.personal_offer]\noccasions = ['birthday']")


@pytest.mark.slow
def test_an_action_for_an_occasion_is_for_those_who_have_it_soon(desk: Desk) -> None:
    with_birthdays(desk).with_config(
        'opening = ["Good day {name}, this is {agent}. More {item}?"',
        'opening = ["A good {occasion}, {name}.", "Good day {name}, this is {agent}. More {item}?"',
    )
    made = desk.listed()
    rows = {row["customer_id"]: row for row in made.to_arrow().to_pylist()}
    offered = {customer: row for customer, row in rows.items() if row["action"] == "personal offer"}
    days = {"k00": date(2023, 2, 27), "k08": date(2023, 2, 28), "k10": date(2023, 3, 28)}
    assert {customer: row["occasion_day"] for customer, row in offered.items()} == days
    assert {row["occasion"] for row in offered.values()} == {"birthday"}
    assert rows["k00"]["opening"] == "A good birthday, Name k00."
    assert {rows["k12"]["occasion"], rows["k12"]["action"]} == {None, "letter"}
    assert "k01" not in rows
    assert [problem for row in rows.values() for problem in problems(row, "call_list")][:3] == []
    titles = [cell.value for cell in next(openpyxl.load_workbook(made.manifest.parent / "call_list.xlsx").worksheets[0].rows)]
    assert {"Occasion", "Occasion day"} <= set(titles)


def test_an_occasion_is_said_in_the_language_of_the_opening(desk: Desk) -> None:
    with_birthdays(desk).with_config(
        "[actions.letter]", "opening.fr = 'Bon {occasion} !'\nopening.en = 'A good {occasion}!'\n[actions.letter]"
    )
    desk.with_config("opening = [", "label = 'x'\n#")
    rows = {row["customer_id"]: row for row in desk.listed().to_arrow().to_pylist()}
    assert {rows[customer]["opening"] for customer in ("k00", "k10")} == {"A good birthday!"}
    assert rows["k08"]["opening"] == "Bon anniversaire !"


def test_an_occasion_that_nothing_tells_is_refused(desk: Desk) -> None:
    desk.with_config("[actions.letter]", "[actions.letter]\noccasions = ['birthday']")
    with pytest.raises(
        ConfigError, match=r"\[actions.letter\] occasions: there is no occasion 'birthday'\.\n.*columns.birthday"
    ):
        desk.listed()
    with_birthdays(desk).with_config(
        "occasions = ['birthday']\nchannel = \"e-mail\"", "opening = 'A good {occasion}.'\nchannel = 'e-mail'"
    )
    with pytest.raises(ConfigError, match=r"\[actions.letter\] opening: \{occasion\} is not shown"):
        desk.listed()


ARM = "[actions.personal_offer]\narm = 'a visit'"


def uplift_set(desk: Desk, *, outcome: str = "retained", name: str = "uplift.parquet", **columns) -> Path:
    """What `uplift` writes of a campaign with one offer: k00 is changed by 0.4, k02 by 0.1, k10 by -0.2, all others by 0."""
    by = {"k00": 0.4, "k02": 0.1, "k10": -0.2}
    known = [customer for customer in ids() if customer != "k11"]
    plain = {
        "rank": range(1, N),
        "customer_id": known,
        "as_of": [AS_OF] * (N - 1),
        "best_offer": ["a visit"] * (N - 1),
        "expected_net_gain": [0.0] * (N - 1),
        "value": [50.0] * (N - 1),
        "uplift_a_visit": [by.get(customer, 0.0) for customer in known],
        "probability_untreated": [0.5] * (N - 1),
        "run_id": ["u"] * (N - 1),
    }
    offer = OfferFigures(ArmRate("a visit", 500, 120), 1.0, Estimate(0.5, 0.4, 0.6), {}, 3)
    figures = CampaignFigures(outcome, 50.0, "x", ArmRate("control", 500, 100), (offer,), (), {}, (), N - 1)
    path = desk.folder / name
    with path.open("wb") as stream:
        write_parquet(pa.table({**plain, **columns}), stream)
    path.with_name(f"{name}.figures.json").write_text(json.dumps(figures.to_json()))
    return path


@pytest.mark.slow
def test_an_arm_of_a_campaign_counts_by_what_it_changed(desk: Desk) -> None:
    desk.with_config("control_share = 0.2", "control_share = 0.0").with_config("[actions.personal_offer]", ARM)
    desk.with_config("budget = 250", "hour_cost = 6\nbudget = 250")
    by_risk = desk.listed()
    assert set(by_risk.to_arrow().column("ranked_by").to_pylist()) == {"probability"}
    path = uplift_set(desk)
    listed = desk.listed(uplift=path)
    rows = {row["customer_id"]: row for row in listed.to_arrow().to_pylist()}
    # uplift times value, less the offer as it will be taken, the contact, and ten minutes at 6 an hour
    assert rows["k00"]["expected_gain"] == pytest.approx(0.4 * 200 - (0.95 * 0.3 + 0.05) * 10 - 1 - 1)
    assert (rows["k00"]["action"], rows["k00"]["ranked_by"]) == ("personal offer", "uplift")
    # k02 cannot be called; of k11 no uplift is told; a call would harm k10
    assert (rows["k02"]["action"], rows["k02"]["ranked_by"]) == ("letter", "probability")
    assert rows["k11"]["expected_gain"] == pytest.approx(round(0.84 * 0.3 * 190 - 0.16 * 10 - 1 - 1, 2))
    assert (rows["k11"]["action"], rows["k11"]["ranked_by"]) == ("personal offer", "probability")
    assert rows["k10"]["action"] == "letter"
    assert {row["action"] for customer, row in rows.items() if customer not in {"k00", "k11"}} == {"letter"}
    assert "Customers of whom uplift.parquet tells no uplift, and who count by churn probability: 1." in listed.figures.notes
    assert listed.run_id != by_risk.run_id
    inputs = json.loads(listed.manifest.read_text())["inputs"]
    assert {name for name in inputs if name.startswith("uplift")} == {
        "uplift: uplift.parquet",
        "uplift: uplift.parquet.figures.json",
    }
    assert desk.listed(uplift=path).was_done
    assert [problem for row in rows.values() for problem in problems(row, "call_list")][:3] == []


def test_an_outcome_that_is_not_staying_is_worth_what_the_campaign_says(desk: Desk) -> None:
    desk.with_config("[actions.personal_offer]", ARM)
    path = uplift_set(desk, outcome="outcome", as_of=[date(2023, 1, 2)] * (N - 1))
    made = desk.listed(uplift=path)
    gain = {row["customer_id"]: row["expected_gain"] for row in made.to_arrow().to_pylist()}
    assert gain["k00"] == pytest.approx(0.4 * 50 - (0.95 * 0.3 + 0.05) * 10 - 1)
    assert "The uplift is of 2023-01-02, the scores of 2023-02-27." in made.figures.notes


def test_an_uplift_that_ranks_nothing_is_refused(desk: Desk) -> None:
    path = uplift_set(desk)
    with pytest.raises(ConfigError, match=r'No action is an arm.*\n.*arm = "a visit"\. The campaign has: a visit\.'):
        desk.listed(uplift=path)
    desk.with_config("[actions.personal_offer]", ARM.replace("a visit", "a visits"))
    with pytest.raises(ConfigError, match=r"\[actions.personal_offer\] arm: the campaign has no offer 'a visits'\.\n.*a visit"):
        desk.listed(uplift=path)
    with pytest.raises(InputError, match=r"none\.parquet: there is no such file"):
        desk.listed(uplift=desk.folder / "none.parquet")
    with pytest.raises(InputError, match=r"today\.parquet: the figures of the campaign are not beside it"):
        desk.listed(uplift=desk.scores)
    path.with_name("uplift.parquet.figures.json").write_text("{}")
    with pytest.raises(InputError, match=r"uplift\.parquet\.figures\.json are not what uplift writes"):
        desk.listed(uplift=path)
    twice = uplift_set(desk, customer_id=["k00"] * (N - 1))
    with pytest.raises(InputError, match="names a customer twice"):
        desk.listed(uplift=twice)


def test_a_corrected_result_is_what_the_next_list_knows(tmp_path: Path) -> None:
    facts = ListFacts("aaaa000011112222", "spring", AS_OF, "salt", 0.0)
    line = Line(line_key(facts.list_id, "k00"), "k00", "letter", CALLABLE, 1, 0.5, 100.0, 20.0)
    told = Outcome(line.line_key, AS_OF, "no_answer", "2023-03-01")
    with open_store(f"sqlite:///{tmp_path / 'outcomes.db'}", "corner_shop") as store:
        store.record_list(facts, [line])
        store.add_outcomes([told])
        before = Past.of(store.history(), day_number(AS_OF) + 1, "spring")
        store.add_outcomes([replace(told, result="do_not_call", call_back="")])
        after = Past.of(store.history(), day_number(AS_OF) + 1, "spring")
    assert (before.tries, before.call_back, before.never) == ({"k00": 1}, {"k00": "2023-03-01"}, frozenset())
    assert (after.tries, after.call_back, after.never) == ({"k00": 0}, {"k00": ""}, {"k00"})
    assert before.digest != after.digest


@pytest.mark.slow
def test_what_is_new_again_and_dropped_since_the_last_list(desk: Desk) -> None:
    desk.with_config("control_share = 0.2", "control_share = 0.0").with_config("[actions.letter]", "[actions.letter]\nmost = 5")
    first = desk.listed()
    before = set(first.to_arrow().column("customer_id").to_pylist())
    assert (first.figures.last_day, first.figures.again, first.figures.dropped) == (None, 0, {})
    assert set(first.to_arrow().column("listed").to_pylist()) == {"new"}
    later = scores(as_of=[date(2023, 3, 6)] * N, churn_probability=[None, *(0.94 - number / 100 for number in range(N - 1))])
    with desk.scores.open("wb") as stream:
        write_parquet(later.filter(pc.not_equal(later["customer_id"], "k07")), stream)
    second = desk.listed()
    now = {row["customer_id"]: row["listed"] for row in second.to_arrow().to_pylist()}
    assert {customer for customer, listed in now.items() if listed == "again"} == before & set(now)
    assert second.figures.last_day == "2023-02-27"
    assert second.figures.again == len(before & set(now))
    assert sum(second.figures.dropped.values()) == len(before - set(now))
    assert second.figures.dropped["without a probability"] == second.figures.dropped["no longer in the scores"] == 1


def test_values_of_a_file_are_those_of_one_who_stays(desk: Desk) -> None:
    values = pa.table(
        {
            "customer_id": ids()[:50],
            "as_of": [AS_OF] * 50,
            "value": [100.0] * 50,
            "alive_probability": [0.5] * 25 + [1.0] * 25,
        }
    )
    path = desk.folder / "worth.csv"
    with path.open("wb") as stream:
        write_csv(values, stream)
    result = desk.listed(values=path)
    row = next(row for row in result.to_arrow().to_pylist() if row["customer_id"] in {"k00", "k07", "k08"})
    assert row["value_at_risk"] == pytest.approx(200 * row["churn_probability"])
    assert result.figures.left_out["without a value"] == 10


@pytest.mark.parametrize("name", ["list.csv", "list.parquet", "list.xlsx"])
def test_a_file_of_ones_own(desk: Desk, name: str) -> None:
    result = desk.listed(output=desk.folder / name)
    assert [path.name for path in result.outputs] == [name, f"{name}.control.parquet", f"{name}.figures.json"]
    if name.endswith("xlsx"):
        with pytest.raises(ConfigError, match="Only a workbook"):
            result.to_arrow()
    else:
        assert result.to_arrow().num_rows == result.figures.lines


def test_csv_and_parquet_hold_the_same(held: CallListResult) -> None:
    result = held
    tables = {
        path.suffix: read_export(path)
        for path in result.outputs
        if path.name.startswith("call_list") and path.suffix != ".xlsx"
    }
    for name in ("customer_id", "reason_2", "expected_gain", "opening", "line_key"):
        assert tables[".csv"].column(name).to_pylist() == tables[".parquet"].column(name).to_pylist()
    assert "'=1+1" in (result.manifest.parent / "call_list.csv").read_text()


def test_the_workbook_has_a_sheet_for_each_agent(held: CallListResult) -> None:
    result = held
    book = openpyxl.load_workbook(result.manifest.parent / "call_list.xlsx")
    assert book.sheetnames == ["Ana", "Ben"]
    listed = [row[1].value for sheet in book for row in sheet.iter_rows(min_row=2)]
    assert sorted(listed) == sorted(result.to_arrow().column("customer_id").to_pylist())


def test_what_cannot_be_a_list_of_scores_is_refused(desk: Desk) -> None:
    def refused(table: pa.Table, match: str) -> None:
        with desk.scores.open("wb") as stream:
            write_parquet(table, stream)
        with pytest.raises(InputError, match=match):
            desk.listed()

    refused(scores().drop_columns("risk_band"), "has no column risk_band")
    refused(scores(customer_id=["k00"] * N), "names a customer twice")
    refused(scores(churn_probability=[1.5] * N), "lies outside 0 and 1")
    refused(scores(as_of=[AS_OF] * (N - 1) + [date(2023, 1, 1)]), "scores of 2 days")
    with pytest.raises(InputError, match="no such file"):
        desk.project.call_list(scores=desk.folder / "nothing.parquet")
    with pytest.raises(InputError, match="no scores to make a list of"):
        desk.project.call_list()


def test_stages_of_the_scores_can_be_named_as_types_are(desk: Desk) -> None:
    stages = ["loyal" if number % 2 else "new" for number in range(N)]
    pq.write_table(scores(stage=stages), desk.scores)
    flags = Scores.read(desk.scores).flags
    assert flags["loyal"].tolist() == [stage == "loyal" for stage in stages]
    assert not flags["inactive"].any()
    rows = desk.listed().to_arrow().to_pylist()
    assert {row["stage"] for row in rows} == {"loyal", "new"}


def test_what_the_config_lacks_is_said(desk: Desk) -> None:
    with pytest.raises(ConfigError, match=r"no type of customers 'is_loyl'.\nDid you mean \"is_loyal\""):
        desk.with_config("acceptance = 0.3", "acceptance = { is_loyl = 0.3 }").listed()


def test_without_a_call_list_or_a_value_it_is_said_what_to_add(desk: Desk) -> None:
    text = (desk.folder / "config.toml").read_text()
    (desk.folder / "config.toml").write_text(text.replace("[profit]\nvalue = 200\ncontact_cost = 1\noffer_cost = 10\n", ""))
    with pytest.raises(InputError, match="Nothing says what a customer is worth"):
        desk.listed()
    head, _, rest = text.partition("[call_list]")
    (desk.folder / "config.toml").write_text(head + rest[rest.index("[tracking]") :])
    with pytest.raises(ConfigError, match="says nothing of a call list"):
        desk.listed()


def test_nobody_scored_is_an_empty_list(desk: Desk) -> None:
    with desk.scores.open("wb") as stream:
        write_parquet(scores(churn_probability=pa.array([None] * N, pa.float64())), stream)
    result = desk.listed()
    assert result.figures.lines == 0
    assert result.figures.left_out == {"without a probability": N}
    assert result.to_arrow().num_rows == 0


def test_the_summary_says_what_came_out(held: CallListResult) -> None:
    result = held
    assert f"{result.figures.lines} lines for spring" in result.summary
    assert "to_pandas" in repr(result)


def test_the_workbook_comes_back_and_the_next_list_knows(desk: Desk) -> None:
    desk.with_config("control_share = 0.2", "control_share = 0.0")
    path = desk.listed().manifest.parent / "call_list.xlsx"
    book = openpyxl.load_workbook(path)
    for sheet in book:
        titles = {cell.value: cell.column for cell in sheet[1]}
        for row in range(2, sheet.max_row + 1):
            if sheet.cell(row, titles["Customer"]).value == "k00":
                sheet.cell(row, titles["Result"]).value = "do not call"
                sheet.cell(row, titles["Called on"]).value = date(2023, 2, 27)
    returned = desk.folder / "returned.xlsx"
    book.save(returned)
    assert desk.project.add_outcomes(returned).stored == 1
    with desk.scores.open("wb") as stream:
        write_parquet(scores(as_of=[date(2023, 2, 28)] * N), stream)
    result = desk.listed()
    assert "k00" not in result.to_arrow().column("customer_id").to_pylist()
    assert result.figures.left_out["not to be contacted"] == 2
