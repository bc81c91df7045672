"""What recent purchasers buy, and what of it rises or falls from one stretch of days to the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta, binom

from churnscope.chance import false_discovery_rates
from churnscope.events import Events

Whole = NDArray[np.int64]
Array = NDArray[np.float64]
NOW, BEFORE, YEAR_BEFORE = 0, 1, 2
LEAST_CUSTOMERS: Final = 20  # in both stretches together: of fewer nothing is said to rise or fall
FALSE_DISCOVERIES: Final = 0.05
YEAR_DAYS: Final = 364  # whole weeks, so that the same days of the week are compared
_TAIL = 0.025


@dataclass(frozen=True, eq=False)
class Bought:
    """Customers and money by stretch of days and by what was bought.

    Parameters
    ----------
    stretch : `NOW`, `BEFORE` or `YEAR_BEFORE`, shape (n,).
    code : of the text, shape (n,); 0 where none is told.
    customers, amount : shape (n,), who bought it, and for how much in whole units of money.
    purchasers : shape (3,), customers who bought anything in each stretch.
    """

    stretch: Whole
    code: Whole
    customers: Whole
    amount: Whole
    purchasers: Whole


def bought(events: Events, column: str, day: int, days: int) -> Bought:
    """What some customers bought in the `days` before a day, in as many before those, and in the same days a year ago.

    Parameters
    ----------
    events : purchases known at the day. Returns are left out.
    column : product or category.
    """
    age = day - events.day.astype(np.int64)
    stretch = np.select([age <= days, age <= 2 * days, (age > YEAR_DAYS) & (age <= YEAR_DAYS + days)], [NOW, BEFORE, 2], -1)
    keep = (stretch >= 0) & (age > 0)
    if "is_return" in events.signals:
        keep &= ~events.signals["is_return"].astype(np.bool_)
    rows = np.flatnonzero(keep)
    stretch, code, customer = stretch[rows], events.signals[column][rows].astype(np.int64), events.customer[rows]
    amount = events.signals["amount"][rows].astype(np.int64) if "amount" in events.signals else np.zeros(len(rows), np.int64)
    order = np.lexsort((customer, code, stretch))
    stretch, code, customer, amount = stretch[order], code[order], customer[order], amount[order]
    is_new = np.ones(len(order), np.bool_)
    is_new[1:] = (np.diff(stretch) != 0) | (np.diff(code) != 0)
    is_other = is_new.copy()
    is_other[1:] |= np.diff(customer) != 0
    begins = np.flatnonzero(is_new)
    who = np.unique(stretch * events.n_customers + customer) // max(1, events.n_customers)
    if not len(begins):
        none = np.empty(0, np.int64)
        return Bought(none, none, none, none, np.zeros(3, np.int64))
    return Bought(
        stretch[begins],
        code[begins],
        np.add.reduceat(is_other.astype(np.int64), begins),
        np.add.reduceat(amount, begins),
        np.bincount(who, minlength=3),
    )


def together(parts: Sequence[Bought]) -> Bought:
    """The sums of ranges of customers, who are different ones in each."""
    code, place = np.unique(np.concatenate([part.code for part in parts]), return_inverse=True)
    stretch = np.concatenate([part.stretch for part in parts])
    keys, cell = np.unique(stretch * len(code) + place, return_inverse=True)
    sums = np.zeros((2, len(keys)), np.int64)
    np.add.at(sums[0], cell, np.concatenate([part.customers for part in parts]))
    np.add.at(sums[1], cell, np.concatenate([part.amount for part in parts]))
    purchasers = np.sum([part.purchasers for part in parts], axis=0)
    return Bought(keys // max(1, len(code)), code[keys % max(1, len(code))], sums[0], sums[1], purchasers)


@dataclass(frozen=True, eq=False)
class Trends:
    """What was bought, that of most customers first; each array of shape (n,).

    Parameters
    ----------
    code : of the text.
    customers, amount : shape (3, n), by stretch.
    purchasers : shape (3,), customers who bought anything.
    ratio, low, high : the share of purchasers who bought it now over that before, with its exact 95 % interval.
    rate : of false discoveries at which it counts as changed; NaN for what too few customers bought.
    """

    code: Whole
    customers: Whole
    amount: Whole
    purchasers: Whole
    ratio: Array
    low: Array
    high: Array
    rate: Array

    @property
    def direction(self) -> NDArray[np.int8]:
        """1 for what rises, -1 for what falls, 0 for what cannot be told from chance."""
        changed = self.rate <= FALSE_DISCOVERIES  # never where it is NaN
        return np.where(changed, np.sign(self.ratio - 1), 0).astype(np.int8)


def trends(found: Bought) -> Trends:
    """How what is bought changed from one stretch to the next.

    Notes
    -----
    Where nothing changed, those who bought it are spread over the two stretches as all purchasers are: given their sum n, the
    newer number is binomial with `N / (N + N')`. The test and the interval of the ratio are exact. Of many products some would
    rise by chance: the rate of false discoveries is held, and what fewer than 20 customers bought is not tested. A customer can
    buy in both stretches, which makes the test careful rather than rash.

    References
    ----------
    J. Przyborowski, H. Wilenski (1940), Homogeneity of results in testing samples from Poisson series, Biometrika 31, 313-323.
    Y. Benjamini, Y. Hochberg (1995), Journal of the Royal Statistical Society B 57(1), 289-300.
    """
    named = found.code != 0
    codes, place = np.unique(found.code[named], return_inverse=True)
    customers, amount = np.zeros((3, len(codes)), np.int64), np.zeros((3, len(codes)), np.int64)
    customers[found.stretch[named], place] = found.customers[named]
    amount[found.stretch[named], place] = found.amount[named]
    order = np.lexsort((codes, -amount[NOW], -customers[NOW]))
    codes, customers, amount = codes[order], customers[:, order], amount[:, order]
    now, before = found.purchasers[NOW], found.purchasers[BEFORE]
    if not now or not before:
        nothing = np.full(len(codes), np.nan)
        return Trends(codes, customers, amount, found.purchasers, nothing, nothing, nothing, nothing)
    share, newer, n = now / (now + before), customers[NOW], customers[NOW] + customers[BEFORE]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (newer / now) / (customers[BEFORE] / before)
        low = np.where(newer > 0, beta.ppf(_TAIL, newer, n - newer + 1), 0.0)
        high = np.where(newer < n, beta.ppf(1 - _TAIL, newer + 1, n - newer), 1.0)
        low, high = (np.where(end < 1, end / (1 - end), np.inf) * before / now for end in (low, high))
    p = np.minimum(1, 2 * np.minimum(binom.cdf(newer, n, share), binom.sf(newer - 1, n, share)))
    tested = n >= LEAST_CUSTOMERS
    rates = false_discovery_rates(np.where(tested, p, np.nan))
    return Trends(codes, customers, amount, found.purchasers, ratio, low, high, rates)
