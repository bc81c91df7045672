"""Boosted trees on a number instead of a label: fitted, asked, and not kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from churnscope.model.blocks import Matrix
from churnscope.model.boosters import Boosting, lightgbm_library
from churnscope.model.logistic import Floats

_OBJECTIVE = {"objective": "regression", "metric": "l2"}


@dataclass(frozen=True, eq=False)
class Regression:
    """A booster of squared errors, held in memory as LightGBM made it."""

    booster: Any
    threads: int

    @classmethod
    def fit(cls, features: Matrix, target: Floats, stops: NDArray[np.bool_], boosting: Boosting) -> Regression:
        """Learn from all rows as many rounds as suit those that were kept back for it.

        Parameters
        ----------
        features : shape (n, n_features).
        target : shape (n,).
        stops : shape (n,), the rows that tell when to stop; some are, and some are not.
        boosting : the recipe; of several seeds the first one is used.
        """
        lightgbm, settings = lightgbm_library(), boosting.settings
        first = boosting.parameters(len(target) - int(stops.sum())) | _OBJECTIVE
        training = _dataset(features[~stops], target[~stops])
        stopped = lightgbm.train(
            first,
            training,
            num_boost_round=settings.rounds,
            valid_sets=[_dataset(features[stops], target[stops], training)],
            callbacks=[lightgbm.early_stopping(settings.patience, verbose=False)],
        )
        rounds = max(1, stopped.best_iteration)
        again = lightgbm.train(
            boosting.parameters(len(target)) | _OBJECTIVE, _dataset(features, target), num_boost_round=rounds
        )
        return cls(again, boosting.threads)

    def predict(self, features: Matrix) -> Floats:
        """The expected numbers, shape (n,)."""
        return np.asarray(self.booster.predict(np.asarray(features), num_threads=self.threads), np.float64)


def _dataset(features: Matrix, target: Floats, reference: Any = None) -> Any:
    return lightgbm_library().Dataset(np.asarray(features), target, reference=reference, params={"verbosity": -1})
