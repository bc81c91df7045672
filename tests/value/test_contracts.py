"""Contracts as seen from a day, by hand: which term goes on in which, what was known, and what came."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from churnscope.events import Block, Events
from churnscope.events.block import NO_DAY
from churnscope.value.contracts import OPEN_ENDED, Pricing, Terms, contracts_on, in_force, look_at_contracts

DAY_US = 86_400_000_000
CENTS = Pricing("price", 0.01, open_days=30, grace_days=0)


def block(*rows: tuple) -> Block:
    """Terms of (customer, start, agreed end, real end, plan, price in cents, day from which it is known)."""
    rows = tuple(sorted(rows, key=lambda row: row[:2]))
    customer, start, end, ended, plan, price, known = (list(column) for column in zip(*rows, strict=True))
    signals = {"plan": np.array(plan), "price": np.array(price)}
    for name, days in (("end", end), ("ended", ended)):
        signals[name] = np.array([(day or 0) * DAY_US for day in days])
        signals[f"{name}_day"] = np.array([NO_DAY if day is None else day for day in days])
    day = np.array(start, np.int32)
    visible = np.array([at if at is not None else own + 1 for at, own in zip(known, start, strict=True)], np.int32)
    people = max(customer) + 1
    events = Events(people, np.array(customer, np.int32), day * np.int64(DAY_US), day, signals, visible)
    return Block(0, people, {"subscriptions": events})


def on(day: int, *rows: tuple, pricing: Pricing = CENTS) -> Terms:
    return contracts_on([block(*rows)], pricing, day, lambda _done: None)


def term(
    start: int, end: int | None, *, who: int = 0, ended: int | None = None, plan: int = 1, known: int | None = None
) -> tuple:
    return (who, start, end, ended, plan, 30_00, known)


def test_a_term_that_renews_another_belongs_to_its_contract() -> None:
    terms = on(100, term(0, 30), term(30, 60), term(60, 90), term(95, 125))
    assert terms.begun.tolist() == [0, 0, 0, 95]
    assert terms.is_renewed.tolist() == [True, True, False, False]
    assert terms.day_price.tolist() == [1.0] * 4
    assert in_force(terms, 100, 0).tolist() == [False, False, False, True]


def test_days_of_grace_bridge_a_gap_and_keep_a_renewal_awaited() -> None:
    patient = Pricing("price", 0.01, 30, grace_days=7)
    terms = on(96, term(0, 30), term(37, 60), term(60, 90), pricing=patient)
    assert terms.begun.tolist() == [0, 0, 0]
    assert in_force(terms, 96, 7).tolist() == [False, False, True]
    assert in_force(terms, 98, 7).tolist() == [False, False, False]


def test_a_term_renews_one_alone_and_of_its_own_plan_first() -> None:
    terms = on(50, term(0, 30, plan=1), term(5, 30, plan=2), term(30, 60, plan=2))
    assert terms.begun.tolist() == [0, 5, 5]
    assert terms.is_renewed.tolist() == [False, True, False]
    both = on(50, term(0, 30, plan=1), term(5, 30, plan=2), term(30, 60, plan=2), term(30, 60, plan=1))
    assert sorted(both.begun.tolist()) == [0, 0, 5, 5]


def test_that_a_term_ended_early_shows_from_the_day_after_on() -> None:
    row = term(0, 90, ended=40)
    assert [on(day, row).end.item() for day in (40, 41)] == [90, 40]


def test_what_is_known_later_is_not_seen() -> None:
    assert len(on(50, term(0, 30), term(30, 60, known=51)).start) == 1
    assert len(on(51, term(0, 30), term(30, 60, known=51)).start) == 2


def test_nothing_at_or_after_the_day_changes_what_it_sees() -> None:
    past = (term(0, 30), term(30, 60), term(10, None, who=1))
    later = (term(60, 90), term(55, 85, who=1), term(45, 75, who=1))
    seen, more = on(45, *past), on(45, *past, *later)
    for each in fields(Terms):
        assert getattr(seen, each.name).tolist() == getattr(more, each.name).tolist()


def test_lengths_and_prices_a_day() -> None:
    terms = on(400, term(0, 31), term(31, 396), term(396, None), term(398, 398))
    assert terms.months.tolist() == [1, 12, OPEN_ENDED]
    assert terms.day_price == pytest.approx([30 / 31, 30 / 365, 1.0])


def test_revenue_that_came_is_told_apart_by_when_its_contract_began() -> None:
    rows = (
        term(0, 30),  # in force on day 10 and renewed: 20 + 20 days of the horizon
        term(30, 60),
        term(20, 50, who=0, plan=2),  # begun later, beside it: 30 days
        term(0, 30, who=1, ended=15),  # 5 days
        term(40, 70, who=1),  # and back after a gap: 10 days
        term(0, 8, who=2),  # over before
    )
    now, then, came = look_at_contracts([block(*rows)], CENTS, as_of=100, past=10, horizon_days=40)
    assert came.going_on == pytest.approx([40, 5, 0])
    assert came.begun_later == pytest.approx([30, 10, 0])
    assert (len(now.start), len(then.start)) == (6, 3)


def test_customers_of_later_blocks_keep_their_numbers() -> None:
    first = block(term(0, 30), term(0, 30, who=1))
    second = Block(2, 2, first.logs)
    terms = contracts_on([first, second], CENTS, 10, lambda _done: None)
    assert terms.customer.tolist() == [0, 1, 2, 3]
