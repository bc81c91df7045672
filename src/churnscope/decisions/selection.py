"""Whom to contact with what, where time, money and the number of offers are limited.

Each customer gets one action or none, so that the sum of the expected gains is largest: a multiple-choice knapsack with a few
limits. The limits get prices (Lagrange multipliers), by Kelley's cutting planes; an action is then worth its gain less the
price of what it uses, and the same prices give a bound that no list can exceed. Customers are taken by that worth until the
limits are reached, and those about the edge are chosen anew by branch and bound: small lists are optimal, of large ones the
bound says how little can be missing.

References
----------
J. E. Kelley (1960), The cutting-plane method for solving convex programs, Journal of the SIAM 8(4). H. Kellerer, U. Pferschy,
D. Pisinger (2004), Knapsack Problems, Springer, chapters 9 and 11.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from operator import mul, sub

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from churnscope.config.models import Action
from churnscope.decisions.offer import Array

Choices = NDArray[np.int64]
NOTHING = -1
MOST_PLANES = 300
NEAR = 1e-9  # of the bound: where the prices are good enough
EDGE = 20  # customers on each side of the edge who are chosen anew
MOST_NODES = 20_000  # of the search: its work is bounded by a count, not by a clock
_FULL = 1e-9  # of a limit, within which it counts as kept


@dataclass(frozen=True, eq=False)
class Limits:
    """What a list may use.

    Parameters
    ----------
    used : shape (n_limits, n_actions), what an action uses of each limit.
    most : shape (n_limits,), what there is of it.
    """

    used: Array
    most: Array

    @classmethod
    def of(cls, actions: Mapping[str, Action], minutes: float, budget: float | None) -> Limits:
        """The agents' minutes, the budget with every offer counted as taken, and how many an action may have."""
        rows, most = [[action.minutes for action in actions.values()]], [minutes]
        if budget is not None:
            rows.append([action.offer_cost + action.contact_cost for action in actions.values()])
            most.append(budget)
        for place, action in enumerate(actions.values()):
            if action.most is not None:
                rows.append([float(place == other) for other in range(len(actions))])
                most.append(float(action.most))
        return cls(np.array(rows, np.float64), np.array(most, np.float64))

    def left(self, choice: Choices) -> Array:
        """What a list leaves of each."""
        chosen = np.bincount(choice[choice >= 0], minlength=self.used.shape[1])
        return np.asarray(self.most - self.used @ chosen)

    def fits(self, left: Array) -> NDArray[np.bool_]:
        """Which actions one more customer can get, shape (n_actions,)."""
        return np.asarray((self.used <= (left + _FULL * np.maximum(1.0, self.most))[:, None]).all(axis=0))


@dataclass(frozen=True, eq=False)
class Problem:
    """Whom to choose from, and within which limits.

    Parameters
    ----------
    gains : shape (n, n_actions), minus infinity where an action is not for the customer; what brings nothing is never chosen.
    limits : what the list may use.
    ties : shape (n,), who goes first among equals: a hash of the id.
    is_control : shape (n,), who is to be left alone: they are ranked like all others and use nothing of the limits.
    """

    gains: Array
    limits: Limits
    ties: NDArray[np.uint64]
    is_control: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Selection:
    """A list.

    Parameters
    ----------
    choice : shape (n,), number of the customer's action, -1 for none.
    worth : shape (n,), gain of the best action less the price of what it uses; minus infinity where none brings anything.
    favourite : shape (n,), number of that action.
    bound : what no list within these limits can exceed.
    prices : shape (n_limits,), what one unit more of each limit would bring.
    """

    choice: Choices
    worth: Array
    favourite: Choices
    bound: float
    prices: Array


def select(problem: Problem) -> Selection:
    """The list with the largest expected gain.

    Examples
    --------
    >>> limits = Limits(used=np.array([[10.0, 5.0]]), most=np.array([15.0]))
    >>> gains = np.array([[10.0, 4.0], [8.0, 6.0], [7.0, 4.0]])
    >>> select(Problem(gains, limits, np.arange(3, dtype=np.uint64), np.zeros(3, bool))).choice.tolist()
    [0, 1, -1]
    """
    limits, ties = problem.limits, problem.ties
    paying = np.where(problem.gains > 0, problem.gains, -np.inf)
    there = np.flatnonzero(np.isfinite(paying).any(axis=1) & ~problem.is_control)
    there = there[np.argsort(ties[there], kind="stable")]
    prices, bound = _prices(paying[there], limits)
    worth = paying - prices @ limits.used
    choice = np.full(len(paying), NOTHING, np.int64)
    choice[there] = _improved(paying[there], worth[there], _filled(worth[there], limits), limits, prices)
    best, favourite = _best(worth)
    return Selection(choice, best, favourite, max(bound, total_gain(paying, choice)), prices)


