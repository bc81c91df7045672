"""How we stand with each customer on a day: when we were last in touch, and whether a complaint is open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from churnscope.decisions.offer import Array
from churnscope.events import Block, Events, Grid, Observed
from churnscope.roles import OUTBOUND, ROLES

READ = ("contacts", "campaigns", "support")
"""The roles that tell it."""


@dataclass(frozen=True, eq=False)
class Standing:
    """Of each customer, shape (n_customers,).

    Parameters
    ----------
    days_since_contact : by us, a treatment of a campaign included; NaN where there was none.
    days_since_touch : by us or by the customer.
    open_ticket : whether one is unresolved.
    satisfaction : as rated for the newest ticket that has a rating; NaN where there is none.
    """

    days_since_contact: Array
    days_since_touch: Array
    open_ticket: NDArray[np.bool_]
    satisfaction: Array

    @classmethod
    def of_nobody(cls) -> Standing:
        """Without a customer."""
        return cls(np.empty(0), np.empty(0), np.empty(0, np.bool_), np.empty(0))


def standing(blocks: Iterable[Block], as_of: int, columns: Mapping[str, frozenset[str]]) -> Standing:
    """What rows before the day tell, as far as they were known by then.

    Parameters
    ----------
    blocks : all customers in order, with the rows of the roles in `READ` that there are.
    columns : role -> names of the signals its rows carry.
    """
    parts = [_of_block(block, as_of, columns) for block in blocks]
    every = [Standing.of_nobody(), *parts]
    return Standing(*(np.concatenate([getattr(part, field.name) for part in every]) for field in fields(Standing)))


def _of_block(block: Block, as_of: int, columns: Mapping[str, frozenset[str]]) -> Standing:
    never = np.full(block.n_customers, np.nan)
    ours, touches = [never], [never]
    seen = {role: _seen(block.logs[role], as_of) for role in READ if role in block.logs}
    if "contacts" in seen:
        contacts = seen["contacts"]
        told = "direction" in columns["contacts"]
        code = ROLES["contacts"].column("direction").code(OUTBOUND)
        touches.append(_days(contacts))
        ours.append(_days(contacts.select("direction", code)) if told else touches[-1])
    if "campaigns" in seen:
        code = ROLES["campaigns"].column("arm").code("control")
        events = seen["campaigns"].events
        ours.append(_days(_seen(events.where(events.signals["arm"] != code), as_of)))
    tickets = seen.get("support")
    is_open = np.zeros(block.n_customers, np.bool_)
    if tickets is not None and "resolved" in columns["support"]:
        is_open = np.asarray(tickets.count() > tickets.at("resolved").count())[0]
    rated = never
    if tickets is not None and {"resolved", "satisfaction"} <= columns["support"]:
        rated = np.asarray(tickets.at("resolved").last("satisfaction")[0], np.float64)
    contacted = np.fmin.reduce(ours)
    return Standing(contacted, np.fmin.reduce([contacted, *touches]), is_open, rated)


def _seen(events: Events, as_of: int) -> Observed:
    return Grid([as_of], []).see(events.seen_by(as_of))


def _days(rows: Observed) -> Array:
    return np.asarray(rows.days_since_last()[0], np.float64)
