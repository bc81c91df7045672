"""Anyone's scikit-learn classifier in the place of the boosted trees, to be judged as they are.

It is never saved: a saved model holds text and numbers, and what a classifier of one's own consists of is code.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from churnscope.errors import ConfigError, nearest
from churnscope.features.plugins import own_module
from churnscope.model.blocks import Matrix
from churnscope.model.boosters import Rows
from churnscope.model.logistic import Floats

LEAST = 1e-6  # probability: a forest that says 0 means that it has seen no such row churn

Factory = Callable[[], Any]

KEY = "[model] estimator"


@dataclass(frozen=True, eq=False)
class OwnScorer:
    """A fitted classifier; `column` is where its probabilities of churn stand."""

    classifier: Any
    column: int

    @classmethod
    def fit(cls, factory: Factory, rows: Rows) -> Self:
        """A new classifier, fitted on rows of which some churned and some did not.

        Raises
        ------
        ConfigError : when the factory gives no classifier with probabilities, or one that cannot take missing values.
        """
        classifier = factory()
        _refuse_unfit(classifier, rows)
        classifier.fit(rows.features, rows.churned)
        return cls(classifier, list(classifier.classes_).index(1))

    def margin(self, features: Matrix) -> Floats:
        """Log-odds, shape (n_rows,)."""
        if not len(features):
            return np.empty(0)
        churn = np.asarray(self.classifier.predict_proba(np.asarray(features, np.float32)), np.float64)[:, self.column]
        probability = np.clip(churn, LEAST, 1 - LEAST)
        return np.asarray(np.log(probability) - np.log1p(-probability))

    def contributions(self, features: Matrix) -> Floats:  # noqa: ARG002 - a scorer has this method
        """Nothing is known of why.

        Raises
        ------
        ConfigError : always.
        """
        raise ConfigError(f"{KEY}: a classifier of one's own gives no reasons.", "Score with a model that churnscope fits.")


def factory_of(text: str, folder: str) -> Factory:
    """The function that makes the classifier, from `module:factory`.

    Parameters
    ----------
    text : such as `my_models:forest`.
    folder : where `my_models.py` is looked for first.

    Raises
    ------
    ConfigError : when there is no such module or function.
    """
    name, _, function = text.partition(":")
    module = own_module(name, folder, KEY)
    factory = getattr(module, function, None)
    if not callable(factory):
        known = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
        raise ConfigError(f'{KEY}: "{name}" has no function "{function}".', nearest(function, known))
    return factory  # type: ignore[no-any-return]


def _refuse_unfit(classifier: Any, rows: Rows) -> None:
    from sklearn.utils import get_tags

    missing = [method for method in ("fit", "predict_proba") if not callable(getattr(classifier, method, None))]
    if missing:
        raise ConfigError(
            f"{KEY}: what the factory gives has no method {missing[0]}.",
            "Let it return a scikit-learn classifier that is not fitted, with probabilities.",
        )
    if np.isnan(rows.features).any() and not get_tags(classifier).input_tags.allow_nan:
        raise ConfigError(
            f"{KEY}: the classifier cannot take missing values, and features have some.",
            "Put an imputer in front: make_pipeline(SimpleImputer(keep_empty_features=True), ...).",
        )
