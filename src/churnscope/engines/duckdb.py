"""DuckDB as the engine: reads and checks the sources of a config, and delivers their rows as sorted blocks."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sqlglot import exp

from churnscope.config.attributes import has_history
from churnscope.config.models import Config
from churnscope.engines.blocks import RoleRows, SortedRows, stream_blocks
from churnscope.engines.checking import CheckedSource, check_rows, used_rows
from churnscope.engines.connection import connected
from churnscope.engines.counting import People, Report, count_people, states_at_once, tally_rows
from churnscope.engines.fingerprint import fingerprint
from churnscope.engines.identifiers import identifiers
from churnscope.engines.levels import coded, common_texts, find_levels, named_texts
from churnscope.engines.queries import arrow_table
from churnscope.engines.reading import SourcePlan, read_source
from churnscope.engines.refusing import breaches, quarantine_rows
from churnscope.errors import InputError
from churnscope.events.block import NO_DAY, Block
from churnscope.levels import Level, LevelNames, Levels
from churnscope.roles import ROLES
from churnscope.sources.contract import (
    refuse_loss,
    refuse_mixed_zones,
    refuse_too_many,
    refuse_two_rows,
    refuse_two_states,
)
from churnscope.sources.files import DataFile
from churnscope.sources.report import SourceReport
from churnscope.sources.trees import table, tree
from churnscope.sources.zones import DAY_US
from churnscope.timeline import day_number

# A gzip file of events is about an eighth of its text.
_GZIP_GROWTH = 8


@dataclass(frozen=True)
class Loaded:
    """Sources that are read, checked and counted; their rows are streamed on demand.

    Parameters
    ----------
    reports : one per source, in the order of the config.
    as_of : first day that is not read.
    complete_through : last day on which the data are whole.
    first_day : day of the first used row.
    label_days : rising, the days of which given labels speak.
    n_customers : customers with a used row, numbered from 0 in the order of their ids.
    columns : role -> names of the signals its events carry.
    places : source -> (role, index of the source within its role).
    flags : role -> names of the signals that are true or false.
    dates : role -> names of those that are days.
    levels : role -> column -> the values that are common enough to be told apart.
    identifiers : role -> numbers that are left out, since they count customers and tell nothing of them.
    """

    reports: tuple[SourceReport, ...]
    as_of: int
    complete_through: int
    first_day: int
    label_days: tuple[int, ...]
    n_customers: int
    columns: Mapping[str, frozenset[str]]
    places: Mapping[str, tuple[str, int]]
    flags: Mapping[str, frozenset[str]]
    dates: Mapping[str, frozenset[str]]
    levels: Levels
    identifiers: Mapping[str, frozenset[str]]
    _connection: duckdb.DuckDBPyConnection = field(repr=False)
    _people: People = field(repr=False)
    _roles: Mapping[str, RoleRows] = field(repr=False)

    def ids(self) -> NDArray[np.object_]:
        """The customers' ids, shape (n_customers,), by number."""
        query = exp.select("id").from_(table("people")).order_by("person")
        return np.asarray(arrow_table(self._connection, query)["id"].to_numpy(), dtype=object)[self._people.is_used]

    def coded(self, names: LevelNames) -> Levels:
        """The levels of these names, whether they occur in the data or not: those that a model was trained on."""
        return coded(self._connection, names)

    def texts(self, role: str, column: str) -> tuple[Level, ...]:
        """The common values of any text column of a role, by name and code."""
        return common_texts(self._connection, self._roles[role], column, self.as_of)

    def names(self, role: str, column: str, codes: Collection[int]) -> dict[int, str]:
        """What some codes of a text column stand for, such as those of the products bought most."""
        return named_texts(self._connection, self._roles[role], column, codes)

    def fingerprint(self, source: str, since: int) -> pa.Table:
        """The used rows of a source that has times, by day, as sums of hashes; `engines/fingerprint.py` says more.

        Parameters
        ----------
        since : rows known only after this day are told apart.
        """
        role, place = self.places[source]
        return fingerprint(self._connection, self._roles[role].sources[place], self.as_of, since)

    def blocks(self, customers: int = 16_384) -> Iterator[Block]:
        """All rows, sorted, in blocks of so many customers; each call reads them anew and out of core.

        Raises
        ------
        InputError : when a file has changed since it was checked.
        """
        for rows in self._roles.values():
            for source in rows.sources:
                for file in (*source.plan.files, *source.plan.joined):
                    file.refuse_if_changed()
        streams = {
            role: SortedRows(self._connection, rows, self.as_of, self._people.numbers) for role, rows in self._roles.items()
        }
        yield from stream_blocks(streams, self.n_customers, customers)


