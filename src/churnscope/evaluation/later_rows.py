"""Features held against the same features after the future was changed: what differs has read it.

The built-in primitives cannot look ahead. A family of one's own can: what it derives is computed over all rows of a customer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from churnscope.events import Block, Events
from churnscope.events.block import NO_DAY, Signal
from churnscope.features.log import RESERVED_SIGNALS
from churnscope.roles import ROLES
from churnscope.snapshots import SnapshotPlan, SnapshotTable, build_snapshots

MOST_CUSTOMERS = 256
MOST_SAMPLE_ROWS = 1_000_000
MOST_ROWS_EACH = 100_000  # one customer may have as many rows as a thousand others

# Of these only some numbers are possible: they change hands, and stay what they are.
_TIMES = {name for role in ROLES.values() for name, kind in role.carried.items() if kind in {"time", "day"}}
_AS_THEY_ARE = frozenset({"source", "minute_of_day"} | _TIMES)


@dataclass
class Sample:
    """A few customers of every block, picked while the blocks pass by.

    Parameters
    ----------
    around : a day; customers with rows before it and from it on are picked first, since they have a future to be changed. None:
        everyone is as likely.
    n_customers : that will pass by.
    most : customers to pick.
    """

    around: int | None
    n_customers: int
    most: int = MOST_CUSTOMERS
    _picked: list[Block] = field(default_factory=list)

    def watching(self, blocks: Iterator[Block]) -> Iterator[Block]:
        """The same blocks."""
        rows = 0
        for block in blocks:
            wanted = max(1, round(self.most * block.n_customers / self.n_customers))
            picked = self._pick(block, wanted, MOST_SAMPLE_ROWS - rows)
            rows += sum(len(events.day) for events in picked.logs.values())
            self._picked.append(picked)
            yield block

    @property
    def block(self) -> Block:
        """All picked customers, numbered from 0."""
        first = self._picked[0]
        logs = {role: _joined([block.logs[role] for block in self._picked]) for role in first.logs}
        return Block(0, sum(block.n_customers for block in self._picked), logs)

    def _pick(self, block: Block, wanted: int, most_rows: int) -> Block:
        rng = np.random.default_rng(block.first)
        order = rng.permutation(block.n_customers)
        rows, has_both = np.zeros(block.n_customers, np.int64), np.zeros(block.n_customers, np.bool_)
        for events in block.logs.values():
            begin, end = events.begin[:-1], events.begin[1:]
            rows += end - begin
            if self.around is None:
                continue
            some = np.flatnonzero(end > begin)
            has_both[some] |= (events.day[begin[some]] < self.around) & (events.day[end[some] - 1] >= self.around)
        order = order[rows[order] <= MOST_ROWS_EACH]
        order = order[np.argsort(~has_both[order], kind="stable")][:wanted]
        return block.of(np.sort(order[np.cumsum(rows[order]) <= most_rows]))


@dataclass(frozen=True)
class Change:
    """A feature that did not stay the same: customers and cutoffs looked at, and those at which it differed."""

    position: int
    differed: int
    looked_at: int


@dataclass(frozen=True)
class Looked:
    """What was found at some cutoffs.

    Parameters
    ----------
    unrepeatable : features that differ when nothing was changed.
    ahead : features that differ when rows were changed that had not happened, or were not known.
    """

    unrepeatable: tuple[Change, ...]
    ahead: tuple[Change, ...]


def changed_by_later_rows(sample: Block, plan: SnapshotPlan) -> Looked:
    """Build the features of a sample at a few past cutoffs: twice as it is, without its later rows, and with other ones.

    Parameters
    ----------
    sample : some customers.
    plan : whose first, middle and last cutoff are looked at.
    """
    looked_at, again, ahead = 0, np.zeros(len(plan.specs), np.int64), np.zeros(len(plan.specs), np.int64)
    for cutoff in few(plan.cutoffs):
        at = plan.at([cutoff])
        table, *others = (_built(block, at) for block in (sample, sample, _changed(sample, cutoff), _dropped(sample, cutoff)))
        twice, altered, without = (_differences(table, other) for other in others)
        looked_at += len(table.customer)
        again += twice.sum(axis=0)
        ahead += (altered | without).sum(axis=0)
    ahead[again > 0] = 0
    return Looked(*(_changes(counts, looked_at) for counts in (again, ahead)))


def signals_read(sample: Block, plan: SnapshotPlan, positions: Sequence[int]) -> Mapping[int, tuple[tuple[str, str], ...]]:
    """For some features, the (role, signal) they are computed from: those whose values, when dealt out anew, change them.

    Where a signal's name stands in that of the feature, that one is meant. A feature of times alone reads none.
    """
    at = plan.at(few(plan.cutoffs)[-1:])
    table = _built(sample, at)
    read: dict[int, list[tuple[str, str]]] = {position: [] for position in positions}
    for role, events in sample.logs.items():
        mapped = {f"{clock}_day": clock for clock in ROLES[role].clocks}  # a local day is no column of its own
        for name in sorted(events.signals):
            other = replace(sample, logs={**sample.logs, role: _dealt(events, np.arange(len(events.day)), [name])})
            differs = set(np.flatnonzero(_differences(table, _built(other, at)).any(axis=0)).tolist())
            for position in differs & set(positions):
                read[position].append((role, mapped.get(name, name)))
    return {position: _meant(plan.specs[position].name, list(dict.fromkeys(found))) for position, found in read.items()}


def few(cutoffs: Sequence[int]) -> tuple[int, ...]:
    """The first, the middle and the last.

    Examples
    --------
    >>> few([1, 2, 3, 4, 5]), few([7])
    ((1, 3, 5), (7,))
    """
    return tuple(sorted({cutoffs[place] for place in (0, len(cutoffs) // 2, -1)}))


def _built(block: Block, plan: SnapshotPlan) -> SnapshotTable:
    return build_snapshots([block], plan, threads=1)


def _later(events: Events, cutoff: int) -> NDArray[np.bool_]:
    """Rows that had not happened at the cutoff, or were not known then."""
    later: NDArray[np.bool_] = np.asarray(events.day >= cutoff)
    return later if events.visible_day is None else later | (events.visible_day > cutoff)


def _dropped(block: Block, cutoff: int) -> Block:
    return _each(block, lambda events: events.where(~_later(events, cutoff)))


def _changed(block: Block, cutoff: int) -> Block:
    changed = _each(block, lambda events: _dealt(events, np.flatnonzero(_later(events, cutoff)), list(events.signals)))
    return replace(block, logs={role: _told_later(role, events, cutoff) for role, events in changed.logs.items()})


def _told_later(role: str, events: Events, cutoff: int) -> Events:
    """With other values in what earlier rows were told only after the cutoff, such as the rating of a ticket still open."""
    for clock in set(ROLES[role].clocks) & events.signals.keys():
        day = events.signals[f"{clock}_day"]
        told = [item.name for item in ROLES[role].columns if item.told == clock and item.name in events.signals]
        told += [f"{clock}_day"] if clock in told else []  # a day that was agreed on with the row is known all along
        rows = np.flatnonzero((day == NO_DAY) | (day >= cutoff))
        events = _dealt(events, rows, told)
    return events


def _each(block: Block, change: Callable[[Events], Events]) -> Block:
    return replace(block, logs={role: change(events) for role, events in block.logs.items()})


def _dealt(events: Events, rows: NDArray[np.int64], names: Sequence[str]) -> Events:
    """Values of some rows dealt out among them, and changed so that nobody keeps an old one.

    Rows tied at an instant come in any order: they are told apart by their values, so that the deal is the same every time.
    """
    values = (events.signals[name][rows] for name in sorted(events.signals))
    rows = rows[np.lexsort((*values, events.time[rows], events.customer[rows]))]
    order = np.random.default_rng(len(rows)).permutation(rows)
    signals = dict(events.signals)
    for name in names:
        signals[name] = signals[name].copy()
        signals[name][rows] = _other(name, signals[name][order])
    return replace(events, signals=signals)


def _other(name: str, values: Signal) -> Signal:
    if name in _AS_THEY_ARE:
        return values
    return np.invert(values) if values.dtype.kind in "bi" else -1 - values


def _differences(table: SnapshotTable, other: SnapshotTable) -> NDArray[np.bool_]:
    """Which cells differ in any bit, for the customers that stand in both tables; shape (n_rows, n_features)."""
    _, here, there = np.intersect1d(table.customer, other.customer, assume_unique=True, return_indices=True)
    one, two = table.features[here], other.features[there]
    return np.asarray((one != two) & ~(np.isnan(one) & np.isnan(two)))


def _changes(counts: NDArray[np.int64], looked_at: int) -> tuple[Change, ...]:
    return tuple(Change(int(position), int(counts[position]), looked_at) for position in np.flatnonzero(counts))


def _meant(feature: str, read: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    named = [item for item in read if f"_{item[1]}_" in f"_{feature}_"]
    declared = [item for item in read if item[1] not in RESERVED_SIGNALS]
    return tuple(named or declared or read)


def _joined(parts: Sequence[Events]) -> Events:
    """Customers of several ranges as one range."""
    before = np.cumsum([0, *(part.n_customers for part in parts)])
    first = parts[0]
    visible = [part.visible_day for part in parts if part.visible_day is not None]
    return Events(
        n_customers=int(before[-1]),
        customer=np.concatenate([part.customer + np.int32(offset) for part, offset in zip(parts, before, strict=False)]),
        time=np.concatenate([part.time for part in parts]),
        day=np.concatenate([part.day for part in parts]),
        signals={name: np.concatenate([part.signals[name] for part in parts]) for name in first.signals},
        visible_day=np.concatenate(visible) if visible else None,
    )
