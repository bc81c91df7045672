"""Checked rows -> blocks: one sorted stream per role, cut at the same customers."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sqlglot import exp

from churnscope.engines.checking import CheckedSource, days_of, used_rows, walls_of
from churnscope.engines.queries import arrow_reader
from churnscope.events.block import NO_DAY, Block, Events, Signal
from churnscope.roles import ROLES
from churnscope.sources.rolling import terms_of
from churnscope.sources.trees import column, table, tree
from churnscope.sources.zones import DAY_US, FIRST_DAY, is_utc, minutes_of_day

BATCH_ROWS = 250_000
SOURCE = "source"
MINUTE = "minute_of_day"
_FILLERS = {
    "money": "CAST(0 AS BIGINT)",
    "number": "CAST('NaN' AS DOUBLE)",
    "flag": "FALSE",
    "truth": "CAST('NaN' AS DOUBLE)",
    "date": f"CAST({NO_DAY} AS INTEGER)",
    "text": "CAST(0 AS UBIGINT)",
    "time": "CAST(0 AS BIGINT)",
    "day": f"CAST({NO_DAY} AS INTEGER)",
}
_TYPES: dict[str, type[np.generic]] = {"number": np.float64, "truth": np.float64, "flag": np.bool_}  # others: whole numbers


@dataclass(frozen=True)
class RoleRows:
    """The rows of all sources of one role.

    Parameters
    ----------
    role : its name.
    sources : in the order of the config.
    zone : whose wall clock tells the minute of the day.
    kinds : signal -> money, number, flag, truth, text, date, time or day, over all sources.
    has_visible_day : whether a row of any source can be late.
    """

    role: str
    sources: tuple[CheckedSource, ...]
    zone: str
    kinds: Mapping[str, str]
    has_visible_day: bool

    @classmethod
    def of(cls, role: str, sources: Sequence[CheckedSource], zone: str) -> RoleRows:
        """The rows of the sources of a role."""
        kinds: dict[str, str] = {}
        for source in sources:
            kinds |= source.mapping.streamed_kinds
        if role == "purchases" and {"amount", "quantity"} & set(kinds):
            kinds["is_return"] = "flag"
        if ROLES[role].is_state:  # a file to be scored may have no label
            kinds["churned"] = "truth"
        return cls(role, tuple(sources), zone, kinds, any(source.mapping.has_visible_day for source in sources))

    def without(self, names: Collection[str]) -> RoleRows:
        """The same rows, some of whose columns are not carried."""
        return replace(self, kinds={name: kind for name, kind in self.kinds.items() if name not in names})

    @property
    def signals(self) -> frozenset[str]:
        """Names of the signals that the role's events carry."""
        return frozenset([*self.kinds, MINUTE, *([SOURCE] if len(self.sources) > 1 else [])])

    @property
    def flags(self) -> frozenset[str]:
        """Names of those that are true or false."""
        return frozenset(name for name, kind in self.kinds.items() if kind in {"flag", "truth"})

    @property
    def dates(self) -> frozenset[str]:
        """Names of those that are days."""
        return frozenset(name for name, kind in self.kinds.items() if kind == "date")

    def query(self, as_of: int) -> exp.Expr:
        """Used rows with a time, sorted by customer and time; more sort columns would double the cost of the sort.

        What holds from the same instant on is sorted by when it was known: the last word counts.
        """
        parts = [self._rows(number, source, as_of) for number, source in enumerate(self.sources)]
        rows = parts[0] if len(parts) == 1 else exp.union(*parts, distinct=False, copy=False)
        known = ["visible_day"] if self.tells_state and self.has_visible_day else []
        every = exp.select("*").from_(rows.subquery("rows", copy=False), copy=False)
        return every.order_by("person", "time", *known, copy=False)

    @property
    def tells_state(self) -> bool:
        """Whether rows tell what customers are; those without a time hold since ever."""
        return bool(ROLES[self.role].since)

    def _rows(self, number: int, source: CheckedSource, as_of: int) -> exp.Select:
        carried, (time, day) = set(source.mapping.streamed_kinds), self._clock(source, as_of)
        signals = [self._as_of(as_of, name, kind, carried).as_(name, quoted=True) for name, kind in self.kinds.items()]
        if self.has_visible_day:
            known = column("visible_day") if source.mapping.has_visible_day else exp.null()
            late = tree("coalesce(:known, :day + 1)", known=known, day=day)
            signals.append(tree("CAST(:late AS INTEGER)", late=late).as_("visible_day"))
        if len(self.sources) > 1:
            signals.append(tree("CAST(:number AS BIGINT)", number=number).as_(SOURCE))
        rows = exp.select("person", time.as_("time"), day.as_("day"), *signals)
        used = (used_rows(source, as_of), tree(":time IS NOT NULL", time=time))
        if source.plan.source.rolling is None:
            return rows.from_(table(source.rows), copy=False).where(*used, copy=False)
        contracts = exp.select("*").from_(table(source.rows), copy=False).where(*used, copy=False)
        walls, days = (None, None) if is_utc(self.zone) else (walls_of(self.zone), days_of(self.zone))
        terms = terms_of(source.mapping, contracts, as_of=as_of, walls=walls, days=days)
        return rows.from_(terms.subquery("terms", copy=False), copy=False)

    def _clock(self, source: CheckedSource, as_of: int) -> tuple[exp.Expr, exp.Expr]:
        """Time and day of a row."""
        if ROLES[self.role].is_state and not source.mapping.has_time:
            return tree("CAST(:x AS BIGINT)", x=as_of * DAY_US - 1), tree("CAST(:x AS INTEGER)", x=as_of - 1)
        if not self.tells_state:
            return column("time"), column("day")
        return tree("coalesce(time, :first)", first=FIRST_DAY * DAY_US), tree("coalesce(day, :first)", first=FIRST_DAY)

    def _as_of(self, as_of: int, name: str, kind: str, carried: set[str]) -> exp.Expr:
        """A signal as it was known on the day `as_of`: what is told at another time of the row is missing until then."""
        value, clock = _signal(name, kind, carried), self._told.get(name, "")
        if name not in carried or f"{clock}_day" not in carried:
            return value
        parts = {"day": column(f"{clock}_day"), "value": value, "none": tree(_FILLERS[kind])}
        return tree("CASE WHEN :day < :as_of THEN :value ELSE :none END", as_of=as_of, **parts)

    @property
    def _told(self) -> dict[str, str]:
        """Signal -> the further time of a row with which it is told."""
        role = ROLES[self.role]
        told = {item.name: item.told for item in role.columns}
        return told | {f"{clock}_day": told[clock] for clock in role.clocks}


