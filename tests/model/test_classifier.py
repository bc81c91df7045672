"""The model as a scikit-learn estimator."""

import logging
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_score
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.validation import _num_samples

from churnscope import ChurnClassifier, TimeSplit
from churnscope.errors import InputError
from churnscope.model.calibration import Calibration, Season
from churnscope.model.logistic import sigmoid
from churnscope.model.training import train
from churnscope.timeline import Timing, split_by_time

FEW = {"seeds": 2, "rounds": 30, "patience": 10, "threads": 1}
DATES = np.arange("2024-01-01", "2024-09-01", 30, dtype="datetime64[D]")  # nine cutoffs


@pytest.fixture(scope="module")
def rows():
    """Features, one of them often missing, labels and cutoffs."""
    rng = np.random.default_rng(1)
    X = rng.normal(size=(3_600, 4))
    y = (rng.random(len(X)) < sigmoid(2 * X[:, 0] - X[:, 1])).astype(int)
    X[rng.random(len(X)) < 0.3, 2] = np.nan
    return X, y, np.repeat(DATES, 400)


@pytest.fixture(scope="module")
def whole(rows):
    X, y, cutoff = rows
    return ChurnClassifier(horizon_days=30, **FEW).fit(X, y, cutoff=cutoff)


class Timed(ChurnClassifier):
    """Deals the rows out over four cutoffs: the checks know of none."""

    def fit(self, X, y, *, sample_weight=None):
        return super().fit(X, y, cutoff=np.arange(_num_samples(X)) % 4 * 30, sample_weight=sample_weight)


@parametrize_with_checks([ChurnClassifier(seeds=1, rounds=20, threads=1)])
def test_scikit_learn_agrees(estimator, check):
    check(estimator)


@parametrize_with_checks([Timed(horizon_days=30, seeds=1, rounds=20, threads=1)])
def test_scikit_learn_agrees_with_cutoffs_too(estimator, check, monkeypatch):
    monkeypatch.setattr("churnscope.model.training.FEWEST_CHURNED", 1)  # the checks have few rows
    check(estimator)


def test_without_cutoffs_the_rounds_are_fixed_and_it_says_so(rows, caplog):
    X, y, _ = rows
    with caplog.at_level(logging.INFO, "churnscope"):
        model = ChurnClassifier(**FEW).fit(X, y)
    assert (model.recipe_, model.rounds_, model.calibration_, model.cutoff_) == ("fixed rounds", (30, 30), Calibration(), None)
    assert "30 rounds" in caplog.text
    assert roc_auc_score(y, model.predict_proba(X)[:, 1]) > 0.85


def test_without_cutoffs_the_rounds_stay_in_bounds(rows):
    X, y, _ = rows
    assert ChurnClassifier(seeds=1, threads=1).fit(X, y).rounds_ == (200,)


def test_with_cutoffs_it_is_the_recipe(rows, whole, monkeypatch):
    X, y, cutoff = rows
    used = []
    monkeypatch.setattr(
        "churnscope.model.classifier.train", lambda *given, **more: used.append(train(*given, **more)) or used[0]
    )
    model = ChurnClassifier(horizon_days=30, **FEW).fit(X, y, cutoff=cutoff)
    days = cutoff.astype(int)
    assert model.recipe_ == "whole"
    assert model.rounds_ == used[0].rounds
    assert model.cutoff_ == days[-1] + 30
    assert np.array_equal(model.predict_proba(X)[:, 1], used[0].final.predict(X.astype(np.float32), 0))
    assert split_by_time(days, Timing(30)).calibrate  # it had something to calibrate on


def test_rows_may_come_in_any_order_of_time(rows, whole):
    X, y, cutoff = rows
    by_cutoff_backwards = np.concatenate([np.flatnonzero(cutoff == day) for day in DATES[::-1]])
    X_back, y_back, back = (part[by_cutoff_backwards] for part in (X, y, cutoff))
    again = ChurnClassifier(horizon_days=30, **FEW).fit(X_back, y_back, cutoff=back)
    assert again.booster_.texts == whole.booster_.texts


def test_cutoffs_may_be_day_numbers(rows, whole):
    X, y, cutoff = rows
    again = clone(whole).fit(X, y, cutoff=cutoff.astype(int).tolist())
    assert again.booster_.texts == whole.booster_.texts
    assert again.calibration_ == whole.calibration_


