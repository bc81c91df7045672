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
from churnscope.model.boosters import Rows, sleeping_threads
from churnscope.model.logistic import Floats

LEAST = 1e-6  # probability: a forest that says 0 means that it has seen no such row churn

Factory = Callable[[], Any]

KEY = "[model] estimator"


@dataclass(frozen=True, eq=False)
class OwnScorer:
    """A fitted classifier.

    Parameters
    ----------
    classifier : fitted.
    positions : columns of the matrix that it reads.
    churn : where its probabilities of churn stand.
    """

    classifier: Any
    positions: tuple[int, ...]
    churn: int

    @classmethod
    def fit(cls, factory: Factory, rows: Rows, positions: tuple[int, ...]) -> Self:
        """A new classifier, fitted on rows of which some churned and some did not.

        Parameters
        ----------
        positions : columns to read: many a classifier stumbles over those without a known value.

        Raises
        ------
        ConfigError : when the factory gives no classifier with probabilities, or one that does not take missing values.
        """
        classifier, features = factory(), rows.features[:, positions]
        _refuse_without_probabilities(classifier)
        try:
            classifier.fit(features, rows.churned)
        except ValueError as error:
            if not np.isnan(features).any():
                raise
            raise ConfigError(
                f"{KEY}: the classifier cannot be fitted; features have missing values, which many do not take.",
                "Put an imputer in front, as make_pipeline(SimpleImputer(), ...).",
            ) from error
        return cls(classifier, positions, list(classifier.classes_).index(1))

    def margin(self, features: Matrix) -> Floats:
        """Log-odds, shape (n_rows,)."""
        if not len(features):
            return np.empty(0)
        both = self.classifier.predict_proba(np.asarray(features[:, self.positions], np.float32))
        probability = np.clip(np.asarray(both, np.float64)[:, self.churn], LEAST, 1 - LEAST)
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
    sleeping_threads()
    module = own_module(name, folder, KEY)
    factory = getattr(module, function, None)
    if not callable(factory):
        known = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
        raise ConfigError(f'{KEY}: "{name}" has no function "{function}".', nearest(function, known))
    return factory  # type: ignore[no-any-return]


def _refuse_without_probabilities(classifier: Any) -> None:
    missing = [method for method in ("fit", "predict_proba") if not callable(getattr(classifier, method, None))]
    if missing:
        raise ConfigError(
            f"{KEY}: what the factory gives has no method {missing[0]}.",
            "Let it return a scikit-learn classifier that is not fitted, with probabilities.",
        )
