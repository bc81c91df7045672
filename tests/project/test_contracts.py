"""Contracts from a file to labels, by hand: the cutoff is 2024-03-01, the outcome window March, the grace a week."""

from __future__ import annotations

import json
import tomllib
from datetime import date
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from churnscope.cli.features import describe
from churnscope.config.models import Config
from churnscope.model.baselines import CONTRACT_RULE, FITTERS
from churnscope.project import Project
from churnscope.project.models.judging import baseline_fitters

if TYPE_CHECKING:
    from pathlib import Path

TERMS = """id,from,to,left,notice
stays,2024-01-01,2024-05-01,,
ends,2024-01-01,2024-03-20,,2024-03-02
renews,2024-01-01,2024-03-20,,
renews,2024-03-27,2025-03-27,,
hesitates,2024-01-01,2024-03-20,,
hesitates,2024-03-28,2025-03-27,,
in grace,2024-01-01,2024-02-23,,
long over,2024-01-01,2024-02-22,,
leaves,2024-01-01,,2024-03-10,2024-03-05
has left,2024-01-01,2024-05-01,2024-02-20,2024-02-10
to come,2024-03-01,2024-04-01,,
noon,2024-01-01,2024-03-31 12:00,,2024-03-31 12:00
"""
CONFIG = """
name = "gym"
complete_through = 2024-04-30

[sources.contracts]
role = "subscriptions"
format = "csv"
files = "terms.csv"
columns = {{ customer = "id", time = "from", end = "to", ended = "left", cancelled = "notice" }}

[activity]
rules = [{{ source = "contracts", in_force = true, grace_days = 7 }}]

[label]
kind = "{kind}"

[prediction]
horizon_days = 31
{keys}
"""


@pytest.fixture
def gym(tmp_path: Path):
    def made(kind: str, keys: str = "") -> Project:
        (tmp_path / "terms.csv").write_text(TERMS)
        (tmp_path / "gym.toml").write_text(CONFIG.format(kind=kind, keys=keys))
        return Project(tmp_path / "gym.toml")

    return made


def labels(project: Project) -> dict[str, int | None]:
    frame = project.snapshots(cutoffs=[date(2024, 3, 1)]).to_arrow()
    return dict(zip(frame["customer_id"].to_pylist(), frame["churned"].to_pylist(), strict=True))


IN_FORCE = {"stays": 0, "ends": 1, "renews": 0, "hesitates": 1, "in grace": None, "leaves": 1, "noon": 1}


def test_the_end_of_a_contract_is_learned_from(gym) -> None:
    assert labels(gym("contract_end")) == IN_FORCE


def test_notice_is_learned_from(gym) -> None:
    noticed = {"ends", "leaves", "noon"}
    assert labels(gym("cancel")) == {name: int(name in noticed) for name in IN_FORCE}


def test_who_is_looked_at_before_the_term_ends(gym) -> None:
    due = gym("contract_end", "days_before_end = 14\nspacing_days = 7\nhorizon_renewals = 1")
    assert labels(due) == {"ends": 1, "renews": 0, "hesitates": 1}


def test_who_is_left_out_is_counted_and_said(gym) -> None:
    result = gym("contract_end").features(cutoffs=[date(2024, 3, 1)])
    counts = json.loads(next(result.output.parent.glob("*manifest.json")).read_text())["counts"]
    assert counts["unlabelled"] == result.unlabelled == result.to_json()["unlabelled"] == 1
    assert "1 of them are left out: by the definition of churned they have no label." in list(describe(result))
    assert pq.read_table(result.output)["churned"].null_count == 1


def test_contracts_are_held_against_a_rule_of_contracts_and_not_against_silence() -> None:
    text = CONFIG.format(kind="contract_end", keys="")
    config = Config.model_validate(tomllib.loads(text))
    assert baseline_fitters(config) == (*FITTERS, CONTRACT_RULE)
