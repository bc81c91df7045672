"""The search for settings keeps to the training side, to its number of trials, and to its seed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from churnscope.errors import ConfigError
from churnscope.model import tuning
from churnscope.model.boosters import Boosting
from churnscope.model.training import train

from .conftest import SETTINGS

SEARCH = SETTINGS.model_copy(update={"trials": 4, "rounds": 20, "patience": 5, "seeds": 1})
POOR = SEARCH.model_copy(update={"leaves": 2, "depth": 1, "learning_rate": 0.001})

pytest.importorskip("optuna")


@pytest.fixture(scope="module")
def found(table, split):
    return train(table, split, POOR, threads=1)


def test_poor_settings_are_replaced_by_better_ones(table, split, found):
    assert found.tuned.better
    assert found.tuned.trials == 4
    assert found.tuned.best_loss < found.tuned.declared_loss
    assert set(found.tuned.chosen) == set(tuning.SEARCHED)
    assert max(np.diff(found.final.scorer.trees[0].leaf_start)) <= found.tuned.chosen["leaves"]


def test_the_same_seed_finds_the_same_at_any_number_of_threads(table, split, found):
    again = train(table, split, POOR, threads=2)
    assert again.tuned == found.tuned
    assert again.final.scorer.texts == found.final.scorer.texts


def test_no_row_after_the_stop_cutoff_and_none_between_is_read(table, split, found):
    hidden = ~np.isin(table.cutoff, split.fit + split.stop)
    shuffled = np.random.default_rng(0).permutation(hidden.sum())
    churned, features = table.churned.copy(), table.features.copy()
    churned[hidden], features[hidden] = churned[hidden][shuffled], features[hidden][shuffled[::-1]]
    assert train(replace(table, churned=churned, features=features), split, POOR, threads=1).tuned == found.tuned


def test_there_are_no_more_trials_than_declared(table, split, monkeypatch):
    tried = []
    stopped = Boosting.stopped
    monkeypatch.setattr(Boosting, "stopped", lambda self, *rows: tried.append(self.settings) or stopped(self, *rows))
    train(table, split, SEARCH, threads=1)
    assert len(tried) == SEARCH.trials + 1  # the chosen settings are stopped once more, with every seed
    assert tried[0] == SEARCH.model_copy(update={"seeds": 1})


def test_what_is_not_clearly_better_leaves_the_settings_as_declared(table, split, monkeypatch):
    monkeypatch.setattr(tuning, "is_clear", lambda _gains: False)
    searched = train(table, split, POOR, threads=1)
    assert not searched.tuned.better
    assert searched.tuned.applied(POOR) == POOR
    plain = train(table, split, POOR.model_copy(update={"trials": 0}), threads=1)
    assert plain.tuned is None
    assert searched.final.scorer.texts == plain.final.scorer.texts


def test_without_optuna_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(tuning, "find_spec", lambda _name: None)
    tuning.needs_optuna(SETTINGS)
    with pytest.raises(ConfigError, match="trials = 4 needs Optuna") as refusal:
        tuning.needs_optuna(SEARCH)
    assert "churnscope[tune]" in refusal.value.advice
