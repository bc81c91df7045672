"""Every text that scores and lists may say to people: what the catalogues of `languages/` have to know."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from churnscope.config.call_list import LIST_COLUMNS, OUTCOME_COLUMNS
from churnscope.customer_types import TYPES
from churnscope.features import FeatureSpec, catalog
from churnscope.features.catalog import Columns, every_column
from churnscope.features.signals import MEASURES
from churnscope.lifecycle.spells import STAGES
from churnscope.model.reasons import SPEAKS_AGAINST_A_RETURN, SPEAKS_FOR_STAYING
from churnscope.outcomes import RESULTS
from churnscope.project.money.list_inputs import BANDS
from churnscope.reports import workbook
from churnscope.roles import CHANNELS
from churnscope.scoring import ALREADY_INACTIVE, BAND_WITHOUT_SCORE, NO_EVENT_YET, NOT_DUE_NOW, STILL_ACTIVE

ACTIONS = (
    "call",
    "loyalty points",
    "service call",
    "personal offer",
    "exclusive discount",
    "feedback survey",
    "social invitation",
    "reminder",
    "invitation to recommend",
)
"""Names of actions that are known in every language; any other one is said as it is written, or by its `label`."""
SHOWN = ("name", "first_name", "last_name", "company", "phone", "email", "language", "best_time", "address", "city", "country")
"""Contact columns whose headings are known in every language."""
WINDOWS = (2, 3, 5, 7)  # any four: a text is the same for all windows


def every_text() -> dict[str, str]:
    """By text what it is, in the order of the catalogues."""
    found: dict[str, str] = {}
    for kind, text in _texts():
        found.setdefault(text, kind)
    return found


def _texts() -> Iterator[tuple[str, str]]:
    yield from ((f"reason: {spec.family}", text) for spec in _specs() for text in spec.texts)
    yield from (("what a signal tells", word) for word in (*MEASURES, "acquisition channel"))
    yield "reason for staying; {said} is the reason", SPEAKS_FOR_STAYING
    yield "of one who has left, reason for staying away; {said} is the reason", SPEAKS_AGAINST_A_RETURN
    yield from (("in place of a reason", text) for text in (NOT_DUE_NOW, NO_EVENT_YET, ALREADY_INACTIVE, STILL_ACTIVE))
    yield from (("heading", workbook.title(name)) for name in (*LIST_COLUMNS, *SHOWN, *OUTCOME_COLUMNS))
    yield from (("risk band", name.replace("_", " ")) for name in (*BANDS, *BAND_WITHOUT_SCORE.values()))
    yield from (("whether on the last list", word) for word in ("new", "again"))
    yield "occasion", "birthday"
    yield from (("channel", name) for name in CHANNELS)
    yield from (("result of a call", result.replace("_", " ")) for result in RESULTS)
    yield from (("action", name) for name in ACTIONS)
    yield from (("type of customers", each.plural) for each in TYPES)
    yield from (("stage of customers", f"{name} customer") for name in STAGES)
    yield from (("workbook", text) for text in workbook.TEXTS)


def _specs() -> Iterator[FeatureSpec]:
    """Of all that a role can carry, once as it is and once without what changes the words."""
    every = every_column()
    flags = {**every.flags, "campaigns": frozenset({"your_flag"})}
    columns = {**every.columns, "campaigns": every.columns["campaigns"] | {"your_flag"}}
    columns["contacts"] = columns["contacts"] - {"direction"}
    for each in (every, replace(every, columns=columns, flags=flags)):
        yield from _of(each)


def _of(every: Columns) -> tuple[FeatureSpec, ...]:
    return catalog(every.columns, WINDOWS, flags=every.flags, dates=every.dates, levels=every.levels)
