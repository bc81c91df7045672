"""Contracts: what is in force, until when, at what price, and how it came to that."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from churnscope.events import Events, Signal, ratio
from churnscope.events.block import NO_DAY
from churnscope.events.terms import ends_of
from churnscope.features.family import family
from churnscope.features.feature import FALLING, RISING, Feature, suffix, within
from churnscope.features.log import Log
from churnscope.roles import PAYMENT, PRODUCT, SERVICE

SAME_LENGTH = 1.25  # months differ by a tenth: terms whose lengths differ by less than this are priced alike
_UNKNOWN = np.int64(NO_DAY)


@family("subscriptions")
def terms(log: Log) -> Iterator[Feature]:
    """How many terms were begun, and how long ago the first one was."""
    yield Feature(
        name="days_since_first_term",
        unit="days",
        concept="terms",
        sentence="first contract {value:.0f} days ago",
        missing="never had a contract",
        values=log.rows.days_since_first(),
    )
    yield Feature(
        name="days_since_last_term",
        unit="days",
        concept="terms",
        sentence="last contract or renewal began {value:.0f} days ago",
        missing="never had a contract",
        values=log.rows.days_since_last(),
    )
    for window in log.windows:
        yield Feature(
            name=f"term_count_{suffix(window)}",
            unit="terms",
            window=window,
            concept="terms",
            sentence=f"{{value:.0f}} terms begun {within(window)}",
            values=log.rows.count(window),
        )


@family("subscriptions")
def terms_in_force(log: Log) -> Iterator[Feature]:
    """What is in force, for how long the customer has been under contract, and with which gaps."""
    covered = log.rows.terms.days_covered()
    yield Feature(
        name="term_in_force_count",
        unit="terms",
        concept="terms in force",
        sentence="{value:.0f} contracts in force",
        direction=FALLING,
        values=log.rows.terms.in_force(),
    )
    yield Feature(
        name="days_in_force_ever",
        unit="days",
        concept="contract tenure",
        sentence="under contract for {value:.0f} days so far",
        values=covered,
    )
    yield Feature(
        name="days_without_term_ever",
        unit="days",
        concept="contract gaps",
        sentence="{value:.0f} days without a contract since the first",
        missing="never had a contract",
        direction=RISING,
        values=log.rows.days_since_first() - covered,
    )
    back = log.rows.derive("back after a gap", _is_back)
    yield Feature(
        name="contract_gap_count_ever",
        unit="gaps",
        concept="contract gaps",
        sentence="came back after {value:.0f} gaps between contracts",
        values=log.rows.total(back),
    )
    yield Feature(
        name="renewals_in_a_row",
        unit="terms",
        concept="renewals",
        sentence="renewed {value:.0f} times in a row",
        missing="never had a contract",
        direction=FALLING,
        values=log.rows.last(log.rows.derive("renewals", _renewals)),
    )


@family("subscriptions", needs=("kind",))
def terms_by_kind(log: Log) -> Iterator[Feature]:
    """Whether products or services are under contract."""
    codes = log.role.column("kind")
    for kind in (PRODUCT, SERVICE):
        yield Feature(
            name=f"{kind}_term_in_force_count",
            unit="terms",
            concept="terms in force",
            sentence=f"{{value:.0f}} {kind} contracts in force",
            direction=FALLING,
            values=log.rows.select("kind", codes.code(kind)).terms.in_force(),
        )


@family("subscriptions", needs=("end",))
def renewal(log: Log) -> Iterator[Feature]:
    """How far the next renewal is, and how long the current term runs."""
    yield Feature(
        name="days_to_term_end",
        unit="days",
        concept="renewal",
        sentence="current term ends in {value:.0f} days",
        missing="no contract in force has an end",
        values=log.rows.terms.days_to_end(),
    )
    yield Feature(
        name="current_term_days",
        unit="days",
        concept="term length",
        sentence="current term is {value:.0f} days long",
        missing="no contract in force has an end",
        values=log.rows.terms.newest(log.rows.derive("length", _length)),
    )


@family("subscriptions", needs=("auto_renew",))
def auto_renewal(log: Log) -> Iterator[Feature]:
    """Whether contracts renew by themselves."""
    yield Feature(
        name="auto_renewing_share",
        unit="share",
        concept="auto-renewal",
        sentence="{value:.0%} of the contracts in force renew by themselves",
        missing="no contract in force",
        direction=FALLING,
        values=ratio(log.rows.terms.total("auto_renew"), log.rows.terms.in_force()),
    )


@family("subscriptions", needs=("price",))
def term_prices(log: Log) -> Iterator[Feature]:
    """What contracts cost, and how the price has moved."""
    ratios = log.rows.derive("price ratio", _price_ratio)
    yield Feature(
        name="current_term_price",
        unit="currency",
        concept="price",
        sentence="current term costs {value:,.2f}",
        missing="no contract in force",
        values=log.rows.terms.newest("price") * log.resolution,
    )
    yield Feature(
        name="price_in_force",
        unit="currency",
        concept="price",
        sentence="terms in force cost {value:,.2f} together",
        values=log.rows.terms.total("price") * log.resolution,
    )
    yield Feature(
        name="price_of_current_to_previous_term",
        unit="ratio",
        concept="price changes",
        sentence="current term at {value:.0%} of the price before",
        missing="no price before to compare with",
        direction=RISING,
        values=log.rows.terms.newest(ratios),
    )
    for window in log.windows:
        yield Feature(
            name=f"term_money_{suffix(window)}",
            unit="currency",
            window=window,
            concept="contract money",
            sentence=f"terms begun {within(window)} cost {{value:,.2f}}",
            values=log.rows.total("price", window) * log.resolution,
        )
    rise = log.rows.derive("price rise", partial(_price_moved, low=1.0, high=np.inf))
    cut = log.rows.derive("price cut", partial(_price_moved, low=-np.inf, high=1.0))
    for window in log.main_windows:
        yield Feature(
            name=f"price_rise_count_{suffix(window)}",
            unit="changes",
            window=window,
            concept="price changes",
            sentence=f"price rose {{value:.0f}} times {within(window)}",
            direction=RISING,
            values=log.rows.total(rise, window),
        )
        yield Feature(
            name=f"price_cut_count_{suffix(window)}",
            unit="changes",
            window=window,
            concept="price changes",
            sentence=f"price fell {{value:.0f}} times {within(window)}",
            values=log.rows.total(cut, window),
        )


@family("subscriptions", needs=("plan",))
def plan_changes(log: Log) -> Iterator[Feature]:
    """How often the customer took another plan."""
    changes = log.rows.select(log.rows.derive("another plan", _is_other_plan))
    yield Feature(
        name="days_since_plan_change",
        unit="days",
        concept="plan changes",
        sentence="took another plan {value:.0f} days ago",
        missing="never took another plan",
        values=changes.days_since_last(),
    )
    for window in log.main_windows:
        yield Feature(
            name=f"plan_change_count_{suffix(window)}",
            unit="changes",
            window=window,
            concept="plan changes",
            sentence=f"took another plan {{value:.0f}} times {within(window)}",
            values=changes.count(window),
        )
    yield Feature(
        name="plan_count_ever",
        unit="plans",
        concept="plan changes",
        sentence="{value:.0f} different plans so far",
        values=log.rows.distinct("plan"),
    )


@family("subscriptions", needs=("cancelled",))
def notices(log: Log) -> Iterator[Feature]:
    """Notice that the customer has given."""
    noticed = log.rows.at("cancelled")
    yield Feature(
        name="cancelled_in_force_count",
        unit="terms",
        concept="notice",
        sentence="notice given for {value:.0f} contracts still in force",
        direction=RISING,
        values=noticed.terms.in_force(),
    )
    yield Feature(
        name="days_since_notice",
        unit="days",
        concept="notice",
        sentence="gave notice {value:.0f} days ago",
        missing="never gave notice",
        values=noticed.days_since_last(),
    )
    yield Feature(
        name="notice_count_ever",
        unit="notices",
        concept="notice",
        sentence="gave notice {value:.0f} times so far",
        direction=RISING,
        values=noticed.count(),
    )


@family("subscriptions", needs=("ended",))
def early_ends(log: Log) -> Iterator[Feature]:
    """Terms that ended before it was agreed."""
    ended = log.rows.at("ended")
    yield Feature(
        name="days_since_early_end",
        unit="days",
        concept="early ends",
        sentence="a contract ended early {value:.0f} days ago",
        missing="no contract ended early",
        values=ended.days_since_last(),
    )
    yield Feature(
        name="early_end_count_ever",
        unit="terms",
        concept="early ends",
        sentence="{value:.0f} terms ended early so far",
        direction=RISING,
        values=ended.count(),
    )


@family("subscriptions", needs=("ended", "reason"))
def unpaid_ends(log: Log) -> Iterator[Feature]:
    """Terms that ended because a payment failed, which is no choice of the customer's."""
    yield Feature(
        name="unpaid_end_count_ever",
        unit="terms",
        concept="early ends",
        sentence="{value:.0f} terms ended so far because a payment failed",
        direction=RISING,
        values=log.rows.at("ended").select("reason", log.role.column("reason").code(PAYMENT)).count(),
    )