def test_the_model_does_not_depend_on_the_threads(rows):
    X, y, cutoff = rows
    model = ChurnClassifier(horizon_days=30, seeds=1, rounds=5)
    one, two = (clone(model).set_params(threads=threads).fit(X, y, cutoff=cutoff) for threads in (1, 2))
    assert one.booster_.texts == two.booster_.texts


def test_another_seed_gives_another_model(rows, whole):
    X, y, cutoff = rows
    other = clone(whole).set_params(seed=7).fit(X, y, cutoff=cutoff)
    assert not np.array_equal(other.predict_proba(X), whole.predict_proba(X))


def test_probabilities_are_those_of_lightgbm(rows):
    import lightgbm  # after the model has set how its threads wait

    X, y, _ = rows
    model = ChurnClassifier(**FEW).fit(X, y)
    raw = [lightgbm.Booster(model_str=text).predict(X.astype(np.float32), raw_score=True) for text in model.booster_.texts]
    assert model.predict_proba(X)[:, 1] == pytest.approx(sigmoid(np.mean(raw, axis=0)), abs=1e-12)


def test_explanations_sum_to_the_log_odds(rows, whole):
    X, _, _ = rows
    phi = whole.explain(X)
    assert phi.shape == (len(X), 5)
    assert phi.sum(axis=1) == pytest.approx(whole.booster_.margin(X.astype(np.float32)), abs=1e-9)
    assert np.abs(phi[:, 0]).mean() > np.abs(phi[:, 3]).mean()


def test_labels_are_given_back(rows):
    X, y, _ = rows
    model = ChurnClassifier(**FEW).fit(X, np.where(y, "stayed", "left"))
    assert model.classes_.tolist() == ["left", "stayed"]
    stays = model.predict_proba(X)[:, 1] >= 0.5
    assert np.array_equal(model.predict(X), np.where(stays, "stayed", "left"))


def test_the_threshold_decides(rows):
    X, y, _ = rows
    model = ChurnClassifier(threshold=0.8, **FEW).fit(X, y)
    assert model.threshold_ == 0.8
    assert np.array_equal(model.predict(X), model.predict_proba(X)[:, 1] >= 0.8)


def test_names_of_a_data_frame_are_kept_and_checked(rows):
    X, y, _ = rows
    frame = pd.DataFrame(X, columns=["recency", "frequency", "größe [€]", 'a "name", {odd}'])
    model = ChurnClassifier(**FEW).fit(frame, y)
    assert model.feature_names_in_.tolist() == frame.columns.tolist()
    assert np.array_equal(model.predict_proba(frame), ChurnClassifier(**FEW).fit(X, y).predict_proba(X))
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(frame[frame.columns[::-1]])


def test_an_arrow_table_is_read(rows):
    X, y, _ = rows
    table = pa.table(dict(zip("abcd", X.T, strict=True)))
    model = ChurnClassifier(**FEW).fit(table, y)
    assert model.feature_names_in_.tolist() == list("abcd")
    assert np.array_equal(model.predict_proba(table), ChurnClassifier(**FEW).fit(X, y).predict_proba(X))


def test_a_season_depends_on_the_cutoff(rows, whole):
    X, y, cutoff = rows
    model = clone(whole).fit(X, y, cutoff=cutoff)
    model.calibration_ = Calibration(season=Season((0, 30), (0.0, 1.0)))
    model.cutoff_ = 365
    assert np.array_equal(model.predict_proba(X), model.predict_proba(X, cutoff=np.full(len(X), 365)))
    assert (model.predict_proba(X, cutoff=395)[:, 1] > model.predict_proba(X)[:, 1]).all()


@pytest.mark.parametrize("timed", [False, True])
def test_rows_without_weight_do_not_count(rows, timed):
    X, y, cutoff = rows
    kept = np.arange(len(X)) % 4 > 0
    model = ChurnClassifier(horizon_days=30, **FEW)
    weighted = clone(model).fit(X, y, cutoff=cutoff if timed else None, sample_weight=kept.astype(float))
    without = clone(model).fit(X[kept], y[kept], cutoff=cutoff[kept] if timed else None)
    assert weighted.predict_proba(X) == pytest.approx(without.predict_proba(X), abs=1e-6)