def _signal(name: str, kind: str, carried: set[str]) -> exp.Expr:
    """A signal of a source, or what stands for it where the source does not carry it."""
    if name == "is_return":
        return return_flag(carried)
    return column(name) if name in carried else tree(_FILLERS[kind])


def return_flag(carried: set[str]) -> exp.Expr:
    """Whether a purchase line is a return: as mapped, or by a negative amount or quantity."""
    signs: list[exp.Expr] = [column("is_return")] if "is_return" in carried else []
    signs += [tree(":x < 0", x=column(name)) for name in ("amount", "quantity") if name in carried]
    return exp.or_(*signs) if signs else exp.false()


class SortedRows:
    """A sorted stream of one role's rows, given out customer range by customer range.

    Parameters
    ----------
    rows : what is streamed.
    as_of : first day that is not read.
    numbers : int32, shape (n_people,), person -> dense customer number; it rises with the person.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, rows: RoleRows, as_of: int, numbers: NDArray[np.int32]) -> None:
        self._rows, self._numbers = rows, numbers
        self._batches = arrow_reader(connection, rows.query(as_of), batch_rows=BATCH_ROWS)
        self._waiting = [self._columns([])]

    def until(self, first: int, last: int) -> Events:
        """The rows of the customers `first` .. `last - 1`; ranges must follow one another."""
        while not self._reaches(last) and (batch := next(self._batches, None)) is not None:
            self._waiting.append(self._columns([batch]))
        parts = self._waiting
        joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]} if len(parts) > 1 else parts[0]
        cut = int(np.searchsorted(joined["customer"], np.int32(last)))
        self._waiting = [{name: values[cut:] for name, values in joined.items()}]
        return self._events({name: values[:cut] for name, values in joined.items()}, first, last)

    def _reaches(self, last: int) -> bool:
        customers = self._waiting[-1]["customer"]
        return len(customers) > 0 and int(customers[-1]) >= last

    def _columns(self, batches: Sequence[pa.RecordBatch]) -> dict[str, NDArray[np.generic]]:
        rows = pa.Table.from_batches(list(batches), self._batches.schema)
        found = {name: _array(rows.column(name)) for name in rows.column_names}
        person = found.pop("person")
        return {"customer": self._numbers[person], **found}

    def _events(self, columns: dict[str, NDArray[np.generic]], first: int, last: int) -> Events:
        kinds = {**self._rows.kinds, **({SOURCE: "money"} if SOURCE in self._rows.signals else {})}
        signals: dict[str, Signal] = {name: _typed(columns[name], kind) for name, kind in kinds.items()}
        signals[MINUTE] = minutes_of_day(columns["time"].astype(np.int64, copy=False), self._rows.zone)
        visible = columns.get("visible_day")
        return Events(
            n_customers=last - first,
            customer=columns["customer"].astype(np.int32, copy=False) - np.int32(first),
            time=columns["time"].astype(np.int64, copy=False),
            day=columns["day"].astype(np.int32, copy=False),
            signals=signals,
            visible_day=None if visible is None else visible.astype(np.int32, copy=False),
        )


def stream_blocks(streams: Mapping[str, SortedRows], n_customers: int, customers: int) -> Iterator[Block]:
    """Blocks of up to `customers` customers with the rows of every role."""
    for first in range(0, n_customers, customers):
        last = min(first + customers, n_customers)
        yield Block(first, last - first, {role: rows.until(first, last) for role, rows in streams.items()})


def _array(values: pa.ChunkedArray) -> NDArray[np.generic]:
    if values.num_chunks == 1:
        return np.asarray(values.chunk(0).to_numpy(zero_copy_only=False))
    return np.asarray(values.to_numpy())


def _typed(values: NDArray[np.generic], kind: str) -> Signal:
    """A 64-bit hash is reinterpreted, anything else is as it should be."""
    if values.dtype == np.uint64:
        return np.ascontiguousarray(values).view(np.int64)
    return np.ascontiguousarray(values, dtype=_TYPES.get(kind, np.int64))
