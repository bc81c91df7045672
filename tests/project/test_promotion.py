"""Who may serve: the gate for first and later champions, and the rule that stands in for a model."""

from __future__ import annotations

import shutil
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from churnscope.config.models import Config
from churnscope.config.models import Evaluation as Settings
from churnscope.errors import GateError, ModelError
from churnscope.evaluation.figures import MODEL, Evaluation, evaluate
from churnscope.evaluation.grade import Grade
from churnscope.evaluation.intervals import Estimate
from churnscope.model.baselines import LogisticRule
from churnscope.model.bundle import Bundle, champion, promote, read_bundle, resolve, write_bundle
from churnscope.project import Project
from churnscope.project.models.comparison import OTHER
from churnscope.project.models.judging import judge
from churnscope.project.models.promotion import _is_no_luck, gate, stand_in
from churnscope.snapshots import SnapshotTable

from .conftest import Shop

GOOD = {"verdict": "use it", "text": "use it", "reason": ""}
NO_BETTER = {"verdict": "no better", "text": "no better than the recency rule", "reason": ""}
LITTLE = {"verdict": "too little data", "text": "too little data", "reason": ""}


@pytest.fixture
def models(shop: Shop) -> Path:
    return shop.folder.parent / "models"


@pytest.fixture
def config(shop: Shop) -> Config:
    return shop.project().config


@pytest.fixture
def candidate(models: Path) -> Bundle:
    """The shop's model, as if it had been trained anew and found good."""
    present = read_bundle(resolve(models, "corner_shop", "champion"))
    return replace(graded(present, GOOD), small=False, version="2030-01-01-00000000")


def graded(bundle: Bundle, grade: dict[str, str]) -> Bundle:
    return replace(bundle, figures={**bundle.figures, "grade": grade})


def without_champion(models: Path) -> None:
    (models / "corner_shop" / "champion.json").unlink()


def allowing_small(config: Config) -> Config:
    return config.model_copy(update={"model": config.model.model_copy(update={"allow_small": True})})


def compared(noise: float, other_noise: float) -> Evaluation:
    """Two models of which the one with less noise is the better."""
    rng = np.random.default_rng(0)
    chance = rng.random(2_000)
    churned = (rng.random(2_000) < chance).astype(np.int8)
    blurred = (np.clip(chance + rng.normal(0, size, 2_000), 0.01, 0.99) for size in (noise, other_noise))
    return evaluate(churned, np.arange(2_000), dict(zip((MODEL, OTHER), blurred, strict=True)), Settings(bootstraps=50), rng)


def never(_one: Bundle, _other: Bundle) -> Evaluation:
    raise AssertionError("there is nothing to compare with")


def test_a_first_champion_has_to_beat_the_simple_rules(models: Path, config: Config, candidate: Bundle) -> None:
    without_champion(models)
    good, no_better = (gate(config, graded(candidate, grade), never) for grade in (GOOD, NO_BETTER))
    assert (good.granted, good.reason) == (True, "first champion")
    assert (no_better.granted, no_better.reason) == (False, "no better than the recency rule")


@pytest.mark.parametrize("champion_there", [True, False])
def test_too_little_data_is_refused_unless_the_config_allows_it(
    models: Path, config: Config, candidate: Bundle, champion_there: bool
) -> None:
    if not champion_there:
        without_champion(models)
    for little in (graded(candidate, LITTLE), replace(candidate, small=True)):
        refused = gate(config, little, lambda _one, _other: compared(0.1, 0.1))
        assert not refused.granted
        assert "allow_small = true" in refused.reason
        assert gate(allowing_small(config), little, lambda _one, _other: compared(0.1, 0.1)).granted


def test_an_order_worse_than_none_never_serves(models: Path, config: Config, candidate: Bundle) -> None:
    without_champion(models)
    little = graded(candidate, LITTLE)
    evaluation = deepcopy(little.figures["evaluation"])
    evaluation["differences"]["base rate"]["auroc"]["high"] = -0.01
    decision = gate(allowing_small(config), replace(little, figures={**little.figures, "evaluation": evaluation}), never)
    assert (decision.granted, "its order is worse than none at all" in decision.reason) == (False, True)


