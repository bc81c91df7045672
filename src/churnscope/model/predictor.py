"""A trained model as a value: features in, probabilities and contributions out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from churnscope.features import FeatureSpec
from churnscope.model.baselines import Baseline
from churnscope.model.blocks import Matrix
from churnscope.model.calibration import Calibration
from churnscope.model.logistic import Floats


class Scorer(Protocol):
    """What orders the customers: boosters, or a logistic rule where the data are small."""

    def margin(self, features: Matrix) -> Floats:
        """Log-odds, shape (n_rows,)."""

    def contributions(self, features: Matrix) -> Floats:
        """What each feature adds, shape (n_rows, n_features + 1), summing to the margin."""


@dataclass(frozen=True, eq=False)
class Predictor:
    """A scorer, its calibration, and the baselines fitted on the same rows.

    Parameters
    ----------
    specs : what the columns of the matrices mean, in order.
    """

    specs: tuple[FeatureSpec, ...]
    scorer: Scorer
    calibration: Calibration
    baselines: tuple[Baseline, ...]

    def predict(self, features: Matrix, cutoff: NDArray[np.int32] | int) -> Floats:
        """Probability of churn, shape (n_rows,).

        Parameters
        ----------
        features : shape (n_rows, n_features), NaN for missing.
        cutoff : day number, one for all rows or shape (n_rows,); the season of the base rate depends on it.
        """
        return self.calibration.probability(self.scorer.margin(features), cutoff)

    def contributions(self, features: Matrix) -> Floats:
        """What each feature adds to the log-odds before calibration, shape (n_rows, n_features + 1).

        The last column is the mean; a row sums to the log-odds of the scorer. Calibration keeps order and sign.
        """
        return self.scorer.contributions(features)

    def probabilities(self, features: Matrix, cutoff: NDArray[np.int32] | int) -> Mapping[str, Floats]:
        """Probabilities of the model, named "model", and of every baseline by its name."""
        return {"model": self.predict(features, cutoff)} | {rule.name: rule.predict(features) for rule in self.baselines}
