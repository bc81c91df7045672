"""S-, T- and X-learners: three ways to learn how much an offer changes each customer.

All of them are built of the project's boosted trees, small ones: an effect is a difference of two probabilities, and far fewer
customers tell of it than of the probabilities.

- S, one model of the outcome that reads the offer like any feature: its answer with the offer less that without.
- T, a model for each arm: the difference of their answers.
- X, trees on the differences between what came of each customer and what the other arm's model expected, those learned from the
  treated and from control weighted by the share of the other.

References
----------
S. R. Künzel, J. S. Sekhon, P. J. Bickel, B. Yu (2019), Metalearners for estimating heterogeneous treatment effects using
machine learning, PNAS 116(10), 4156-4165.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from churnscope.config.models import Model as Settings
from churnscope.features import FeatureSpec
from churnscope.model.blocks import Matrix
from churnscope.model.boosters import Boosters, Boosting, Rows
from churnscope.model.logistic import Floats
from churnscope.model.regression import Regression
from churnscope.uplift.experiment import CONTROL, Experiment

KINDS = ("s", "t", "x")
STOP_PARTS = 5  # one part of so many tells when to stop
_SMALL = {"monotone": False, "seeds": 1, "depth": 3, "leaves": 6, "learning_rate": 0.05, "rounds": 400, "patience": 30}


def uplift_settings(settings: Settings) -> Settings:
    """The settings of a config's model for effects: small trees, one seed, no direction.

    The directions of the catalogue speak of the risk of leaving, not of what an offer changes.
    """
    return settings.model_copy(update=_SMALL)


@dataclass(frozen=True, eq=False)
class Effects:
    """What is expected of some customers.

    Parameters
    ----------
    uplift : by kind of learner, shape (n, n_offers): by how much each offer raises the probability of the outcome.
    untreated : shape (n,), probability of the outcome without an offer, by the T-learner.
    """

    uplift: Mapping[str, Floats]
    untreated: Floats

    @classmethod
    def mean(cls, parts: tuple[Effects, ...]) -> Effects:
        """The mean of what several learners say of the same customers."""
        uplift = {kind: np.mean([part.uplift[kind] for part in parts], axis=0) for kind in parts[0].uplift}
        return cls(uplift, np.mean([part.untreated for part in parts], axis=0))


@dataclass(frozen=True, eq=False)
class Learners:
    """The learners, fitted on the same customers.

    Parameters
    ----------
    single : the S-learner's model; it reads a flag for each offer behind the features.
    arms : a model for each arm, control first.
    crossed : for each offer, the X-learner's trees learned from its customers and from control.
    treated_shares : for each offer, the share of its customers among them and control.
    """

    single: Boosters
    arms: tuple[Boosters, ...]
    crossed: tuple[tuple[Regression, Regression], ...]
    treated_shares: tuple[float, ...]

    @classmethod
    def fit(cls, experiment: Experiment, settings: Settings, rng: np.random.Generator, *, threads: int = 0) -> Learners:
        """Learn from a campaign.

        Parameters
        ----------
        settings : of the trees; `uplift_settings` makes them.
        rng : draws the customers who tell when to stop.
        threads : of LightGBM; the learners do not depend on it.
        """
        stops = experiment.folds(STOP_PARTS, rng) == 0
        offers = range(1, len(experiment.offers) + 1)
        flags = tuple(_offer_flag(offer) for offer in offers)
        with_flags = np.column_stack([experiment.features, *(experiment.arm == offer for offer in offers)])
        single = _outcome_model(
            with_flags.astype(experiment.features.dtype),
            experiment.outcome,
            stops,
            Boosting((*experiment.specs, *flags), settings, threads),
        )
        boosting = Boosting(experiment.specs, settings, threads)
        arms = tuple(
            _outcome_model(experiment.features[rows], experiment.outcome[rows], stops[rows], boosting)
            for rows in (np.flatnonzero(experiment.arm == arm) for arm in (CONTROL, *offers))
        )
        crossed = tuple(_crossed(experiment, offer, arms, stops, boosting) for offer in offers)
        sizes = experiment.sizes
        return cls(single, arms, crossed, tuple(float(sizes[offer] / (sizes[offer] + sizes[0])) for offer in offers))

    def effects(self, features: Matrix) -> Effects:
        """What is expected of customers with these features."""
        by_arm = np.column_stack([_probability(model, features) for model in self.arms])
        weighted = [
            share * from_control.predict(features) + (1 - share) * from_treated.predict(features)
            for share, (from_treated, from_control) in zip(self.treated_shares, self.crossed, strict=True)
        ]
        uplift = {"s": self._single(features), "t": by_arm[:, 1:] - by_arm[:, :1], "x": np.column_stack(weighted)}
        return Effects(uplift, by_arm[:, 0])

    def _single(self, features: Matrix) -> Floats:
        n, n_offers = len(features), len(self.crossed)
        asked = [_probability(self.single, _with_flag(features, n_offers, None))]
        asked += [_probability(self.single, _with_flag(features, n_offers, offer)) for offer in range(n_offers)]
        answers = np.column_stack(asked)
        return np.asarray(answers[:, 1:] - answers[:, :1]).reshape(n, n_offers)


def _offer_flag(offer: int) -> FeatureSpec:
    return FeatureSpec(name=f"given_offer_{offer}", unit="flag", concept="offer", sentence="given the offer: {value:.0f}")


def _with_flag(features: Matrix, n_offers: int, offer: int | None) -> Matrix:
    flags = np.zeros((len(features), n_offers), features.dtype)
    if offer is not None:
        flags[:, offer] = 1
    return np.column_stack([features, flags])


def _outcome_model(features: Matrix, outcome: NDArray[np.int8], stops: NDArray[np.bool_], boosting: Boosting) -> Boosters:
    """The outcome's model, stopped on some rows and fitted again on all."""
    every = tuple(range(len(boosting.specs)))
    stopped = boosting.stopped(Rows(features[~stops], outcome[~stops]), Rows(features[stops], outcome[stops]), every)
    return boosting.fitted(Rows(features, outcome), stopped.rounds, every)


def _crossed(
    experiment: Experiment, offer: int, arms: tuple[Boosters, ...], stops: NDArray[np.bool_], boosting: Boosting
) -> tuple[Regression, Regression]:
    """Trees on the effects imputed from the other arm's model: those of the treated, those of control."""
    found = []
    for arm, other, sign in ((offer, CONTROL, 1.0), (CONTROL, offer, -1.0)):
        rows = np.flatnonzero(experiment.arm == arm)
        features = experiment.features[rows]
        imputed = sign * (experiment.outcome[rows] - _probability(arms[other], features))
        found.append(Regression.fit(features, imputed, stops[rows], boosting))
    return found[0], found[1]


def _probability(model: Boosters, features: Matrix) -> Floats:
    return np.asarray(1 / (1 + np.exp(-model.margin(features))))
