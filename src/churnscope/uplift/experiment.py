"""A randomised campaign as arrays: who was in which arm, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from churnscope.evaluation.arms import rate_difference
from churnscope.evaluation.intervals import Estimate
from churnscope.features import FeatureSpec
from churnscope.model.blocks import Matrix

CONTROL = 0


@dataclass(frozen=True, eq=False)
class Experiment:
    """The customers of a campaign, each once.

    Parameters
    ----------
    features : shape (n, n_features), as of the day of assignment.
    specs : what the columns mean.
    arm : int8, shape (n,), 0 for control, else the number of the offer, from 1.
    outcome : int8, shape (n,), 1 where what was wanted came about.
    offers : names of the offers, at least one.

    Raises
    ------
    ValueError : when the shapes do not fit, or an arm or outcome is none.
    """

    features: Matrix
    specs: tuple[FeatureSpec, ...]
    arm: NDArray[np.int8]
    outcome: NDArray[np.int8]
    offers: tuple[str, ...]

    def __post_init__(self) -> None:
        n = len(self.arm)
        if self.features.shape != (n, len(self.specs)) or self.outcome.shape != (n,):
            raise ValueError("features, arm and outcome have a row for each customer, and features a column for each spec")
        if not np.isin(self.arm, np.arange(len(self.offers) + 1)).all() or not np.isin(self.outcome, (0, 1)).all():
            raise ValueError("arms are 0 for control or the number of an offer, outcomes 0 or 1")

    def __len__(self) -> int:
        return len(self.arm)

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Customers of each arm, control first."""
        return np.bincount(self.arm, minlength=len(self.offers) + 1)

    @property
    def shares(self) -> NDArray[np.float64]:
        """Share of the customers in each arm, control first: the chance with which each was drawn."""
        return self.sizes / len(self)

    def rows(self, places: NDArray[np.int64]) -> Experiment:
        """Some of the customers."""
        return Experiment(self.features[places], self.specs, self.arm[places], self.outcome[places], self.offers)

    def pair(self, offer: int) -> NDArray[np.int64]:
        """Where the customers of an offer and of control are."""
        return np.flatnonzero((self.arm == offer) | (self.arm == CONTROL))

    def folds(self, n_folds: int, rng: np.random.Generator) -> NDArray[np.int8]:
        """A number from 0 for each customer; every fold has its share of each arm and outcome."""
        fold = np.empty(len(self), np.int8)
        stratum = self.arm * 2 + self.outcome
        for number in np.unique(stratum):
            places = rng.permutation(np.flatnonzero(stratum == number))
            fold[places] = np.arange(len(places)) % n_folds
        return fold


@dataclass(frozen=True)
class ArmRate:
    """What became of the customers of an arm.

    Parameters
    ----------
    name : of the offer; `control`.
    customers, outcomes : in the arm, and those of them with the outcome.
    effect : difference of its rate to that of control, with its interval; None for control.
    """

    name: str
    customers: int
    outcomes: int
    effect: Estimate | None = None

    @property
    def rate(self) -> float:
        """Share with the outcome."""
        return self.outcomes / self.customers


def arm_rates(experiment: Experiment) -> tuple[ArmRate, ...]:
    """The rate of each arm, control first, and what each offer changed on average, with Newcombe's interval."""
    sizes = experiment.sizes.tolist()
    came = np.bincount(experiment.arm, weights=experiment.outcome, minlength=len(sizes)).astype(np.int64).tolist()
    control = ArmRate("control", sizes[0], came[0])
    return (control, *(_offered(control, *each) for each in zip(experiment.offers, sizes[1:], came[1:], strict=True)))


def _offered(control: ArmRate, name: str, customers: int, outcomes: int) -> ArmRate:
    effect = rate_difference(outcomes, customers, control.outcomes, control.customers)
    return ArmRate(name, customers, outcomes, effect)
