"""A classifier of one's own, from a file beside the config to its grade."""

from __future__ import annotations

import json

import pytest

from churnscope.errors import ConfigError
from churnscope.project import Project

from .conftest import Shop

MODELS = """
from sklearn.ensemble import HistGradientBoostingClassifier


def gradient():
    return HistGradientBoostingClassifier(max_iter=20, max_depth=3, random_state=0)
"""


@pytest.fixture
def own(shop: Shop) -> Project:
    (shop.folder / "my_models.py").write_text(MODELS)
    project = shop.project()
    model = project.config.model.model_copy(update={"estimator": "my_models:gradient"})
    evaluation = project.config.evaluation.model_copy(update={"folds": 2})
    project.config = project.config.model_copy(update={"model": model, "evaluation": evaluation})
    return project


@pytest.mark.slow
def test_it_is_judged_beside_the_rules_on_the_same_days(own: Project, shop: Shop) -> None:
    result, saved = own.evaluate(), shop.project().evaluate(backtest=False)
    assert result.version.startswith("my_models:gradient ")
    assert (result.cutoff, result.evaluation.rows) == (saved.cutoff, saved.evaluation.rows)
    assert result.evaluation.predictors["P0"] == saved.evaluation.predictors["P0"]
    assert result.evaluation.model != saved.evaluation.model
    assert result.evaluation.differences["base rate"]["auroc"].low > 0
    assert result.backtest[-1].evaluation.model == result.evaluation.model
    assert json.loads(result.outputs[0].read_text())["grade"]["verdict"] == result.grade.verdict
    assert {segment.by for segment in result.evaluation.segments} == {"tenure", "frequency"}


def test_it_cannot_be_trained_to_score(own: Project) -> None:
    with pytest.raises(ConfigError, match="holds numbers and no code") as refusal:
        own.train()
    assert "churnscope evaluate" in refusal.value.advice
