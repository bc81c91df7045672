"""The parts of the life cycle's summary that compare: groups, revenue, purchases, processes, key events, occasions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa

from churnscope.config.models import Config
from churnscope.config.process_checks import known_occasions
from churnscope.evaluation.side_by_side import METHODS
from churnscope.files import file_sha256
from churnscope.project.lifecycle.compared import process_json
from churnscope.project.lifecycle.comparing import found_processes, value_file
from churnscope.project.lifecycle.key_events import key_events
from churnscope.project.lifecycle.parts import Context, LifecyclePart, Told
from churnscope.reports.comparison_sections import (
    group_sections,
    key_event_sections,
    occasion_sections,
    process_sections,
    purchase_sections,
    revenue_sections,
)
from churnscope.reports.lifecycle_brief import (
    group_brief,
    key_event_brief,
    occasion_brief,
    process_brief,
    purchase_brief,
    revenue_brief,
)

_TEXT, _WHOLE, _NUMBER = pa.string(), pa.int64(), pa.float64()


def _limits(*names: str) -> dict[str, pa.DataType]:
    """Each figure with the ends of its interval."""
    return {f"{name}{end}": _NUMBER for name in names for end in ("", "_low", "_high")}


def _group(name: str) -> dict[str, pa.DataType]:
    figures = _limits(f"{name}_mean", f"{name}_median", f"{name}_share_above_0")
    return {f"{name}_customers": _WHOLE, **figures, f"{name}_total": _NUMBER}


_STRETCHES: Final = ("", "_before", "_year_before")
GROUPS: Final = {
    **dict.fromkeys(("topic", "measure", "words", "unit"), _TEXT),
    **_group("active"),
    **_group("inactive"),
    **_limits("difference"),
    "active_part_of_total": _NUMBER,
    "remark": _TEXT,
}
PURCHASED: Final = {
    **dict.fromkeys(("by", "name"), _TEXT),
    **{f"customers{stretch}": _WHOLE for stretch in _STRETCHES},
    **{f"revenue{stretch}": _NUMBER for stretch in _STRETCHES},
    **dict.fromkeys(("ratio", "low", "high", "rate"), _NUMBER),
    "change": _TEXT,
}
PROCESSES: Final = {
    **dict.fromkeys(("process", "step", "following"), _TEXT),
    **dict.fromkeys(("begun", "reached", "waiting", "median_days", "slow_days"), _WHOLE),
    "reached_in_days": _NUMBER,
    **dict.fromkeys(("within_days", "cases", "customers", "finished", "failed", "late", "open"), _WHOLE),
    **dict.fromkeys(("failure_share", "low", "high"), _NUMBER),
}
KEY_EVENTS: Final = {
    **dict.fromkeys(("event", "source", "words"), _TEXT),
    **dict.fromkeys(("customers", "exposed", "matched", "unmatched", "compared"), _WHOLE),
    **dict.fromkeys(("churn", "otherwise", "difference", "low", "high", "p", "rate"), _NUMBER),
    "tells": pa.bool_(),
}


def groups_told(context: Context) -> Told:
    """Active against inactive customers, measure by measure."""
    found = context.compared
    rows = [each.row() for each in found.measures]
    counts = {"as_of": found.as_of, "active": found.active, "inactive": found.inactive, "neither": found.neither}
    return Told({**counts, "intervals": METHODS, "measures": rows}, {"active_inactive.csv": _table(rows, GROUPS)})


def values_read(config: Config, as_of: int) -> Mapping[str, str]:
    """The hash of what customers are worth, where that is known on the day."""
    path = value_file(config, as_of)
    return {} if path is None else {"value": file_sha256(path)}


def revenue_told(context: Context) -> Told:
    """How much of the revenue few customers make."""
    found = context.compared.concentration
    return Told(None if found is None else found.to_json())


def purchases_told(context: Context) -> Told:
    """What recent purchasers buy, and what of it rises."""
    found = context.compared.purchased
    rows = [row for each in found for row in each.rows()]
    return Told({"purchased": [each.to_json() for each in found]}, {"purchased.csv": _table(rows, PURCHASED)})


def processes_told(context: Context) -> Told:
    """What customers go through, step by step."""
    found = [process_json(each) for each in context.compared.processes]
    rows = [
        each | between | {"process": each["name"], "reached": between["finished"], "finished": each["finished"]}
        for each in found
        for between in each["between"]
    ]
    return Told({"processes": found}, {"processes.csv": _table(rows, PROCESSES)})


def key_events_told(context: Context) -> Told:
    """After which events more or fewer customers leave."""
    found = key_events(context.config, context.loaded, context.progress)
    rows = [] if found is None else [each.to_json() for each in found.events]
    return Told(None if found is None else found.to_json(), {"key_events.csv": _table(rows, KEY_EVENTS)})


def occasions_told(context: Context) -> Told:
    """Who has an occasion in the next days."""
    found = context.compared.occasions
    ids = np.concatenate([each.ids for each in found])
    day = np.concatenate([each.day for each in found])
    names = [name for each in found for name in [each.name] * len(each.ids)]
    table = pa.table(
        {
            "customer_id": pa.array(ids, _TEXT),
            "occasion": pa.array(names, _TEXT),
            "date": pa.array(day.astype(np.int32), pa.int32()).cast(pa.date32()),
            "days_ahead": pa.array(day - context.loaded.as_of, pa.int32()),
        }
    )
    counts = [{"occasion": each.name, "days": each.days, "customers": len(each.ids)} for each in found]
    return Told({"occasions": counts}, {"occasions.csv": table})


def _table(rows: list[dict[str, Any]], columns: Mapping[str, pa.DataType]) -> pa.Table:
    """Rows as a table of these columns, also where there are none."""
    return pa.table({name: pa.array([row[name] for row in rows], kind) for name, kind in columns.items()})


def _tells_products(config: Config) -> bool:
    mapped = [source.columns.keys() for source in config.sources.values() if source.role == "purchases"]
    return any({"product", "category"} & columns for columns in mapped)


ACTIVE_INACTIVE = LifecyclePart(
    name="active_inactive",
    tell=groups_told,
    sections=group_sections,
    brief=group_brief,
    tables=("active_inactive.csv",),
    pictures=("active_inactive.svg",),
    reads=values_read,
)
REVENUE = LifecyclePart(
    name="revenue_by_tenth",
    tell=revenue_told,
    sections=revenue_sections,
    brief=revenue_brief,
    pictures=("revenue_by_tenth.svg",),
    applies=lambda config: any(source.columns.keys() & {"amount", "price"} for source in config.sources.values()),
)
PURCHASES = LifecyclePart(
    name="purchased",
    tell=purchases_told,
    sections=purchase_sections,
    brief=purchase_brief,
    tables=("purchased.csv",),
    applies=_tells_products,
)
PROCESS_TIMES = LifecyclePart(
    name="processes",
    tell=processes_told,
    sections=process_sections,
    brief=process_brief,
    tables=("processes.csv",),
    applies=lambda config: bool(config.processes or found_processes(config)),
)
KEY_EVENT_STUDY = LifecyclePart(
    name="key_events",
    tell=key_events_told,
    sections=key_event_sections,
    brief=key_event_brief,
    tables=("key_events.csv",),
    pictures=("key_events.svg",),
)
OCCASIONS = LifecyclePart(
    name="occasions",
    tell=occasions_told,
    sections=occasion_sections,
    brief=occasion_brief,
    tables=("occasions.csv",),
    applies=lambda config: bool(known_occasions(config)),
)
COMPARISON_PARTS: Final = (ACTIVE_INACTIVE, REVENUE, PURCHASES, PROCESS_TIMES, KEY_EVENT_STUDY, OCCASIONS)
