"""Small random logs that lie where definitions break: on window edges, tied in time, late, negative, missing."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from churnscope.activity import Activity
from churnscope.config.models import Activity as ActivityConfig
from churnscope.config.models import Label, Rule
from churnscope.events import Block, Events
from churnscope.events.block import NO_DAY
from churnscope.levels import Level
from churnscope.snapshots import SnapshotPlan
from churnscope.timeline import Timing
from oracle.history import Row

CUTOFFS = (1_000, 1_030, 1_045, 1_090)
WINDOWS = (7, 30, 90)
TIMING = Timing(horizon_days=30, gap_days=7)
AS_OF = 1_100  # the outcome of the last two cutoffs is not complete
MICROSECONDS = 86_400_000_000
NO_EVENT = Label()
INSTANTS = (0, 1, MICROSECONDS // 2, MICROSECONDS - 1)
OWN = {
    "purchases": ("gift", "weight"),
    "engagement": ("score",),
    "support": (),
    "contacts": ("gift",),
    "campaigns": (),
    "subscriptions": ("gift",),
    "customers": ("fee", "moved", "paper", "region"),
    "extra_features": ("credit",),
}
FLAGS = {
    "purchases": frozenset({"gift"}),
    "subscriptions": frozenset({"gift"}),
    "customers": frozenset({"loyalty", "do_not_contact", "paper"}),
}
DATES = {"customers": frozenset({"start", "valid_to", "birthday", "loyalty_since", "moved"})}
LEVELS = {
    "customers": {"region": (Level("North", 1), Level("South", -(2**62))), "acquisition_channel": (Level("web", 10**17),)},
    "engagement": {"kind": (Level("click", 1), Level("open", 3)), "channel": (Level("shop", 0x5), Level("web", 1))},
}


@dataclass(frozen=True)
class Shape:
    """How a scene is drawn; `late` is the share of rows known only days after they happened."""

    seed: int
    customers: int = 16
    late: float = 0.0
    rules: tuple[Rule, ...] = (Rule(source="shop", days=90), Rule(source="app", days=30, at_least=2))
    combine: str = "any"
    label: Label = NO_EVENT
    renewals: int | None = None
    due_days: tuple[int, int] | None = None


def scene(shape: Shape) -> Block:
    rng = np.random.default_rng(shape.seed)
    logs = {role: random_events(rng, shape, SIGNALS[role], once=role == "customers") for role in SIGNALS}
    logs["support"] = resolve(rng, logs["support"])
    logs["subscriptions"] = close(np.random.default_rng([shape.seed, 1]), logs["subscriptions"])
    return Block(0, shape.customers, logs)


def plan(block: Block, shape: Shape, **changes: object) -> SnapshotPlan:
    columns = {role: frozenset(events.signals) for role, events in block.logs.items()}
    places = {"shop": ("purchases", 0), "app": ("engagement", 0), "outlet": ("purchases", 1)}
    places |= {"help": ("support", 0), "crm": ("contacts", 0), "contracts": ("subscriptions", 0)}
    activity = Activity(ActivityConfig(rules=shape.rules, combine=shape.combine), places, 0.01)
    asked = CUTOFFS, timing_of(shape), WINDOWS, activity, shape.label, columns, AS_OF
    known = {"flags": FLAGS, "dates": DATES, "levels": LEVELS, "due_days": shape.due_days}
    whole = SnapshotPlan(*asked, resolution=0.01, dtype=np.float64, **known)
    return SnapshotPlan(**{**vars(whole), **changes})


def timing_of(shape: Shape) -> Timing:
    """Ends of contracts are known only when the days of grace are over; those of counted renewals lie in the horizon."""
    if shape.label.kind != "contract_end" or shape.renewals:
        return replace(TIMING, renewals=shape.renewals)
    return replace(TIMING, grace_days=max(rule.grace_days for rule in shape.rules))


def random_events(rng: np.random.Generator, shape: Shape, draw: object, *, once: bool) -> Events:
    """Rows of one role; `once`: never two of a customer at one instant."""
    size = rng.integers(0, 12, shape.customers) * (rng.random(shape.customers) < 0.85)
    customer = np.repeat(np.arange(shape.customers, dtype=np.int32), size)
    n = len(customer)
    edges = [cutoff - window + slip for cutoff in CUTOFFS for window in (0, *WINDOWS) for slip in (-1, 0, 1)]
    day = np.where(rng.random(n) < 0.6, rng.choice(edges, n), rng.integers(min(CUTOFFS) - 150, AS_OF, n))
    time = day * MICROSECONDS + rng.choice(INSTANTS, n)
    order = np.lexsort((rng.random(n), time, customer))
    day, time = np.minimum(day, AS_OF - 1)[order].astype(np.int32), time[order]
    order = np.lexsort((time, customer))
    day, time = day[order], time[order]
    time = np.minimum(time, AS_OF * MICROSECONDS - 1)
    if once:
        _, kept = np.unique(np.stack([customer, time]), axis=1, return_index=True)
        customer, day, time, n = customer[kept], day[kept], time[kept], len(kept)
    lag = np.where(rng.random(n) < shape.late, rng.integers(1, 60, n), 0)
    visible_day = (day + 1 + lag).astype(np.int32) if shape.late else None
    return Events(shape.customers, customer, time, day, draw(rng, n), visible_day)


def purchase_signals(rng: np.random.Generator, n: int) -> dict[str, np.ndarray]:
    is_return = rng.random(n) < 0.2
    size = rng.choice([0, 1, 999, 10**4, 10**12], n) + rng.integers(0, 3, n)
    return {
        "amount": np.where(is_return, -size, size),
        "quantity": with_missing(rng, rng.integers(1, 9, n) / 3),
        "is_return": is_return,
        "order": rng.choice([0, 7, 8, 9, -(2**62)], n),
        "product": rng.integers(-2, 4, n) * 10**17,
        "category": rng.integers(0, 3, n),
        "channel": rng.integers(0, 3, n),
        "discount": rng.choice([0, 0, 5, 10**4], n),
        "minute_of_day": rng.choice([0, 359, 360, 1_079, 1_080, 1_439], n),
        "gift": rng.random(n) < 0.3,
        "weight": with_missing(rng, rng.lognormal(0, 4, n)),
    }


def engagement_signals(rng: np.random.Generator, n: int) -> dict[str, np.ndarray]:
    return {
        "kind": rng.integers(0, 4, n),
        "channel": rng.integers(0, 2, n),
        "value": with_missing(rng, rng.normal(0, 10, n)),
        "duration": with_missing(rng, rng.exponential(30, n)),
        "minute_of_day": rng.integers(0, 1_440, n),
        "score": with_missing(rng, rng.normal(0, 1, n)),
    }


def support_signals(rng: np.random.Generator, n: int) -> dict[str, np.ndarray]:
    """Without the resolution, which depends on when a ticket was opened: `resolve` adds it."""
    return {
        "severity": with_missing(rng, rng.integers(1, 5, n).astype(float)),
        "topic": rng.integers(0, 3, n) * 10**17,
        "satisfaction": with_missing(rng, rng.integers(1, 6, n).astype(float)),
    }


def resolve(rng: np.random.Generator, tickets: Events) -> Events:
    """Tickets resolved on the same day, on or beside an edge of a window, some days later, or never; some at one instant."""
    n = len(tickets.day)
    edges = [cutoff - window + slip for cutoff in CUTOFFS for window in (0, *WINDOWS) for slip in (-1, 0, 1)]
    later = np.choose(rng.integers(0, 3, n), [tickets.day, rng.choice(edges, n), tickets.day + rng.integers(0, 40, n)])
    day = np.maximum(later, tickets.day)
    is_open = rng.random(n) < 0.3
    time = np.where(is_open, 0, day * MICROSECONDS + rng.choice(INSTANTS, n))
    return replace(tickets, signals={**tickets.signals, "resolved": time, "resolved_day": np.where(is_open, NO_DAY, day)})


def term_signals(rng: np.random.Generator, n: int) -> dict[str, np.ndarray]:
    """Without the further times, which depend on the start: `close` adds them."""
    return {
        "gift": rng.random(n) < 0.5,
        "reason": rng.integers(0, 3, n),
        "plan": rng.integers(0, 3, n) * 10**17,
        "price": rng.choice([0, 5, 999, 1_000, 10**10], n),
        "auto_renew": rng.random(n) < 0.6,
        "kind": rng.integers(0, 3, n),
        "failed": rng.random(n) < 0.3,
    }


def close(rng: np.random.Generator, terms: Events) -> Events:
    """Terms that end on or beside an edge, where another starts, or never; some before it was agreed; some are cancelled."""
    n, edges = len(terms.day), [cutoff + days + slip for cutoff in CUTOFFS for days in (0, 7, 37, 51) for slip in (-1, 0, 1)]
    starts = terms.time[rng.permutation(n)] if n else terms.time
    agreed = np.choose(
        rng.integers(0, 3, n), [starts, at(rng, rng.choice(edges, n)), at(rng, terms.day + rng.integers(0, 90, n))]
    )
    agreed = np.maximum(agreed, terms.time)
    early = np.minimum(np.maximum(at(rng, rng.choice(edges, n)), terms.time), agreed)
    notice = np.maximum(at(rng, rng.choice(edges, n)), terms.time)
    signals = dict(terms.signals)
    due = at(rng, terms.day + rng.integers(-5, 40, n))
    paid = np.where(rng.random(n) < 0.3, at(rng, rng.choice(edges, n)), at(rng, due // MICROSECONDS + rng.integers(-3, 9, n)))
    told = (("end", agreed, 0.8), ("ended", early, 0.3), ("cancelled", notice, 0.4), ("due", due, 0.9), ("paid", paid, 0.7))
    for name, time, share in told:
        is_told = rng.random(n) < share
        signals[name] = np.where(is_told, time, 0)
        signals[f"{name}_day"] = np.where(is_told, time // MICROSECONDS, NO_DAY)
    return replace(terms, signals=signals)


def at(rng: np.random.Generator, day: np.ndarray) -> np.ndarray:
    return day * MICROSECONDS + rng.choice(INSTANTS, len(day))


def contact_signals(rng: np.random.Generator, n: int) -> dict[str, np.ndarray]:
    return {
        "channel": rng.choice([0, 1, 2, 3, 4, 10**17], n),
        "direction": rng.integers(0, 3, n),
        "response": rng.random(n) < 0.3,
        "gift": rng.random(n) < 0.5,
    }


def campaign_signals(rng: np.random.Generator, n: int) -> dict[str, np.ndarray]:
    return {
        "arm": rng.choice([0, 1, 2**40, -(2**40)], n),
        "campaign": rng.integers(0, 4, n),
        "cost": rng.choice([0, 5, 10**4], n),
        "outcome": rng.random(n) < 0.5,
    }


def customer_signals(rng: np.random.Generator, n: int) -> dict[str, np.ndarray]:
    """What is told of customers by two sources, with dates on and beside the cutoffs, or missing."""

    def days(*more: int) -> np.ndarray:
        return rng.choice([NO_DAY, *(cutoff + slip for cutoff in CUTOFFS for slip in (-1, 0, 1)), *more], n)

    return {
        "source": rng.integers(0, 2, n),
        "start": days(10, 400),
        "valid_to": np.where(rng.random(n) < 0.6, NO_DAY, days(20_000)),
        "birthday": days(-3_958, -3_957, 59, 60, 1_090 - 366, 1_045 - 365),  # -3958 is a 29 February
        "acquisition_channel": rng.choice([0, 1, 10**17], n),
        "acquisition_cost": with_missing(rng, rng.normal(50, 10, n)),
        "referred_by": rng.choice([0, 0, 5], n),
        "loyalty": with_missing(rng, rng.integers(0, 2, n).astype(float)),
        "loyalty_since": days(),
        "do_not_contact": rng.random(n) < 0.1,
        "region": rng.choice([0, 1, 2, -(2**62)], n),
        "paper": with_missing(rng, rng.integers(0, 2, n).astype(float)),
        "moved": days(),
        "fee": with_missing(rng, rng.normal(20, 5, n)),
    }


def extra_signals(rng: np.random.Generator, n: int) -> dict[str, np.ndarray]:
    return {"credit": with_missing(rng, rng.normal(0, 100, n))}


def with_missing(rng: np.random.Generator, values: np.ndarray) -> np.ndarray:
    return np.where(rng.random(len(values)) < 0.2, np.nan, values)


SIGNALS = {
    "purchases": purchase_signals,
    "engagement": engagement_signals,
    "support": support_signals,
    "contacts": contact_signals,
    "campaigns": campaign_signals,
    "subscriptions": term_signals,
    "customers": customer_signals,
    "extra_features": extra_signals,
}


def rows_of(events: Events, customer: int) -> list[Row]:
    """The rows of one customer, as they come."""
    visible = events.visible_day
    return [
        Row(
            int(events.day[i]),
            int(events.time[i]),
            int(events.day[i] + 1 if visible is None else visible[i]),
            {name: values[i].item() for name, values in events.signals.items()},
        )
        for i in np.flatnonzero(events.customer == customer)
    ]
