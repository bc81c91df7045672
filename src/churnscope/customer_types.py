"""The types of customers at a date. They may overlap, and are told by the primitives that features and activity use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from churnscope.activity import Activity, Flags
from churnscope.config.models import Stages
from churnscope.events import Events, Observed
from churnscope.roles import PRODUCT, ROLES, SERVICE

Columns = Mapping[str, frozenset[str]]
Seen = Mapping[str, Observed]
_DAYS = np.int64(1 << 32)  # customer and day in one number


@dataclass(frozen=True)
class CustomerTypes:
    """Who is of which type.

    Parameters
    ----------
    numbers : how recent, and how loyal.
    activity : its qualifying events decide who is loyal.
    columns : role -> names of the signals its rows carry.
    """

    numbers: Stages
    activity: Activity
    columns: Columns

    @property
    def names(self) -> tuple[str, ...]:
        """Of the types that are there."""
        return tuple(each.name for each in types_there(self.columns))

    def flags(self, seen: Seen) -> dict[str, Callable[[], Flags]]:
        """By the name of every type that is there what answers who is of it, shape (n_cutoffs, n_customers)."""
        return {each.name: partial(each.told, self, seen) for each in types_there(self.columns)}


@dataclass(frozen=True)
class CustomerType:
    """A type of customers.

    Parameters
    ----------
    name : of the column and of the feature.
    plural : several customers of it.
    meaning : who they are, a format text with the names of the config's numbers.
    words, otherwise : what is said of a customer who is of it, and of one who is not.
    told : answers who is of it, shape (n_cutoffs, n_customers).
    roles : whose rows tell, those of any of them.
    needs : the signals these rows have to carry.
    """

    name: str
    plural: str
    meaning: str
    words: str
    otherwise: str
    told: Callable[[CustomerTypes, Seen], Flags]
    roles: tuple[str, ...]
    needs: frozenset[str] = frozenset()

    def is_there(self, columns: Columns) -> bool:
        """Whether a source tells who is of it; `columns` are those of every role."""
        return any(role in columns and self.needs <= columns[role] for role in self.roles)


def types_there(columns: Columns) -> tuple[CustomerType, ...]:
    """The types that sources with these columns tell; what a customer did is none of a flat file's."""
    if columns and all(ROLES[role].is_state for role in columns):
        return ()
    return tuple(each for each in TYPES if each.is_there(columns))


def qualifying_days(activity: Activity, seen: Seen) -> Observed:
    """One row per customer and local day with a qualifying event, whichever rule counts it."""
    views = [rows.days for rows in activity.qualifying(seen)]
    if len(views) == 1:
        return views[0]
    keys = np.unique(np.concatenate([rows.events.customer * _DAYS + rows.events.day for rows in views]))
    day = (keys + _DAYS // 2) % _DAYS - _DAYS // 2  # days before 1970 are below 0
    customer: NDArray[np.int32] = ((keys - day) // _DAYS).astype(np.int32)
    merged = Events(views[0].events.n_customers, customer, day, day.astype(np.int32))
    return Observed(merged, views[0].grid, views[0].shift)


def _recent_purchasers(asked: CustomerTypes, seen: Seen) -> Flags:
    """Returns never count."""
    rows = seen["purchases"]
    return _is_recent(rows.select("is_return", 0) if "is_return" in rows.events.signals else rows, asked)


def _loyal(asked: CustomerTypes, seen: Seen) -> Flags:
    """For a while and again and again; a contract renewed once says as much."""
    days = qualifying_days(asked.activity, seen)
    is_old: Flags = days.days_since_first() >= asked.numbers.loyal_days
    returns: Flags = days.count() >= asked.numbers.loyal_events
    rules = [rule for rule in asked.activity.definition.rules if rule.in_force]
    if rules:
        renewed = asked.activity.terms(seen).terms.renewals(max(rule.grace_days for rule in rules))
        returns |= renewed.count() > 0
    return is_old & returns


def _support_and_service(asked: CustomerTypes, seen: Seen) -> Flags:
    tickets = seen["support"]
    is_recent = _is_recent(tickets, asked)
    if "resolved" not in tickets.events.signals:
        return is_recent
    return is_recent | (tickets.count() > tickets.at("resolved").count())


def _contacts(asked: CustomerTypes, seen: Seen) -> Flags:
    """Through any channel, by us or by the customer."""
    return _is_recent(seen["contacts"], asked)


def _subscribers(_asked: CustomerTypes, seen: Seen, kind: str) -> Flags:
    """Whoever has a term of this kind in force."""
    code = ROLES["subscriptions"].column("kind").code(kind)
    has_one: Flags = seen["subscriptions"].select("kind", code).terms.in_force() > 0
    return has_one


def _is_recent(rows: Observed, asked: CustomerTypes) -> Flags:
    """Whether a row lies in the last so many days; one of the day before the cutoff is a day old."""
    is_recent: Flags = rows.days_since_last() <= asked.numbers.recent_days
    return is_recent


TYPES: Final = (
    CustomerType(
        name="is_recent_purchaser",
        plural="recent purchasers",
        meaning="bought in the last {recent_days} days",
        words="a recent purchaser",
        otherwise="no recent purchaser",
        told=_recent_purchasers,
        roles=("purchases",),
    ),
    CustomerType(
        name="is_loyal",
        plural="loyal customers",
        meaning="active on {loyal_events} days or more, or a contract renewed once; for {loyal_days} days or longer",
        words="a loyal customer",
        otherwise="not a loyal customer",
        told=_loyal,
        roles=("purchases", "engagement", "support", "contacts", "subscriptions"),  # of things that happen
    ),
    CustomerType(
        name="is_support_and_service",
        plural="support and service",
        meaning="a ticket opened in the last {recent_days} days, or one that is open",
        words="a recent or an open ticket",
        otherwise="neither a recent nor an open ticket",
        told=_support_and_service,
        roles=("support",),
    ),
    CustomerType(
        name="is_product_subscriber",
        plural="product subscribers",
        meaning="a product subscription in force",
        words="a product subscription in force",
        otherwise="no product subscription in force",
        told=partial(_subscribers, kind=PRODUCT),
        roles=("subscriptions",),
        needs=frozenset({"kind"}),
    ),
    CustomerType(
        name="is_service_subscriber",
        plural="service subscribers",
        meaning="a service subscription in force",
        words="a service subscription in force",
        otherwise="no service subscription in force",
        told=partial(_subscribers, kind=SERVICE),
        roles=("subscriptions",),
        needs=frozenset({"kind"}),
    ),
    CustomerType(
        name="is_contact",
        plural="contacts",
        meaning="in touch with us, or we with them, in the last {recent_days} days",
        words="in contact lately",
        otherwise="not in contact lately",
        told=_contacts,
        roles=("contacts",),
    ),
)
