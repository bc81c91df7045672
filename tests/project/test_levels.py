"""Levels from training to scoring: the columns of a model are those that it was trained with, whatever the day's files hold."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from churnscope.cli.app import main
from churnscope.errors import ModelError
from churnscope.project import Project

CONFIG = """
name = "service"

[sources.app]
role = "engagement"
format = "csv"
files = "app.csv"
columns = { customer = "customer", time = "time", kind = "kind" }

[sources.people]
role = "customers"
format = "csv"
files = "people.csv"
attributes = ["plan", "city", "code"]
static = ["plan", "code"]
columns = { customer = "customer" }

[activity]
rules = [{ source = "app", days = 60 }]

[prediction]
horizon_days = 30

[features]
windows_days = [14, 60]

[model]
seeds = 1
rounds = 20

[evaluation]
bootstraps = 0

[tracking]
enabled = false
"""
PLANS, KINDS = ("Basic", "Two year", "two-year"), ("click", "open")


class Service:
    """Files of a service whose customers have a plan, and an app in which they do things."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "config.toml").write_text(CONFIG)

    def write(self, plans: tuple[str, ...] = PLANS, kinds: tuple[str, ...] = KINDS, header: str = "plan") -> Project:
        rng = np.random.default_rng(3)
        people, app = [f"customer,{header},city,code"], ["customer,time,kind"]
        for number in range(400):
            customer, stops = f"c{number:03}", rng.exponential(250)
            people.append(f"{customer},{plans[number % len(plans)]},Rome,{number}")
            day = rng.uniform(0, 40)
            while day < min(stops, 360):
                app.append(f"{customer},{np.datetime64('2024-01-01') + int(day)},{kinds[rng.integers(len(kinds))]}")
                day += rng.exponential(12)
        (self.folder / "people.csv").write_text("\n".join(people) + "\n")
        (self.folder / "app.csv").write_text("\n".join(app) + "\n")
        return Project(self.folder / "config.toml")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Service, list[str]]:
    """The service with a model trained on it, and the names of the model's features."""
    service = Service(tmp_path_factory.mktemp("service"))
    service.write().train(promote=False)
    (saved,) = (service.folder / "models" / "service").glob("*/features.json")
    return service, [spec["name"] for spec in json.loads(saved.read_text())["specs"]]


def scored(service: Service, **files) -> dict[str, dict[str, str]]:
    """Customer -> what each level adds to their score, with these files."""
    project = service.write(**files)
    added = service.folder / "added.csv"
    project.score(model="latest", contributions=added, output=service.folder / "scores.csv")
    header, *lines = (line.split(",") for line in added.read_text().splitlines())
    return {line[0]: dict(zip(header, line, strict=True)) for line in lines}


def test_a_model_has_a_feature_for_every_level_with_a_name_of_its_own(trained: tuple[Service, list[str]]) -> None:
    _, names = trained
    assert [name for name in names if name.startswith("plan")] == ["plan_is_basic", "plan_is_two_year", "plan_is_two_year_2"]
    assert {"interaction_click_share_60d", "interaction_open_share_60d", "days_since_last_interaction_open"} <= set(names)
    assert not [name for name in names if name.startswith(("city", "code"))]


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"plans": ("Basic", "Two year", "New")},
        {"plans": ("Basic",)},
        {"plans": ("None of them",)},
        {"kinds": ("click", "open", "share")},
        {"kinds": ("open",)},
    ],
    ids=["same", "new plan", "plans gone", "all new", "new kind", "kind gone"],
)
def test_scores_have_the_columns_of_the_model_whatever_levels_there_are(
    trained: tuple[Service, list[str]], files: dict[str, tuple[str, ...]]
) -> None:
    service, names = trained
    rows = scored(service, **files)
    assert rows
    assert all(set(names) & set(row) == set(names) for row in rows.values())


def test_a_value_that_became_common_is_warned_of(trained: tuple[Service, list[str]], caplog: pytest.LogCaptureFixture) -> None:
    service, _ = trained
    scored(service)
    assert "has become common" not in caplog.text
    scored(service, plans=("Basic", "Two year", "Family"))
    assert 'knows nothing of plan "Family", which has become common' in caplog.text


def test_a_column_that_is_gone_is_told(trained: tuple[Service, list[str]]) -> None:
    service, _ = trained
    config = service.folder / "config.toml"
    config.write_text(CONFIG.replace('static = ["plan", "code"]', 'static = ["code"]'))
    try:
        with pytest.raises(ModelError, match="columns of the features changed"):
            scored(service)
    finally:
        config.write_text(CONFIG)


@pytest.mark.slow
def test_what_is_left_out_is_named_with_what_to_do(
    trained: tuple[Service, list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    service, _ = trained
    project = service.write()
    no_history, no_levels = project.catalog().left_out
    assert no_history.startswith("Source people: no feature is made of city,")
    assert 'static = ["plan", "code", "city"]' in no_history
    assert no_levels.startswith("No feature is made of the texts of code (customers): none of them is common enough (1%).")
    assert {no_history, no_levels} <= set(project.check().advice)
    assert project.train(promote=False).left_out == (no_history, no_levels)
    with pytest.raises(SystemExit, match="0"):
        main(["catalog", str(service.folder / "config.toml"), "--role", "customers", "--quiet"])
    told = " ".join(capsys.readouterr().out.split())
    assert "plan is Two year or: plan is not Two year" in told
    assert no_history in told


def test_numbers_that_are_read_as_text_are_advised_of(tmp_path: Path) -> None:
    said = "The common values of plan (customers) are numbers, and each is told apart as a text."
    service = Service(tmp_path)
    assert any(line.startswith(said) for line in service.write(plans=("1.5", "2", "-3")).check().advice)
    assert not any(said in line for line in service.write(plans=("1.5", "2", "two")).check().advice)


def test_what_is_declared_static_and_changes_all_the_same_is_found(tmp_path: Path) -> None:
    service = Service(tmp_path)
    service.write().check()
    advice = service.write(plans=("Basic", "Two year", "Family")).check().advice
    assert any(line.startswith("people.plan: ") for line in advice), advice
    assert not any(line.startswith("people.city: ") for line in advice)