def _length(rows: Events) -> Signal:
    """Days from the start of a term to its agreed end; NaN where it is open-ended."""
    end = rows.signals["end_day"].astype(np.float64)
    return np.where(end > NO_DAY, end - rows.day, np.nan)


def _is_back(rows: Events) -> Signal:
    """Whether a day without a contract lies before a term, and another contract before that."""
    reach = _reach_before(rows)
    return (reach > _UNKNOWN) & (reach < rows.day)


def _renewals(rows: Events) -> Signal:
    """How many terms of the customer's unbroken stretch began before each, in the order of rows."""
    n = len(rows.day)
    place = np.arange(n, dtype=np.int64)
    first = _is_back(rows) | (place == rows.begin[rows.customer])
    return place - np.maximum.accumulate(np.where(first, place, 0)) if n else place


def _reach_before(rows: Events) -> NDArray[np.int64]:
    """The latest end among the customer's rows before each; `_UNKNOWN` for the first."""
    return _largest_before(ends_of(rows)[0], rows.customer)


def _largest_before(values: NDArray[np.int64], group: NDArray[np.int32] | NDArray[np.int64]) -> NDArray[np.int64]:
    """The largest value among the rows before each of the same group, `_UNKNOWN` for its first; groups stand together."""
    if not len(values):
        return values
    first = np.concatenate([[True], group[1:] != group[:-1]])
    # Groups are lifted above each other, so that one running maximum serves all of them.
    lift = np.cumsum(first) * np.int64(2**33)
    running = np.maximum.accumulate(values + lift)
    before = np.concatenate([[_UNKNOWN], running[:-1]]) - lift
    return np.where(first, _UNKNOWN, before)


