"""What every feature adds to a customer's log-odds, as a file beside the scores."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from churnscope.errors import ConfigError
from churnscope.model.bundle import read_bundle, resolve
from churnscope.project.results import ScoreResult

from .conftest import Shop


@pytest.fixture
def contributions(tmp_path: Path) -> Path:
    return tmp_path / "why" / "contributions.parquet"


@pytest.fixture
def scored(shop: Shop, contributions: Path) -> ScoreResult:
    return shop.project().score(contributions=contributions)


def scores_of(result: ScoreResult):
    table = pq.read_table(result.outputs[1])
    return table.filter(pyarrow.compute.is_valid(table["churn_probability"]))


def test_each_row_sums_to_the_log_odds_of_the_probability(shop: Shop, scored: ScoreResult, contributions: Path) -> None:
    scores, why = scores_of(scored), pq.read_table(contributions)
    bundle = read_bundle(resolve(shop.folder.parent / "models", "corner_shop", "champion"))
    names = [spec.name for spec in bundle.specs]
    assert why.column_names == ["customer_id", *names, "base_log_odds", "calibration_log_odds"]
    assert why["customer_id"].to_pylist() == scores["customer_id"].to_pylist()
    probability = scores["churn_probability"].to_numpy()
    parts = np.column_stack([why[name].to_numpy() for name in why.column_names[1:]])
    assert parts.sum(axis=1) == pytest.approx(np.log(probability) - np.log1p(-probability), abs=1e-9)
    assert len(np.unique(why["base_log_odds"])) == 1


def test_they_are_vouched_for_and_written_once(shop: Shop, scored: ScoreResult, contributions: Path) -> None:
    manifest = json.loads(contributions.with_name("contributions.parquet.manifest.json").read_text())
    assert manifest["run_id"] == scored.run_id
    assert manifest["files"]["contributions.parquet"]["rows"] == scored.counts["active"]
    assert scored.outputs[-1] == contributions
    before = contributions.stat().st_mtime_ns
    assert shop.project().score(contributions=contributions).was_done
    assert contributions.stat().st_mtime_ns == before


def test_scores_that_are_there_are_not_written_again(shop: Shop, contributions: Path) -> None:
    first = shop.project().score()
    before = first.outputs[0].stat().st_mtime_ns
    second = shop.project().score(contributions=contributions)
    assert (second.was_done, second.run_id) == (False, first.run_id)
    assert first.outputs[0].stat().st_mtime_ns == before
    content = contributions.read_bytes()
    contributions.write_bytes(content[:-3])
    shop.project().score(contributions=contributions)
    assert contributions.read_bytes() == content


def test_csv_holds_the_same(shop: Shop, scored: ScoreResult, contributions: Path) -> None:
    text = contributions.with_suffix(".csv")
    shop.project().score(contributions=text)
    assert pyarrow.csv.read_csv(text).to_pydict() == pq.read_table(contributions).to_pydict()


@pytest.mark.parametrize(
    ("name", "message"),
    [("why.xlsx", "unknown kind of output"), ("scores.csv", "two files"), ("configs/sales.csv", "would be read as part of")],
)
def test_impossible_files_are_refused_before_anything_is_read(shop: Shop, tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        shop.project([]).score(output=tmp_path / "scores.csv", contributions=tmp_path / name)
