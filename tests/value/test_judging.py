"""Choosing a model on purchases it had not seen."""

import json

import numpy as np
import pytest

from churnscope.errors import InputError
from churnscope.value import BGNBD, GammaGamma, RepeatRows, SpendRows
from churnscope.value.alike import Alike
from churnscope.value.forecast import ValueModel, fitted_spend
from churnscope.value.histories import Histories, Recent
from churnscope.value.judging import CANDIDATES, LAST_PERIOD, Judgement, TreesSaid, choose, judge

MONEY = {"margin": 0.5, "yearly_discount": 0.1}


@pytest.fixture(scope="module")
def past():
    """Customers who buy at rates of their own and leave at times of their own, watched for up to 80 weeks."""
    rng = np.random.default_rng(3)
    n = 900
    age, rate, leaves = rng.integers(20, 80, n), rng.gamma(0.8, 1 / 8, n), rng.exponential(60, n)
    counts = rng.poisson(rate * np.minimum(age, leaves))
    last = np.array([np.max(rng.uniform(0, min(a, e), c)) if c else 0 for a, e, c in zip(age, leaves, counts, strict=True)])
    rows = RepeatRows(counts, np.where(counts > 0, np.maximum(np.round(7 * last), 1), 0), 7 * age + 7)
    per_day = rng.gamma(4, 10, n)
    spend = SpendRows(counts, np.maximum(rng.gamma(3 * np.maximum(counts, 1)) / (3 * np.maximum(counts, 1)) * per_day, 0.01))
    weeks = np.clip(leaves - age, 0, 12)
    came = rng.poisson(rate * weeks).astype(float)
    recent = rng.poisson(rate * 12 * (leaves > age)).astype(float)
    histories = Histories(np.arange(n), rows, spend, recent, recent * per_day)
    return histories, Recent(came, came * per_day)


@pytest.fixture(scope="module")
def judgement(past):
    return judge((*CANDIDATES, "nbd"), *past, cutoff=100, horizon_days=84)


@pytest.mark.slow
def test_models_that_know_of_leaving_beat_the_rule_and_the_one_that_does_not(judgement):
    assert judgement.best in CANDIDATES
    assert judgement.beats_rule(judgement.best)
    errors = judgement.errors
    assert errors[judgement.best].purchase_days_error < errors["nbd"].purchase_days_error
    assert errors[judgement.best].purchase_days == pytest.approx(judgement.purchase_days, rel=0.2)
    assert errors[LAST_PERIOD].spend_held is None
    assert errors[judgement.best].spend_held > 0.8


def test_errors_are_those_of_the_forecast(past, judgement):
    histories, came = past
    model = ValueModel.fit("bg_nbd", histories)
    made = model.forecast(histories, 84)
    assert judgement.errors["bg_nbd"].purchase_days_error == pytest.approx(
        np.sqrt(np.mean((made.purchase_days - came.days) ** 2))
    )
    assert judgement.errors["bg_nbd"].spend == pytest.approx(made.spend.sum())
    per_day = model.spend.expected_spend(histories.spend)
    residual = model.purchases.discounted_purchases(histories.rows, yearly_discount=0.1)
    np.testing.assert_allclose(model.worth(histories, **MONEY), 0.5 * per_day * residual)
    np.testing.assert_allclose(made.spend, made.purchase_days * per_day)


def test_a_judgement_and_a_model_survive_json(past, judgement):
    again = Judgement.from_json(json.loads(json.dumps(judgement.to_json())))
    assert again == judgement
    model = ValueModel.fit("mbg_nbd", past[0])
    assert ValueModel.from_json(json.loads(json.dumps(model.to_json()))) == model


def test_a_model_that_cannot_be_fitted_is_named(past):
    histories, came = past
    once = RepeatRows(np.zeros(3), np.zeros(3), [7, 14, 21])
    few = Histories(np.arange(3), once, histories.spend, np.zeros(3), np.zeros(3))
    found = judge(["bg_nbd"], few, Recent(np.zeros(3), np.zeros(3)), cutoff=1, horizon_days=7)
    assert "bought on a second day" in found.refused["bg_nbd"]
    assert found.best is None
    assert found.errors[LAST_PERIOD].top_tenth_share is None
    assert came.days.sum() > 0


def test_a_fit_that_did_not_end_is_not_used(past, monkeypatch):
    histories, _ = past
    fitted = BGNBD.fit(histories.rows)
    stopped = BGNBD(fitted.parameters, report=type(fitted.report)(1, 0.0, {}, converged=False, note="It stopped."))
    monkeypatch.setattr(BGNBD, "fit", lambda rows: stopped)
    with pytest.raises(InputError, match="bg_nbd: It stopped"):
        ValueModel.fit("bg_nbd", histories)
    report = type(fitted.report)(1, 0.0, {}, converged=False, note="It stopped.")
    monkeypatch.setattr(GammaGamma, "fit", lambda rows: GammaGamma(1.0, 2.0, 3.0, report))
    with pytest.raises(InputError, match="Spend model: It stopped"):
        fitted_spend(histories)


@pytest.mark.slow
def test_trees_are_held_against_the_model_that_was_chosen(past):
    histories, came = past
    choice, nearest = choose(CANDIDATES, histories, came, cutoff=10, horizon_days=84)
    assert nearest.purchases.kind == choice.nearest_first[0]
    truth = np.maximum(came.spend, 0.01)
    truth[:3] = np.nan
    said = TreesSaid(truth, Alike.of(np.ones(200), np.linspace(0, 2, 200), share=0.8))
    found = judge(["nbd", "bg_nbd"], histories, came, cutoff=100, horizon_days=84, choice=choice, trees=said)
    assert found.trees.is_clear
    assert found.ranked[-1] == "trees"
    assert found.errors["trees"].gini == pytest.approx(1, abs=0.05)
    assert found.best == min(("nbd", "bg_nbd"), key=lambda name: found.errors[name].purchase_days_error)
    assert Judgement.from_json(json.loads(json.dumps(found.to_json()))) == found
