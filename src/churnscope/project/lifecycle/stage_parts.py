"""The first parts of the life cycle's summary: who is in which stage, who moves where, how long, and who buys again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from churnscope.lifecycle.months import calendar_months, shifted
from churnscope.lifecycle.second_purchase import second_purchases
from churnscope.lifecycle.spells import STAGES, UNKNOWN, WITH_US, Spells
from churnscope.lifecycle.stays import Stays, away, since_stage, with_us
from churnscope.lifecycle.transitions import Transitions, time_in
from churnscope.project.lifecycle.parts import Context, LifecyclePart, Told, has_purchases
from churnscope.project.results import iso
from churnscope.reports.lifecycle_sections import (
    second_purchase_sections,
    stage_sections,
    time_sections,
    transition_sections,
)
from churnscope.scoring import stage_names
from churnscope.timeline import date_of

NOT_KNOWN = "not_known_yet"
FROM_TO = (*STAGES, NOT_KNOWN)  # as `Transitions` counts them
SEED = 0  # of the limits that are drawn
DIGITS = 6


def month_starts(context: Context) -> np.ndarray[Any, np.dtype[np.int32]]:
    """The first days of the last so many whole months, and of the month after them; none before the first spell."""
    spells, as_of = context.life.spells, context.life.as_of
    first = int(spells.entered.min(initial=as_of))
    return calendar_months(max(first, shifted(as_of, -context.months - 1)), as_of)[-context.months - 1 :]


def stages_told(context: Context) -> Told:
    """Who is in which stage on the day, a month and a year before it, and as every month began."""
    life = context.life
    looked = {"now": life.as_of, "month_ago": shifted(life.as_of, -1), "year_ago": shifted(life.as_of, -12)}
    days = {name: {"day": iso(day), **_counts(life.spells, day)} for name, day in looked.items()}
    months = [{"day": iso(int(day)), **_counts(life.spells, int(day))} for day in month_starts(context)]
    names = ("day", "known", *STAGES)
    columns = {name: [row[name] for row in months] for name in names}
    columns["day"] = [date_of(int(day)) for day in month_starts(context)]
    tables = {
        "stages.parquet": stage_table(life.ids, life.spells, life.as_of),
        "spells.parquet": _spell_table(life.ids, life.spells),
        "months.csv": pa.table(columns, schema=pa.schema([("day", pa.date32()), *((name, pa.int64()) for name in names[1:])])),
    }
    return Told({"days": days, "months": months}, tables)


def stage_table(ids: np.ndarray[Any, np.dtype[np.object_]], spells: Spells, day: int) -> pa.Table:
    """A row per customer known on a day: the stage, since when, and which one came before it."""
    now = spells.standing(day)
    customer = np.flatnonzero(now.stage != UNKNOWN)
    return pa.table(
        {
            "customer_id": pa.array(ids[customer], pa.string()),
            "stage": stage_names(now.stage[customer]),
            "entered": _dates(now.entered[customer]),
            "days_in_stage": pa.array(day - now.entered[customer], pa.int32()),
            "previous_stage": stage_names(now.previous[customer]),
        }
    )


def transitions_told(context: Context) -> Told:
    """Moves from the beginning of each month to that of the next, and from a year ago to now."""
    spells, as_of = context.life.spells, context.life.as_of
    starts = month_starts(context)
    moved = Transitions.between(spells, starts)
    share, low, high = moved.probabilities()
    expected = moved.months_to_inactive(np.random.default_rng(SEED))
    back = int(max(shifted(as_of, -12), spells.entered.min(initial=as_of)))
    month, before, after = np.nonzero(moved.counts)
    tables = {
        "transitions.csv": pa.table(
            {
                "month": pa.array([iso(int(day))[:7] for day in starts[month]], pa.string()),
                "from_stage": pa.array([FROM_TO[code] for code in before], pa.string()),
                "to_stage": pa.array([FROM_TO[code] for code in after], pa.string()),
                "customers": pa.array(moved.counts[month, before, after], pa.int64()),
            }
        )
    }
    probabilities = [
        {
            "from": stage,
            "to": other,
            "customers": int(moved.pooled[i, j]),
            "probability": round(float(share[i, j]), DIGITS),
            "low": round(float(low[i, j]), DIGITS),
            "high": round(float(high[i, j]), DIGITS),
        }
        for i, stage in enumerate(STAGES)
        for j, other in enumerate(STAGES)
        if moved.pooled[i, j]
    ]
    tables["probabilities.csv"] = _probability_table(probabilities)
    figures = {
        "first": iso(int(starts[0])) if len(starts) else None,
        "last": iso(int(starts[-1])) if len(starts) else None,
        "months": len(moved.counts),
        "probabilities": probabilities,
        "months_to_inactive": {
            stage: {name: _finite(part) for name, part in zip(("value", "low", "high"), told, strict=True)}
            for stage, told in expected.items()
        },
        "days_to_inactive": {
            stage: _time(stays)
            for stage in STAGES
            if stage in WITH_US and len((stays := since_stage(spells, STAGES.index(stage))).customer)
        },
        "year": {"from": iso(back), "to": iso(as_of), "moves": _moves(spells, back, as_of)},
    }
    return Told(figures, tables)


def _probability_table(rows: list[dict[str, Any]]) -> pa.Table:
    texts = {f"{name}_stage": pa.array([row[name] for row in rows], pa.string()) for name in ("from", "to")}
    numbers = {name: pa.array([row[name] for row in rows], pa.float64()) for name in ("probability", "low", "high")}
    return pa.table({**texts, "customers": pa.array([row["customers"] for row in rows], pa.int64()), **numbers})


def times_told(context: Context) -> Told:
    """How long a stage lasts, how long customers are with us, and how long they are away."""
    spells = context.life.spells
    stays = {stage: time_in(spells, stage) for stage in STAGES}
    lasting = {"with_us": with_us(spells).first(), "with_us_again": with_us(spells).later(), "away": away(spells)}
    return Told({name: _time(stay) for name, stay in (stays | lasting).items() if len(stay.customer)})


def second_purchases_told(context: Context) -> Told:
    """Who bought again, by the month of the first purchase."""
    told = second_purchases(context.life.first, context.life.as_of)
    rows = [each.to_json() for each in told]
    columns: dict[str, pa.Array] = {
        "cohort": pa.array([row["cohort"] for row in rows], pa.string()),
        **{
            name: pa.array([row[name] for row in rows], pa.int64())
            for name in ("customers", "again", "median_days", "median_of_again")
        },
    }
    for days in ("30", "90", "180", "365"):
        for place, limit in enumerate(("", "_low", "_high")):
            shares = [None if row["within"][days] is None else row["within"][days][place] for row in rows]
            columns[f"within_{days}_days{limit}"] = pa.array(shares, pa.float64())
    return Told({"cohorts": rows} if rows else None, {"second_purchase.csv": pa.table(columns)})


def _counts(spells: Spells, day: int) -> dict[str, int]:
    on = spells.on(day)
    counts = np.bincount(on[on != UNKNOWN], minlength=len(STAGES))
    return {"known": int(counts.sum()), **{stage: int(counts[code]) for code, stage in enumerate(STAGES)}}


def _moves(spells: Spells, before: int, after: int) -> list[dict[str, Any]]:
    """How many moved from each stage to each, between two days."""
    counts = Transitions.between(spells, np.array([before, after], np.int32)).counts[0]
    return [
        {"from": FROM_TO[i], "to": FROM_TO[j], "customers": int(counts[i, j])}
        for i, j in zip(*np.nonzero(counts), strict=True)
        if (FROM_TO[i], FROM_TO[j]) != (NOT_KNOWN, NOT_KNOWN)
    ]


def _time(stays: Stays) -> dict[str, Any]:
    value, low, high = stays.waits().curve().median()
    return {
        "spells": len(stays.customer),
        "over": int(stays.is_over.sum()),
        "median_days": value,
        "low": low,
        "high": high,
    }


def _spell_table(ids: np.ndarray[Any, np.dtype[np.object_]], spells: Spells) -> pa.Table:
    is_over = spells.left < spells.until
    return pa.table(
        {
            "customer_id": pa.array(ids[spells.customer], pa.string()),
            "stage": stage_names(spells.stage),
            "entered": _dates(spells.entered),
            "left": pa.array(np.where(is_over, spells.left, 0), pa.int32(), mask=~is_over).cast(pa.date32()),
        }
    )


def _dates(days: np.ndarray[Any, Any]) -> pa.Array:
    return pa.array(days.astype(np.int32), pa.int32()).cast(pa.date32())


def _finite(number: float) -> float | None:
    return round(number, 4) if np.isfinite(number) else None


STAGES_PART = LifecyclePart(
    name="stages",
    tell=stages_told,
    sections=stage_sections,
    tables=("stages.parquet", "spells.parquet", "months.csv"),
    pictures=("stages.svg",),
)
TRANSITIONS = LifecyclePart(
    name="transitions",
    tell=transitions_told,
    sections=transition_sections,
    tables=("transitions.csv", "probabilities.csv"),
    pictures=("flow.svg",),
)
TIME_IN_STAGE = LifecyclePart(name="time_in_stage", tell=times_told, sections=time_sections)
SECOND_PURCHASE = LifecyclePart(
    name="second_purchase",
    tell=second_purchases_told,
    sections=second_purchase_sections,
    tables=("second_purchase.csv",),
    pictures=("second_purchase.svg",),
    applies=has_purchases,
)