@pytest.mark.parametrize(("noise", "other_noise", "granted"), [(0.1, 0.6, True), (0.1, 0.1, True), (0.6, 0.1, False)])
def test_a_later_champion_must_not_lose_to_the_present_one(
    config: Config, candidate: Bundle, noise: float, other_noise: float, granted: bool
) -> None:
    decision = gate(config, graded(candidate, NO_BETTER), lambda _one, _other: compared(noise, other_noise))
    assert decision.granted == granted
    assert granted or "AUROC" in decision.reason


def test_a_champion_that_cannot_be_compared_leaves_the_simple_rules_to_beat(config: Config, candidate: Bundle) -> None:
    def compare(_one: Bundle, _other: Bundle) -> Evaluation:
        raise ModelError("It learned from later outcomes.")

    decision = gate(config, candidate, compare)
    assert decision.granted
    assert "cannot be compared (It learned from later outcomes.)" in decision.reason
    assert not gate(config, graded(candidate, NO_BETTER), compare).granted


def test_the_champion_itself_passes(config: Config, models: Path) -> None:
    present = read_bundle(resolve(models, "corner_shop", "champion"))
    assert gate(config, present, never).reason == "it is the champion already"


def test_where_no_model_wins_a_rule_serves_with_reasons(shop: Shop, models: Path) -> None:
    without_champion(models)
    result = shop.project().train()
    assert not result.promoted
    assert result.stand_in is not None
    assert result.stand_in.rule == "recency rule"  # the simplest: there is too little data to tell which is the best
    bundle = read_bundle(resolve(models, "corner_shop", "champion"))
    assert (bundle.version, bundle.stands_in) == (result.stand_in.version, result.stand_in.rule)
    assert isinstance(bundle.final.scorer, LogisticRule)
    assert resolve(models, "corner_shop", "latest").name == result.version
    scored = shop.project().score(output=shop.folder / "scores.parquet")
    assert scored.version == result.stand_in.version
    rows = pq.read_table(scored.outputs[0]).to_pylist()
    assert all(row["reason_1"] for row in rows)
    assert sum(row["churn_probability"] for row in rows) / len(rows) == pytest.approx(0.5, abs=0.4)


def test_the_rule_with_the_lowest_log_loss_stands_in(config: Config, candidate: Bundle) -> None:
    rng = np.random.default_rng(0)
    features = candidate.profile.rows(1_000, rng)
    table = SnapshotTable(
        np.arange(1_000, dtype=np.int32),
        np.full(1_000, 19_385, np.int32),
        (rng.random(1_000) < candidate.evaluation.predict(features, 19_385)).astype(np.int8),
        features,
        candidate.specs,
        (19_385,),
        *(np.array([1_000]),) * 3,
    )
    verdict = judge(config, candidate.evaluation, table, 19_385)
    no_better = replace(verdict, grade=Grade("no better", "no better than P0", ""))
    rule = stand_in(config, candidate, no_better, table)
    assert rule is not None
    losses = {name: figures.metrics["log_loss"].value for name, figures in verdict.evaluation.predictors.items()}
    assert rule.stands_in == min(("recency rule", "overdue ratio", "RFM logistic", "P0"), key=lambda name: losses[name])
    assert rule.figures["evaluation"]["predictors"]["model"]["metrics"]["log_loss"]["value"] == losses[rule.stands_in]
    bare = replace(candidate, evaluation=replace(candidate.evaluation, baselines=()))
    assert stand_in(config, bare, no_better, table) is None


@pytest.mark.parametrize("allow_small", [False, True])
def test_no_order_of_chance_is_let_through(models: Path, config: Config, candidate: Bundle, allow_small: bool) -> None:
    chance = graded(candidate, {"verdict": "no better", "text": "no better than the base rate", "reason": ""})
    config = allowing_small(config) if allow_small else config
    for _ in range(2):
        refused = gate(config, chance, never)
        assert (refused.granted, refused.reason) == (False, "no better than the base rate")
        if champion(models, "corner_shop"):
            without_champion(models)


def test_the_best_of_several_rules_has_to_beat_chance_by_more() -> None:
    against = {"base rate": {"auroc": Estimate(0.05, 0.01, 0.09)}}
    lucky = Evaluation(500, 500, 250, {}, against, None, 500)
    assert _is_no_luck(lucky, 1)
    assert not _is_no_luck(lucky, 4)
    assert _is_no_luck(replace(lucky, differences={"base rate": {"auroc": Estimate(0.05, 0.02, 0.08)}}), 4)


