"""Boosted trees on a number instead of a label: fitted, asked, and not kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from churnscope.model.blocks import Matrix
from churnscope.model.boosters import Boosting, lightgbm_library
from churnscope.model.logistic import Floats

Objective = Mapping[str, Any]
SQUARED: Final[Objective] = {"objective": "regression", "metric": "l2"}
# Of amounts that are often 0 and sometimes huge: the mean of either is told, and a few large ones do not decide it all.
TWEEDIE: Final[Objective] = {"objective": "tweedie", "tweedie_variance_power": 1.5, "metric": "tweedie"}


@dataclass(frozen=True, eq=False)
class Regression:
    """A booster of numbers, held in memory as LightGBM made it."""

    booster: Any
    threads: int

    @classmethod
    def fit(
        cls,
        features: Matrix,
        target: Floats,
        stops: NDArray[np.bool_],
        boosting: Boosting,
        objective: Objective = SQUARED,
    ) -> Regression:
        """Learn from all rows as many rounds as suit those that were kept back for it.

        Parameters
        ----------
        features : shape (n, n_features).
        target : shape (n,); 0 or more where the objective is that of amounts.
        stops : shape (n,), the rows that tell when to stop; some are, and some are not.
        boosting : the recipe; of several seeds the first one is used.
        """
        stopped = cls.stopped(features, target, stops, boosting, objective)
        return cls.fitted(features, target, stopped.rounds, boosting, objective)

    @classmethod
    def stopped(
        cls,
        features: Matrix,
        target: Floats,
        stops: NDArray[np.bool_],
        boosting: Boosting,
        objective: Objective = SQUARED,
    ) -> Regression:
        """Learn from the other rows until those that stop are no longer told better; parameters as in `fit`."""
        lightgbm, settings = lightgbm_library(), boosting.settings
        training = _dataset(features[~stops], target[~stops])
        booster = lightgbm.train(
            {**boosting.parameters(len(target) - int(stops.sum())), **objective},
            training,
            num_boost_round=settings.rounds,
            valid_sets=[_dataset(features[stops], target[stops], training)],
            callbacks=[lightgbm.early_stopping(settings.patience, verbose=False)],
        )
        return cls(booster, boosting.threads)

    @classmethod
    def fitted(
        cls, features: Matrix, target: Floats, rounds: int, boosting: Boosting, objective: Objective = SQUARED
    ) -> Regression:
        """Learn from all rows for so many rounds; parameters as in `fit`."""
        told = {**boosting.parameters(len(target)), **objective}
        return cls(lightgbm_library().train(told, _dataset(features, target), num_boost_round=rounds), boosting.threads)

    @property
    def rounds(self) -> int:
        """Rounds that count."""
        best = int(self.booster.best_iteration)
        return best if best > 0 else max(1, int(self.booster.num_trees()))

    def predict(self, features: Matrix) -> Floats:
        """The expected numbers, shape (n,)."""
        return np.asarray(self.booster.predict(np.asarray(features), num_threads=self.threads), np.float64)


def _dataset(features: Matrix, target: Floats, reference: Any = None) -> Any:
    return lightgbm_library().Dataset(np.asarray(features), target, reference=reference, params={"verbosity": -1})
