"""What giving offers by a rule would have brought, told from a campaign whose arms were drawn at random."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from churnscope.chance import Z_95
from churnscope.evaluation.intervals import Estimate
from churnscope.uplift.experiment import CONTROL, Experiment

NO_OFFER = CONTROL

Array = NDArray[np.float64]
Chosen = NDArray[np.int8]


@dataclass(frozen=True)
class PolicyValue:
    """A rule, in money.

    Parameters
    ----------
    name : of the rule.
    offered_share : share of the customers who get an offer by it.
    value : what it brings per customer there is, costs taken off.
    gain : the same less what comes of offering nothing to anyone.
    """

    name: str
    offered_share: float
    value: Estimate
    gain: Estimate


def net_gain(uplift: Array, value: float | Array, costs: Sequence[float]) -> Array:
    """What each offer is expected to bring, shape (n, n_offers): uplift times value less cost.

    Parameters
    ----------
    uplift : shape (n, n_offers).
    value : of an outcome, in currency: one for all, or shape (n,).
    costs : of each offer.

    Examples
    --------
    >>> net_gain(np.array([[0.1, 0.3]]), 50.0, [1.0, 20.0]).tolist()
    [[4.0, -5.0]]
    """
    return uplift * np.asarray(value, np.float64)[..., None] - np.asarray(costs, np.float64)


def best_offer(gains: Array) -> Chosen:
    """The offer that is expected to bring most, from 1; 0 where none brings more than nothing.

    Examples
    --------
    >>> best_offer(np.array([[4.0, -5.0], [-1.0, 0.0]])).tolist()
    [1, 0]
    """
    best = gains.argmax(axis=1)
    return np.where(gains.max(axis=1) > 0, best + 1, NO_OFFER).astype(np.int8)


def riskiest(untreated: Array, size: int, offer: int) -> Chosen:
    """One offer for so many customers, those least likely to have the outcome without it; among equals, the first ones."""
    chosen = np.full(len(untreated), NO_OFFER, np.int8)
    chosen[np.argsort(untreated, kind="stable")[:size]] = offer
    return chosen


def policy_values(
    experiment: Experiment, policies: Mapping[str, Chosen], value: float, costs: Sequence[float]
) -> tuple[PolicyValue, ...]:
    """What each rule would have brought.

    Parameters
    ----------
    policies : by name, shape (n,), what each customer of the campaign would get: the number of an offer, or 0. A rule may not
        have read what came of the customer.
    value : of an outcome, in currency.
    costs : of each offer, in currency.

    Notes
    -----
    Self-normalised inverse propensity: with p the share of each arm, V = sum(w r) / sum(w), where w = 1 / p[arm] for those
    whose arm is what the rule gives, else 0, and r = value x outcome - cost of the arm. Intervals are the normal ones of its
    linearisation; a difference takes both rules on the same customers.

    References
    ----------
    A. Swaminathan, T. Joachims (2015), The self-normalized estimator for counterfactual learning, NeurIPS 28.
    """
    brought = value * experiment.outcome - np.r_[0.0, np.asarray(costs, np.float64)][experiment.arm]
    nobody, nobody_moves = _value(experiment, np.full(len(experiment), NO_OFFER, np.int8), brought)
    found = []
    for name, chosen in policies.items():
        mean, moves = _value(experiment, chosen, brought)
        found.append(
            PolicyValue(
                name,
                float((chosen != NO_OFFER).mean()),
                _estimate(mean, moves),
                _estimate(mean - nobody, moves - nobody_moves),
            )
        )
    return tuple(found)


def _value(experiment: Experiment, chosen: Chosen, brought: Array) -> tuple[float, Array]:
    """The mean, and how much each customer moves it."""
    weight = (experiment.arm == chosen) / experiment.shares[experiment.arm]
    mean = float((weight * brought).sum() / weight.sum())
    return mean, weight * (brought - mean) / weight.mean()


def _estimate(mean: float, moves: Array) -> Estimate:
    width = Z_95 * float(moves.std() / np.sqrt(len(moves)))
    return Estimate(mean, mean - width, mean + width)
