"""What is bought and what rises: counted row by row, and never by chance alone."""

from __future__ import annotations

import numpy as np
import pytest

from churnscope.events import Events
from churnscope.lifecycle.buying import BEFORE, LEAST_CUSTOMERS, NOW, YEAR_BEFORE, YEAR_DAYS, bought, together, trends

DAY, DAYS = 1000, 30


def purchases(rows: list[tuple[int, int, int, int, bool]], customers: int) -> Events:
    """Rows of customer, day, product, amount and whether it is a return."""
    rows.sort()
    who, day, product, amount, is_return = (np.array(column) for column in zip(*rows, strict=True))
    signals = {"product": product, "amount": amount, "is_return": is_return}
    return Events(customers, who.astype(np.int32), day.astype(np.int64), day.astype(np.int32), signals)


def stretch_of(day: int) -> int | None:
    age = DAY - day
    if 1 <= age <= DAYS:
        return NOW
    if DAYS < age <= 2 * DAYS:
        return BEFORE
    return YEAR_BEFORE if YEAR_DAYS < age <= YEAR_DAYS + DAYS else None


@pytest.mark.parametrize("seed", range(5))
def test_customers_and_money_are_those_of_the_rows(seed: int):
    rng = np.random.default_rng(seed)
    n = 400
    columns = (
        rng.integers(0, 25, n),
        rng.integers(DAY - 420, DAY, n),
        rng.integers(0, 6, n),
        rng.integers(1, 50, n),
        rng.random(n) < 0.1,
    )
    rows = [tuple(row) for row in zip(*(column.tolist() for column in columns), strict=True)]
    log = purchases(rows, 25)
    found = together([bought(log.part(low, high), "product", DAY, DAYS) for low, high in ((0, 9), (9, 10), (10, 25))])
    cells = {}
    for who, day, product, amount, is_return in rows:
        if not is_return and (stretch := stretch_of(day)) is not None:
            cells.setdefault((stretch, product), []).append((who, amount))
    told = {
        (stretch, code): (customers, amount)
        for stretch, code, customers, amount in zip(
            *(column.tolist() for column in (found.stretch, found.code, found.customers, found.amount)), strict=True
        )
    }
    assert told == {key: (len({who for who, _ in rows}), sum(amount for _, amount in rows)) for key, rows in cells.items()}
    for stretch in (NOW, BEFORE, YEAR_BEFORE):
        assert found.purchasers[stretch] == len({who for (s, _), rows in cells.items() if s == stretch for who, _ in rows})
    listed = trends(found)
    assert 0 not in listed.code.tolist()  # no product told
    assert (np.diff(listed.customers[NOW]) <= 0).all()


def shelf(seed: int, factor: float = 1.0, products: int = 60) -> Events:
    """Customers who buy products at random in both stretches; the first product `factor` times as often in the newer one."""
    rng = np.random.default_rng(seed)
    customers = 400
    rows = []
    for product in range(1, products + 1):
        for newest, rate in ((DAY, 0.1 * (factor if product == 1 else 1)), (DAY - DAYS, 0.1)):
            who = np.flatnonzero(rng.random(customers) < rate)
            rows += [(int(one), newest - 1 - int(rng.integers(DAYS)), product, 100, False) for one in who]
    return purchases(rows, customers)


def test_noise_does_not_rise():
    changed = [int((trends(bought(shelf(seed), "product", DAY, DAYS)).direction != 0).any()) for seed in range(60)]
    assert np.mean(changed) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 60)


def test_what_sells_three_times_as_well_rises():
    found = [trends(bought(shelf(seed, factor=3.0), "product", DAY, DAYS)) for seed in range(20)]
    first = [int(np.flatnonzero(each.code == 1)[0]) for each in found]
    assert np.mean([each.direction[place] == 1 for each, place in zip(found, first, strict=True)]) >= 0.9
    held = [each.low[place] <= 3 <= each.high[place] for each, place in zip(found, first, strict=True)]
    assert np.mean(held) >= 0.85


def test_of_too_few_nothing_is_said_to_rise():
    rows = [(who, DAY - 1, 1, 5, False) for who in range(LEAST_CUSTOMERS - 1)] + [(99, DAY - DAYS - 1, 2, 5, False)]
    found = trends(bought(purchases(rows, 100), "product", DAY, DAYS))
    assert not found.direction.any()
    assert np.isnan(found.rate).all()


def test_without_purchases_before_nothing_can_rise():
    found = trends(bought(purchases([(0, DAY - 1, 1, 5, False)], 1), "product", DAY, DAYS))
    assert found.code.tolist() == [1]
    assert not found.direction.any()
    nothing = bought(purchases([(0, DAY - 200, 1, 5, False)], 1), "product", DAY, DAYS)
    assert not len(trends(together([nothing, nothing])).code)