class DuckDBEngine:
    """Reads the sources of one config; made by `open_engine`."""

    def __init__(self, config: Config, connection: duckdb.DuckDBPyConnection, plans: Sequence[SourcePlan]) -> None:
        self._config, self._connection, self._plans = config, connection, plans

    def load(self, *, as_of: int | None = None, quarantine: Path | None = None, with_duplicates: bool = True) -> Loaded:
        """Read, check and count every source, once per engine.

        Parameters
        ----------
        as_of : first day that is not read; None: the day after the data are complete.
        quarantine : folder for the refused rows, a file per source; None: they are only counted.
        with_duplicates : whether repeated rows are counted, which costs about as much as the sort of the rows.

        Raises
        ------
        InputError : when a file is refused; refused rows are written before.
        ConfigError : when a mapping does not fit its file.
        """
        plans = [plan.as_found() for plan in self._plans]
        raw = [(plan, read_source(self._connection, plan, f"raw_{i}")) for i, plan in enumerate(plans)]
        sources = check_rows(self._connection, self._config, raw)
        for source in sources:
            self._refuse(source, quarantine)
        return self._counted(sources, as_of, with_duplicates=with_duplicates)

    def _refuse(self, source: CheckedSource, quarantine: Path | None) -> None:
        """Judge a source as a whole."""
        name, raw = source.plan.name, source.raw
        source.tally = tally_rows(self._connection, source)
        # A customer may change long after all others have: that is no slip of the keyboard.
        source.last_plausible = None if has_history(source.plan.source) else source.tally.last_plausible_day()
        refuse_loss(name, raw.records, int(source.tally.rows.sum()) + len(raw.rejected))
        refuse_mixed_zones(name, source.tally)
        if raw.rejected or not source.tally.is_good.all() or source.tally.after(source.last_plausible).any():
            source.breaches = breaches(self._connection, source)
        path = quarantine / f"{name}.csv" if quarantine and source.breaches else None
        if path:
            quarantine_rows(self._connection, source, path)
        kept_in = f"{path.parent.name}/{path.name}" if path else ""
        refuse_too_many(name, raw.records, source.breaches, source.plan.source.most_quarantined, kept_in)

    def _counted(self, sources: Sequence[CheckedSource], as_of: int | None, *, with_duplicates: bool) -> Loaded:
        complete_through = self._complete_through(sources, as_of)
        as_of = complete_through + 1 if as_of is None else as_of
        people = count_people(self._connection, sources, as_of)
        counted = list(zip(sources, people.rows, strict=True))
        for source, used in counted:
            if source.is_known_list:
                self._refuse_contradictions(source, used, as_of)
        reports = tuple(
            Report(self._connection, self._config, source, used, as_of).made(with_duplicates=with_duplicates)
            for source, used in counted
        )
        days = [report.first_day for report in reports if report.first_day is not None and ROLES[report.role].is_activity]
        roles = _roles(sources, self._config.time_zone)
        numbered = identifiers(self._connection, self._config, roles, as_of)
        roles = {role: rows.without(numbered.get(role, frozenset())) for role, rows in roles.items()}
        return Loaded(
            reports=reports,
            as_of=as_of,
            complete_through=complete_through,
            first_day=min(days, default=as_of),
            label_days=_label_days(self._connection, sources, as_of),
            n_customers=int(people.is_used.sum()),
            columns={role: rows.signals for role, rows in roles.items()},
            places=_places(roles),
            flags={role: rows.flags for role, rows in roles.items()},
            dates={role: rows.dates for role, rows in roles.items() if rows.dates},
            levels=find_levels(self._connection, roles, as_of),
            identifiers=numbered,
            _connection=self._connection,
            _people=people,
            _roles=roles,
        )

    def _refuse_contradictions(self, source: CheckedSource, used: NDArray[np.int64], as_of: int) -> None:
        """One customer cannot be two things at once."""
        if has_history(source.plan.source):
            refuse_two_states(source.plan.name, *states_at_once(self._connection, source, as_of))
        else:
            refuse_two_rows(source.plan.name, int(used.sum()), int((used > 0).sum()))

    def _complete_through(self, sources: Sequence[CheckedSource], as_of: int | None) -> int:
        """The declared day, else that of the newest row which activity and label read; never at or after `as_of`."""
        declared = self._config.complete_through
        if declared:
            day = day_number(declared)
        else:
            read = self._config.sources_of_churn
            newest = [source.tally.newest_day(source.last_plausible) for source in sources if source.plan.name in read]
            known = [day for day in newest if day is not None] + [_day_before_written(source) for source in _undated(sources)]
            if not known and as_of is None:
                raise InputError(f"No row of {', '.join(sorted(read))} can be used.", "Check that these are the right files.")
            day = max(known, default=NO_DAY)
        return day if as_of is None else min(day, as_of - 1)


