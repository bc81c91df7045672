"""What a ranking is worth in money: the maximum profit measure, its expectation over the acceptance, and the profit curve.

Symbols: pi the share of churners, TPR and FPR the shares of churners and stayers who are contacted, V the value, delta and phi
the costs of offer and contact over V, g the acceptance. Contacting down to a score earns, per customer there is,
V (g (1 - delta) - phi) pi TPR - V (delta + phi) (1 - pi) FPR. Churn is class 1 here; in the paper it is class 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import isotonic_regression
from scipy.special import betainc

from churnscope.decisions.offer import Array, Offer


@dataclass(frozen=True)
class Profit:
    """The best that can be made of a ranking.

    Parameters
    ----------
    per_customer : in currency, over all customers, contacted or not.
    share : of the customers who are then contacted.
    """

    per_customer: float
    share: float


@dataclass(frozen=True, eq=False)
class _Steps:
    """Churners and stayers contacted with every step down the list, beginning with nobody; shape (n_steps,) each."""

    churners: Array
    stayers: Array

    @property
    def customers(self) -> float:
        return float(self.churners[-1] + self.stayers[-1])


def mpc(churned: ArrayLike, score: ArrayLike, offer: Offer | None = None) -> Profit:
    """Maximum profit measure for churn: the best cut of the list, at the offer's acceptance.

    Parameters
    ----------
    churned : shape (n,), 1 churned, 0 stayed.
    score : shape (n,), a higher one is contacted sooner; only the order counts, and equal scores are contacted together.
    offer : default: that of the paper.

    Returns
    -------
    Profit per customer, 0 or more, and the share contacted at it; the smallest such share.

    Raises
    ------
    ValueError : when there is nobody, lengths differ, an outcome is not 0 or 1, or a score is missing.

    References
    ----------
    Verbraken, Verbeke, Baesens (2013), IEEE Transactions on Knowledge and Data Engineering 25(5), 961-973.

    Examples
    --------
    >>> mpc([0, 1, 0, 1, 0, 1, 0, 1], range(8))
    Profit(per_customer=23.875, share=0.875)
    """
    terms, steps = offer or Offer(), _steps(churned, score)
    profits = _profits(steps, terms, terms.acceptance)
    best = int(np.argmax(profits))
    return Profit(float(profits[best]) / steps.customers, float((steps.churners + steps.stayers)[best]) / steps.customers)


def empc(churned: ArrayLike, score: ArrayLike, offer: Offer | None = None) -> Profit:
    """Expected maximum profit measure: as `mpc`, with the best cut taken anew for every acceptance the beta allows.

    It ranks rankings: a model whose probabilities are off scores the same. Parameters and errors as in `mpc`.

    Returns
    -------
    Expected profit per customer and expected share contacted.

    Notes
    -----
    On the convex hull of the ROC curve, the best cut moves to the next vertex when the acceptance reaches
    (phi + (delta + phi) s/c) / (1 - delta), where the step holds s stayers and c churners; between such points the profit is
    linear in the acceptance, so that incomplete beta functions integrate it exactly.

    References
    ----------
    Verbraken, Verbeke, Baesens (2013), IEEE Transactions on Knowledge and Data Engineering 25(5), 961-973.

    Examples
    --------
    >>> round(empc([0, 1, 0, 1, 0, 1, 0, 1], range(8)).per_customer, 9)
    23.875593418
    """
    terms, hull = offer or Offer(), _hull(_steps(churned, score))
    delta, phi = terms.offer_cost / terms.value, terms.contact_cost / terms.value
    with np.errstate(divide="ignore"):
        odds = np.diff(hull.stayers) / np.diff(hull.churners)
    turns = np.clip((phi + (delta + phi) * odds) / (1 - delta), 0.0, 1.0) if delta + phi > 0 else np.zeros(len(odds))
    bounds = np.r_[0.0, turns, 1.0]
    alpha, beta = terms.beta
    weight = np.diff(_beta_cdf(alpha, beta, bounds))
    moment = terms.acceptance * np.diff(_beta_cdf(alpha + 1, beta, bounds))
    earned = (1 - delta) * hull.churners * moment
    spent = (phi * hull.churners + (delta + phi) * hull.stayers) * weight
    share = (hull.churners + hull.stayers) @ weight / hull.customers
    return Profit(float(terms.value * (earned - spent).sum() / hull.customers), float(share))


def profit_curve(churned: ArrayLike, score: ArrayLike, offer: Offer | None = None, value: ArrayLike | None = None) -> Array:
    """What contacting the first 0, 1, ..., n customers of the list would have brought, in currency, shape (n + 1,).

    Inside a tie it is the mean over all orders. Errors and the other parameters as in `mpc`.

    Parameters
    ----------
    value : of each customer, shape (n,); default: the offer's.

    Examples
    --------
    >>> profit_curve([1, 0], [0.9, 0.1]).tolist()
    [0.0, 56.0, 45.0]
    """
    outcome, order_by = _checked(churned, score)
    order, ends = _order(order_by)
    brought = np.cumsum((offer or Offer()).expected_gain(outcome, value)[order])
    return np.asarray(np.interp(np.arange(len(order) + 1), np.r_[0, ends], np.r_[0.0, brought[ends - 1]]))


def _profits(steps: _Steps, offer: Offer, acceptance: float) -> Array:
    """What all customers contacted so far bring, at every step."""
    saved = acceptance * (offer.value - offer.offer_cost) - offer.contact_cost
    return saved * steps.churners - (offer.offer_cost + offer.contact_cost) * steps.stayers


def _steps(churned: ArrayLike, score: ArrayLike) -> _Steps:
    """The list by falling score, equal scores as one step."""
    outcome, order_by = _checked(churned, score)
    order, ends = _order(order_by)
    churners = np.r_[0.0, np.cumsum(outcome[order])][np.r_[0, ends]]
    return _Steps(churners, np.r_[0, ends] - churners)


def _order(score: Array) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Places by falling score, and how many have been contacted at the end of each run of equal ones."""
    order = np.argsort(-score, kind="stable")
    return order, np.flatnonzero(np.r_[np.diff(score[order]) != 0, True]) + 1


def _hull(steps: _Steps) -> _Steps:
    """The steps on the upper convex hull of the ROC curve: those that isotonic regression of the outcome leaves apart."""
    churners, sizes = np.diff(steps.churners), np.diff(steps.churners + steps.stayers)
    blocks = isotonic_regression(churners / sizes, weights=sizes, increasing=False).blocks
    return _Steps(steps.churners[blocks], steps.stayers[blocks])


def _beta_cdf(alpha: float, beta: float, x: Array) -> Array:
    """The regularised incomplete beta function; of a certainty where beta is 0."""
    return np.asarray(betainc(alpha, beta, x)) if beta > 0 else (x >= 1).astype(np.float64)


def _checked(churned: ArrayLike, score: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    outcome, order_by = np.asarray(churned, dtype=np.float64), np.asarray(score, dtype=np.float64)
    if outcome.ndim != 1 or outcome.shape != order_by.shape or not len(outcome):
        raise ValueError("churned and score are of one length, one of each for every customer, and there is a customer")
    if not np.isin(outcome, (0, 1)).all() or np.isnan(order_by).any():
        raise ValueError("outcomes are 1 (churned) or 0 (stayed), and no score is missing")
    return outcome, order_by