def _instants(rows: Events) -> NDArray[np.int64]:
    """Where the rows of each customer's instants begin: what is begun at one instant is one decision."""
    new = np.ones(len(rows.day), np.bool_)
    new[1:] = (rows.time[1:] != rows.time[:-1]) | (rows.customer[1:] != rows.customer[:-1])
    return np.flatnonzero(new)


def _price_ratio(rows: Events) -> Signal:
    """Price of what was begun at an instant over that of what was begun before; of a day, where terms differ in length."""
    begins, n = _instants(rows), len(rows.day)
    if not n:
        return np.empty(0, np.float64)
    price = np.add.reduceat(rows.signals["price"], begins).astype(np.float64)
    days = np.maximum.reduceat(np.nan_to_num(_length(rows), nan=0.0), begins) if "end_day" in rows.signals else price * 0
    short, long = np.minimum(days[1:], days[:-1]), np.maximum(days[1:], days[:-1])
    differs = (short > 0) & (long > SAME_LENGTH * short)
    # Products of whole numbers are exact: an unchanged price a day is a ratio of exactly 1.
    now, before = price[1:] * np.where(differs, days[:-1], 1), price[:-1] * np.where(differs, days[1:], 1)
    has_before = (before > 0) & (rows.customer[begins[1:]] == rows.customer[begins[:-1]])
    ratios = np.full(len(begins), np.nan)
    ratios[1:][has_before] = now[has_before] / before[has_before]
    return np.repeat(ratios, np.diff(np.append(begins, n)))


def _price_moved(rows: Events, low: float, high: float) -> Signal:
    """Whether the ratio of prices lies between two bounds, told by the first row of each instant."""
    ratios, moved, begins = _price_ratio(rows), np.zeros(len(rows.day), np.bool_), _instants(rows)
    moved[begins] = (ratios[begins] > low) & (ratios[begins] < high)
    return moved


def _is_other_plan(rows: Events) -> Signal:
    """Whether a plan was taken that the customer did not have just before, beside or after another; once an instant."""
    plan, stop, n = rows.signals["plan"].astype(np.int64), ends_of(rows)[0], len(rows.day)
    changed = np.zeros(n, np.bool_)
    if not n:
        return changed
    order = np.lexsort((rows.time, plan, rows.customer))
    same = (rows.customer[order][1:] == rows.customer[order][:-1]) & (plan[order][1:] == plan[order][:-1])
    of_plan = np.concatenate([[0], np.cumsum(~same)])
    had_it = np.empty(n, np.int64)
    had_it[order] = _first_of_ties(_largest_before(stop[order], of_plan), of_plan, rows.time[order])
    had_any = _first_of_ties(_reach_before(rows), rows.customer, rows.time)
    other = (plan != 0) & (had_any >= rows.day) & (had_it < rows.day)
    begins = _instants(rows)
    changed[begins] = np.logical_or.reduceat(other, begins)
    return changed


def _first_of_ties(
    values: NDArray[np.int64], group: NDArray[np.int32] | NDArray[np.int64], time: NDArray[np.int64]
) -> NDArray[np.int64]:
    """For every row the value of the first one of its group and instant."""
    new = np.concatenate([[True], (group[1:] != group[:-1]) | (time[1:] != time[:-1])])
    first: NDArray[np.int64] = values[np.flatnonzero(new)[np.cumsum(new) - 1]]
    return first
