"""The purchase log: orders of a Poisson process until the person leaves, each cut into lines, some of which come back."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from churnscope.simulation.business import Purchases
from churnscope.simulation.clock import Clock, Days
from churnscope.simulation.people import People
from churnscope.simulation.processes import Occurrences, place, poisson, spread
from churnscope.simulation.streams import Part, stream
from churnscope.simulation.texts import customer_ids, instants, names, numbered, order_ids

_CENTS = 100
_DISCOUNT = 0.1
_RETURN_DAYS = 10.0  # mean days until a line comes back
_HABIT = 0.7  # share of lines bought in the person's usual channel


@dataclass(frozen=True)
class Lines:
    """Purchase lines, in any order; every array has shape (n,). Returns have negative cents and quantity."""

    owner: NDArray[np.int64]
    time: Days
    order: NDArray[np.int64]  # number of the order within the person's
    cents: NDArray[np.int64]
    discount_cents: NDArray[np.int64]
    quantity: NDArray[np.int64]
    product: NDArray[np.int64]
    channel: NDArray[np.int64]

    def taken(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Lines:
        """Some of the rows."""
        return Lines(*(column[rows] for column in vars(self).values()))


def purchase_log(people: People, purchases: Purchases, clock: Clock, seed: int) -> pa.Table:
    """All purchase lines of a group, by time.

    Lines are drawn to the end of the log and then cut where their person leaves, so that one seed gives the same past to those
    whom a campaign keeps and to those whom it does not.
    """
    orders = _orders(people, clock, stream(seed, people.group, Part.ORDERS))
    lines = _lines(orders, people, purchases, stream(seed, people.group, Part.LINES))
    sold = lines.time < people.lapse[lines.owner]
    back, is_faulty = _faults(lines, purchases, stream(seed, people.group, Part.RETURNS))
    returned = sold & is_faulty & (back < clock.days)
    shown = _together(lines.taken(sold), _returns(lines.taken(returned), back[returned]))
    return _table(shown, people, purchases, clock)


def _orders(people: People, clock: Clock, random: np.random.Generator) -> Occurrences:
    """When people would order if nobody left: on joining, then at their rate; by person and time."""
    later = poisson(random, people.purchase_rate, people.joined, clock)
    everyone = np.arange(len(people))
    owner = np.concatenate((everyone, later.owner))
    time = np.concatenate((people.joined, later.time))
    return Occurrences(owner, time).taken(np.lexsort((time, owner)))


def _lines(orders: Occurrences, people: People, purchases: Purchases, random: np.random.Generator) -> Lines:
    counts = 1 + random.poisson(purchases.lines_per_order - 1, len(orders))
    order = spread(counts)
    n, owner = len(order), orders.owner[order]
    value = random.standard_gamma(purchases.amount_p, len(orders)) / purchases.amount_p * people.order_mean[orders.owner]
    cents = np.maximum(np.rint(_CENTS * value[order] * _shares(random, counts)), 1).astype(np.int64)
    reduced = random.random(n) < purchases.discount_share
    usual = (people.first + owner) * 7 % purchases.channels  # spread evenly over the channels, without a draw
    return Lines(
        owner=owner,
        time=orders.time[order],
        order=place(np.bincount(orders.owner, minlength=len(people)))[order],
        cents=cents,
        discount_cents=np.where(reduced, np.rint(cents * _DISCOUNT / (1 - _DISCOUNT)), 0).astype(np.int64),
        quantity=1 + random.poisson(0.5, n),
        product=(purchases.products * random.random(n) ** 2).astype(np.int64),  # few sell often, many seldom
        channel=np.where(random.random(n) < _HABIT, usual, random.integers(0, purchases.channels, n)),
    )


def _shares(random: np.random.Generator, counts: NDArray[np.int64]) -> Days:
    """How an order's value is divided among its lines: evenly over all ways to divide it."""
    weights = random.standard_exponential(int(counts.sum()))
    order = spread(counts)
    return weights / np.bincount(order, weights, minlength=len(counts))[order]


def _faults(lines: Lines, purchases: Purchases, random: np.random.Generator) -> tuple[Days, NDArray[np.bool_]]:
    """When each line would come back, and whether it does."""
    n = len(lines.time)
    return lines.time + random.standard_exponential(n) * _RETURN_DAYS, random.random(n) < purchases.return_share


def _returns(goods: Lines, time: Days) -> Lines:
    """The lines that take `goods` back."""
    return replace(goods, time=time, cents=-goods.cents, discount_cents=-goods.discount_cents, quantity=-goods.quantity)


def _together(lines: Lines, returns: Lines) -> Lines:
    """All rows, by time, ties by person and by the order in which they were drawn."""
    both = Lines(*(np.concatenate(pair) for pair in zip(vars(lines).values(), vars(returns).values(), strict=True)))
    return both.taken(np.lexsort((both.owner, both.time)))


def _table(lines: Lines, people: People, purchases: Purchases, clock: Clock) -> pa.Table:
    return pa.table(
        {
            "customer": customer_ids(people.first + lines.owner),
            "time": instants(clock.instant(lines.time)),
            "amount": lines.cents / _CENTS,
            "quantity": lines.quantity,
            "order": order_ids(people.first + lines.owner, lines.order, lines.cents < 0),
            "product": names(numbered("P", purchases.products), lines.product),
            "category": names(numbered("category ", purchases.categories), lines.product % purchases.categories),
            "channel": names(numbered("channel ", purchases.channels), lines.channel),
            "discount": lines.discount_cents / _CENTS,
        }
    )
