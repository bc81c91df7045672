"""Customers whose rates are known: a chain that moves once a day, told as spells."""

from __future__ import annotations

import numpy as np

from churnscope.lifecycle.spells import STAGES, Spells

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
