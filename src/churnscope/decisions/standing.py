"""How we stand with each customer on a day: when we were last in touch, and whether a complaint is open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

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
    """

    days_since_contact: Array
    days_since_touch: Array
    open_ticket: NDArray[np.bool_]


def standing(blocks: Iterable[Block], as_of: int, columns: Mapping[str, frozenset[str]]) -> Standing:
    """What rows before the day tell, as far as they were known by then.

    Parameters
    ----------
    blocks : all customers in order, with the rows of the roles in `READ` that there are.
    columns : role -> names of the signals its rows carry.
    """
    parts = [_of_block(block, as_of, columns) for block in blocks]
    none = Standing(np.empty(0), np.empty(0), np.empty(0, np.bool_))
    ours, any_, tickets = zip(
        *((part.days_since_contact, part.days_since_touch, part.open_ticket) for part in [none, *parts]), strict=True
    )
    return Standing(np.concatenate(ours), np.concatenate(any_), np.concatenate(tickets))


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
    contacted = np.fmin.reduce(ours)
    return Standing(contacted, np.fmin.reduce([contacted, *touches]), is_open)


def _seen(events: Events, as_of: int) -> Observed:
    known = events if events.visible_day is None else events.where(events.visible_day <= as_of)
    return Grid([as_of], []).see(known)


def _days(rows: Observed) -> Array:
    return np.asarray(rows.days_since_last()[0], np.float64)
