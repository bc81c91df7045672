"""After which events more or fewer customers leave: snapshots with each event against matched ones without it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from math import isnan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from churnscope.chance import false_discovery_rates
from churnscope.config.models import Config
from churnscope.engines.duckdb import Loaded
from churnscope.evaluation.matched import FALSE_DISCOVERIES, Matched, matched, strata_of
from churnscope.events import Events, Observed, Signal
from churnscope.features import Family, Feature, Log
from churnscope.operations.logs import Progress
from churnscope.project.days import complete_cutoffs
from churnscope.project.results import iso
from churnscope.roles import ROLES
from churnscope.snapshots import SnapshotPlan, SnapshotTable, stream_snapshots

LONG_DAYS = 365
# Edges of days since the last and since the first qualifying event, and of days with one.
RECENCY_DAYS, TENURE_DAYS = (7, 14, 30, 60, 90, 180, 365), (30, 90, 180, 365, 730, 1460)
FREQUENCY = (1, 2, 3, 5, 9, 17, 33, 65, 129, 257)
_EXACT = 20  # rows are told apart to here, then by tenths and a half
_STATES = ("last", "first", "days")


@dataclass(frozen=True)
class KeyEvent:
    """A kind of event.

    Parameters
    ----------
    name : unique.
    source : whose rows it is.
    column, code : which rows: those with this flag, or with this text; None for all of them.
    words : what it is, to a reader.
    """

    name: str
    source: str
    words: str
    column: str | None = None
    code: int | None = None

    def rows(self, log: Observed, place: int) -> Observed:
        """The rows of the event."""
        own = log.select("source", place) if "source" in log.events.signals else log
        if self.column is None:
            return own
        column, code = self.column, self.code

        def is_it(events: Events) -> Signal:
            values = events.signals[column]
            flags: Signal = (values != 0) & ~np.isnan(values) if code is None else values == code
            return flags

        return own.select(own.derive(self.name, is_it))


@dataclass(frozen=True)
class EventStudy:
    """An event and what became of those it happened to.

    Parameters
    ----------
    rate : of false discoveries at which the event counts as telling, over all events that were tested; NaN where none was.
    """

    event: KeyEvent
    found: Matched
    rate: float

    @property
    def tells(self) -> bool:
        """Whether churn differs beyond chance, many events having been tried."""
        return self.rate <= FALSE_DISCOVERIES

    def to_json(self) -> dict[str, Any]:
        """JSON-ready, None where nothing is said."""
        found = asdict(self.found)
        difference = found.pop("difference")
        named = {"event": self.event.name, "source": self.event.source, "words": self.event.words}
        numbers = found | {"unmatched": self.found.unmatched, "difference": difference["value"]}
        numbers |= {"low": difference["low"], "high": difference["high"], "rate": self.rate}
        return named | {key: None if isnan(value) else value for key, value in numbers.items()} | {"tells": self.tells}


@dataclass(frozen=True)
class KeyEventFigures:
    """The study.

    Parameters
    ----------
    days : before a cutoff in which an event counts.
    horizon_days : in which is looked who left.
    cutoffs : days at which snapshots were taken, as dates.
    snapshots, customers : with a known outcome.
    events : those that tell first, then those with most difference, then those of which nothing is said.
    """

    days: int
    horizon_days: int
    cutoffs: tuple[str, ...]
    snapshots: int
    customers: int
    events: tuple[EventStudy, ...]

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return vars(self) | {"cutoffs": list(self.cutoffs), "events": [each.to_json() for each in self.events]}


def key_events(config: Config, loaded: Loaded, progress: Progress) -> KeyEventFigures | None:
    """Study every kind of event; None where there is no event, or no cutoff whose outcome is known.

    Notes
    -----
    Population, cutoffs and label are those of training. Alike are snapshots of one cutoff, with the same time since the last
    and the first qualifying event and the same number of days with one, in bins; of a flag or a text those with as many rows of
    its source in the same days. What is compared was seen before the cutoff, what became of it comes after.
    """
    cutoffs = complete_cutoffs(config, loaded) if config.has_days and config.flat is None else ()
    events = tuple(_events(config, loaded))
    if not cutoffs or not events:
        return None
    study = _Study(config, loaded, events)
    plan = study.plan(cutoffs)
    pieces = stream_snapshots(loaded.blocks(), plan, progress=lambda done: progress("key events", done, loaded.n_customers))
    parts = [part for table in pieces if len((part := study.part(table)).churned)]
    if not parts:
        return None
    return study.figures(_Part.together(parts), plan)


@dataclass(frozen=True, eq=False)
class _Part:
    """Snapshots with a known outcome: how customers were, and what happened to them."""

    customer: NDArray[np.int32]
    churned: NDArray[np.int8]
    state: NDArray[np.int32]  # (n_states, n), the cutoff first
    rows: NDArray[np.int16]  # (n_sources, n), rows of each source in the days before the cutoff, in bins
    exposed: NDArray[np.bool_]  # (n_events, n)

    @classmethod
    def together(cls, parts: Sequence[_Part]) -> _Part:
        columns = ("customer", "churned", "state", "rows", "exposed")
        return cls(*(np.concatenate([getattr(part, name) for part in parts], axis=-1) for name in columns))


@dataclass(frozen=True)
class _Study:
    config: Config
    loaded: Loaded
    events: tuple[KeyEvent, ...]

    @property
    def days(self) -> int:
        return self.config.key_events.days

    @property
    def sources(self) -> tuple[str, ...]:
        """Those with an event, in the order of the config."""
        return tuple(dict.fromkeys(event.source for event in self.events))

    @property
    def state_roles(self) -> tuple[str, ...]:
        """Roles whose rows say who is active."""
        return tuple(dict.fromkeys(self.loaded.places[rule.source][0] for rule in self.config.activity.rules))

    def plan(self, cutoffs: tuple[int, ...]) -> SnapshotPlan:
        """Population and label of training, with the events in the place of features."""
        plan = SnapshotPlan.from_config(self.config, self.loaded, cutoffs)
        roles = dict.fromkeys([*self.state_roles, *(self.loaded.places[name][0] for name in self.sources)])
        family = Family("key_events", tuple(roles), frozenset(), self._build)
        return replace(plan, families=(family,), windows=tuple(sorted({self.days, LONG_DAYS})))

    def _build(self, log: Log) -> Iterator[Feature]:
        role = log.role.name
        if role in self.state_roles:
            kept = log.kept
            ages = (kept.days_since_last(), kept.days_since_first(), kept.distinct_days(LONG_DAYS))
            yield from (_feature(f"state {role} {name}", values) for name, values in zip(_STATES, ages, strict=True))
        for name in self.sources:
            of_role, place = self.loaded.places[name]
            if of_role == role:
                own = log.rows.select("source", place) if "source" in log.columns else log.rows
                yield _feature(f"rows {name}", own.count(self.days))
        for event in self.events:
            of_role, place = self.loaded.places[event.source]
            if of_role == role:
                yield _feature(f"event {event.name}", event.rows(log.rows, place).count(self.days))

    def part(self, table: SnapshotTable) -> _Part:
        """The snapshots of a table with a known outcome, in small numbers."""
        known = table.churned >= 0
        place = {spec.name: number for number, spec in enumerate(table.specs)}

        def column(name: str) -> NDArray[Any]:
            return np.asarray(table.features[:, place[name]][known])

        edges = {"last": RECENCY_DAYS, "first": TENURE_DAYS, "days": FREQUENCY}
        states = [table.cutoff[known]]
        states += [
            np.digitize(np.nan_to_num(column(f"state {role} {name}"), nan=-1), edges[name])
            for role in self.state_roles
            for name in _STATES
        ]
        return _Part(
            table.customer[known],
            table.churned[known],
            np.array(states, np.int32),
            np.array([_row_bins(column(f"rows {name}")) for name in self.sources], np.int16),
            np.array([column(f"event {event.name}") > 0 for event in self.events], np.bool_),
        )

    def figures(self, part: _Part, plan: SnapshotPlan) -> KeyEventFigures:
        """Every event against those alike."""
        alike = strata_of(*part.state)
        found = []
        for event, exposed in zip(self.events, part.exposed, strict=True):
            bins = part.rows[self.sources.index(event.source)].astype(np.int64)
            strata = alike if event.column is None else alike * (int(bins.max()) + 1) + bins
            found.append(matched(exposed, part.churned, strata, part.customer))
        rates = false_discovery_rates([each.p for each in found])
        studied = [EventStudy(*row) for row in zip(self.events, found, rates.tolist(), strict=True) if row[1].exposed]
        studied.sort(key=lambda each: (isnan(each.rate), not each.tells, -abs(np.nan_to_num(each.found.difference.value))))
        return KeyEventFigures(
            self.days,
            plan.timing.horizon_days,
            tuple(map(iso, np.unique(part.state[0]).tolist())),
            len(part.churned),
            len(np.unique(part.customer)),
            tuple(studied),
        )


def _feature(name: str, values: NDArray[np.float64]) -> Feature:
    return Feature(name=name, unit="", concept="", sentence="{value:.0f}", missing="none", spoken=False, values=values)


def _row_bins(rows: NDArray[Any]) -> NDArray[np.int16]:
    """The number itself where it is small; customers with as many rows as one another had as many chances of a mark."""
    beyond = np.floor(np.log(np.maximum(rows, _EXACT) / _EXACT) / np.log(1.15))
    return np.where(rows <= _EXACT, rows, _EXACT + 1 + beyond).astype(np.int16)


def _events(config: Config, loaded: Loaded) -> Iterator[KeyEvent]:
    """Those that are found, source by source, and those that the config declares."""
    for name, (role, _) in loaded.places.items():
        if not ROLES[role].is_activity and role != "campaigns":
            continue
        if ROLES[role].is_activity and name not in config.sources_of_churn:
            yield KeyEvent(name, name, f"any {ROLES[role].noun}")
        yield from _flags(config, loaded, name, role)
        yield from _texts(config, loaded, name, role)
    for name, mark in config.key_events.events.items():
        yield KeyEvent(f"declared {name}", mark.source, name.replace("_", " "), mark.where)


def _flags(config: Config, loaded: Loaded, name: str, role: str) -> Iterator[KeyEvent]:
    """True of a row, and told with it."""
    mapped = config.sources[name].columns.keys() | config.sources[name].signals.keys()
    mapped |= {"is_return"} if role == "purchases" else set()
    told_later = {column.name for column in ROLES[role].columns if column.told != "time"}
    for flag in sorted((loaded.flags.get(role, frozenset()) & mapped) - told_later):
        yield KeyEvent(f"{name} {flag}", name, flag.replace("_", " "), flag)


def _texts(config: Config, loaded: Loaded, name: str, role: str) -> Iterator[KeyEvent]:
    """The common texts of what happened: kind, channel, direction, topic, arm."""
    for column in ROLES[role].columns:
        is_kind = column.name in {"kind", "channel", "direction", "topic", "arm", "category"}
        if not is_kind or column.told != "time" or column.name not in config.sources[name].columns:
            continue
        levels = loaded.texts(role, column.name)
        for level in levels if len(levels) > 1 else ():
            words = f"{column.name} {level.name}"
            yield KeyEvent(f"{name} {column.name} {level.code}", name, words, column.name, level.code)
