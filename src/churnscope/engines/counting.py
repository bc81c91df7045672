"""Counts of checked sources: who has used rows, and the report of each source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
from numpy.typing import NDArray
from sqlglot import exp

from churnscope.config.models import Config
from churnscope.engines.checking import CheckedSource, end_day, identity, used_rows
from churnscope.engines.queries import arrow_table, number
from churnscope.events.block import NO_DAY
from churnscope.sources.contract import Tally, history_advice, reason_number, source_advice
from churnscope.sources.mapping import ID_RULES, IGNORED, VALID_TO
from churnscope.sources.report import SourceReport
from churnscope.sources.trees import table, tree
from churnscope.sources.zones import REPEATED, SKIPPED


@dataclass(frozen=True)
class People:
    """Customers by their place in the order of ids, whether their rows are used or not.

    Parameters
    ----------
    rows : int64, shape (n_people,), for each source: used rows.
    is_used : bool, shape (n_people,), whether any row is.
    numbers : int32, shape (n_people,), dense number of a used customer.
    """

    rows: tuple[NDArray[np.int64], ...]
    is_used: NDArray[np.bool_]
    numbers: NDArray[np.int32]


def count_people(connection: duckdb.DuckDBPyConnection, sources: Sequence[CheckedSource], as_of: int) -> People:
    """Count the used rows of every customer in every source."""
    n_people = number(connection, exp.select(tree("count(*)")).from_(table("people")))
    rows = tuple(_rows_of_people(connection, source, as_of, n_people) for source in sources)
    is_used = np.logical_or.reduce([counts > 0 for counts in rows])
    return People(rows, is_used, (np.cumsum(is_used) - 1).astype(np.int32))


@dataclass(frozen=True)
class Report:
    """Makes the report of a source on the day `as_of`.

    Parameters
    ----------
    used_of_people : int64, shape (n_people,), used rows of each customer.
    """

    connection: duckdb.DuckDBPyConnection
    config: Config
    source: CheckedSource
    used_of_people: NDArray[np.int64]
    as_of: int

    def made(self, *, with_duplicates: bool) -> SourceReport:
        """The report; counting duplicates costs about as much as the sort."""
        source, first, last = self.source, *self._days()
        return SourceReport(
            name=source.plan.name,
            role=source.plan.source.role,
            files=tuple(source.raw.facts),
            rows_in=source.raw.records,
            used=self._used_rows,
            quarantined={breach.rule: breach.rows for breach in source.breaches},
            ignored=self._ignored(),
            customers=int((self.used_of_people > 0).sum()),
            missing_ids=int(source.tally.nobody.sum()),
            duplicates=_duplicates(self.connection, source) if with_duplicates else None,
            first_day=first,
            last_day=last,
            counted=self._counted(),
            advice=(*self._data_advice(), *self._history_advice(first), *_unused(source.raw.unused)),
        )

    @property
    def _used_rows(self) -> int:
        return int(self.used_of_people.sum())

    @property
    def _is_used(self) -> NDArray[np.bool_]:
        return self.source.tally.used(self.source.last_plausible, self.as_of)

    @property
    def _zero_amounts(self) -> int:
        return int(self.source.tally.zero[self._is_used].sum())

    def _days(self) -> tuple[int | None, int | None]:
        """First and last day of the used rows."""
        days = self.source.tally.day[self._is_used & (self.source.tally.day != NO_DAY)]
        return (int(days.min()), int(days.max())) if len(days) else (None, None)

    def _ignored(self) -> dict[str, int]:
        """Reason -> rows; what the day decides holds only for rows that nothing else leaves aside."""
        tally = self.source.tally
        good = tally.is_good & ~tally.after(self.source.last_plausible)
        counts = {reason: int(tally.rows[good & (tally.ignored == reason_number(reason))].sum()) for reason in IGNORED}
        counts["after_as_of"] = int(tally.rows[good & (tally.ignored == 0) & (tally.day >= self.as_of)].sum())
        counts["not_known_yet"] = _not_known_yet(self.connection, self.source, self.as_of)
        return {reason: rows for reason, rows in counts.items() if rows}

    def _counted(self) -> dict[str, int]:
        tally, is_used = self.source.tally, self._is_used
        counts = {
            "repeated_hour": int(tally.repeated[is_used].sum()),
            "skipped_hour": int(tally.skipped[is_used].sum()),
            "zero_amount": self._zero_amounts,
            "trimmed_ids": self.source.trimmed,
            "overlapping_rows": _overlaps(self.connection, self.source, self.as_of),
            "ids_alike_but_for_case": _case_collisions(self.connection, self.source),
            "files_with_byte_order_mark": self.source.raw.marks,
        }
        return {name: count for name, count in counts.items() if count}

    def _data_advice(self) -> list[str]:
        has_amount = any(measure.name == "amount" for measure in self.source.mapping.measures)
        return source_advice(
            rows=self._used_rows,
            customers=int((self.used_of_people > 0).sum()),
            largest=int(self.used_of_people.max(initial=0)),
            amounts_zero=self._zero_amounts if has_amount else None,
            is_many=not self.source.is_known_list,
            is_habit=any(rule.source == self.source.plan.name and not rule.in_force for rule in self.config.activity.rules),
        )

    def _history_advice(self, first_day: int | None) -> list[str]:
        """Advice for a source that the activity reads."""
        name = self.source.plan.name
        windows = [rule.reach_days for rule in self.config.activity.rules if rule.source == name]
        if first_day is None or not windows:
            return []
        return history_advice(first_day, self.as_of, max(windows) + 3 * self.config.timing.outcome_end(0))


def tally_rows(connection: duckdb.DuckDBPyConnection, source: CheckedSource) -> Tally:
    """Count the rows of a source by verdict and day."""
    day = tree("coalesce(day, :none)", none=NO_DAY).as_("day")
    has_amount = any(measure.name == "amount" for measure in source.mapping.measures)
    counts = {
        "rows": tree("count(*)"),
        "nobody": tree(
            "count_if(person IS NULL AND (fault = 0 OR fault = :missing))", missing=ID_RULES.index("missing_id") + 2
        ),
        "zoned": tree("count_if(zoned)"),
        "repeated": tree("count_if(odd = :kind)", kind=REPEATED),
        "skipped": tree("count_if(odd = :kind)", kind=SKIPPED),
        "zero": tree("count_if(amount = 0)") if has_amount else exp.convert(0),
    }
    query = exp.select("fault", "ignored", day, *(part.as_(name) for name, part in counts.items())).from_(
        table(source.verdicts)
    )
    groups = arrow_table(connection, query.group_by("fault", "ignored", tree("coalesce(day, :none)", none=NO_DAY)))
    return Tally(**{name: groups[name].to_numpy().astype(np.int64) for name in groups.column_names})


def states_at_once(connection: duckdb.DuckDBPyConnection, source: CheckedSource, as_of: int) -> tuple[int, int]:
    """Used rows of a source with history, and how many of them differ in customer, begin and day of arrival."""
    known = ["visible_day"] if source.mapping.has_visible_day else []
    used = exp.select("person", "time", *known).from_(table(source.rows)).where(used_rows(source, as_of)).subquery("u")
    once = exp.select("*").distinct().from_(used.copy()).subquery("o")
    return number(connection, exp.select(tree("count(*)")).from_(used)), number(
        connection, exp.select(tree("count(*)")).from_(once)
    )


def _overlaps(connection: duckdb.DuckDBPyConnection, source: CheckedSource, as_of: int) -> int:
    """Rows that are said to hold beyond the begin of the next one of their customer, which counts from then on."""
    if VALID_TO not in source.mapping.kinds or not source.mapping.has_time:
        return 0
    following = tree("lead(day) OVER (PARTITION BY person ORDER BY time NULLS FIRST)").as_("following")
    rows = exp.select(VALID_TO, following).from_(table(source.rows)).where(used_rows(source, as_of))
    return number(connection, exp.select(tree("count(*)")).from_(rows.subquery("r")).where(tree("valid_to > following")))


def _not_known_yet(connection: duckdb.DuckDBPyConnection, source: CheckedSource, as_of: int) -> int:
    """Rows that have happened before `as_of` but were not known then."""
    if not source.mapping.has_visible_day:
        return 0
    happened = [tree("fault = 0"), tree("ignored = 0"), tree("day < :end", end=end_day(source, as_of))]
    late = exp.select(tree("count(*)")).from_(table(source.rows)).where(*happened, tree("visible_day > :as_of", as_of=as_of))
    return number(connection, late)


def _duplicates(connection: duckdb.DuckDBPyConnection, source: CheckedSource) -> int:
    """Good rows that repeat another one in every mapped column."""
    repeats = exp.func("hash", *identity(source))
    good = [tree("fault = 0"), tree("ignored <> :overlap", overlap=reason_number("overlap"))]
    query = exp.select(tree("count(*) - count(DISTINCT :row)", row=repeats)).from_(table(source.rows)).where(*good)
    return number(connection, query)


def _rows_of_people(
    connection: duckdb.DuckDBPyConnection, source: CheckedSource, as_of: int, n_people: int
) -> NDArray[np.int64]:
    found = arrow_table(connection, _all_rows(source) if _uses_all(source, as_of) else _used_rows(source, as_of))
    counts = np.zeros(n_people, np.int64)
    counts[found["person"].to_numpy()] = found["rows"].to_numpy()
    return counts


def _uses_all(source: CheckedSource, as_of: int) -> bool:
    """Whether every row is used: then the keys have been counted already, and the rows need not be read again."""
    is_used = source.tally.used(source.last_plausible, as_of)
    return bool(is_used.all()) and not source.mapping.has_visible_day


def _all_rows(source: CheckedSource) -> exp.Select:
    return exp.select("person", tree("CAST(sum(rows) AS BIGINT)").as_("rows")).from_(table(source.people)).group_by("person")


def _used_rows(source: CheckedSource, as_of: int) -> exp.Select:
    rows = exp.select("person", tree("count(*)").as_("rows")).from_(table(source.rows))
    return rows.where(used_rows(source, as_of)).group_by("person")


def _case_collisions(connection: duckdb.DuckDBPyConnection, source: CheckedSource) -> int:
    query = (
        exp.select(tree("count(DISTINCT id) - count(DISTINCT lower(id))")).from_(table(source.keys)).where(tree("id_rule = 0"))
    )
    return number(connection, query)


def _unused(headers: Sequence[str]) -> list[str]:
    return [f"Columns that nothing reads: {', '.join(headers)}."] if headers else []