@contextmanager
def open_engine(config: Config, *, temp: Path | None = None) -> Iterator[DuckDBEngine]:
    """An engine for the sources of a config; its temporary files vanish with the block.

    Parameters
    ----------
    temp : folder for temporary files; None: the system's.

    Raises
    ------
    InputError : when a file is missing or is no plain file.
    """
    plans = [SourcePlan.of(name, source) for name, source in config.sources.items()]
    files = [file for plan in plans for file in (*plan.files, *plan.joined)]
    copied = sum(_text_bytes(file) for plan in plans if plan.source.format == "csv" for file in (*plan.files, *plan.joined))
    with connected(config.engine, [file.path for file in files], temp=temp, size_bytes=copied) as connection:
        yield DuckDBEngine(config, connection, plans)


def _text_bytes(file: DataFile) -> int:
    """About how much text a CSV file holds."""
    return file.size_bytes * (_GZIP_GROWTH if file.path.suffix == ".gz" else 1)


def _roles(sources: Sequence[CheckedSource], zone: str) -> dict[str, RoleRows]:
    """Roles with rows that have a time, or tell how a customer is."""
    timed = [source for source in sources if source.mapping.has_time or _tells_something(source)]
    names = dict.fromkeys(source.plan.source.role for source in timed)
    return {name: RoleRows.of(name, [source for source in timed if source.plan.source.role == name], zone) for name in names}


def _tells_something(source: CheckedSource) -> bool:
    """Whether rows without a time tell what customers are."""
    role = ROLES[source.plan.source.role]
    return role.is_state or bool(role.since and source.mapping.measures)


def _label_days(connection: duckdb.DuckDBPyConnection, sources: Sequence[CheckedSource], as_of: int) -> tuple[int, ...]:
    """Days of which given labels speak; a row that tells how a customer is speaks of the day after its own."""
    labels = [source for source in sources if source.plan.source.role == "labels"]
    days = [source.tally.day[source.tally.used(source.last_plausible, as_of)] for source in labels]
    states = [source for source in sources if ROLES[source.plan.source.role].is_state and "churned" in source.mapping.kinds]
    days += [_labelled_days(connection, source, as_of) + 1 for source in states]
    return tuple(sorted({int(day) for day in np.concatenate([np.empty(0, np.int64), *days]) if day != NO_DAY}))


def _labelled_days(connection: duckdb.DuckDBPyConnection, source: CheckedSource, as_of: int) -> NDArray[np.int64]:
    """Days of the used rows with a label; for rows without a time, the last day that is read."""
    day = tree("coalesce(day, :last)", last=as_of - 1).as_("day")
    query = exp.select(day).distinct().from_(table(source.rows)).where(used_rows(source, as_of), tree("NOT isnan(churned)"))
    return np.asarray(arrow_table(connection, query)["day"].to_numpy(), np.int64)


def _undated(sources: Sequence[CheckedSource]) -> list[CheckedSource]:
    """Those that tell how customers are, and not when."""
    return [source for source in sources if ROLES[source.plan.source.role].is_state and not source.mapping.has_time]


def _day_before_written(source: CheckedSource) -> int:
    """The day before the one on which the newest file was written, by UTC: as of the latter the file is read."""
    return max(file.modified_ns for file in source.plan.files) // (DAY_US * 1_000) - 1


def _places(roles: Mapping[str, RoleRows]) -> dict[str, tuple[str, int]]:
    return {source.plan.name: (role, i) for role, rows in roles.items() for i, source in enumerate(rows.sources)}
