"""Parts of the life cycle's summary on erosion: what is lost, how long customers stay, what comes, and what it takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa

from churnscope.errors import InputError
from churnscope.lifecycle.budget import Planning
from churnscope.lifecycle.erosion import Erosion, erosion
from churnscope.lifecycle.forecast import BaseForecast, forecast
from churnscope.lifecycle.groups import Group
from churnscope.lifecycle.months import shifted
from churnscope.lifecycle.retention import Retention, retention
from churnscope.lifecycle.stays import INACTIVE
from churnscope.project.lifecycle.channel_values import values_by_channel
from churnscope.project.lifecycle.dividing import Dividing
from churnscope.project.lifecycle.parts import Context, LifecyclePart, Told
from churnscope.reports.erosion_sections import erosion_sections, outlook_sections, retention_sections
from churnscope.reports.lifecycle_brief import erosion_brief, outlook_brief, retention_brief

RECENT_MONTHS: Final = 12  # of the curve at the rates of late, and back to the day from which groups that change are followed
DAY, WHOLE, NUMBER, TEXT = pa.date32(), pa.int64(), pa.float64(), pa.string()
RATE: Final = {"attrition": NUMBER, "attrition_low": NUMBER, "attrition_high": NUMBER}
MONTHS: Final = {"month": DAY, **dict.fromkeys(("base", "lost", "new", "back", "end"), WHOLE), **RATE}
COHORTS: Final = {
    "cohort": DAY,
    "month": DAY,
    **dict.fromkeys(("months_since", "size", "base", "lost"), WHOLE),
    **RATE,
    "end": WHOLE,
    "with_us_share": NUMBER,
}
CURVES: Final = {
    "by": TEXT,
    "group": TEXT,
    "days": WHOLE,
    "watched": WHOLE,
    "still_there": NUMBER,
    "low": NUMBER,
    "high": NUMBER,
}
AHEAD: Final = {
    "day": DAY,
    "kind": TEXT,
    **{f"{name}{end}": NUMBER for name in ("base", "lost", "new", "back") for end in ("", "_low", "_high")},
}
BUDGET: Final = {
    "scenario": TEXT,
    "name": TEXT,
    "unit": TEXT,
    "value": NUMBER,
    "low": NUMBER,
    "high": NUMBER,
    "formula": TEXT,
    "in_numbers": TEXT,
    "meaning": TEXT,
}


def erosion_told(context: Context) -> Told:
    """What is lost and won, month by month and cohort by cohort."""
    watch, found = context.watch, _erosion(context)
    months = [] if found is None else found.attrition.rows()
    cohorts = [] if found is None else found.cohorts.rows()
    tables = {"attrition.csv": _table(months, MONTHS), "cohorts.csv": _table(cohorts, COHORTS)}
    if found is None:
        return Told(None, tables)
    figures = {
        **found.to_json(),
        "watch": watch.to_json(),
        "note": watch.note,
        "by_month": [_json(row) for row in months],
        "by_cohort": [_json(row) for row in cohorts],
    }
    return Told(figures, tables)


def retention_told(context: Context) -> Told:
    """How long customers stay, in all and by group."""
    found = _retention(context)
    return Told(found.to_json(), {"retention.parquet": _table(found.rows(), CURVES)})


def outlook_told(context: Context) -> Told:
    """The base to come, and what the target takes."""
    config, spells, as_of = context.config, context.life.spells, context.life.as_of
    found, ahead, why = _erosion(context), None, None
    try:
        ahead = _forecast(context)
    except InputError as error:
        why = error.what
    rows = [] if ahead is None else ahead.rows()
    if found is None:
        return Told(None, {"forecast.csv": _table(rows, AHEAD), "budget.csv": _table((), BUDGET)})
    on = spells.on(as_of)
    planning = Planning(
        found,
        ahead,
        base=int(found.attrition.end[-1]) if ahead is None else int(ahead.bases[-1]),
        inactive=int((on == INACTIVE).sum()),
        day=as_of,
        forecast_months=config.lifecycle.forecast_months,
        targets=config.targets,
        budget=config.budget,
        profit=config.profit,
        channels=values_by_channel(context),
    )
    plan = planning.plan()
    figures = {"forecast": None if ahead is None else ahead.to_json(), "no_forecast": why, "budget": plan.to_json()}
    return Told(figures, {"forecast.csv": _table(rows, AHEAD), "budget.csv": _table(plan.rows(), BUDGET)})


def _erosion(context: Context) -> Erosion | None:
    spells, recent = context.life.spells, context.config.lifecycle.recent_months
    watch = context.watch
    first = watch.watched_from if watch.is_cut else int(spells.entered.min(initial=spells.until - 1))
    try:
        return erosion(spells, recent_months=recent, first_day=watch.since, cohorts_from=first)
    except InputError:
        return None


def _forecast(context: Context) -> BaseForecast:
    watch, settings, moves = context.watch, context.config.lifecycle, context.life.moves
    assert moves is not None, "the life cycle counts moves"
    return forecast(
        moves if watch.watched_from is None else moves.since(watch.watched_from),
        months=settings.forecast_months,
        recent_months=settings.recent_months,
        settled=watch.since,
    )


def _retention(context: Context) -> Retention:
    """Groups that change are told apart as they were a year before the day, or as long before as the data allow."""
    life, watched_from = context.life, context.watch.watched_from
    first = int(life.spells.entered.min(initial=life.as_of))
    recent_from = shifted(life.as_of, -RECENT_MONTHS)
    landmark = max(recent_from, (first + life.as_of) // 2, watched_from or first)
    lasting, changing = _groups(context, landmark)
    return retention(
        life.spells,
        lasting,
        changing,
        landmark=landmark,
        recent_from=recent_from if recent_from > first else None,
        watched_from=watched_from,
    )


def _groups(context: Context, day: int) -> tuple[list[Group], list[Group]]:
    """What divides customers: what lasts as it is told, what changes as it was on a day."""
    now = Dividing.of(context.config, context.loaded)
    lasting = [group for name, group in context.life.groups.items() if name in now.questions and name not in now.by_day]
    names = [name for name in now.questions if name in now.by_day]
    if not names:
        return lasting, []
    dividing = Dividing.of(context.config, context.loaded, names, day=day)
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = [
            dividing.codes({role: dividing.plan.grid.see(rows) for role, rows in block.logs.items()})
            for block in context.loaded.blocks()
        ]
    return lasting, list(dividing.groups(parts).values())


def _table(rows: Iterable[Mapping[str, Any]], schema: Mapping[str, pa.DataType]) -> pa.Table:
    """Rows as columns; a number that is not defined is missing."""
    cells = list(rows)
    columns = {
        name: pa.array([row.get(name) for row in cells], kind, from_pandas=kind == NUMBER) for name, kind in schema.items()
    }
    return pa.table(columns)


def _json(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as JSON can hold it."""
    plain = {name: cell.isoformat() if hasattr(cell, "isoformat") else cell for name, cell in row.items()}
    return {name: None if isinstance(cell, float) and np.isnan(cell) else cell for name, cell in plain.items()}


EROSION = LifecyclePart(
    name="erosion",
    tell=erosion_told,
    sections=erosion_sections,
    brief=erosion_brief,
    tables=("attrition.csv", "cohorts.csv"),
    pictures=("attrition.svg",),
)
RETENTION = LifecyclePart(
    name="retention",
    tell=retention_told,
    sections=retention_sections,
    brief=retention_brief,
    tables=("retention.parquet",),
    pictures=("retention.svg",),
)
OUTLOOK = LifecyclePart(
    name="outlook",
    tell=outlook_told,
    sections=outlook_sections,
    brief=outlook_brief,
    tables=("forecast.csv", "budget.csv"),
    pictures=("forecast.svg",),
)