def total_gain(gains: Array, choice: Choices) -> float:
    """What a list is expected to bring."""
    rows = np.flatnonzero(choice >= 0)
    return float(gains[rows, choice[rows]].sum())


def gap(gain: float, bound: float) -> float:
    """The share of the bound that a list does not reach."""
    return max(0.0, (bound - gain) / bound) if bound > 0 else 0.0


def control_of(problem: Problem, selection: Selection, callable_lines: int) -> Choices:
    """The action that each customer left alone would have got by the same cut, -1 for none; shape (n,).

    In one ranking of all by worth, those count who stand before the last callable customer the list has room for.
    """
    held, ties, best = problem.is_control, problem.ties, selection.worth
    ranked = np.flatnonzero(np.isfinite(best))
    ranked = ranked[np.lexsort((ties[ranked], -best[ranked]))]
    before = np.cumsum(~held[ranked])
    everybody = int(before[-1]) if len(before) else 0
    inside = ranked if callable_lines >= everybody else ranked[before < callable_lines]
    inside = inside[held[inside]]
    control = np.full(len(best), NOTHING, np.int64)
    control[inside] = selection.favourite[inside]
    return control


def _prices(gains: Array, limits: Limits) -> tuple[Array, float]:
    """What a unit of each limit is worth, and the bound: the least of the prices' total and all worth above nothing."""
    n_limits = len(limits.most)
    best_prices, bound = np.zeros(n_limits), np.inf
    reachable = np.where(np.isfinite(gains), gains, 0.0).max(axis=0, initial=0.0)
    highest = np.where(limits.used > 0, reachable / np.where(limits.used > 0, limits.used, 1.0), 0.0).max(axis=1)
    prices, planes, heights = best_prices, [], []
    for _ in range(MOST_PLANES):
        best, favourite = _best(gains - prices @ limits.used)
        wanted = best > 0
        slope = limits.left(np.where(wanted, favourite, NOTHING))
        total = float(prices @ limits.most + best[wanted].sum())
        if total < bound:
            best_prices, bound = prices, total
        if not prices.any() and (slope >= 0).all():
            break  # nothing is short
        planes.append([*slope, -1.0])
        heights.append(float(slope @ prices) - total)
        lowest = linprog(
            np.r_[np.zeros(n_limits), 1.0], A_ub=planes, b_ub=heights, bounds=[*((0.0, most) for most in highest), (None, None)]
        )
        if lowest.x is None or lowest.fun is None or bound - lowest.fun <= NEAR * max(1.0, bound):
            break
        prices = np.asarray(lowest.x[:-1])
    return best_prices, bound


def _best(worth: Array) -> tuple[Array, Choices]:
    """The action worth most to each customer."""
    if not len(worth):
        return np.empty(0), np.empty(0, np.int64)
    favourite = worth.argmax(axis=1)
    return worth[np.arange(len(worth)), favourite], favourite


def _filled(worth: Array, limits: Limits) -> Choices:
    """Customers by falling worth while their favourite fits; then, without the actions that no longer fit, the others."""
    choice = np.full(len(worth), NOTHING, np.int64)
    while (fits := limits.fits(limits.left(choice))).any():
        best, favourite = _best(np.where(fits, worth, -np.inf))
        waiting = np.flatnonzero((choice == NOTHING) & np.isfinite(best))
        waiting = waiting[np.argsort(-best[waiting], kind="stable")]
        use = np.cumsum(limits.used[:, favourite[waiting]], axis=1)
        room = limits.left(choice) + _FULL * np.maximum(1.0, limits.most)
        over = (use > room[:, None]).any(axis=0)
        stop = int(over.argmax()) if over.any() else len(waiting)
        choice[waiting[:stop]] = favourite[waiting[:stop]]
        if not over.any():
            break
    return choice


