"""How many customers to contact, by expected profit, and how the answer moves with what nobody knows for sure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc

from churnscope.decisions.offer import Array, Offer

ACCEPTANCES = (0.05, 0.3, 0.5)
VALUE_FACTORS = (0.5, 1.0, 2.0)
INTERVAL = (0.05, 0.95)  # of the acceptance, between which the profit is told


@dataclass(frozen=True)
class ListChoice:
    """The list with the largest expected profit: everyone whose contact is expected to bring more than nothing.

    Parameters
    ----------
    size : customers on it.
    share : of all customers.
    threshold : the smallest churn probability on it; None where nobody is.
    profit : expected in all, in currency.
    profit_low, profit_high : at the acceptances between which it lies nine times in ten.
    loss_chance : that this very list brings less than nothing, as the acceptance turns out.
    """

    size: int
    share: float
    threshold: float | None
    profit: float
    profit_low: float
    profit_high: float
    loss_chance: float


@dataclass(frozen=True)
class SensitivityRow:
    """What would be done at another acceptance and value.

    Parameters
    ----------
    acceptance, value_factor : what is assumed; the factor multiplies every customer's value.
    break_even : churn probability from which a contact pays at the offer's value; None where none is enough.
    size, profit : of the best list then.
    overlap : share of the customers on the list chosen who are on this one too; None where nobody was chosen.
    profit_of_chosen : what the list chosen brings then.
    """

    acceptance: float
    value_factor: float
    break_even: float | None
    size: int
    profit: float
    overlap: float | None
    profit_of_chosen: float


def best_list(probability: ArrayLike, offer: Offer, value: ArrayLike | None = None) -> ListChoice:
    """Whom to contact, when there is no limit to how many.

    Parameters
    ----------
    probability : shape (n,), calibrated churn probability.
    value : shape (n,), of each customer, or one for all; default: the offer's.

    Raises
    ------
    ValueError : when a probability is outside [0, 1], or a value is missing or of another shape.

    Notes
    -----
    The gain is linear in the acceptance, so its mean decides who is on the list; how far it may be off is one number for the
    whole campaign, and so does not average out over customers.

    Examples
    --------
    >>> best_list([0.9, 0.5, 0.1], Offer()).size
    2
    """
    leaves, worth = _checked(probability, offer, value)
    chosen = offer.expected_gain(leaves, worth) > 0
    low, high = (float(_brings(leaves, worth, offer, offer.acceptance_quantile(level))[chosen].sum()) for level in INTERVAL)
    return ListChoice(
        size=int(chosen.sum()),
        share=float(chosen.mean()) if len(chosen) else 0.0,
        threshold=float(leaves[chosen].min()) if chosen.any() else None,
        profit=float(offer.expected_gain(leaves, worth)[chosen].sum()),
        profit_low=low,
        profit_high=high,
        loss_chance=_loss_chance(leaves[chosen], worth[chosen], offer),
    )


def sensitivity(
    probability: ArrayLike,
    offer: Offer,
    value: ArrayLike | None = None,
    *,
    acceptances: Sequence[float] = ACCEPTANCES,
    value_factors: Sequence[float] = VALUE_FACTORS,
) -> tuple[SensitivityRow, ...]:
    """The best list at other acceptances and values, and how much of the chosen one it keeps; parameters as in `best_list`."""
    leaves, worth = _checked(probability, offer, value)
    chosen = offer.expected_gain(leaves, worth) > 0
    rows = []
    for acceptance in acceptances:
        for factor in value_factors:
            gain = _brings(leaves, worth * factor, offer, acceptance)
            here = gain > 0
            needed = float(replace(offer, acceptance=acceptance).break_even(offer.value * factor))
            rows.append(
                SensitivityRow(
                    acceptance,
                    factor,
                    needed if needed <= 1 else None,
                    int(here.sum()),
                    float(gain[here].sum()),
                    float((here & chosen).sum() / chosen.sum()) if chosen.any() else None,
                    float(gain[chosen].sum()),
                )
            )
    return tuple(rows)


def _brings(leaves: Array, worth: Array, offer: Offer, acceptance: float) -> Array:
    return offer.expected_gain(leaves, worth, acceptance)


def _loss_chance(leaves: Array, worth: Array, offer: Offer) -> float:
    """P(the acceptance stays below the one at which this list breaks even)."""
    saved = float((leaves * (worth - offer.offer_cost)).sum())
    spent = float(((1 - leaves) * offer.offer_cost + offer.contact_cost).sum())
    if not len(leaves) or saved <= 0:
        return 0.0
    alpha, beta = offer.beta
    needed = min(spent / saved, 1.0)
    return float(betainc(alpha, beta, needed)) if beta > 0 else float(needed >= 1)


def _checked(probability: ArrayLike, offer: Offer, value: ArrayLike | None) -> tuple[NDArray[np.float64], Array]:
    leaves = np.asarray(probability, dtype=np.float64)
    worth = np.asarray(offer.value if value is None else value, dtype=np.float64)
    if leaves.ndim != 1 or not ((leaves >= 0) & (leaves <= 1)).all():
        raise ValueError("probabilities lie within [0, 1], one for every customer")
    if worth.shape not in {(), leaves.shape} or not np.isfinite(worth).all():
        raise ValueError("values are one for all or one for every customer, and none is missing")
    return leaves, np.broadcast_to(worth, leaves.shape)