@pytest.mark.parametrize("timed", [False, True])
def test_weights_move_the_base_rate(rows, timed):
    X, y, cutoff = rows
    given = {"cutoff": cutoff} if timed else {}
    even = ChurnClassifier(horizon_days=30, **FEW).fit(X, y, **given)
    tilted = clone(even).fit(X, y, sample_weight=np.where(y, 5.0, 1.0), **given)
    assert tilted.explain(X).sum(axis=1).mean() > even.explain(X).sum(axis=1).mean() + 1


@pytest.mark.parametrize("value", [0.0, np.nan])
@pytest.mark.parametrize("cutoff", [None, np.repeat(DATES, 100)], ids=["fixed", "whole"])
def test_columns_that_say_nothing_give_the_base_rate(value, cutoff):
    X, y = np.full((900, 2), value), np.arange(900) % 4 == 0
    model = ChurnClassifier(horizon_days=30, **FEW).fit(X, y, cutoff=cutoff)
    assert model.predict_proba(X)[:, 1] == pytest.approx(0.25)
    assert model.explain(X)[:, :-1] == pytest.approx(0.0)


def test_fewer_than_30_rows_of_the_second_class_are_too_few_to_choose_rounds(rows):
    X, _, cutoff = rows
    with pytest.raises(InputError, match="30 are the fewest one can learn from"):
        ChurnClassifier(horizon_days=30, **FEW).fit(X, np.arange(len(X)) < 20, cutoff=cutoff)


def test_it_is_cross_validated_in_the_order_of_time(rows):
    X, y, cutoff = rows
    model, split = ChurnClassifier(horizon_days=30, **FEW), TimeSplit(0, 30, n_splits=2)
    given = {"groups": cutoff, "cv": split, "scoring": "roc_auc"}
    timed = cross_val_score(model, X, y, params={"cutoff": cutoff}, error_score="raise", **given)
    fixed = cross_val_score(model, X, y, error_score="raise", **given)
    assert timed.shape == fixed.shape == (2,)
    assert min(*timed, *fixed) > 0.8


def test_parameters_of_a_search_may_be_numpy_numbers(rows):
    X, y, _ = rows
    few = {name: np.int64(value) for name, value in FEW.items() if name != "threads"}
    assert ChurnClassifier(**few, learning_rate=np.float32(0.1), threads=1).fit(X, y).rounds_ == (30, 30)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"threshold": 1.5}, "threshold=1.5 is not a probability"),
        ({"seeds": 0}, "seeds"),
        ({"learning_rate": 2.0}, "learning_rate"),
    ],
)
def test_impossible_parameters_are_refused(rows, parameters, message):
    X, y, _ = rows
    with pytest.raises(ValueError, match=message):
        ChurnClassifier(**parameters).fit(X, y)


def test_cutoffs_need_a_horizon(rows):
    X, y, cutoff = rows
    with pytest.raises(ValueError, match="horizon_days has to say"):
        ChurnClassifier().fit(X, y, cutoff=cutoff)


def test_cutoffs_are_one_per_row(rows):
    X, y, cutoff = rows
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        ChurnClassifier(horizon_days=30).fit(X, y, cutoff=cutoff[1:])


def test_too_few_cutoffs_are_refused(rows):
    X, y, cutoff = rows
    with pytest.raises(InputError, match="do not leave one each to fit, to stop and to test on"):
        ChurnClassifier(horizon_days=200).fit(X, y, cutoff=cutoff)


@pytest.mark.parametrize(("labels", "message"), [([1] * 100, "two classes are needed"), ([1, 2, 3, 4] * 25, "Only binary")])
def test_two_classes_are_needed(labels, message):
    with pytest.raises(ValueError, match=message):
        ChurnClassifier().fit(np.arange(100.0)[:, None], labels)


def test_infinity_is_refused(rows):
    X, y, _ = rows
    with pytest.raises(ValueError, match="infinity"):
        ChurnClassifier().fit(np.where(X > 2, np.inf, X), y)


@pytest.mark.parametrize("ask", [ChurnClassifier.predict, ChurnClassifier.predict_proba, ChurnClassifier.explain])
def test_it_has_to_be_fitted_first(ask):
    with pytest.raises(NotFittedError, match="not fitted yet"):
        ask(ChurnClassifier(), [[0.0]])


def test_the_package_does_not_import_scikit_learn():
    # In a process of its own: here it is loaded already.
    lines = "import sys, churnscope, churnscope.model.training; churnscope.TimeSplit; assert 'sklearn' not in sys.modules"
    subprocess.run([sys.executable, "-W", "ignore", "-c", lines], check=True)