def _improved(gains: Array, worth: Array, choice: Choices, limits: Limits, prices: Array) -> Choices:
    """The same list with the customers about its edge chosen anew, as well as a bounded search can."""
    edge = _edge(worth, choice)
    rest = choice.copy()
    rest[edge] = NOTHING
    slack = _FULL * np.maximum(1.0, limits.most)
    search = _Search.of(gains[edge], worth[edge], limits.used, prices)
    found = search.best(limits.left(rest) + slack, total_gain(gains[edge], choice[edge]))
    if found is None:
        return choice
    rest[edge] = found
    return rest if _better(gains, rest, choice, limits) else choice


@dataclass(frozen=True)
class _Search:
    """Branch and bound over a few customers; the bound is that of the prices.

    Parameters
    ----------
    order : positions, those to whom their best choice is worth most above the next first.
    options : for each of these, (gain, action) by falling worth; nothing is among them.
    beyond : the most that all customers from each place on can be worth.
    used : for each action, what it uses.
    prices : of a unit of each limit.
    """

    order: list[int]
    options: list[list[tuple[float, int]]]
    beyond: list[float]
    used: list[tuple[float, ...]]
    prices: tuple[float, ...]

    @classmethod
    def of(cls, gains: Array, worth: Array, used: Array, prices: Array) -> _Search:
        """Of customers, shape (n, n_actions)."""
        with_nothing = np.column_stack([worth, np.zeros(len(worth))])
        two = np.sort(with_nothing, axis=1)[:, -2:]
        order = np.argsort(-np.nan_to_num(two[:, 1] - two[:, 0], posinf=np.inf), kind="stable").tolist()
        gain_of = np.column_stack([gains, np.zeros(len(gains))])
        nothing = gains.shape[1]
        options = []
        for place in order:
            ranked = np.argsort(-with_nothing[place], kind="stable").tolist()
            options.append(
                [
                    (float(gain_of[place, action]), NOTHING if action == nothing else action)
                    for action in ranked
                    if np.isfinite(gain_of[place, action])
                ]
            )
        beyond = [*np.cumsum(two[order, 1][::-1])[::-1].tolist(), 0.0]
        return cls(order, options, beyond, [tuple(each) for each in used.T.tolist()], tuple(prices.tolist()))

    def best(self, room: Array, least: float) -> Choices | None:
        """The choices that bring most within the room, if more than `least`; None where the search finds none."""
        found: list[int] | None = None
        reached = least + NEAR * max(1.0, abs(least))
        waiting: list[tuple[int, float, tuple[float, ...], tuple[int, ...]]] = [(0, 0.0, tuple(room.tolist()), ())]
        for _ in range(MOST_NODES):
            if not waiting:
                break
            depth, gain, left, taken = waiting.pop()
            if gain + self.beyond[depth] + sum(map(mul, self.prices, left)) <= reached:
                continue
            if depth == len(self.order):
                if gain > reached:
                    found, reached = list(taken), gain + NEAR * max(1.0, abs(gain))
                continue
            for more, action in reversed(self.options[depth]):
                after = left if action == NOTHING else tuple(map(sub, left, self.used[action]))
                if min(after) >= 0:
                    waiting.append((depth + 1, gain + more, after, (*taken, action)))
        if found is None:
            return None
        choice = np.full(len(self.order), NOTHING, np.int64)
        choice[self.order] = found
        return choice


def _better(gains: Array, new: Choices, old: Choices, limits: Limits) -> bool:
    """Whether a list keeps the limits and brings more; the old one stays where they are equal."""
    kept = (limits.left(new) >= -_FULL * np.maximum(1.0, limits.most)).all()
    return bool(kept and total_gain(gains, new) > total_gain(gains, old) * (1 + 1e-12))


def _edge(worth: Array, choice: Choices) -> NDArray[np.int64]:
    """The last who were taken, the first who were not, and those to whom two choices are worth nearly the same."""
    best, _ = _best(worth)
    taken = np.flatnonzero(choice >= 0)
    missed = np.flatnonzero(choice < 0)
    last = taken[np.argsort(worth[taken, choice[taken]], kind="stable")][:EDGE]
    first = missed[np.argsort(-best[missed], kind="stable")][:EDGE]
    two = np.sort(np.column_stack([np.where(np.isfinite(worth), worth, -np.inf), np.zeros(len(worth))]), axis=1)[:, -2:]
    torn = np.argsort(np.where(np.isfinite(two[:, 0]), two[:, 1] - two[:, 0], np.inf), kind="stable")[:EDGE]
    return np.unique(np.concatenate([last, first, torn]))
