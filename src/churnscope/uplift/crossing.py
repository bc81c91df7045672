"""Effects out of fold: each customer is told of by learners that did not see what came of that customer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from churnscope.config.models import Model as Settings
from churnscope.model.blocks import Matrix
from churnscope.uplift.experiment import Experiment
from churnscope.uplift.learners import KINDS, Effects, Learners

FOLDS = 5


@dataclass(frozen=True, eq=False)
class CrossFitted:
    """Learners, each fitted on all customers of the campaign but those of one fold.

    Parameters
    ----------
    learners : one for each fold.
    fold : int8, shape (n,), of each customer of the campaign.
    effects : of the customers of the campaign, out of fold.
    """

    learners: tuple[Learners, ...]
    fold: NDArray[np.int8]
    effects: Effects

    def expected(self, features: Matrix) -> Effects:
        """What is expected of customers whom no learner has seen: the mean of all of them."""
        return Effects.mean(tuple(learner.effects(features) for learner in self.learners))


def cross_fitted(
    experiment: Experiment, settings: Settings, rng: np.random.Generator, *, folds: int = FOLDS, threads: int = 0
) -> CrossFitted:
    """Fit the learners once for each fold.

    Parameters
    ----------
    settings : of the trees; `uplift_settings` makes them.
    rng : draws the folds.
    """
    fold = experiment.folds(folds, rng)
    uplift = {kind: np.empty((len(experiment), len(experiment.offers))) for kind in KINDS}
    untreated, learners = np.empty(len(experiment)), []
    for number in range(folds):
        learner = Learners.fit(experiment.rows(np.flatnonzero(fold != number)), settings, rng, threads=threads)
        here = np.flatnonzero(fold == number)
        told = learner.effects(experiment.features[here])
        for kind in KINDS:
            uplift[kind][here] = told.uplift[kind]
        untreated[here] = told.untreated
        learners.append(learner)
    return CrossFitted(tuple(learners), fold, Effects(uplift, untreated))
