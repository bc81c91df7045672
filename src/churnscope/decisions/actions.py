"""What each action is expected to bring for each customer, and for whom it is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from churnscope.config.models import Action
from churnscope.decisions.offer import Array

Flags = NDArray[np.bool_]
NOT_FOR = -np.inf  # gain of an action that is not for the customer

# Why nothing is done for a customer, in the order in which it is asked.
WITHOUT_PROBABILITY, WITHOUT_VALUE = "without a probability", "without a value"
DO_NOT_CONTACT, UNREACHABLE = "not to be contacted", "not reachable"
NO_SPEAKER = "no agent speaks their language"
NOT_MEANT, STOPPED, COOLING = "no action is meant for them", "stopped by an open ticket or a type", "contacted lately"
NO_GAIN = "no action would pay"


@dataclass(frozen=True, eq=False)
class Customers:
    """Those a list may be made of, shape (n,) each.

    Parameters
    ----------
    probability : of leaving, in [0, 1].
    value : what one is worth who stays, in currency.
    flags : by name, of which types they are, their band among them.
    days_since_contact : by us; NaN where there was none.
    channels : by name, through which they can be reached; empty where nothing is said of it: through all.
    occasions : by name, the day of each one's next, by its number; NaN where none is near.
    changed : by arm of a randomised campaign, what it is expected to change, in currency; NaN where that is not known.
    """

    probability: Array
    value: Array
    flags: Mapping[str, Flags]
    days_since_contact: Array
    channels: Mapping[str, Flags]
    occasions: Mapping[str, Array] = field(default_factory=dict)
    changed: Mapping[str, Array] = field(default_factory=dict)

    @cached_property
    def value_at_risk(self) -> Array:
        """What is expected to be lost: churn probability times the value of one who stays."""
        return self.probability * self.value


def action_gains(customers: Customers, action: Action, hour_cost: float) -> Array:
    """What an action is expected to bring, net of all it costs, were it for everybody; NaN where no acceptance is said.

    Notes
    -----
    p g V - (p g + (1 - p) k) d - f - the agent's time: who would leave and accepts (g) keeps the value V; of those who would
    have stayed the share k takes the offer d too; the contact f and the time are spent in any case. What is earned where the
    offer is taken, as by a friend who is brought along, lowers d, and may put it below nothing. Where a randomised campaign
    has shown what the action changes, that stands in the place of p g V.
    """
    leaves, accepts = customers.probability, acceptance(customers, action)
    taken = leaves * accepts + (1 - leaves) * action.taken_by_stayers
    kept = np.where(is_measured(customers, action), _changed(customers, action), leaves * accepts * customers.value)
    return kept - taken * (action.offer_cost - action.benefit) - action.contact_cost - action.minutes * hour_cost / 60


def is_measured(customers: Customers, action: Action) -> Flags:
    """Of whom a randomised campaign has shown what the action changes."""
    return ~np.isnan(_changed(customers, action))


def _changed(customers: Customers, action: Action) -> Array:
    unknown = np.full(len(customers.probability), np.nan)
    return unknown if action.arm is None else customers.changed.get(action.arm, unknown)


def expected_gains(
    customers: Customers, actions: Mapping[str, Action], hour_cost: float = 0.0
) -> tuple[Array, dict[str, Flags]]:
    """What every action would bring for every customer it is for, shape (n, n_actions), and why others are left out.

    Returns
    -------
    The gains, minus infinity where an action is not for the customer; and, by reason, shape (n,), the customers for whom it
    left no action: each has the first such reason only.
    """
    gains = [action_gains(customers, action, hour_cost) for action in actions.values()]
    steps = (*rules_of(customers, actions), (NO_GAIN, [gain > 0 for gain in gains]))
    allowed = [np.ones(len(customers.probability), np.bool_) for _ in actions]
    left_out: dict[str, Flags] = {}
    for reason, holds in steps:
        before = np.logical_or.reduce(allowed)
        allowed = [are & hold for are, hold in zip(allowed, holds, strict=True)]
        left_out[reason] = np.asarray(before & ~np.logical_or.reduce(allowed))
    return np.column_stack([np.where(are, gain, NOT_FOR) for are, gain in zip(allowed, gains, strict=True)]), left_out


def rules_of(customers: Customers, actions: Mapping[str, Action]) -> tuple[tuple[str, list[Flags]], ...]:
    """What keeps customers from actions, whatever these cost and bring: by reason, for each action, who is not kept from it."""
    every = actions.values()
    return (
        (UNREACHABLE, [_reachable(customers, action) for action in every]),
        (NOT_MEANT, [_meant(customers, action) for action in every]),
        (STOPPED, [~_any_of(customers, action.stop) for action in every]),
        (COOLING, [~(customers.days_since_contact < action.cool_down_days) for action in every]),
    )


def acceptance(customers: Customers, action: Action) -> Array:
    """The share of those about to leave who accept, shape (n,): by the first type that fits, NaN where none does."""
    if not isinstance(action.acceptance, dict):
        return np.full(len(customers.probability), action.acceptance)
    fits = [customers.flags[name] for name in action.acceptance]
    return np.asarray(np.select(fits, list(action.acceptance.values()), np.nan))


def _reachable(customers: Customers, action: Action) -> Flags:
    everybody = np.ones(len(customers.probability), np.bool_)
    return customers.channels[action.channel] if customers.channels else everybody


def _meant(customers: Customers, action: Action) -> Flags:
    meant = (customers.value >= action.least_value) & ~np.isnan(acceptance(customers, action))
    for names in (action.bands, action.types):
        if names:
            meant &= _any_of(customers, names)
    for name in action.all_types:
        meant &= customers.flags[name]
    if action.occasions:
        meant &= ~np.isnan(next_occasion(customers, action)[1])
    return meant


def next_occasion(customers: Customers, action: Action) -> tuple[NDArray[np.int64], Array]:
    """Which of an action's occasions each customer has first, by its place among them, and its day; NaN where there is none."""
    days = np.column_stack([customers.occasions[name] for name in action.occasions])
    first = np.where(np.isnan(days), np.inf, days).argmin(axis=1)
    return first, days[np.arange(len(days)), first]


def _any_of(customers: Customers, names: tuple[str, ...]) -> Flags:
    """Whether a customer is of any of the types; of one that nothing tells nobody is."""
    none = np.zeros(len(customers.probability), np.bool_)
    return np.asarray(np.logical_or.reduce([none, *(customers.flags[name] for name in names if name in customers.flags)]))
