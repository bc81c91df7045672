"""What active and inactive customers are compared by: engagement, loyalty programme, revenue, relationship."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from churnscope.activity import Activity
from churnscope.events import Events, Grid, Observed, ratio
from churnscope.events.block import NO_DAY
from churnscope.levels import Level
from churnscope.roles import INBOUND, OUTBOUND, ROLES, START

Topic = Literal["engagement", "loyalty programme", "revenue", "value", "relationship"]
Unit = Literal["number", "days", "currency", "share"]
Array = NDArray[np.float64]
SHORT, YEAR = 90, 365
INACTIVE, ACTIVE, NEITHER = 0, 1, -1
_REWARDS: Final = frozenset({"loyalty", "point", "points", "reward", "rewards", "bonus", "miles"})


@dataclass(frozen=True, eq=False)
class Measure:
    """One thing by which customers are compared.

    Parameters
    ----------
    name : unique among the measures.
    words : what is measured, to a reader.
    values : shape (n_customers,), NaN where it is not known.
    is_flag : whether values are 1 or 0.
    defines_activity : whether the rows measured are those that decide who is active, so that the groups must differ.
    stands_for : what no source tells and this stands in for; empty where it is the thing itself.
    """

    name: str
    topic: Topic
    words: str
    unit: Unit
    values: Array
    is_flag: bool = False
    defines_activity: bool = False
    stands_for: str = ""


def joined(parts: Sequence[Sequence[Measure]]) -> tuple[Measure, ...]:
    """The measures of all customers from those of ranges of them, in their order."""
    return tuple(replace(same[0], values=np.concatenate([each.values for each in same])) for same in zip(*parts, strict=True))


@dataclass(frozen=True)
class Measuring:
    """What is measured at a day.

    Parameters
    ----------
    activity : who is active; its sources are part of the definition.
    columns : role -> names of the signals its rows carry.
    kinds : the common kinds of engagement, of which some may be those of a loyalty programme.
    """

    activity: Activity
    columns: Mapping[str, frozenset[str]]
    kinds: tuple[Level, ...] = ()

    def seen(self, logs: Mapping[str, Events], day: int) -> dict[str, Observed]:
        """The rows known at a day, and the windows that measures and activity read."""
        grid = Grid([day], {SHORT, YEAR, *self.activity.windows})
        return {role: grid.see(events.seen_by(day)) for role, events in logs.items()}

    def groups(self, seen: Mapping[str, Observed]) -> NDArray[np.int8]:
        """`ACTIVE`, `INACTIVE` who was active once, or `NEITHER`, shape (n_customers,)."""
        began = ~np.isnan(self.activity.days_since_last(seen)[0])
        return np.where(began, self.activity.active(seen)[0], np.int8(NEITHER)).astype(np.int8)

    def measures(self, seen: Mapping[str, Observed]) -> tuple[Measure, ...]:
        """All that the sources tell, topic by topic."""
        return (
            *self._engagement(seen),
            *self._loyalty(seen),
            *self._revenue(seen),
            *self._relationship(seen),
        )

    def _engagement(self, seen: Mapping[str, Observed]) -> Iterator[Measure]:
        for name, (role, _) in self.activity.places.items():
            if role in {"purchases", "engagement"}:
                yield from self._events(name, ROLES[role].noun, seen)
            elif role == "subscriptions":
                begun, words = self.activity.rows(name, None, seen).count(YEAR)[0], f"terms begun in {YEAR} days ({name})"
                defines = self._defines(name)
                yield Measure(f"{name}_count_{YEAR}d", "engagement", words, "number", begun, defines_activity=defines)

    def _events(self, name: str, noun: str, seen: Mapping[str, Observed]) -> Iterator[Measure]:
        """How often, and on how many days."""
        rows, defines, article = self.activity.rows(name, None, seen), self._defines(name), "an" if noun[0] in "aeiou" else "a"
        for days in (SHORT, YEAR):
            count = _orders(rows, days) if "order" in rows.events.signals else rows.count(days)
            words = f"{noun}s in {days} days ({name})"
            yield Measure(f"{name}_count_{days}d", "engagement", words, "number", count[0], defines_activity=defines)
            words = f"days with {article} {noun} in {days} days ({name})"
            active_days = rows.distinct_days(days)[0]
            yield Measure(f"{name}_days_{days}d", "engagement", words, "days", active_days, defines_activity=defines)

    def _defines(self, name: str) -> bool:
        """Whether rows of the source decide who is active."""
        return any(rule.source == name for rule in self.activity.definition.rules)

    def _loyalty(self, seen: Mapping[str, Observed]) -> Iterator[Measure]:
        told = self.columns.get("customers", frozenset())
        topic: Topic = "loyalty programme"
        if "loyalty" in told:
            member = self._held(seen["customers"], "loyalty")
            yield Measure("loyalty", topic, "in the loyalty programme", "share", member, is_flag=True)
        if "loyalty_since" in told:
            since = _days_since(seen["customers"], self._held(seen["customers"], "loyalty_since"))
            if "loyalty" not in told:
                joined_it = (since > 0).astype(np.float64)
                yield Measure("loyalty_joined", topic, "has joined the loyalty programme", "share", joined_it, is_flag=True)
            yield Measure("loyalty_days", topic, "days in the loyalty programme, of members", "days", since)
        rewards = [level for level in self.kinds if _REWARDS & set(level.name.lower().replace("_", " ").split())]
        if rewards and "engagement" in seen:
            codes = np.array([level.code for level in rewards])
            rows = seen["engagement"]
            used = rows.select(rows.derive("loyalty programme", lambda events: np.isin(events.signals["kind"], codes)))
            names = ", ".join(level.name for level in rewards)
            yield Measure("loyalty_uses_365d", topic, f"uses in {YEAR} days ({names})", "number", used.count(YEAR)[0])

    def _revenue(self, seen: Mapping[str, Observed]) -> Iterator[Measure]:
        resolution = self.activity.resolution
        if "amount" in self.columns.get("purchases", ()):
            rows = seen["purchases"]
            defines = any(self.activity.places[rule.source][0] == "purchases" for rule in self.activity.definition.rules)
            money = rows.total("amount", YEAR)[0] * resolution
            words = f"revenue in {YEAR} days, returns taken off"
            yield Measure("revenue_365d", "revenue", words, "currency", money, defines_activity=defines)
        elif "price" in self.columns.get("subscriptions", ()):
            rows = seen["subscriptions"]
            defines = any(self.activity.places[rule.source][0] == "subscriptions" for rule in self.activity.definition.rules)
            money = rows.total("price", YEAR)[0] * resolution
            words, stands_for = f"prices of terms begun in {YEAR} days", "revenue"
            yield Measure(
                "term_prices_365d", "revenue", words, "currency", money, defines_activity=defines, stands_for=stands_for
            )

    def _relationship(self, seen: Mapping[str, Observed]) -> Iterator[Measure]:
        topic: Topic = "relationship"
        yield self._tenure(seen)
        if "contacts" in seen:
            yield from self._contacts(seen["contacts"])
        has_rating = "satisfaction" in self.columns.get("support", ())
        if "support" in seen:
            tickets = seen["support"]
            yield Measure("tickets_365d", topic, f"tickets in {YEAR} days", "number", tickets.count(YEAR)[0])
            asked = (tickets.count(YEAR)[0] > 0).astype(np.float64)
            stands_for = "" if has_rating else "satisfaction"
            yield Measure(
                "asked_365d", topic, f"opened a ticket in {YEAR} days", "share", asked, is_flag=True, stands_for=stands_for
            )
            if "resolved" in self.columns["support"]:
                waits = (tickets.count()[0] > tickets.at("resolved").count()[0]).astype(np.float64)
                yield Measure("waits", topic, "has an open ticket", "share", waits, is_flag=True)
            if has_rating:
                answered = tickets.at("resolved") if "resolved" in self.columns["support"] else tickets
                rating = answered.mean("satisfaction", YEAR)[0]
                yield Measure("satisfaction", topic, f"satisfaction with answers in {YEAR} days", "number", rating)
        if not has_rating and "is_return" in self.columns.get("purchases", ()):
            rows = seen["purchases"]
            returned = ratio(rows.total("is_return", YEAR), rows.count(YEAR))[0]
            words = f"share of lines that are returns, in {YEAR} days"
            yield Measure("return_share", topic, words, "share", returned, stands_for="satisfaction")

    def _tenure(self, seen: Mapping[str, Observed]) -> Measure:
        first = [rows.days_since_first()[0] for role, rows in seen.items() if ROLES[role].is_activity]
        began: Array = np.fmax.reduce(first)
        if START not in self.columns.get("customers", ()):
            words = "days since the first row of the customer"
            return Measure("tenure_days", "relationship", words, "days", began, stands_for="days as a customer")
        told = _days_since(seen["customers"], self._held(seen["customers"], START))
        return Measure("tenure_days", "relationship", "days as a customer", "days", np.where(np.isnan(told), began, told))

    def _contacts(self, contacts: Observed) -> Iterator[Measure]:
        topic: Topic = "relationship"
        if "direction" not in self.columns["contacts"]:
            yield Measure("contacts_365d", topic, f"contacts in {YEAR} days", "number", contacts.count(YEAR)[0])
            return
        direction = ROLES["contacts"].column("direction")
        for word, whose in ((INBOUND, "by the customer"), (OUTBOUND, "by us")):
            rows = contacts.select("direction", direction.code(word))
            words = f"contacts {whose} in {YEAR} days"
            yield Measure(f"{word}_contacts_365d", topic, words, "number", rows.count(YEAR)[0])

    def _held(self, rows: Observed, signal: str) -> Array:
        """What is told of customers, of several sources by the first that knows it; NaN where none does."""
        told = np.full(rows.events.n_customers, np.nan)
        places = sorted(place for role, place in self.activity.places.values() if role == "customers")
        for place in places:
            one = rows.select("source", place) if "source" in rows.events.signals else rows
            value = one.held(signal)[0]
            told = np.where(np.isnan(told), np.where(value == NO_DAY, np.nan, value), told)
        return told


def _orders(rows: Observed, days: int) -> Array:
    """Orders, of which a line without one is one of its own."""
    single = rows.derive("no order", lambda events: events.signals["order"] == 0)
    return rows.distinct("order", days) + rows.total(single, days)


def _days_since(rows: Observed, day: Array) -> Array:
    """Days from a day to the cutoff; NaN where it is not known or not past."""
    since: Array = rows.cutoff_days()[0] - day
    return np.where(since > 0, since, np.nan)
