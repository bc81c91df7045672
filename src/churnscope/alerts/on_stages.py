"""Causes in the stages of customers: who entered one, and how many were lost in a month."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from churnscope.alerts.causes import STILL, Cause, Found
from churnscope.config.alerts import EVERYBODY
from churnscope.lifecycle.erosion import erosion
from churnscope.lifecycle.months import calendar_months
from churnscope.lifecycle.spells import STAGES, Spells


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


def eroded(rule: str, spells: Spells, first_day: int, above: float) -> list[Cause]:
    """A cause for every whole month of the calendar in which a larger share of those with us was lost.

    Parameters
    ----------
    first_day : months that begin before it are left out.

    Notes
    -----
    It is seen as the month ends, and gone at the end of a later month with no larger share.
    """
    if len(calendar_months(first_day, spells.until - 1)) < 2:
        return []
    told = erosion(spells, first_day=first_day).attrition
    months = list(zip(*(part.tolist() for part in (told.starts[:-1], told.starts[1:], told.base, told.lost)), strict=True))
    causes: list[Cause] = []
    for place, (first, after, base, lost) in enumerate(months):
        if lost <= above * base:
            continue
        calm = (end for _, end, were, went in months[place + 1 :] if were and went <= above * were)
        numbers = {"attrition": lost / base, "above": above, "lost": float(lost), "customers": float(base)}
        causes.append(Cause(rule, EVERYBODY, False, str(first), first, after, next(calm, STILL), numbers))
    return causes
