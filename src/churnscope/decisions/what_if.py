"""What the best list would bring with more or less money and time, dearer or cheaper offers, and another acceptance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from churnscope.config.models import Action
from churnscope.decisions.actions import NOT_FOR, Customers, Flags, action_gains, rules_of
from churnscope.decisions.offer import Array
from churnscope.decisions.selection import Limits, Problem, select, total_gain

Varied = Literal["budget", "minutes", "terms"]
STEPS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0)  # of what there is, where nothing else is asked
OFFER_COSTS = (0.5, 1.0, 1.5, 2.0)  # times those of the config
ACCEPTANCES = (0.25, 0.5, 1.0, 1.5, 2.0)


@dataclass(frozen=True)
class Grid:
    """What is tried.

    Parameters
    ----------
    budgets, minutes : amounts, one at a time, the other as it is.
    offer_costs, acceptances : factors of all actions, each with each, within the money and the time there are.
    """

    budgets: tuple[float, ...]
    minutes: tuple[float, ...]
    offer_costs: tuple[float, ...] = OFFER_COSTS
    acceptances: tuple[float, ...] = ACCEPTANCES


@dataclass(frozen=True)
class Outlook:
    """The best list under some terms.

    Parameters
    ----------
    varied : what is tried here: the budget, the minutes, or the terms of the offers.
    budget, minutes : what there is; no budget is no limit.
    offer_cost, acceptance : by what those of the config are multiplied; no acceptance exceeds 1.
    lines : customers on it.
    cost, minutes_used : what it takes, every offer counted as taken.
    gain : what it is expected to bring, net of all it costs.
    bound : what no list under these terms can exceed.
    gain_per_money, gain_per_hour : what one unit of money or one hour more would add to the gain: the shadow prices
        of the two limits (Lagrange multipliers); None where there is no such limit.
    """

    varied: Varied
    budget: float | None
    minutes: float
    offer_cost: float
    acceptance: float
    lines: int
    cost: float
    minutes_used: float
    gain: float
    bound: float
    gain_per_money: float | None
    gain_per_hour: float


@dataclass(frozen=True, eq=False)
class Terms:
    """Whom there is to choose from, and with what.

    Parameters
    ----------
    customers : of the scores, shape (n,) each.
    actions : by name.
    hour_cost : of an agent.
    can_be_called : shape (n,), whom an agent can talk to and who is not left alone as control.
    ties : shape (n,), who goes first among equals.
    minutes, budget : what there is; no budget is no limit.
    """

    customers: Customers
    actions: Mapping[str, Action]
    hour_cost: float
    can_be_called: Flags
    ties: NDArray[np.uint64]
    minutes: float
    budget: float | None


def outlooks(terms: Terms, grid: Grid) -> tuple[Outlook, ...]:
    """The best list at every point of the grid: along the budget, along the minutes, and over the terms of the offers.

    Notes
    -----
    Before a list is chosen, all but those drop out who can be on a best one: with room for k lines there is a best list whose
    customers all are, for the action they get, among the k who gain most by it. Were one not, one of those k would be on no
    line, and could take the place at no loss.
    """
    allowed = _allowed(terms)
    found = list(_along(terms, grid, _gains(terms, terms.actions, allowed)))
    for cost in grid.offer_costs:
        for acceptance in grid.acceptances:
            actions = scaled(terms.actions, cost, acceptance)
            gains = _gains(terms, actions, allowed)
            found.append(_best("terms", _Point(terms, actions, gains, terms.budget, terms.minutes), (cost, acceptance)))
    return tuple(found)


def scaled(actions: Mapping[str, Action], offer_cost: float, acceptance: float) -> dict[str, Action]:
    """The actions with every offer's cost and every acceptance multiplied.

    Examples
    --------
    >>> call = Action(channel="phone", acceptance=0.4, offer_cost=10)
    >>> dearer = scaled({"call": call}, 2.0, 3.0)["call"]
    >>> dearer.offer_cost, dearer.acceptance
    (20.0, 1.0)
    """
    return {
        name: action.model_copy(
            update={"offer_cost": action.offer_cost * offer_cost, "acceptance": _times(action.acceptance, acceptance)}
        )
        for name, action in actions.items()
    }


def steps_of(amount: float, *, asked: Sequence[float] = ()) -> tuple[float, ...]:
    """The amounts to try: those asked for, and always what there is now.

    Examples
    --------
    >>> steps_of(200, asked=[100, 400])
    (100, 200, 400)
    """
    return tuple(sorted({*(asked or (step * amount for step in STEPS)), amount}))


def _times(acceptance: float | dict[str, float], factor: float) -> float | dict[str, float]:
    if isinstance(acceptance, dict):
        return {name: min(1.0, share * factor) for name, share in acceptance.items()}
    return min(1.0, acceptance * factor)


@dataclass(frozen=True, eq=False)
class _Point:
    """A point of the grid; gains are those of customers who can be called, in the order of `terms`, shape (n, n_actions)."""

    terms: Terms
    actions: Mapping[str, Action]
    gains: Array
    budget: float | None
    minutes: float


def _along(terms: Terms, grid: Grid, gains: Array) -> Iterator[Outlook]:
    for budget in grid.budgets:
        yield _best("budget", _Point(terms, terms.actions, gains, budget, terms.minutes))
    for minutes in grid.minutes:
        yield _best("minutes", _Point(terms, terms.actions, gains, terms.budget, minutes))


def _gains(terms: Terms, actions: Mapping[str, Action], allowed: Sequence[Flags]) -> Array:
    gains = (action_gains(terms.customers, action, terms.hour_cost) for action in actions.values())
    return np.column_stack([np.where(are & (gain > 0), gain, NOT_FOR) for are, gain in zip(allowed, gains, strict=True)])


def _allowed(terms: Terms) -> list[Flags]:
    """For each action, who can get it at any terms, shape (n,) each."""
    kept_from = [holds for _, holds in rules_of(terms.customers, terms.actions)]
    return [np.logical_and.reduce([terms.can_be_called, *holds]) for holds in zip(*kept_from, strict=True)]


def _best(varied: Varied, point: _Point, factors: tuple[float, float] = (1.0, 1.0)) -> Outlook:
    limits = Limits.of(point.actions, point.minutes, point.budget)
    rows = candidates(point.gains, limits)
    gains, ties = point.gains[rows], point.terms.ties[rows]
    chosen = select(Problem(gains, limits, ties, np.zeros(len(rows), np.bool_)))
    taken = limits.most - limits.left(chosen.choice)
    money = [action.offer_cost + action.contact_cost for action in point.actions.values()]
    on_list = chosen.choice[chosen.choice >= 0]
    return Outlook(
        varied,
        point.budget,
        point.minutes,
        *factors,
        lines=len(on_list),
        cost=float(np.asarray(money)[on_list].sum()),
        minutes_used=float(taken[0]),
        gain=total_gain(gains, chosen.choice),
        bound=chosen.bound,
        gain_per_money=None if point.budget is None else float(chosen.prices[1]),
        gain_per_hour=float(chosen.prices[0]) * 60,
    )


def candidates(gains: Array, limits: Limits) -> NDArray[np.int64]:
    """Positions of those among whom a best list is found; see the notes of `outlooks`."""
    paying = gains > 0
    most = _most_lines(limits)
    keep = np.zeros(len(gains), np.bool_)
    for place in range(gains.shape[1]):
        there = np.flatnonzero(paying[:, place])
        if len(there) > most:
            there = there[np.argpartition(-gains[there, place], most)[:most]] if most else there[:0]
        keep[there] = True
    return np.flatnonzero(keep)


def _most_lines(limits: Limits) -> int:
    """So many lines at most fit; a number beyond all where nothing bounds them."""
    with np.errstate(divide="ignore", invalid="ignore"):
        each = np.where(limits.used > 0, limits.most[:, None] / limits.used, np.inf)  # limits x actions
    by_action = each.min(axis=0).sum()
    by_limit = each.max(axis=1).min()
    most = min(by_action, by_limit)
    return int(most + 1e-9) + 1 if np.isfinite(most) else np.iinfo(np.int64).max