def test_a_rule_that_stands_in_gives_way_to_a_model_that_wins(config: Config, models: Path, candidate: Bundle) -> None:
    rule = replace(candidate, stands_in="recency rule", version="")
    without_champion(models)
    assert gate(config, graded(rule, NO_BETTER), never).granted
    promote(models, "corner_shop", write_bundle(models, rule, latest=False).name)
    assert gate(config, candidate, never).reason == "in place of the recency rule"
    assert not gate(config, graded(candidate, NO_BETTER), never).granted


def test_a_refused_promotion_is_an_error_and_can_be_forced(shop: Shop, models: Path) -> None:
    present = champion(models, "corner_shop")
    original = read_bundle(resolve(models, "corner_shop", "champion"))
    worse = write_bundle(models, replace(graded(original, LITTLE), version="")).name
    with pytest.raises(GateError, match=r"(?s)not promoted: too little data.*--force"):
        shop.project().promote(worse)
    assert champion(models, "corner_shop") == present
    served = shop.project().promote(worse, force=True)
    assert (served.version, served.before, champion(models, "corner_shop")) == (worse, present, worse)
    assert shop.project().rollback().version == present


def small_allowed(shop: Shop) -> Project:
    project = shop.project()
    project.config = allowing_small(project.config)
    return project


def test_a_promotion_is_decided_on_rows_that_neither_model_has_learned_from(shop: Shop, models: Path) -> None:
    original = read_bundle(resolve(models, "corner_shop", "champion"))
    same = write_bundle(models, replace(original, config={**original.config, "note": "the same again"}, version="")).name
    served = small_allowed(shop).promote(same)
    assert served.reason == f"in place of {original.version}, to which it does not lose"


@pytest.mark.slow
def test_a_model_trained_later_meets_the_champion_at_its_own_test_cutoff(shop: Shop, models: Path) -> None:
    shutil.rmtree(models)
    project = small_allowed(shop)
    first, second = project.train("2022-12-30"), project.train()
    assert (first.promoted, first.promotion) == (True, "too little data to tell, allowed by [model] allow_small = true")
    assert first.version in second.promotion
    assert "lose" in second.promotion
    assert champion(models, "corner_shop") == (second.version if second.promoted else first.version)
    with pytest.raises(ModelError, match="learned from outcomes up to 2023-01-28, after the cutoff 2022-11-30"):
        project.compare(second.version, first.version, as_of="2022-12-30")


def test_two_versions_are_compared_on_the_same_customers(shop: Shop, models: Path) -> None:
    original = read_bundle(resolve(models, "corner_shop", "champion"))
    same = write_bundle(models, replace(original, config={**original.config, "note": "the same again"}, version="")).name
    result = shop.project().compare(same)
    assert (result.one, result.other) == (same, original.version)
    assert result.differences["auroc"].value == 0
    assert "No difference" in result.verdict
    assert result.to_json()["cutoff"] == original.figures["cutoff"]


def test_versions_are_listed_with_their_marks_and_figures(shop: Shop, models: Path) -> None:
    original = read_bundle(resolve(models, "corner_shop", "champion"))
    newer = write_bundle(models, replace(original, as_of=original.as_of + 1, stands_in="recency rule", version=""))
    (newer / "model.json").write_text("{}")
    good, damaged = shop.project().models().versions
    assert (good.version, good.marks, damaged.marks) == (original.version, ("champion",), ("latest",))
    assert good.auroc == original.figures["evaluation"]["predictors"]["model"]["metrics"]["auroc"]["value"]
    assert "model.json" in damaged.damage


def test_a_version_is_shown_with_what_it_learned_from(shop: Shop, models: Path) -> None:
    result = shop.project().show()
    assert result.marks == ("champion", "latest")
    assert result.recipe == "logistic regression and P0 for small data"
    assert "P0" in result.baselines
    assert list(result.split) == ["fit", "stop", "test", "calibrate", "between", "late"]
    assert next(iter(result.evaluation.predictors)) == "model"
    assert result.split["test"] == (result.cutoff,)
    assert result.to_json()["as_of"] == "2023-02-27"
