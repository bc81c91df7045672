"""The first parts of the life cycle's summary: who is in which stage, who moves where, how long, and who buys again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from churnscope.lifecycle.months import calendar_months, shifted
from churnscope.lifecycle.retention import LEAST_WATCHED
from churnscope.lifecycle.second_purchase import second_purchases
from churnscope.lifecycle.spells import STAGES, UNKNOWN, WITH_US, Spells
from churnscope.lifecycle.stays import Stays, away, since_stage, with_us
from churnscope.lifecycle.transitions import Transitions, time_in
from churnscope.project.lifecycle.parts import Context, LifecyclePart, Told, has_purchases
from churnscope.project.results import iso
from churnscope.reports.lifecycle_brief import second_purchase_brief, stage_brief, transition_brief
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
FLOW_MONTHS = 12
LEAST_KNOWN = 0.1  # of the customers known now, below which a day is too early to tell the flow from
DIGITS = 6


def month_starts(context: Context) -> np.ndarray[Any, np.dtype[np.int32]]:
    """The first days of the last so many whole months, and of the month after them; none before customers are seen whole."""
    first, as_of = _first_day(context), context.life.as_of
    return calendar_months(max(first, shifted(as_of, -context.months - 1)), as_of)[-context.months - 1 :]


def _first_day(context: Context) -> int:
    """The day from which on customers are seen whole: the first spell's, or a later one where those who left are missing."""
    spells, as_of = context.life.spells, context.life.as_of
    return max(int(spells.entered.min(initial=as_of)), context.watch.watched_from or 0)


def stages_told(context: Context) -> Told:
    """Who is in which stage on the day, a month and a year before it, and as every month began."""
    life = context.life
    before = {"month_ago": shifted(life.as_of, -1), "year_ago": shifted(life.as_of, -12)}
    looked = {"now": life.as_of} | {name: day for name, day in before.items() if day >= _first_day(context)}
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
    return Told({"days": days, "months": months, "note": context.watch.note}, tables)


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
    """Moves from the beginning of each month to that of the next, and from a year ago, or as long ago as can be said, to now.

    Probabilities are those of the months in which it could be seen who becomes inactive.
    """
    spells, as_of = context.life.spells, context.life.as_of
    starts = month_starts(context)
    moved = Transitions.between(spells, starts)
    telling = moved.since(context.watch.since)
    share, low, high = telling.probabilities()
    expected = telling.months_to_inactive(np.random.default_rng(SEED))
    back, months = _flow_from(context)
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
            "customers": int(telling.pooled[i, j]),
            "probability": round(float(share[i, j]), DIGITS),
            "low": round(float(low[i, j]), DIGITS),
            "high": round(float(high[i, j]), DIGITS),
        }
        for i, stage in enumerate(STAGES)
        for j, other in enumerate(STAGES)
        if telling.pooled[i, j]
    ]
    tables["probabilities.csv"] = _probability_table(probabilities)
    figures = {
        "first": iso(int(telling.starts[0])) if len(telling.starts) else None,
        "last": iso(int(telling.starts[-1])) if len(telling.starts) else None,
        "months": len(telling.counts),
        "probabilities": probabilities,
        "months_to_inactive": {
            stage: {name: _finite(part) for name, part in zip(("value", "low", "high"), told, strict=True)}
            for stage, told in expected.items()
        },
        "days_to_inactive": {
            stage: _time(stays, context)
            for stage in STAGES
            if stage in WITH_US and len((stays := since_stage(spells, STAGES.index(stage))).customer)
        },
        "flow": {"from": iso(back), "to": iso(as_of), "months": months, "moves": _moves(spells, back, as_of)},
    }
    return Told(figures, tables)


def _flow_from(context: Context) -> tuple[int, int]:
    """From which day on the flow is told, and how many months that is: a year, or less where hardly anybody was known then."""
    spells, as_of, first = context.life.spells, context.life.as_of, _first_day(context)
    known_now = _counts(spells, as_of)["known"]
    for months in range(FLOW_MONTHS, 0, -1):
        day = shifted(as_of, -months)
        if day >= first and _counts(spells, day)["known"] >= LEAST_KNOWN * known_now:
            return day, months
    return min(first, as_of), 0


def _probability_table(rows: list[dict[str, Any]]) -> pa.Table:
    texts = {f"{name}_stage": pa.array([row[name] for row in rows], pa.string()) for name in ("from", "to")}
    numbers = {name: pa.array([row[name] for row in rows], pa.float64()) for name in ("probability", "low", "high")}
    return pa.table({**texts, "customers": pa.array([row["customers"] for row in rows], pa.int64()), **numbers})


def times_told(context: Context) -> Told:
    """How long a stage lasts, how long customers are with us, and how long they are away."""
    spells = context.life.spells
    stays = {stage: time_in(spells, stage) for stage in STAGES}
    lasting = {"with_us": with_us(spells).first(), "with_us_again": with_us(spells).later(), "away": away(spells)}
    return Told({name: _time(stay, context) for name, stay in (stays | lasting).items() if len(stay.customer)})


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


def _time(stays: Stays, context: Context) -> dict[str, Any]:
    """How long half of them last, from the day on which it is seen who leaves (`Watch`)."""
    waits = stays.waits(watched_from=context.watch.watched_from)
    value, low, high = waits.curve().median(LEAST_WATCHED)
    return {
        "spells": int((waits.happened + waits.censored).sum()),
        "over": int(waits.happened.sum()),
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
    brief=stage_brief,
    tables=("stages.parquet", "spells.parquet", "months.csv"),
    pictures=("stages.svg",),
)
TRANSITIONS = LifecyclePart(
    name="transitions",
    tell=transitions_told,
    sections=transition_sections,
    brief=transition_brief,
    tables=("transitions.csv", "probabilities.csv"),
    pictures=("flow.svg",),
)
TIME_IN_STAGE = LifecyclePart(name="time_in_stage", tell=times_told, sections=time_sections)
SECOND_PURCHASE = LifecyclePart(
    name="second_purchase",
    tell=second_purchases_told,
    sections=second_purchase_sections,
    brief=second_purchase_brief,
    tables=("second_purchase.csv",),
    pictures=("second_purchase.svg",),
    applies=has_purchases,
)
