"""Contracts: terms that follow each other until the person leaves or a payment fails for good."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from churnscope.simulation.business import Contracts
from churnscope.simulation.clock import Clock, Days
from churnscope.simulation.people import People
from churnscope.simulation.processes import place, spread
from churnscope.simulation.streams import Part, stream
from churnscope.simulation.texts import customer_ids, instants, names

PLANS = ("basic", "standard", "premium")
KINDS = ("service", "product")
_PRICE_FACTORS = np.array([0.6, 1.0, 1.8])
_PLAN_SHARES = (0.5, 0.8)  # cumulative: half start on basic, three in ten on standard
_ANNUAL_DAYS = 365
_ANNUAL_DISCOUNT = 0.85
_PRODUCT_SHARE = 0.3


@dataclass(frozen=True)
class Agreements:
    """What each person of a group agreed to on joining; every array has shape (n,).

    Parameters
    ----------
    start : days since the first midnight of the log, a midnight.
    term_days : length of each of the person's terms.
    unpaid_term : number of the term, from 1, whose payment will fail for good.
    unpaid_end : when the contract ends for it.
    """

    start: Days
    term_days: NDArray[np.int64]
    automatic: NDArray[np.bool_]
    plan: NDArray[np.int64]
    kind: NDArray[np.int64]
    unpaid_term: NDArray[np.int64]
    unpaid_end: Days


def draw_agreements(people: People, contracts: Contracts, seed: int) -> Agreements:
    """Every person's contract. The first term is always paid."""
    random = stream(seed, people.group, Part.CONTRACTS)
    n, start = len(people), np.floor(people.joined)
    term_days = np.where(random.random(n) < contracts.annual_share, _ANNUAL_DAYS, contracts.term_days)
    chance = contracts.failed_share * contracts.lost_share
    unpaid_term = np.minimum(random.geometric(max(chance, 1e-9), n), 10**6)
    return Agreements(
        start=start,
        term_days=term_days,
        automatic=random.random(n) < contracts.automatic_share,
        plan=np.searchsorted(_PLAN_SHARES, random.random(n)),
        kind=(random.random(n) < _PRODUCT_SHARE).astype(np.int64),
        unpaid_term=unpaid_term,
        unpaid_end=start + unpaid_term * term_days + contracts.dunning_days if chance > 0 else np.full(n, np.inf),
    )


def contract_log(people: People, agreements: Agreements, contracts: Contracts, clock: Clock, seed: int) -> pa.Table:
    """The terms of a group that began before the end of the log, by start. What the future holds for them is not in it."""
    random = stream(seed, people.group, Part.CONTRACTS, log=1)
    terms = _terms(people, agreements, clock)
    owner = terms.owner
    plan = _plans(random, agreements.plan[owner], terms.number, contracts.plan_change_share)
    columns = {
        "customer": customer_ids(people.first + owner),
        "start": instants(clock.midnight(terms.start)),
        "end": instants(clock.midnight(terms.end)),
        "ended": instants(clock.midnight(people.lapse[owner]), ~terms.unpaid),
        "plan": names(PLANS, plan),
        "price": np.round(_prices(contracts, agreements.term_days[owner], plan), 2),
        "period": agreements.term_days[owner],
        "auto_renew": agreements.automatic[owner],
        "cancelled": instants(clock.instant(people.lapse[owner]), ~terms.cancelled),
        "reason": names(("cancelled", "payment"), terms.unpaid.astype(np.int64), missing=~(terms.cancelled | terms.unpaid)),
        "kind": names(KINDS, agreements.kind[owner]),
    }
    table = pa.table(columns | _payments(random, terms, contracts, clock))
    began = np.flatnonzero(terms.number < _terms_begun(people, agreements, clock)[owner])
    return table.take(pa.array(began[np.lexsort((owner[began], terms.start[began]))]))


@dataclass(frozen=True)
class _Terms:
    """Terms by person and number, as if nobody left; arrays of shape (n_terms,), times in days since the log's start.

    Parameters
    ----------
    end : as agreed.
    unsettled : the payment fails for good.
    unpaid, cancelled : the contract ends for it, or is cancelled, within the log.
    """

    owner: NDArray[np.int64]
    number: NDArray[np.int64]
    start: Days
    end: Days
    unsettled: NDArray[np.bool_]
    unpaid: NDArray[np.bool_]
    cancelled: NDArray[np.bool_]


def _terms(people: People, agreements: Agreements, clock: Clock) -> _Terms:
    counts = np.ceil((clock.days - agreements.start) / agreements.term_days).astype(np.int64)
    begun = _terms_begun(people, agreements, clock)
    owner, number = spread(counts), place(counts)
    length, left = agreements.term_days[owner], people.lapse[owner]
    start = agreements.start[owner] + number * length
    unsettled = number == agreements.unpaid_term[owner]
    is_last = (number + 1 == begun[owner]) & (left < clock.days)
    unpaid = is_last & unsettled & people.unpaid[owner]
    return _Terms(
        owner=owner,
        number=number,
        start=start,
        end=start + length,
        unsettled=unsettled,
        unpaid=unpaid,
        cancelled=is_last & ~unpaid & agreements.automatic[owner],
    )


def _payments(random: np.random.Generator, terms: _Terms, contracts: Contracts, clock: Clock) -> dict[str, object]:
    """Due on the first day of the term; one that failed at first is paid some days later or never."""
    n = len(terms.owner)
    late = random.random(n) < contracts.failed_share * (1 - contracts.lost_share)
    paid = terms.start + np.where(late, 1 + 9 * random.random(n), 0.3)
    return {
        "due": instants(clock.midnight(terms.start)),
        "paid": instants(clock.instant(paid), terms.unsettled | (paid >= clock.days)),
        "failed": late | terms.unsettled,
    }


def _terms_begun(people: People, agreements: Agreements, clock: Clock) -> NDArray[np.int64]:
    """How many terms of each person began before both leaving and the end of the log."""
    until = np.minimum(people.lapse, clock.days) - agreements.start
    return np.maximum(np.ceil(until / agreements.term_days), 1).astype(np.int64)


def _plans(random: np.random.Generator, first: NDArray[np.int64], number: NDArray[np.int64], share: float) -> NDArray[np.int64]:
    """The plan of every term: the one before it, unless the person changed."""
    n = len(first)
    changed = (number == 0) | (random.random(n) < share)
    choice = np.where(number == 0, first, random.integers(0, len(PLANS), n))
    since = np.maximum.accumulate(np.where(changed, np.arange(n), 0))
    return choice[since]


def _prices(contracts: Contracts, term_days: NDArray[np.int64], plan: NDArray[np.int64]) -> Days:
    """Price of a term: a long one costs less a day."""
    months = term_days / contracts.term_days
    factor = np.where(months > 1, _ANNUAL_DISCOUNT, 1.0)
    prices: Days = contracts.price * _PRICE_FACTORS[plan] * months * factor
    return prices
