"""From files in many shapes to a config that runs, with no edit in between."""

from __future__ import annotations

import csv
from datetime import date

import pytest

from churnscope.config.load import load_config
from churnscope.discovery.discover import init
from churnscope.project import Project
from discovery import shops

TODAY = date(2025, 1, 1)
QUICKLY = {"CHURNSCOPE__MODEL__SEEDS": "1", "CHURNSCOPE__MODEL__ROUNDS": "60", "CHURNSCOPE__EVALUATION__BOOTSTRAPS": "0"}


def written(way, folder):
    files = way(folder)
    return init(files, folder / "shop.toml", today=TODAY)


@pytest.mark.parametrize("way", shops.WAYS, ids=lambda way: way.__name__)
def test_every_row_is_read_as_it_was_meant(way, tmp_path):
    written(way, tmp_path)
    checked = Project(tmp_path / "shop.toml").check()
    events = checked.reports[0]
    assert events.quarantined == {}
    assert events.used == len(shops.purchases())
    assert events.customers == shops.CUSTOMERS
    assert checked.cutoffs


@pytest.mark.slow
@pytest.mark.parametrize("way", shops.WAYS, ids=lambda way: way.__name__)
def test_from_init_to_scores_with_no_edit(way, tmp_path, monkeypatch):
    for name, value in {**QUICKLY, "CHURNSCOPE__TRACKING__ENABLED": "false"}.items():
        monkeypatch.setenv(name, value)
    written(way, tmp_path)
    project = Project(tmp_path / "shop.toml")
    trained = project.train()
    assert trained.churned >= 30
    scored = project.score()
    with scored.outputs[0].open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == scored.counts["active"] > 40
    assert load_config(tmp_path / "shop.toml").folders.outputs in scored.outputs[0].parents
