"""Anyone's classifier in the place of the trees."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from churnscope.errors import ConfigError
from churnscope.model.boosters import Rows
from churnscope.model.own import OwnScorer, factory_of
from churnscope.model.training import train

from .conftest import SETTINGS


def shallow():
    return HistGradientBoostingClassifier(max_iter=30, max_depth=3, random_state=0)


def test_it_is_fitted_corrected_and_judged_like_the_trees(table, split):
    trained = train(table, split, SETTINGS, own=shallow, fitters=())
    here = np.isin(table.cutoff, split.before_test)
    known = table.features[:, :4]  # the others are dropped: they tell nobody apart
    alone = shallow().fit(known[here], table.churned[here])
    log_odds = trained.evaluation.scorer.margin(table.features)
    assert 1 / (1 + np.exp(-log_odds)) == pytest.approx(alone.predict_proba(known)[:, 1], abs=1e-12)
    assert (trained.rounds, trained.tuned, trained.small) == ((), None, False)


def test_it_is_the_second_class_that_counts():
    rows = Rows(np.arange(100, dtype=np.float32)[:, None], (np.arange(100) >= 50).astype(np.int8))
    margin = OwnScorer.fit(GaussianNB, rows, (0,)).margin(rows.features)
    assert margin[0] < 0 < margin[-1]
    assert np.isfinite(margin).all()
    assert OwnScorer.fit(GaussianNB, rows, (0,)).margin(rows.features[:0]).shape == (0,)


@pytest.mark.parametrize(
    ("factory", "message"),
    [
        (LinearSVC, "has no method predict_proba"),
        (dict, "has no method fit"),
        (LogisticRegression, "features have missing values"),
    ],
)
def test_what_cannot_be_used_is_refused(table, factory, message):
    with pytest.raises(ConfigError, match=message) as refusal:
        OwnScorer.fit(factory, Rows(table.features, table.churned), (0, 1, 2, 3))
    assert refusal.value.advice


def test_an_imputer_in_front_takes_missing_values(table):
    def factory():
        return make_pipeline(SimpleImputer(), GaussianNB())

    scorer = OwnScorer.fit(factory, Rows(table.features, table.churned), (0, 1, 2, 3))
    assert np.isfinite(scorer.margin(table.features)).all()


def test_it_gives_no_reasons(table):
    rows = Rows(table.features, table.churned)
    with pytest.raises(ConfigError, match="gives no reasons"):
        OwnScorer.fit(shallow, rows, (0, 1)).contributions(table.features)


def test_the_factory_is_found_beside_the_config_or_installed(tmp_path):
    (tmp_path / "my_own_models.py").write_text("def forest():\n    return 'a forest'\n")
    assert factory_of("my_own_models:forest", str(tmp_path))() == "a forest"
    assert factory_of("sklearn.naive_bayes:GaussianNB", str(tmp_path)) is GaussianNB


@pytest.mark.parametrize(
    ("text", "message"),
    [("my_own_models:forrest", 'has no function "forrest".*\n.*"forest"'), ("nowhere:forest", 'no module "nowhere"')],
)
def test_a_factory_that_is_not_there_is_named(tmp_path, text, message):
    (tmp_path / "my_own_models.py").write_text("def forest():\n    return 1\n")
    with pytest.raises(ConfigError, match=message):
        factory_of(text, str(tmp_path))
