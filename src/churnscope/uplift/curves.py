"""How well an order of customers by uplift finds those whom the offer changes: Qini, AUUC, and their curves.

Customers are taken by falling uplift, those of equal uplift together. Of those taken, N_T and N_C are treated and control, Y_T
and Y_C those of them with the outcome:

    Qini curve   Q = Y_T - Y_C N_T / N_C           outcomes gained among the treated
    gain curve   U = (Y_T / N_T - Y_C / N_C) (N_T + N_C)

where an empty arm counts as 0. A coefficient is the area between the curve and the straight line to its end, over the same area
of the best order there is: treated with the outcome first, control with it last.

References
----------
N. J. Radcliffe (2007), Using control groups to target on predicted lift, Direct Marketing Analytics Journal 1, 14-21.
P. Gutierrez, J.-Y. Gérardy (2017), Causal inference and uplift modelling: a review of the literature, PMLR 67, 1-13.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from churnscope.evaluation.intervals import Estimate, customer_draws, estimates

CONVENTION = (
    "area over that of a random order, 1 for the best order there is and 0 for a random one; equal uplifts count as one step"
)
CURVE_POINTS = 50
DRAWS = 200

Array = NDArray[np.float64]
Curve = Callable[[Array, Array, Array, Array], Array]


@dataclass(frozen=True)
class UpliftFigures:
    """An order by uplift, judged.

    Parameters
    ----------
    qini, auuc : coefficients with their intervals; 0 is a random order.
    curve : outcomes gained per treated customer there is, by share of the customers taken, from (0, 0) on.
    """

    qini: Estimate
    auuc: Estimate
    curve: tuple[tuple[float, float], ...]


@dataclass(frozen=True, eq=False)
class _Steps:
    """The customers by falling uplift, cut where the uplift falls."""

    order: NDArray[np.int64]
    ends: NDArray[np.int64]
    treated: NDArray[np.bool_]
    outcome: NDArray[np.bool_]

    @classmethod
    def of(cls, outcome: ArrayLike, uplift: ArrayLike, treated: ArrayLike) -> _Steps:
        score = np.asarray(uplift, np.float64)
        came, offered = np.asarray(outcome, np.bool_), np.asarray(treated, np.bool_)
        if not (score.ndim == 1 and score.shape == came.shape == offered.shape and len(score)) or np.isnan(score).any():
            raise ValueError("outcome, uplift and treated have a value for each customer, and no uplift is missing")
        order = np.argsort(-score, kind="stable")
        return cls(order, np.flatnonzero(np.r_[np.diff(score[order]) != 0, True]), offered[order], came[order])

    def counts(self, weight: Array) -> tuple[Array, ...]:
        """N_T, N_C, Y_T, Y_C at the start and after each step, shape (draws, steps + 1); `weight` of shape (draws, n)."""
        ordered = weight[:, self.order]
        parts = (self.treated, ~self.treated, self.treated & self.outcome, ~self.treated & self.outcome)
        summed = (np.cumsum(ordered * part, axis=1)[:, self.ends] for part in parts)
        return tuple(np.pad(each, ((0, 0), (1, 0))) for each in summed)


def qini_curve(outcome: ArrayLike, uplift: ArrayLike, treated: ArrayLike) -> tuple[Array, Array]:
    """Customers taken, and outcomes gained among the treated of them, from 0 on.

    Parameters
    ----------
    outcome : shape (n,), 1 where what was wanted came about.
    uplift : shape (n,), as predicted.
    treated : shape (n,), 1 for the offer, 0 for control.

    Raises
    ------
    ValueError : when the shapes differ, there is no customer, or an uplift is missing.

    Examples
    --------
    >>> taken, gained = qini_curve([1, 0, 1, 0], [0.4, 0.3, 0.2, 0.1], [1, 0, 0, 1])
    >>> taken.tolist(), gained.tolist()
    ([0.0, 1.0, 2.0, 3.0, 4.0], [0.0, 1.0, 1.0, 0.5, 0.0])
    """
    return _curve(outcome, uplift, treated, _qini)


def gain_curve(outcome: ArrayLike, uplift: ArrayLike, treated: ArrayLike) -> tuple[Array, Array]:
    """Customers taken, and outcomes gained were all of them treated; parameters as of `qini_curve`."""
    return _curve(outcome, uplift, treated, _gain)


def qini(outcome: ArrayLike, uplift: ArrayLike, treated: ArrayLike) -> float:
    """The Qini coefficient; NaN where no order is better than another. Parameters as of `qini_curve`.

    Examples
    --------
    >>> qini([0, 1], [0.1, 0.3], [1, 0])
    1.0
    """
    return float(_coefficients(_Steps.of(outcome, uplift, treated))[0, 0])


def auuc(outcome: ArrayLike, uplift: ArrayLike, treated: ArrayLike) -> float:
    """The coefficient of the gain curve; NaN where no order is better than another. Parameters as of `qini_curve`.

    Examples
    --------
    >>> auuc([0, 1], [0.1, 0.3], [1, 0]), auuc([1, 0], [0.1, 0.3], [0, 1])
    (0.0, 1.0)
    """
    return float(_coefficients(_Steps.of(outcome, uplift, treated))[0, 1])


def uplift_figures(
    outcome: ArrayLike, uplift: ArrayLike, treated: ArrayLike, rng: np.random.Generator, *, draws: int = DRAWS
) -> UpliftFigures:
    """Both coefficients with 95 % intervals, and the curve.

    Customers are drawn again within each arm, so that every draw has as many of both. Parameters as of `qini_curve`.
    """
    steps = _Steps.of(outcome, uplift, treated)
    drawn = [np.empty((0, 2))]
    offered = np.asarray(treated, np.bool_)
    arms = [np.flatnonzero(offered), np.flatnonzero(~offered)]
    for counts in zip(*(customer_draws(len(arm), draws, rng) for arm in arms), strict=True):
        weight = np.empty((len(counts[0]), len(offered)))
        for arm, count in zip(arms, counts, strict=True):
            weight[:, arm] = count
        drawn.append(_coefficients(steps, weight))
    of_qini, of_auuc = estimates(_coefficients(steps)[0], np.concatenate(drawn))
    taken, gained = qini_curve(outcome, uplift, treated)
    shares = np.linspace(0, 1, CURVE_POINTS + 1)
    heights = np.interp(shares, taken / taken[-1], gained / max(len(arms[0]), 1))
    return UpliftFigures(of_qini, of_auuc, tuple(zip(shares.tolist(), heights.tolist(), strict=True)))


def _curve(outcome: ArrayLike, uplift: ArrayLike, treated: ArrayLike, kind: Curve) -> tuple[Array, Array]:
    steps = _Steps.of(outcome, uplift, treated)
    counts = steps.counts(np.ones((1, len(steps.order))))
    return (counts[0] + counts[1])[0], kind(*counts)[0]


def _coefficients(steps: _Steps, weight: Array | None = None) -> Array:
    """Qini and AUUC of each draw, shape (draws, 2)."""
    counts = steps.counts(np.ones((1, len(steps.order))) if weight is None else weight)
    found, best = _areas(counts), _areas(_best(*(each[:, -1] for each in counts)))
    return np.where(best > 0, found / np.where(best > 0, best, 1), np.nan)


def _best(treated: Array, control: Array, treated_came: Array, control_came: Array) -> tuple[Array, ...]:
    """The counts of the best order: treated with the outcome, all without it, control with it."""
    none = np.zeros_like(treated)
    return (
        np.column_stack([none, treated_came, treated, treated]),
        np.column_stack([none, none, control - control_came, control]),
        np.column_stack([none, treated_came, treated_came, treated_came]),
        np.column_stack([none, none, none, control_came]),
    )


def _areas(counts: tuple[Array, ...]) -> Array:
    """Area between each curve and the straight line to its end, shape (draws, 2)."""
    taken = counts[0] + counts[1]
    found = []
    for height in (_qini(*counts), _gain(*counts)):
        area = (np.diff(taken, axis=1) * (height[:, 1:] + height[:, :-1])).sum(axis=1) / 2
        found.append(area - taken[:, -1] * height[:, -1] / 2)
    return np.column_stack(found)


def _qini(treated: Array, control: Array, treated_came: Array, control_came: Array) -> Array:
    return treated_came - control_came * _over(treated, control)


def _gain(treated: Array, control: Array, treated_came: Array, control_came: Array) -> Array:
    return (_over(treated_came, treated) - _over(control_came, control)) * (treated + control)


def _over(part: Array, whole: Array) -> Array:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
