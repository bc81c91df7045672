"""The past as it was at an earlier run, held against the past as it is now: rows that came, went, or were written over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from churnscope.evaluation.leak_audit import Finding, Severity
from churnscope.sources.zones import FIRST_DAY
from churnscope.timeline import date_of

LEAST_DAYS = 3  # what changed on fewer days, or on a smaller share of them, was a correction
LEAST_SHARE = 0.01
LONGEST_DELAY_DAYS = 60  # rows later than this are no delay but another delivery
_SLOTS = 256  # of a day, at most: a slot is a byte
_SUM = "sum "
_KEEP_VALUES = "Read a table that keeps every value with the day it became known (columns.known), or leave the column out."
_KEEP_VALUES_SINCE_EVER = (
    "It is not `static`: take it out there, or read a table that keeps every value with the day since which it held "
    "(columns.valid_from)."
)

Sums = NDArray[np.uint64]
Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class PastRows:
    """A source's rows by cell: a day and some of the customers.

    Parameters
    ----------
    cell : shape (n_cells,), rising.
    rows : shape (n_cells,), rows in the cell.
    key : shape (n_cells,), sum of the hashes of customer and time.
    sums : by column, shape (n_cells,), sum of the hashes of customer, time and value.
    """

    cell: Numbers
    rows: Numbers
    key: Sums
    sums: Mapping[str, Sums]

    @classmethod
    def of(cls, table: pa.Table, before: int) -> PastRows:
        """The rows of a fingerprint from before a day, without those that it marks as new."""
        kept = table.filter(pc.less(table["day"], before)).filter(~pc.field("is_new"))
        return cls(
            _cells(kept),
            kept["rows"].to_numpy(),
            kept["key"].to_numpy(),
            {name.removeprefix(_SUM): kept[name].to_numpy() for name in kept.column_names if name.startswith(_SUM)},
        )

    def at(self, cells: Numbers) -> PastRows:
        """The same for more cells, rising, its own among them: 0 where it has no rows."""
        place = np.searchsorted(cells, self.cell)

        def spread(values: NDArray[Any]) -> NDArray[Any]:
            answer = np.zeros(len(cells), values.dtype)
            answer[place] = values
            return answer

        return PastRows(
            cells, spread(self.rows), spread(self.key), {name: spread(values) for name, values in self.sums.items()}
        )


@dataclass(frozen=True)
class Changed:
    """How the past of a source differs. Each row is given by its day; there may be more of them.

    Parameters
    ----------
    came, went : rows that are new in the past, or no longer there.
    columns : by column, rows whose value is another one.
    rows, days : of the past as it was.
    """

    came: Numbers
    went: Numbers
    columns: Mapping[str, Numbers]
    rows: int
    days: int


def without_marks(table: pa.Table) -> pa.Table:
    """A fingerprint in which no row is new any more, to be kept."""
    totals = [("rows", "sum"), *((name, "sum") for name in table.column_names if name == "key" or name.startswith(_SUM))]
    summed = table.group_by(["day", "slot"]).aggregate(totals)
    summed = summed.rename_columns([name.removesuffix("_sum") for name in summed.column_names]).sort_by(
        [("day", "ascending"), ("slot", "ascending")]
    )
    return summed.append_column("is_new", pa.array(np.zeros(len(summed), np.bool_)))


def compared(then: PastRows, now: PastRows) -> Changed:
    """The past of an earlier run beside that of this one.

    Notes
    -----
    A cell with as many rows as before and another key has lost a row and got another. Only where both are the same
    can it be told which column was written over.
    """
    cells = np.union1d(then.cell, now.cell)
    days = cells // _SLOTS
    then, now = then.at(cells), now.at(cells)
    more = now.rows - then.rows
    swapped = (more == 0) & (then.key != now.key)
    same = (more == 0) & ~swapped
    written_over = {name: days[same & (sums != now.sums[name])] for name, sums in then.sums.items()}
    return Changed(
        came=np.repeat(days, np.maximum(more, 0) + swapped),
        went=np.repeat(days, np.maximum(-more, 0) + swapped),
        columns={name: found for name, found in written_over.items() if len(found)},
        rows=int(then.rows.sum()),
        days=len(np.unique(days[then.rows > 0])),
    )


def findings_of(changed: Changed, source: str, places: Mapping[str, str], then: int, *, has_known: bool) -> Iterator[Finding]:
    """What to say of a source whose past is not what it was on the day `then`.

    Parameters
    ----------
    places : by column, where the config maps it.
    has_known : whether the source says when a row became known.
    """
    past = f"of {changed.rows:,} rows from before {date_of(then)}"
    for name, days in changed.columns.items():
        since_ever = bool((days < FIRST_DAY).all())
        yield Finding(
            kind="past changed",
            severity=_severity(days, changed.days),
            subject=f"{source}.{name}",
            where=places[name],
            what=f"{name} has another value than before in at least {len(days):,} {past}{_span(days)}: "
            "a cutoff in the past reads what was not known then.",
            advice=f"{_KEEP_VALUES_SINCE_EVER if since_ever else _KEEP_VALUES} "
            "After a correction made once: churnscope audit CONFIG --renew.",
        )
    came = changed.came[changed.came >= FIRST_DAY]  # rows without a day may be of new customers
    if len(came):
        yield Finding(
            kind="past changed",
            severity="suspicious",
            subject=f"{source}.rows",
            where=f"[sources.{source}]",
            what=f"At least {len(came):,} rows were added to the past{_span(came)}; it consisted {past}.",
            advice=_late_advice(then - int(came.min()), has_known=has_known),
        )
    if len(changed.went):
        yield Finding(
            kind="past changed",
            severity="suspicious",
            subject=f"{source}.rows",
            where=f"[sources.{source}]",
            what=f"At least {len(changed.went):,} {past} are no longer there{_span(changed.went)}.",
            advice="Where customers are deleted because they left, a model cannot learn who leaves. Where the source's `where` "
            "reads a column that is written over, past cutoffs miss what was seen then.",
        )


def _severity(days: Numbers, all_days: int) -> Severity:
    changed = len(np.unique(days))
    return "leak" if changed >= LEAST_DAYS and changed >= LEAST_SHARE * all_days else "suspicious"


def _late_advice(delay_days: int, *, has_known: bool) -> str:
    if has_known:
        return "They say that they had been known: look at columns.known."
    if delay_days <= LONGEST_DELAY_DAYS:
        return f"Map columns.known, or write delay_days = {delay_days}: past cutoffs then see only what had arrived."
    return "Map columns.known, so that past cutoffs see only what had arrived; a delivery of older files is no fault."


def _span(days: Numbers) -> str:
    """On which days; nothing is said of rows without one."""
    different = np.unique(days[days >= FIRST_DAY])
    if not len(different):
        return ""
    first, last = date_of(int(different[0])), date_of(int(different[-1]))
    return f", on {first}" if first == last else f", on {len(different):,} days from {first} to {last}"


def _cells(table: pa.Table) -> Numbers:
    cells: Numbers = table["day"].to_numpy().astype(np.int64) * _SLOTS + table["slot"].to_numpy()
    return cells
