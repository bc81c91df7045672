"""Customers whose rates are known: a chain that moves once a day, told as spells."""

from __future__ import annotations

from datetime import date

import numpy as np

from churnscope.lifecycle.months import shifted
from churnscope.lifecycle.moves import AWAY, MOST_LEFT, WITH_US, Moves
from churnscope.lifecycle.spells import STAGES, Spells
from churnscope.timeline import day_number

CODE = {stage: code for code, stage in enumerate(STAGES)}


def spells(rows, n_customers, until):
    """From rows (customer, stage, entered, left), the stage by its name."""
    columns = zip(*((customer, CODE[stage], entered, left) for customer, stage, entered, left in rows), strict=True)
    customer, stage, entered, left = columns if rows else ((), (), (), ())
    kinds = ((customer, "i4"), (stage, "i1"), (entered, "i4"), (left, "i4"))
    return Spells(n_customers, *(np.array(column, kind) for column, kind in kinds), until)


def steady(rng, *, n_customers, first, until, leaving, returning, arriving_days):
    """Customers who come evenly over the first days, leave with one rate a day and come back with another."""
    rows = []
    came = first + rng.integers(arriving_days, size=n_customers)
    for customer, first_day in enumerate(np.sort(came).tolist()):
        day, stage = first_day, "active"
        while day < until:
            lasts = int(rng.geometric(leaving if stage != "inactive" else returning))
            rows.append((customer, stage, day, min(day + lasts, until)))
            day += lasts
            stage = "inactive" if stage != "inactive" else "reactivated"
    return spells(rows, n_customers, until)


FIRST = day_number(date(2022, 1, 1))
NOT_YET, AWAY_ONE = 0, AWAY.start


def left(months, habit=1):
    """The state of customers with so many months left."""
    return WITH_US.start + habit * MOST_LEFT + months - 1


def moves(months):
    """From rows (state before, state after, customers) of every month."""
    days = np.array([shifted(FIRST, month) for month in range(len(months) + 1)], np.int32)
    made = Moves.none(days)
    for month, rows in enumerate(months):
        for before, after, number in rows:
            made.counts[month, before, after] += number
            made.stand[month, before] += number
            if month == len(months) - 1:
                made.stand[month + 1, after] += number
    return made
