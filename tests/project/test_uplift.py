"""`uplift` from files to a ranked list: flat files, campaigns with a known effect, and campaigns that are refused."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from jsonschema import Draft202012Validator

from churnscope.errors import ConfigError, InputError
from churnscope.operations.logs import silent
from churnscope.project import Project
from churnscope.project.money.assignments import read_assignments
from churnscope.project.money.customer_values import CustomerValues
from churnscope.project.money.uplifted import CampaignFigures
from churnscope.project.session import loaded_data
from churnscope.simulation import PRESETS
from churnscope.simulation.simulate import simulate_tables

TOP = Path(__file__).parents[2]
DATA = Path(os.environ.get("CHURNSCOPE_DATA", TOP.parent / "shared" / "data"))

FLAT = """
name = "mailing"
[sources.people]
role = "snapshot"
format = "csv"
files = "people.csv"
row_number = "line"
columns = { customer = "line", arm = "group", outcome = "came = 'yes'" }
types = { segment = "number", risk = "number" }
[uplift]
control = "nothing"
value = 10.0
costs = { letter = 1.0 }
[tracking]
enabled = false
"""


def people(n, *, arm=None, effects=(-0.1, 0.2, 0.5)):
    """Lines of a flat file: the letter works by segment."""
    random = np.random.default_rng(0)
    segment, risk = random.integers(0, 3, n), random.random(n)
    given = random.random(n) < 0.5 if arm is None else arm(segment, random)
    came = random.random(n) < 0.3 + given * np.asarray(effects)[segment]
    columns = (segment, np.round(risk, 3), np.where(given, "letter", "nothing"), np.where(came, "yes", "no"))
    return list(zip(*(column.tolist() for column in columns), strict=True))


def project_of(folder, rows, config=FLAT):
    with (folder / "people.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("segment", "risk", "group", "came"), *rows])
    os.utime(folder / "people.csv", (1.7e9, 1.7e9))
    (folder / "mailing.toml").write_text(config)
    return Project(folder / "mailing.toml")


@pytest.fixture(scope="module")
def ranked(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mailing")
    rows = people(1_500)
    rows += [(0, 0.5, "", "")] * 5 + [(2, 0.5, "", "")] * 5  # in no campaign: only to be ranked
    project = project_of(folder, rows)
    return project, rows, project.uplift()


def test_the_list_ranks_everyone_by_expected_net_gain(ranked):
    _, rows, result = ranked
    table = result.to_pandas()
    assert table["rank"].tolist() == list(range(1, len(rows) + 1))
    assert table["expected_net_gain"].is_monotonic_decreasing
    np.testing.assert_allclose(table["expected_net_gain"], 10 * table["uplift_letter"] - 1, atol=1e-5)
    assert ((table["best_offer"] == "letter") == (table["expected_net_gain"] > 0)).all()
    segment = {str(number): row[0] for number, row in enumerate(rows, start=2)}  # the header is line 1
    by_segment = table.groupby(table["customer_id"].map(segment))["uplift_letter"].mean()
    assert by_segment[0] < by_segment[1] < by_segment[2]


def test_rows_are_as_the_schema_says(ranked):
    _, _, result = ranked
    schema = json.loads((TOP / "docs" / "reference" / "schemas" / "uplift.schema.json").read_text())
    validator = Draft202012Validator(schema)
    rows = json.loads(json.dumps(result.to_arrow().to_pylist(), default=str))
    assert [error.message for row in rows for error in validator.iter_errors(row)][:3] == []


def test_whom_no_campaign_reached_is_ranked_too(ranked):
    _, rows, result = ranked
    table = result.to_pandas().set_index("customer_id")["uplift_letter"]
    last = [str(number) for number in range(len(rows) - 8, len(rows) + 2)]
    assert table[last[:5]].max() < table[last[5:]].min()
    assert result.figures.listed == len(rows)
    assert result.figures.customers == 1_500


def test_figures_are_told_and_kept(ranked):
    _, rows, result = ranked
    figures = result.figures
    (offer,) = figures.offers
    came = [row[3] == "yes" for row in rows if row[2] == "letter"]
    assert (offer.rate.name, offer.rate.customers, offer.rate.outcomes) == ("letter", len(came), sum(came))
    assert offer.learners["x"].qini.low > 0
    rules = {rule.name: rule for rule in figures.policies}
    assert list(rules) == [
        "no one", "everyone: letter", "highest risk: letter", "S-learner", "T-learner", "X-learner"
    ]  # fmt: skip
    assert rules["X-learner"].gain.value > rules["everyone: letter"].gain.value > 0
    assert rules["X-learner"].gain.value > rules["highest risk: letter"].gain.value
    assert CampaignFigures.from_json(json.loads(json.dumps(figures.to_json()))) == figures
    assert [path.name for path in result.outputs] == ["uplift.csv", "uplift.parquet", "qini.svg", "figures.json"]
    assert "order beats a random one for letter" in result._repr_html_()


@pytest.mark.slow
def test_customers_can_be_worth_more_or_less(ranked):
    project, _, result = ranked
    folder = result.outputs[0].parent
    (folder / "worth.csv").write_text("customer_id,value\n2,1000\n3,0\n")
    valued = project.uplift(values=folder / "worth.csv", output=folder / "valued.csv")
    before, after = (each.to_pandas().astype({"customer_id": str}).set_index("customer_id") for each in (result, valued))
    assert after.loc[["2", "3", "4"], "value"].tolist() == [1_000, 0, 10]
    np.testing.assert_allclose(after.loc["2", "expected_net_gain"], 1_000 * before.loc["2", "uplift_letter"] - 1, atol=1e-3)
    assert after.loc["3", "expected_net_gain"] == -1
    (folder / "alive.csv").write_text("customer_id,alive_probability,value\n2,0.5,100\n")
    assert CustomerValues.read(folder / "alive.csv").of(np.array(["3", "2"], object), 7.0).tolist() == [7, 200]
    with pytest.raises(InputError, match="does not say what a customer is worth who comes back"):
        CustomerValues.read(folder / "alive.csv", if_back=True)
    assert after.loc["4", "expected_net_gain"] == before.loc["4", "expected_net_gain"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("customer_id,worth\n2,5\n", "there is no column value"),
        ("customer_id,value\n2,much\n", "column value: it holds string"),
        ("customer_id,value\n2,1\n2,2\n", "a customer stands in it twice"),
        ("customer_id,value\n2,\n3,4\n", "a value is missing"),
    ],
)
def test_values_that_cannot_be_used_are_refused(tmp_path, text, said):
    (tmp_path / "worth.csv").write_text(text)
    with pytest.raises(InputError, match=said):
        project_of(tmp_path, people(300)).uplift(values=tmp_path / "worth.csv")


@pytest.mark.slow
def test_costs_without_a_value_are_pointed_out(tmp_path):
    figures = project_of(tmp_path, people(800), FLAT.replace("value = 10.0", "")).uplift().figures
    assert figures.value == 1
    assert any(note.startswith("An outcome is taken to be worth 1") for note in figures.notes)


def test_the_same_run_again_writes_nothing(ranked):
    project, _, result = ranked
    again = project.uplift()
    assert again.was_done
    assert (again.run_id, again.figures) == (result.run_id, result.figures)


def test_a_campaign_without_control_is_refused(tmp_path):
    project = project_of(tmp_path, people(300), FLAT.replace('"nothing"', '"none"'))
    with pytest.raises(InputError, match=r"no control group 'none'.*\n.*Known here: letter, nothing"):
        project.uplift()


def test_a_campaign_for_some_segments_is_refused_and_writes_nothing(tmp_path):
    project = project_of(tmp_path, people(1_000, arm=lambda segment, random: random.random(len(segment)) < segment / 3 + 0.1))
    with pytest.raises(InputError, match=r"not drawn at random: .* customers of letter"):
        project.uplift()
    assert not list((tmp_path / "outputs").rglob("uplift.*"))


def test_too_few_customers_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"Arm control has \d+ customers"):
        project_of(tmp_path, people(300)).uplift()


def test_a_campaign_whose_outcome_is_not_over_is_refused():
    rows = [(f"c{n:02}", 5, ("control", "call")[n % 2], "spring", 0.0) for n in range(20)]
    business, tables = campaign_rows(rows)
    project = Project.from_tables(business | {"complete_through": "2024-10-10", "tracking": {"enabled": False}}, **tables)
    with pytest.raises(InputError, match=r"the outcome is known: 20 have no known outcome\.\nGive data that reach"):
        project.uplift()


def test_rows_of_a_flat_file_are_looked_at_at_the_end_of_their_day(tmp_path):
    rows = {"id": [f"c{n:02}" for n in range(20)], "day": ["2024-03-05"] * 10 + ["2024-03-09"] * 10}
    rows |= {"group": ["control", "letter"] * 10, "came": ["1", "0", "0", "1"] * 5, "size": list(range(20))}
    columns = {"customer": "id", "date": "day", "arm": "group", "outcome": "came = '1'"}
    config = {"name": "mailing", "sources": {"people": {"role": "snapshot", "columns": columns, "attributes": ["size"]}}}
    project = Project.from_tables(config, people=pa.table(rows))
    with loaded_data(project.config, None, silent) as loaded:
        found = read_assignments(project.config, loaded)
    march = np.datetime64("2024-03-06").astype(int)
    assert found.day.tolist() == [march] * 10 + [march + 4] * 10
    assert found.outcome.tolist() == [1, 0, 0, 1] * 5


def test_a_cost_of_no_offer_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"costs.leter: there is no such offer.\nDid you mean \"letter\""):
        project_of(tmp_path, people(300), FLAT.replace("letter = 1.0", "leter = 1.0")).uplift()


def test_a_column_that_bears_the_name_of_the_line_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"there is a column risk already.\nChoose another row_number"):
        project_of(tmp_path, people(300), FLAT.replace('row_number = "line"', 'row_number = "risk"')).uplift()


def test_lines_of_parquet_files_are_numbered_too(tmp_path):
    table = pa.table({"came": ["yes", "no"], "segment": [1, 2]})
    pq.write_table(table, tmp_path / "people.parquet")
    source = {"role": "snapshot", "format": "parquet", "files": str(tmp_path / "people.parquet"), "row_number": "line"}
    config = {"name": "mailing", "sources": {"people": source | {"columns": {"customer": "line", "churned": "came = 'yes'"}}}}
    with loaded_data(Project(config).config, None, silent) as loaded:
        assert loaded.ids().tolist() == ["1", "2"]


def test_a_business_without_campaign_is_refused():
    bought = pa.table({"customer": ["a"], "time": pa.array([0], pa.timestamp("us"))})
    business = {"name": "shop", "prediction": {"horizon_days": 30}}
    business["activity"] = {"rules": [{"source": "purchases", "days": 30}]}
    with pytest.raises(ConfigError, match="no source tells who got an offer"):
        Project.from_tables(business, purchases=bought).uplift()


DAY = 86_400_000_000


def campaign_rows(rows):
    """A project whose campaigns are these (customer, day, arm, campaign, cost)."""
    customer, day, arm, campaign, cost = zip(*rows, strict=True)
    times = pa.array([20_000 * DAY + each * DAY for each in day], pa.timestamp("us"))
    table = {"customer": customer, "time": times, "arm": arm, "campaign": campaign, "cost": cost}
    seen = pa.table(
        {"customer": sorted(set(customer)), "time": pa.array([20_000 * DAY] * len(set(customer)), pa.timestamp("us"))}
    )
    business = {"name": "shop", "prediction": {"horizon_days": 30}, "complete_through": "2025-06-30"}
    business["activity"] = {"rules": [{"source": "engagement", "days": 30}]}
    return business, {"engagement": seen, "campaigns": pa.table(table)}


def assigned(rows, **asked):
    business, tables = campaign_rows(rows)
    project = Project.from_tables(business | {"uplift": asked}, **tables)
    with loaded_data(project.config, None, silent) as loaded:
        return loaded.ids(), read_assignments(project.config, loaded)


def test_a_customer_counts_once_by_the_first_assignment_and_not_in_two_arms():
    rows = [(f"c{number:02}", 5, ("control", "call")[number % 2], "spring", 2.0) for number in range(20)]
    rows += [("c00", 7, "control", "spring", 0.0), ("c01", 7, "control", "spring", 0.0), ("c02", 3, "control", "spring", 0.0)]
    ids, found = assigned(rows)
    assert found.offers == ("call",)
    assert found.left_out == {"were in more than one arm": 1}
    assert ids[found.customer].tolist() == [f"c{number:02}" for number in range(20) if number != 1]
    assert found.arm.tolist() == [number % 2 for number in range(20) if number != 1]
    assert found.day[:2].tolist() == [20_005, 20_003]
    assert set(found.cost[found.arm == 1].tolist()) == {2.0}


def test_of_several_campaigns_one_is_named():
    rows = [(f"c{n:02}", 5, ("control", "call")[n % 2], ("spring", "autumn")[n // 10], 0.0) for n in range(20)]
    with pytest.raises(ConfigError, match="2 campaigns: autumn, spring"):
        assigned(rows)
    ids, found = assigned(rows, campaign="spring")
    assert ids[found.customer].tolist() == [f"c{number:02}" for number in range(10)]


@pytest.mark.slow
def test_learners_find_the_segments_that_a_simulated_campaign_keeps():
    changes = {"lapse.half_life_days": "150", "campaign.save_share": "0.5", "campaign.effect_days": "90"}
    tables = simulate_tables(PRESETS["both"].adjusted(changes), customers=12_000, days=400, seed=1)
    config = {
        "name": "service",
        "sources": {
            "people": {
                "role": "customers",
                "attributes": ["segment"],
                "static": ["segment"],
                "columns": {"customer": "customer"},
            }
        },
        "activity": {"rules": [{"source": "engagement", "days": 45}]},
        "prediction": {"horizon_days": 30, "gap_days": 30},
        "features": {"windows_days": [30, 90]},
        "profit": {"value": 100.0},
        "tracking": {"enabled": False},
    }
    kept = {"engagement": tables["engagement"], "campaigns": tables["campaigns"], "people": tables["customers"]}
    project = Project.from_tables(config, **kept)
    result = project.uplift(output=Path(project._spool._folder) / "uplift.csv")
    listed = result.to_pandas()
    segment = dict(zip(tables["customers"]["customer"].to_pylist(), tables["customers"]["segment"].to_pylist(), strict=True))
    by_segment = listed.groupby(listed["customer_id"].map(segment))["uplift_offer"].mean()
    assert by_segment["C"] > by_segment["B"] > by_segment["A"]
    (offer,) = result.figures.offers
    assert (result.figures.outcome, result.figures.value, offer.rate.name, offer.cost) == ("retained", 100.0, "offer", 5.0)
    assert all(offer.learners[kind].qini.low > 0 for kind in "stx")
    rules = {rule.name: rule.gain.value for rule in result.figures.policies}
    assert rules["X-learner"] > rules["everyone: offer"]


@pytest.mark.slow
def test_hillstroms_e_mails(tmp_path, monkeypatch):
    if not (DATA / "hillstrom" / "raw").exists():
        pytest.skip("needs hillstrom/raw/: set CHURNSCOPE_DATA to the folder that holds hillstrom/")
    monkeypatch.setenv("CHURNSCOPE_DATA", str(DATA))
    figures = Project(TOP / "configs" / "hillstrom.toml").uplift(output=tmp_path / "whom.csv").figures
    mens, womens = figures.offers
    rates = {arm.name: (arm.customers, round(100 * arm.rate, 2)) for arm in (figures.control, mens.rate, womens.rate)}
    assert rates == {"control": (21_306, 10.62), "Mens E-Mail": (21_307, 18.28), "Womens E-Mail": (21_387, 15.14)}
    assert all(0.49 < offer.assignment.value < 0.51 for offer in figures.offers)
    assert all(found.qini.low > 0 and found.auuc.low > 0 for found in womens.learners.values())
    assert 0.05 < womens.learners["x"].qini.value < 0.08
    rules = {rule.name: rule.gain for rule in figures.policies}
    assert rules["everyone: Mens E-Mail"].value == pytest.approx(0.1828 - 0.1062 - 0.07, abs=1e-4)
    assert rules["X-learner"].value > rules["highest risk: Mens E-Mail"].value
