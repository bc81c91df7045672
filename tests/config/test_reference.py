"""`configs/reference.toml` shows every key and tells the truth about defaults."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from churnscope.config.alerts import AlertRule, Alerts, Destination
from churnscope.config.budget import AcquisitionChannel, RetentionPlan, WinBackPlan
from churnscope.config.load import load_config
from churnscope.config.models import (
    Action,
    Activity,
    Agent,
    Budget,
    CallList,
    Config,
    Csv,
    Files,
    Join,
    Plan,
    PlanLine,
    Prediction,
    Profit,
    Rule,
    Source,
)
from churnscope.config.processes import Occasion, Process
from churnscope.config.winning_back import WinBack, WinBackStep
from churnscope.roles import ROLES

REFERENCE = Path(__file__).parents[2] / "configs" / "reference.toml"
TEXT = REFERENCE.read_text(encoding="utf-8")
# Keys behind a "#" without a space are examples; comments have a space.
WITH_EXAMPLES = tomllib.loads(re.sub(r"^#(?=[\w\[])", "", TEXT, flags=re.MULTILINE))
WRITTEN = tomllib.loads(TEXT)
ORDERS = WITH_EXAMPLES["sources"]["orders"]


# Their names are the user's own, so they hold examples.
FREE = {
    "signals",
    "types",
    "actions",
    "call_list",
    "win_back",
    "alerts",
    "plan",
    "rules",
    "destinations",
    "processes",
    "occasions",
    "channels",
    "scenarios",
}
# Required beside some of the others.
CONDITIONAL = {"days", "source"}


def tables() -> Iterator[tuple[str, type[BaseModel], dict[str, Any], dict[str, Any]]]:
    """Each table of the model: its name, its model, its keys with the examples, and those that are written out."""
    yield "config", Config, WITH_EXAMPLES, WRITTEN
    for name, field in Config.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield name, field.annotation, WITH_EXAMPLES[name], WRITTEN[name]
    yield "profit", Profit, WITH_EXAMPLES["profit"], WITH_EXAMPLES["profit"]
    budget = WITH_EXAMPLES["budget"]
    for name, model, shown in (
        ("budget", Budget, budget),
        ("retention", RetentionPlan, budget["retention"]),
        ("win_back", WinBackPlan, budget["win_back"]),
        ("channel", AcquisitionChannel, budget["channels"]["search"]),
    ):
        optional = {key for key, field in model.model_fields.items() if field.get_default(call_default_factory=True) is None}
        yield name, model, shown, {key: value for key, value in shown.items() if key not in optional}
    yield "action", Action, WITH_EXAMPLES["actions"]["service_call"], WRITTEN["actions"]["service_call"]
    yield "call_list", CallList, WITH_EXAMPLES["call_list"], WRITTEN["call_list"]
    yield "process", Process, WITH_EXAMPLES["processes"]["billing"], WRITTEN["processes"]["billing"]
    yield "occasion", Occasion, WITH_EXAMPLES["occasions"]["card"], WRITTEN["occasions"]["card"]
    win_back = WITH_EXAMPLES["win_back"], WRITTEN["win_back"]
    yield "win_back", WinBack, *win_back
    yield "win_back_step", WinBackStep, *(table["steps"][0] for table in win_back)
    yield "agent", Agent, WITH_EXAMPLES["call_list"]["agents"][0], WRITTEN["call_list"]["agents"][0]
    yield "alerts", Alerts, WITH_EXAMPLES["alerts"], WRITTEN["alerts"]
    waits, team = "complaint_waits", WRITTEN["alerts"]["destinations"]["team"]
    yield "alert rule", AlertRule, WITH_EXAMPLES["alerts"]["rules"][waits], WRITTEN["alerts"]["rules"][waits]
    yield "destination", Destination, team, team
    yield "plan", Plan, WRITTEN["plan"], WRITTEN["plan"]
    yield "plan line", PlanLine, WRITTEN["plan"]["lines"][0], WRITTEN["plan"]["lines"][0]
    orders = WRITTEN["sources"]["orders"]
    yield "source", Source, ORDERS, orders
    yield "csv", Csv, ORDERS["csv"], orders["csv"]
    yield "join", Join, ORDERS["join"], {}
    old = WRITTEN["sources"]["old_orders"]["files"][0]
    yield "files", Files, old, old
    yield "rule", Rule, WITH_EXAMPLES["activity"]["rules"][0], WRITTEN["activity"]["rules"][0]


TABLES = list(tables())
NAMES = [name for name, *_ in TABLES]


def test_the_reference_loads() -> None:
    assert load_config(REFERENCE, {}).name == "reference"


def test_the_reference_with_its_examples_is_a_config() -> None:
    assert Config.model_validate(WITH_EXAMPLES).sources["orders"].join is not None


@pytest.mark.parametrize(("name", "model", "shown", "written"), TABLES, ids=NAMES)
def test_every_key_is_shown(name: str, model: type[BaseModel], shown: dict[str, Any], written: dict[str, Any]) -> None:
    assert set(shown) == set(model.model_fields)


@pytest.mark.parametrize(("name", "model", "shown", "written"), TABLES, ids=NAMES)
def test_what_is_written_out_is_required_or_the_default(
    name: str, model: type[BaseModel], shown: dict[str, Any], written: dict[str, Any]
) -> None:
    optional = [key for key, field in model.model_fields.items() if not field.is_required()]
    for key in set(optional) & set(written) - FREE - CONDITIONAL:
        default = model.model_fields[key].get_default(call_default_factory=True)
        if isinstance(default, BaseModel):
            assert type(default).model_validate(written[key]) == default, key
        else:
            assert as_written(default) == written[key], key


@pytest.mark.parametrize(("name", "model", "shown", "written"), TABLES, ids=NAMES)
def test_only_what_has_no_default_is_an_example(
    name: str, model: type[BaseModel], shown: dict[str, Any], written: dict[str, Any]
) -> None:
    examples = set(shown) - set(written)
    if model is not Join:
        assert {model.model_fields[key].get_default(call_default_factory=True) for key in examples} <= {None}


def as_written(default: object) -> object:
    """A default as TOML writes it."""
    if isinstance(default, tuple):
        return list(default)
    return str(default) if isinstance(default, Path) else default


@pytest.mark.parametrize("role", ROLES.values(), ids=ROLES.keys())
def test_every_column_of_every_role_is_shown(role) -> None:
    shown = next(source["columns"] for source in WITH_EXAMPLES["sources"].values() if source["role"] == role.name)
    assert list(shown) == [role.key(column.name) for column in role.columns]


def test_every_key_is_explained_on_its_line_or_above() -> None:
    """Bare lines are those of names that say it all, or of a table, source or action explained before."""
    text = re.sub(r"# More to begin with.*?(?=# Whom to call first)", "", TEXT, flags=re.DOTALL)
    plain = {"learning_rate", "delimiter", "quote", "big_basket", "OrderedAt", "Quantity", "Price"}
    repeated = {"role", "format", "files", "path", "customer", "time"}
    bare = [line for line in text.splitlines() if re.match(r"#?\w+ = [^#]*$", line)]
    assert {line.lstrip("#").split(" ")[0] for line in bare} == plain | repeated


def test_required_keys_say_so() -> None:
    for model, table in ((Config, "name"), (Prediction, "horizon_days"), (Rule, "source"), (Source, "format")):
        assert model.model_fields[table].is_required()
        assert re.search(rf"^{table} = [^#]*# required", TEXT, flags=re.MULTILINE), table
    assert Activity.model_fields["rules"].is_required()


@pytest.mark.parametrize("path", sorted(REFERENCE.parent.glob("*.toml")), ids=lambda path: path.stem)
def test_every_shipped_config_loads(path: Path) -> None:
    assert load_config(path, {"CHURNSCOPE_DATA": "/data"}).name == path.stem


def test_the_catalogue_of_actions_is_whole_and_only_content_customers_are_asked_to_recommend() -> None:
    actions = Config.model_validate(WITH_EXAMPLES).actions
    assert set(actions) == {
        "service_call",
        "loyalty_points",
        "personal_offer",
        "exclusive_discount",
        "feedback_survey",
        "social_invitation",
        "reminder",
        "recommend_invitation",
    }
    invitation = actions["recommend_invitation"]
    assert (invitation.bands, invitation.all_types, invitation.stop) == (("low",), ("is_loyal", "satisfied"), ("open_ticket",))
    assert invitation.acceptance == 0 < invitation.benefit
