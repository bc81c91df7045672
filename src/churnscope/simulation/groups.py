"""One group of customers from nothing to its tables: people first, then every log the business keeps, then the truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from churnscope.simulation.business import Business
from churnscope.simulation.clock import Clock
from churnscope.simulation.contracts import Agreements, contract_log, draw_agreements
from churnscope.simulation.flaws import with_flaws
from churnscope.simulation.people import SEGMENTS, People, draw_people, with_campaign
from churnscope.simulation.purchases import purchase_log
from churnscope.simulation.signs import contact_log, engagement_log, support_log
from churnscope.simulation.streams import GROUP, Part, stream
from churnscope.simulation.texts import customer_ids, instants, names

EVENT_LOGS = ("purchases", "engagement", "support", "contacts")
"""Logs of things that happen at a time; these can be late, broken, and cut into two files."""

_SOURCES = ("search", "friend", "advertisement", "shop")
_ARMS = ("control", "offer")
_REASONS = ("own", "payment")


@dataclass(frozen=True)
class Plan:
    """Everything that decides what a simulation holds."""

    business: Business
    customers: int
    days: int
    seed: int

    @property
    def clock(self) -> Clock:
        """The calendar of the log."""
        return Clock.of(self.business.season, self.business.first_day, self.days)

    @property
    def groups(self) -> int:
        """How many groups the customers make."""
        return -(-self.customers // GROUP)

    def size(self, group: int) -> int:
        """How many customers a group has."""
        return min(GROUP, self.customers - group * GROUP)


def simulate_group(plan: Plan, clock: Clock, group: int) -> dict[str, pa.Table]:
    """All tables of one group by name; `truth` holds what nobody in the business knows."""
    business, seed = plan.business, plan.seed
    people = draw_people(business, seed, group, plan.size(group), plan.days)
    if business.campaign:
        people = with_campaign(people, business.campaign, seed, group, plan.days)
    agreements = draw_agreements(people, business.contracts, seed) if business.contracts else None
    if agreements:
        people = people.ended_by(agreements.unpaid_end)
    tables = _event_logs(people, business, clock, seed)
    for log, name in enumerate(EVENT_LOGS):
        if name in tables:
            tables[name] = with_flaws(tables[name], business.flaws, stream(seed, group, Part.FLAWS, log=log))
    return tables | _other_tables(people, agreements, plan, clock)


def _event_logs(people: People, business: Business, clock: Clock, seed: int) -> dict[str, pa.Table]:
    drawn = {}
    if business.purchases:
        drawn["purchases"] = purchase_log(people, business.purchases, clock, seed)
    if business.engagement:
        drawn["engagement"] = engagement_log(people, business.engagement, clock, seed)
    if business.support:
        drawn["support"] = support_log(people, business.support, clock, seed)
    if business.contacts:
        drawn["contacts"] = contact_log(people, business.contacts, clock, seed)
    return drawn


def _other_tables(people: People, agreements: Agreements | None, plan: Plan, clock: Clock) -> dict[str, pa.Table]:
    tables = {"customers": _customers(people, clock), "truth": _truth(people, clock)}
    if agreements and plan.business.contracts:
        tables["subscriptions"] = contract_log(people, agreements, plan.business.contracts, clock, plan.seed)
    if plan.business.campaign:
        tables["campaigns"] = _campaigns(people, plan.business.campaign.cost, clock)
    return tables


def _customers(people: People, clock: Clock) -> pa.Table:
    numbers = people.first + np.arange(len(people))
    birth_day = -(18 * 365 + numbers * 7919 % (62 * 365)) - 1  # 18 to 80 years old, spread without a draw
    return pa.table(
        {
            "customer": customer_ids(numbers),
            "time": instants(clock.instant(people.joined)),
            "segment": names(SEGMENTS, people.segment),
            "acquisition_channel": names(_SOURCES, numbers % len(_SOURCES)),
            "birthday": pa.array((clock.first_day + birth_day).astype(np.int32), pa.date32()),
        }
    )


def _campaigns(people: People, cost: float, clock: Clock) -> pa.Table:
    reached = np.flatnonzero(np.isfinite(people.campaign_time))
    offered = people.offered[reached]
    return pa.table(
        {
            "customer": customer_ids(people.first + reached),
            "time": instants(clock.midnight(people.campaign_time[reached])),
            "arm": names(_ARMS, offered.astype(np.int64)),
            "campaign": pa.repeat("stay with us", len(reached)),
            "cost": np.where(offered, cost, 0.0),
        }
    )


def _truth(people: People, clock: Clock) -> pa.Table:
    return pa.table(
        {
            "customer": customer_ids(people.first + np.arange(len(people))),
            "joined": instants(clock.instant(people.joined)),
            "lapse": instants(clock.instant(people.lapse)),
            "lapse_untreated": instants(clock.instant(people.untreated)),
            "lapse_reason": names(_REASONS, people.unpaid.astype(np.int64)),
            "lapse_rate_per_day": people.lapse_rate,
            "purchase_rate_per_day": people.purchase_rate,
            "session_rate_per_day": people.session_rate,
            "mean_order_amount": people.order_mean,
            "offered": people.offered,
            "save_probability": people.save_probability,
        }
    )
