"""How long contracts last, and what they bring: against closed forms, by hand, and by drawing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnscope.errors import InputError
from churnscope.value.contracts import Terms
from churnscope.value.lasting import MOST_DAYS, ContractForecast, Lasting, Money, Rates, forecast
from churnscope.value.repeat_purchase import DAYS_PER_YEAR

FAR = 2**31 - 1
DISCOUNT = 0.15


def terms(*rows: tuple[int, int, int], price: float = 1.0, renewed: tuple[int, ...] = ()) -> Terms:
    """Open-ended terms of (customer, start, end)."""
    customer, start, end = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    nothing = np.zeros(len(start), np.int64)
    is_renewed = np.isin(np.arange(len(start)), renewed)
    return Terms(customer, start, end, start, is_renewed, np.full(len(start), price), nothing, nothing)


def lasting(*by_age: float, later: float) -> Lasting:
    return Lasting({}, Rates(np.array(by_age), later, 100, 50, 1_000))


def asked(rates: Lasting, of: Terms, day: int, *, horizon: int = 60, kept: int = 30, margin: float = 1.0) -> ContractForecast:
    return forecast(rates, of, day, 0, Money(horizon, kept, margin, DISCOUNT), share=0.8)


@given(st.floats(0.0001, 0.2), st.integers(1, 900))
def test_one_rate_for_all_ages_is_the_closed_form(rate: float, age: int) -> None:
    made = asked(lasting(rate, later=rate), terms((0, 0, FAR), price=2.0), age, margin=0.5)
    v, r = (1 + DISCOUNT) ** (-1 / DAYS_PER_YEAR), 1 - rate
    assert made.worth[0] == pytest.approx(r * (1 - (v * r) ** MOST_DAYS) / (1 - v * r))
    assert made.spend[0] == pytest.approx(2 * r * (1 - r**60) / (1 - r))
    assert made.stays[0] == pytest.approx(r**60)
    until = (1 - v**30) / (1 - v)
    after = v**30 * r * (1 - (v * r) ** (MOST_DAYS - 30)) / (1 - v * r)
    assert made.worth_if_kept[0] == pytest.approx(until + after)


def test_a_contract_of_one_term_brings_the_days_that_are_left_of_it() -> None:
    one_term = lasting(*[0.0] * 30, 1.0, later=0.5)  # all end at the age of 30 days
    made = asked(one_term, terms((0, 0, FAR), (1, 10, FAR)), 12)
    assert made.spend.tolist() == [18, 28]
    assert made.within.low == pytest.approx([18, 28])
    assert made.within.high == pytest.approx([18, 28])
    assert made.stays.tolist() == [0, 0]
    v = (1 + DISCOUNT) ** (-1 / DAYS_PER_YEAR)
    assert made.worth[0] == pytest.approx((1 - v**18) / (1 - v))


def test_of_a_contract_that_surely_ends_today_nothing_is_left() -> None:
    made = asked(lasting(1.0, later=1.0), terms((0, 0, FAR)), 5)
    assert (made.spend[0], made.worth[0], made.within.high[0], made.beyond[0]) == (0, 0, 0, 0)


def test_all_of_the_value_at_ages_never_seen_is_told() -> None:
    made = asked(lasting(0.01, 0.01, later=0.01), terms((0, 0, FAR)), 50)
    assert made.beyond[0] == pytest.approx(made.worth[0])


def test_only_customers_with_a_contract_in_force_are_forecast() -> None:
    made = asked(lasting(0.01, later=0.01), terms((0, 0, 20), (1, 0, 30), (3, 0, FAR)), 30)
    assert made.customer.tolist() == [1, 3]


def test_interval_of_one_contract_holds_four_in_five_and_says_how_many() -> None:
    made = asked(lasting(0.02, later=0.02), terms((0, 0, FAR)), 5)
    days = np.cumprod(np.full(60, 0.98))
    low, high = (days > 0.9).sum(), (days > 0.1).sum()
    assert (made.within.low[0], made.within.high[0]) == pytest.approx((low, high))
    assert made.within.chance is not None
    assert made.within.chance[0] == pytest.approx(days[low - 1])  # nothing lies above the price of all days


def test_several_contracts_end_independently() -> None:
    rates, rng = lasting(0.01, later=0.01), np.random.default_rng(3)
    both = terms((0, 0, FAR), (0, 2, FAR), (0, 3, FAR))
    made = asked(rates, both, 5)
    days = np.minimum(rng.geometric(0.01, (20_000, 3)) - 1, 60).sum(axis=1)
    assert made.spend[0] == pytest.approx(days.mean(), rel=0.01)
    assert made.within.low[0] == pytest.approx(np.quantile(days, 0.1), abs=3)
    assert made.within.high[0] == pytest.approx(np.quantile(days, 0.9), abs=3)
    assert made.stays[0] == pytest.approx(1 - (1 - 0.99**60) ** 3)


def test_rates_are_those_of_the_contracts_by_age() -> None:
    # Forty begin on day 0: ten end at the age of 10, ten at 20, and the others run on day 30. One that ended before opens it.
    rows = [(0, -5, 0), *((i, 0, 10) for i in range(1, 11)), *((i, 0, 20) for i in range(11, 21))]
    rates = Lasting.of(terms(*rows, *((i, 0, FAR) for i in range(21, 41))), 30, 0).together
    assert rates.ended == 20
    assert rates.by_age[10] == pytest.approx(10 / 40)
    assert rates.known_days == 20
    assert rates.by_age[20] == pytest.approx(10 / 30)
    assert rates.share_after(15) == pytest.approx(0.75)


def test_contracts_count_from_the_first_end_that_is_seen() -> None:
    """Files that hold only who was there on some day: what lies before it never had a chance to end."""
    begun = [(i, 0, FAR) for i in range(60)]
    ends = [(60, 90, 100), *((i, 0, 110) for i in range(61, 101))]
    rates = Lasting.of(terms(*begun, *ends), 120, 0).together
    assert rates.by_age[110] == pytest.approx(40 / 100)
    assert not rates.by_age[:100].any()
    assert rates.watched_days < 100 * 25


def test_renewed_terms_are_no_ends() -> None:
    rows = [(0, -5, 0), *((i, 0, 10) for i in range(1, 41)), *((i, 0, 15) for i in range(41, 81))]
    rates = Lasting.of(terms(*rows, renewed=tuple(range(1, 41))), 30, 0).together
    assert rates.ended == 40
    assert rates.by_age[15] == 1.0


def test_without_an_end_nothing_is_told() -> None:
    with pytest.raises(InputError, match="No contract has ended"):
        Lasting.of(terms((0, 0, FAR)), 30, 0)
