"""What is written fits the JSON schemas of the documentation, and so do the configs."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from jsonschema import Draft202012Validator, FormatChecker

from churnscope.cli.session import Failure
from churnscope.project import Project

if TYPE_CHECKING:
    from .conftest import Shop

TOP = Path(__file__).parents[2]
SCHEMAS = TOP / "docs" / "reference" / "schemas"


def problems(document: Any, name: str) -> list[str]:
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    plain = json.loads(json.dumps(document, default=str))
    return [
        f"{error.json_path}: {error.message}"
        for error in Draft202012Validator(schema, format_checker=FormatChecker()).iter_errors(plain)
    ]


def test_scores_manifest_and_evaluation(shop: Shop) -> None:
    project = shop.project()
    scored = project.score(all_customers=True)
    rows = [row for path in scored.outputs if path.suffix == ".parquet" for row in pq.read_table(path).to_pylist()]
    assert {row["risk_band"] for row in rows} >= {"medium", "cannot_tell"}
    assert [problem for row in rows for problem in problems(row, "scores")][:3] == []
    assert problems(json.loads(scored.manifest.read_text()), "manifest") == []
    evaluated = project.evaluate()
    written = next(path for path in evaluated.outputs if path.name == "evaluation.json")
    assert problems(json.loads(written.read_text()), "evaluation") == []


@pytest.mark.slow
def test_evaluation_in_money(shop: Shop) -> None:
    shop.project()
    path = shop.folder / "config.toml"
    path.write_text(path.read_text() + "[profit]\nvalue = 120\n")
    evaluated = Project(path).evaluate(backtest=False)
    written = next(path for path in evaluated.outputs if path.name == "evaluation.json")
    assert problems(json.loads(written.read_text()), "evaluation") == []
    assert "profit" in json.loads(written.read_text())


@pytest.mark.slow
def test_values(shop: Shop) -> None:
    shop.project()
    path = shop.folder / "config.toml"
    path.write_text(path.read_text() + '[value]\nmodel = "mbg_nbd"\n')
    valued = Project(path).value()
    rows = valued.to_arrow().to_pylist()
    assert [problem for row in rows for problem in problems(row, "value")][:3] == []
    assert problems(json.loads(valued.manifest.read_text()), "manifest") == []


ALERTS = """
[alerts]
since = 2022-06-01
[alerts.rules.silent]
kind = "stage"
enters = ["inactive"]
action = "Call."
[alerts.rules.eroding]
kind = "erosion"
above = 0.0
action = "Look at the plan."
"""


@pytest.mark.slow
def test_alerts(shop: Shop) -> None:
    shop.project()
    path = shop.folder / "config.toml"
    path.write_text(path.read_text() + ALERTS)
    alerted = Project(path).alerts()
    documents = [json.loads(line) for line in alerted.outputs[1].read_text().splitlines()]
    assert {document["rule"] for document in documents} == {"silent", "eroding"}
    assert [problem for document in documents for problem in problems(document, "alerts")][:3] == []
    rows = [row | {"numbers": {}} for row in alerted.to_arrow().to_pylist()]
    assert [problem for row in rows for problem in problems(row, "alerts")][:3] == []


def test_errors() -> None:
    assert problems({"error": vars(Failure("InputError", "what", "advice", 3))}, "error") == []
    assert problems({"error": {"kind": "InputError"}}, "error") != []


@pytest.mark.parametrize("path", sorted((TOP / "configs").glob("*.toml")), ids=lambda path: path.stem)
def test_configs(path: Path) -> None:
    assert problems(tomllib.loads(path.read_text()), "config") == []


def test_a_config_with_a_slip_does_not_fit() -> None:
    reference = tomllib.loads((TOP / "configs" / "reference.toml").read_text())
    reference["prediction"]["horizon_day"] = 30
    assert problems(reference, "config") != []


def test_only_a_flat_file_needs_no_activity() -> None:
    reference = tomllib.loads((TOP / "configs" / "reference.toml").read_text())
    del reference["activity"]
    assert problems(reference, "config") == ["$: 'activity' is a required property"]
