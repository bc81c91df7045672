"""Rolling origin: what a fold may train on, and how it is judged."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churnscope.config.models import Evaluation as Settings
from churnscope.evaluation.backtest import Predictions, backtest, plan_folds
from churnscope.timeline import Split, Timing


def test_folds_roll_forward_oldest_first():
    folds = plan_folds(range(0, 70, 10), Timing(20))
    assert [fold.test for fold in folds] == [(40,), (50,), (60,)]
    assert folds[-1] == Split(fit=(0, 10, 20), stop=(40,), test=(60,), between=(30,))


def test_only_the_newest_folds_are_kept():
    assert [fold.test for fold in plan_folds(range(0, 100, 10), Timing(20), most=2)] == [(80,), (90,)]


def test_too_little_history_gives_no_fold():
    assert plan_folds([0, 10, 20], Timing(90)) == ()


@settings(max_examples=60, deadline=None)
@given(
    st.sets(st.integers(0, 400), max_size=15),
    st.integers(1, 60),
    st.integers(0, 30),
    st.integers(0, 20),
)
def test_nothing_trained_on_reaches_into_the_test(cutoffs, horizon, gap, delay):
    timing = Timing(horizon, gap, delay)
    for fold in plan_folds(sorted(cutoffs), timing):
        assert all(c + gap + horizon + delay <= fold.test[0] for c in fold.fit + fold.stop)
        assert all(c + gap + horizon <= fold.stop[0] for c in fold.fit)


def predict(split):
    rng = np.random.default_rng(split.test[0])
    probability = rng.random(200)
    return Predictions(
        churned=(rng.random(200) < probability).astype(np.int8),
        customer=np.arange(200, dtype=np.int32),
        probabilities={"model": probability, "base rate": np.full(200, 0.5)},
        trained_on=np.arange(200) < (200 if split.test == (60,) else 150),
    )


def test_each_fold_is_judged_on_everyone_and_on_newcomers():
    folds = backtest(plan_folds(range(0, 70, 10), Timing(20)), predict, Settings(bootstraps=5), np.random.default_rng(0))
    assert [fold.cutoff for fold in folds] == [40, 50, 60]
    assert [fold.evaluation.rows for fold in folds] == [200, 200, 200]
    assert [fold.newcomers and fold.newcomers.rows for fold in folds] == [50, 50, None]
    assert folds[0].evaluation.model.metrics["auroc"].value == pytest.approx(0.8, abs=0.1)
