"""Causes in the stages of customers: who entered one, and how many were lost in a month."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from churnscope.alerts.causes import STILL, Cause, Found
from churnscope.config.alerts import EVERYBODY
from churnscope.lifecycle.spells import STAGES, WITH_US, Spells


def entered(spells: Spells, stages: Collection[str], comes_from: Collection[str]) -> Found:
    """A cause for every spell of these stages that followed one of those; gone when the stage is left.

    Parameters
    ----------
    comes_from : stages before it; empty: any, or none.
    """
    n = len(spells.stage)
    keep = np.isin(spells.stage, [STAGES.index(name) for name in stages])
    before = np.full(n, -1, np.int64)
    same = spells.customer[1:] == spells.customer[:-1]
    before[1:][same] = spells.stage[:-1][same]
    if comes_from:
        keep &= np.isin(before, [STAGES.index(name) for name in comes_from])
    day = spells.entered.astype(np.int64)
    over = np.where(spells.left < spells.until, spells.left.astype(np.int64), STILL)
    numbers = {"stage": spells.stage.astype(np.float64), "stage_before": before.astype(np.float64)}
    return Found(spells.customer.astype(np.int64), day, day, day, over, numbers).where(keep)


def eroded(rule: str, spells: Spells, months: Sequence[int], above: float) -> list[Cause]:
    """A cause for every whole month in which a larger share of those with us was lost.

    Parameters
    ----------
    months : rising, the first days of calendar months; from each to the next is a month.

    Notes
    -----
    Lost are those in a stage with us at the beginning of a month who are in none at its end. It is gone at the end of a later
    month with no larger share.
    """
    codes = [STAGES.index(name) for name in WITH_US]
    causes: list[Cause] = []
    with_us = [np.isin(spells.on(day), codes) for day in months]
    shares: list[tuple[int, int, int, int]] = []
    for first, after, start, end in zip(months[:-1], months[1:], with_us[:-1], with_us[1:], strict=True):
        shares.append((first, after, int(start.sum()), int((start & ~end).sum())))
    for place, (first, after, customers, lost) in enumerate(shares):
        if not customers or lost / customers <= above:
            continue
        calm = (later for _, later, were, went in shares[place + 1 :] if were and went / were <= above)
        numbers = {"attrition": lost / customers, "above": above, "lost": float(lost), "customers": float(customers)}
        causes.append(Cause(rule, EVERYBODY, False, str(first), first, after, next(calm, STILL), numbers))
    return causes
