"""How long contracts last by their age, and what those in force will bring."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from churnscope.errors import InputError
from churnscope.survival import Waits
from churnscope.value.contracts import DAYS_PER_MONTH, Days, Terms, in_force
from churnscope.value.intervals import Interval
from churnscope.value.repeat_purchase import DAYS_PER_YEAR
from churnscope.value.repeat_rows import Array

FEWEST_ENDS = 30  # of contracts in a group, for it to have rates of its own
FEWEST_WATCHED = 30  # at an age, for its rate to count
FEWEST_LATE_ENDS = 10  # in the later half of the known ages, for its rate to go on
MOST_DAYS = 3_653  # ten years: what would come later counts for nothing
CELLS_AT_ONCE, CONTRACTS_AT_ONCE = 512, 2_048
POINTS = 256
HAIR = 1e-9  # sums of the same prices in another order differ by less

Group = tuple[int, int]  # plan and months


@dataclass(frozen=True, eq=False)
class Rates:
    """Chance of a contract to end at each age in days.

    Parameters
    ----------
    by_age : shape (known_days + 1,), of those that had not ended before.
    later : at every age after that.
    contracts, ended : how many were watched, and how many of their ends.
    watched_days : for how many days, all contracts together.
    """

    by_age: Array
    later: float
    contracts: int
    ended: int
    watched_days: int

    @property
    def known_days(self) -> int:
        """The last age at which enough contracts were watched."""
        return len(self.by_age) - 1

    def in_force(self, ages: Days, days: int) -> Array:
        """P(in force for more than t further days | in force at an age), t = 0 .. days - 1, shape (n, days)."""
        size = int(ages.max(initial=0)) + days
        stays = np.full(size, 1 - self.later)
        known = min(size, len(self.by_age))
        stays[:known] = 1 - self.by_age[:known]
        return np.cumprod(sliding_window_view(stays, days)[ages], axis=1)

    def share_after(self, days: int) -> float:
        """Share of new contracts that last longer."""
        return float(self.in_force(np.zeros(1, np.int64), days + 1)[0, -1])


@dataclass(frozen=True, eq=False)
class Lasting:
    """Rates by group of plan and length of term; groups too small have those of all contracts.

    References
    ----------
    Kaplan, E. L., Meier, P. (1958): the rates are the factors of their estimate, a contract that was in force before it was
    watched counting from then on (left truncation), and a change of plan ending the wait in one group and beginning it in
    another.
    P. Fader, B. Hardie (2010), Customer-base valuation in a contractual setting, Marketing Science 29(1): value as discounted
    expected residual lifetime.
    """

    groups: dict[Group, Rates]
    together: Rates

    @classmethod
    def of(cls, terms: Terms, day: int, grace_days: int) -> Lasting:
        """From the terms as known on a day.

        Raises
        ------
        InputError : when no contract had ended.
        """
        is_over = ~terms.is_renewed & (terms.end + grace_days < day)
        if not is_over.any():
            raise InputError(
                "No contract has ended so far, so nothing tells how long they last.",
                "Give a longer history, or a later --as-of.",
            )
        # Files may hold only contracts that still ran at some time: what is watched begins with the first end that is seen.
        since = int(terms.end[is_over].min())
        together = _rates(terms, day, since, is_over)
        groups: dict[Group, Rates] = {}
        for plan, months in np.unique(np.stack([terms.plan, terms.months], axis=1), axis=0).tolist():
            here = (terms.plan == plan) & (terms.months == months)
            if is_over[here].sum() > FEWEST_ENDS:
                own = _rates(terms.keep(here), day, since, is_over[here])
                if own is not None and own.ended >= FEWEST_ENDS:
                    groups[plan, months] = own
        if together is None:
            raise InputError(
                "Contracts ended on one day only, so that nothing tells how long they last.", "Give a longer history."
            )
        return cls(groups, together)

    def constant(self) -> Lasting:
        """The same with one rate for all ages, that of all ends over all days: what a plain churn rate says."""
        return Lasting({group: _level(rates) for group, rates in self.groups.items()}, _level(self.together))

    def rates(self, group: Group) -> Rates:
        """Those of a group."""
        return self.groups.get(group, self.together)


@dataclass(frozen=True, eq=False)
class ContractForecast:
    """Of each customer with a contract in force, shape (n_customers,) each; money in currency.

    Parameters
    ----------
    customer : the customers' numbers, rising.
    contracts : in force.
    day_price : of all of them, a day.
    stays : P(one of them is in force when the horizon ends).
    spend : expected for the days of the horizon.
    within : between what and what it lies for four in five customers alike.
    worth : what is earned with the contracts, discounted to today.
    worth_if_kept : the same of a customer all of whose contracts are kept through the time in question.
    beyond : the part of `worth` at ages at which too few contracts were watched.
    """

    customer: Days
    contracts: Days
    day_price: Array
    stays: Array
    spend: Array
    within: Interval
    worth: Array
    worth_if_kept: Array
    beyond: Array


@dataclass(frozen=True)
class Money:
    """What is asked of contracts in force.

    Parameters
    ----------
    horizon_days : that the expected spend covers.
    kept_days : through which a customer who is kept is kept.
    margin : share of the revenue that is earned.
    yearly_discount : effective rate a year, above 0.
    """

    horizon_days: int
    kept_days: int
    margin: float
    yearly_discount: float


def forecast(lasting: Lasting, terms: Terms, day: int, grace_days: int, money: Money, *, share: float) -> ContractForecast:
    """What the contracts in force on a day will bring.

    Notes
    -----
    A day of a contract brings its price of a day, as of the term that runs, while it lasts: the value of a contract at age `a`
    is `margin * price * sum_t v^t P(in force for more than t days | in force at a)`, `v = (1 + discount)^(-1 / 365.25)`, which
    for one rate `1 - r` at all ages is `margin * price * r / (1 - v r)`. Several contracts of one customer end independently.
    Nothing later than ten years from now counts.
    """
    terms = terms.keep(in_force(terms, day, grace_days))
    terms = terms.keep(np.argsort(terms.customer, kind="stable"))
    age = np.minimum(terms.end, day) - terms.begun
    cells = np.empty((8, len(age)))
    for rates, where in _by_rates(lasting, terms):
        ages, place = np.unique(age[where], return_inverse=True)
        cells[:, where] = _answers(rates, ages, money, share)[:, place]
    mean_days, low, high, chance, stays, worth, kept, beyond = cells
    customer, begin, contracts = np.unique(terms.customer, return_index=True, return_counts=True)

    def total(values: Array) -> Array:
        return np.asarray(np.add.reduceat(values * terms.day_price, begin) if len(begin) else np.zeros(0))

    within = Interval(total(low), total(high), chance[begin])
    several = np.flatnonzero(contracts > 1)
    for part in _groups(several, contracts):
        places = np.concatenate([np.arange(begin[who], begin[who] + contracts[who]) for who in part])
        drawn = _drawn(lasting, terms, age, places, money.horizon_days) * terms.day_price[places][:, None]
        sums = np.sort(np.add.reduceat(drawn, np.cumsum(contracts[part]) - contracts[part], axis=0), axis=1)
        edges = np.array([(1 - share) / 2, (1 + share) / 2])
        low_at, high_at = np.minimum((edges * POINTS).astype(int), POINTS - 1)
        within.low[part], within.high[part] = sums[:, low_at], sums[:, high_at]
        assert within.chance is not None
        within.chance[part] = ((sums >= sums[:, [low_at]]) & (sums <= sums[:, [high_at]])).mean(axis=1)
    within = Interval(within.low * (1 - HAIR), within.high * (1 + HAIR), within.chance)
    gone = np.multiply.reduceat(1 - stays, begin) if len(begin) else np.zeros(0)
    return ContractForecast(
        customer,
        contracts,
        total(np.ones(len(age))),
        1 - gone,
        total(mean_days),
        within,
        total(worth),
        total(kept),
        total(beyond),
    )


def _answers(rates: Rates, ages: Days, money: Money, share: float) -> Array:
    """Of a contract of each age that costs 1 a day, shape (8, n_ages)."""
    parts = [ages[low : low + CELLS_AT_ONCE] for low in range(0, len(ages), CELLS_AT_ONCE)]
    return np.concatenate([_of_ages(rates, part, money, share) for part in parts], axis=1)


def _of_ages(rates: Rates, ages: Days, money: Money, share: float) -> Array:
    most = max(MOST_DAYS, money.horizon_days, money.kept_days)
    lasts = rates.in_force(ages, most)
    within = lasts[:, : money.horizon_days]
    discounted = money.margin * (1 + money.yearly_discount) ** (-np.arange(most) / DAYS_PER_YEAR)
    low, high = ((within > level).sum(axis=1) for level in ((1 + share) / 2, (1 - share) / 2))
    row = np.arange(len(ages))
    at_least = np.where(low > 0, within[row, np.maximum(low - 1, 0)], 1.0)
    more_than = np.where(high < money.horizon_days, within[row, np.minimum(high, money.horizon_days - 1)], 0.0)
    after = lasts[:, money.kept_days :] @ discounted[money.kept_days :]
    until = np.maximum(lasts[:, money.kept_days - 1], 1e-300)
    late = ages[:, None] + np.arange(most) > rates.known_days
    return np.stack(
        [
            within.sum(axis=1),
            low.astype(np.float64),
            high.astype(np.float64),
            at_least - more_than,
            within[:, -1],
            lasts @ discounted,
            discounted[: money.kept_days].sum() + after / until,
            (lasts * late) @ discounted,
        ]
    )


def _drawn(lasting: Lasting, terms: Terms, age: Days, places: NDArray[np.intp], horizon_days: int) -> Array:
    """Days in force in the horizon of some contracts, drawn evenly, shape (n, POINTS)."""
    rng = np.random.default_rng(0)
    order = rng.permuted(np.tile(np.arange(POINTS), (len(places), 1)), axis=1)
    drawn = np.empty((len(places), POINTS))
    for rates, where in _by_rates(lasting, terms.keep(places)):
        ages, cell = np.unique(age[places][where], return_inverse=True)
        over = 1 - rates.in_force(ages, horizon_days)  # rising
        lifted = (over + 2.0 * np.arange(len(ages))[:, None]).ravel()
        asked = (order[where] + 0.5) / POINTS + 2.0 * cell[:, None]
        found = np.searchsorted(lifted, asked.ravel(), side="left").reshape(asked.shape)
        drawn[where] = found - horizon_days * cell[:, None]
    return drawn


def _by_rates(lasting: Lasting, terms: Terms) -> list[tuple[Rates, NDArray[np.intp]]]:
    """The rates, and the places of the terms they are for."""
    left, found = np.ones(len(terms.plan), np.bool_), []
    for (plan, months), rates in lasting.groups.items():
        here = (terms.plan == plan) & (terms.months == months)
        found.append((rates, np.flatnonzero(here)))
        left &= ~here
    return [(rates, where) for rates, where in (*found, (lasting.together, np.flatnonzero(left))) if len(where)]


def _groups(customers: NDArray[np.intp], contracts: Days) -> list[NDArray[np.intp]]:
    """Customers in parts of about as many contracts."""
    part = np.cumsum(contracts[customers]) // CONTRACTS_AT_ONCE
    return [each for each in np.split(customers, np.flatnonzero(np.diff(part)) + 1) if len(each)]


def _rates(terms: Terms, day: int, since: int, is_over: NDArray[np.bool_]) -> Rates | None:
    """Of the terms as known on a day, watched from another one on; None where no end is left."""
    start, end = terms.start - terms.begun, terms.end - terms.begun
    # A contract in force was so up to the day before; one whose renewal is awaited, up to the day before its end.
    through = np.where(is_over | terms.is_renewed, end, np.minimum(end, day - terms.begun) - 1)
    late = np.maximum(start, since - terms.begun)
    watched = np.where(late > 0, through > late, through >= 0)
    if not (watched & is_over).any():
        return None
    waits = Waits.of(through[watched], is_over[watched], np.maximum(late[watched], 0))
    at_risk, happened = waits.at_risk, waits.happened
    known = np.flatnonzero(at_risk >= min(FEWEST_WATCHED, int(at_risk.max())))
    last = int(known[-1])
    by_age = happened[: last + 1] / np.maximum(at_risk[: last + 1], 1)
    ended, days = int(happened.sum()), int(at_risk.sum())
    late_days = _late_days(last, terms.months)
    stays = float(np.prod(1 - by_age[last + 1 - late_days :]))
    is_told = happened[last + 1 - late_days : last + 1].sum() >= FEWEST_LATE_ENDS and stays > 0
    later = 1 - stays ** (1 / late_days) if is_told else ended / days
    return Rates(by_age, later, int((watched & ~terms.is_renewed).sum()), ended, days)


def _late_days(last: int, months: Days) -> int:
    """About the later half of the known ages, in whole terms where all are of one length: contracts end when these do."""
    half = last - last // 2
    term = round(int(months[0]) * DAYS_PER_MONTH) if (months == months[0]).all() else 0
    return min(max(half // term, 1) * term, last + 1) if term else max(half, 1)


def _level(rates: Rates) -> Rates:
    level = rates.ended / rates.watched_days
    return Rates(np.full(len(rates.by_age), level), level, rates.contracts, rates.ended, rates.watched_days)
