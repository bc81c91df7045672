"""What customers go through with us, step by step: how many cases, how long between steps, how many fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from churnscope.chance import wilson
from churnscope.config.processes import Process, Step
from churnscope.events import Events
from churnscope.events.block import NO_DAY
from churnscope.survival import cumulative_incidence

Whole = NDArray[np.int64]
Flags = NDArray[np.bool_]
Places = Mapping[str, tuple[str, int]]
PERIOD_DAYS: Final = 365  # cases that began in the last so many days are told of
NOBODY: Final = -1  # which row serves a case: none
_SLOWEST = 0.9
_TINY = 1e-12  # what rounding may take from a share


@dataclass(frozen=True)
class Rows:
    """Rows of a step, sorted by (group, time): which of the log they are, and what belongs together."""

    index: Whole
    customer: Whole
    group: Whole
    time: Whole
    day: Whole

    def take(self, places: Whole | Flags) -> Rows:
        """Some of them."""
        return Rows(*(part[places] for part in self.parts))

    def sorted(self) -> Rows:
        """The same in the order of group and time."""
        return self.take(np.lexsort((self.time, self.group)))

    @property
    def parts(self) -> tuple[Whole, ...]:
        """All columns."""
        return self.index, self.customer, self.group, self.time, self.day

    @property
    def keys(self) -> tuple[Whole, Whole]:
        """Group and time."""
        return self.group, self.time


@dataclass(frozen=True, eq=False)
class Cases:
    """The cases of a process, in the order in which they began for each customer.

    Parameters
    ----------
    customer : shape (n,), numbers within the block.
    days : shape (n_steps, n), the day each step was reached, `NO_DAY` where it was not; steps follow one another.
    failed : shape (n,), the day on which a case failed, `NO_DAY` where it did not.
    """

    customer: Whole
    days: Whole
    failed: Whole


def first_come(arrivals: tuple[Whole, Whole], services: tuple[Whole, Whole]) -> Whole:
    """Which service each arrival gets where the one that waits longest is served first.

    Parameters
    ----------
    arrivals, services : group and time of each, both rising by (group, time). A service at the instant of an arrival can serve
        it; a service for which nobody waits serves nobody.

    Returns
    -------
    Shape (n_arrivals,), the place of the service, `NOBODY` where none came.

    Notes
    -----
    The k-th service that serves anybody serves the k-th arrival of its group. A service serves nobody when the number of
    arrivals less that of services falls to a new low below 0.

    Examples
    --------
    >>> ones = np.zeros(3, np.int64)
    >>> first_come((ones[:2], np.array([1, 3])), (ones, np.array([0, 3, 5]))).tolist()
    [1, 2]
    """
    n, m = len(arrivals[0]), len(services[0])
    answer = np.full(n, NOBODY, np.int64)
    if not n or not m:
        return answer
    group, time = (np.concatenate(both) for both in zip(arrivals, services, strict=True))
    is_service = np.repeat([False, True], [n, m])
    order = np.lexsort((is_service, time, group))
    group, is_service = np.unique(group[order], return_inverse=True)[1].astype(np.int64), is_service[order]
    walk = np.cumsum(np.where(is_service, -1, 1))
    begins = np.searchsorted(group, np.arange(group[-1] + 1))
    own = walk - np.concatenate([[0], walk])[begins][group]
    apart = 2 * (n + m) + 1  # further than any walk goes, so that the lows of one group end where the next begins
    lows = np.minimum(np.minimum.accumulate(own - group * apart) + group * apart, 0)
    before = np.concatenate([[0], lows[:-1]])
    before[begins] = 0
    served = is_service & (lows == before)
    rank = np.cumsum(served)
    rank -= np.concatenate([[0], rank])[begins][group]
    arrived = np.cumsum(~is_service)
    first = np.concatenate([[0], arrived])[begins][group]
    answer[(first + rank - 1)[served]] = (np.cumsum(is_service) - 1)[served]
    return answer


def cases_of(process: Process, logs: Mapping[str, Events], places: Places, as_of: int) -> Cases:
    """The cases of the customers of a block.

    A case begins with a row of the first step. A row of a later step belongs to the case of the customer that has waited for it
    longest; with `by`, of those with the same value. A purchase with an order is one case however many lines it has. A step
    told by the row of the first one belongs to its case alone.

    Parameters
    ----------
    as_of : what lies on this day or later has not happened yet.
    """
    rows = _grouped({step: _rows(step, process, logs, places, as_of) for step in process.all_steps if step.source})
    begun = rows[process.steps[0]]
    log = logs[places[process.steps[0].source or ""][0]]
    n, fails = len(begun.day), process.fails
    days, failed = np.full((len(process.steps), n), NO_DAY, np.int64), np.full(n, NO_DAY, np.int64)
    days[0], times = begun.day, begun.time.copy()
    reached = np.ones(n, np.bool_)
    ending = rows.get(fails) if fails is not None else None
    for place, step in enumerate(process.steps[1:], 1):
        waiting = np.flatnonzero(reached & (failed == NO_DAY))
        reached[:] = False
        if step.source is None:
            here, day, time = _told(step, log, begun.index, waiting, as_of)
        else:
            waiting = waiting[np.lexsort((times[waiting], begun.group[waiting]))]
            row, ended_by, ending = _serve((begun.group[waiting], times[waiting]), rows[step], ending)
            failed[waiting] = ended_by
            served = row != NOBODY
            here, day, time = waiting[served], rows[step].day[row[served]], rows[step].time[row[served]]
        days[place, here], times[here], reached[here] = day, time, True
    if fails is not None and fails.source is None:
        here, day, _ = _told(fails, log, begun.index, np.arange(n), as_of)
        failed[here] = day
    elif ending is not None:  # those whom no step of rows of its own took
        waiting = np.flatnonzero(~reached & (failed == NO_DAY))
        row = first_come((begun.group[waiting], begun.time[waiting]), ending.keys)
        failed[waiting] = np.where(row == NOBODY, NO_DAY, np.append(ending.day, NO_DAY)[row])
    return Cases(begun.customer, days, failed)


def _serve(waiting: tuple[Whole, Whole], rows: Rows, ending: Rows | None) -> tuple[Whole, Whole, Rows | None]:
    """Which row each waiting case gets, or on which day it failed; and the failing rows that no case took.

    Parameters
    ----------
    waiting : group and time of each case, rising.
    """
    failed = np.full(len(waiting[0]), NO_DAY, np.int64)
    if ending is None:
        return first_come(waiting, rows.keys), failed, None
    group, time = (np.concatenate(both) for both in zip(rows.keys, ending.keys, strict=True))
    order = np.lexsort((time, group))
    found = first_come(waiting, (group[order], time[order]))
    row = np.append(order, NOBODY)[found]  # the last place of all is that of `NOBODY`
    fails = row >= len(rows.day)
    failed[fails] = ending.day[row[fails] - len(rows.day)]
    unused = np.ones(len(ending.day), np.bool_)
    unused[row[fails] - len(rows.day)] = False
    return np.where(fails, NOBODY, row), failed, ending.take(unused)


def _rows(step: Step, process: Process, logs: Mapping[str, Events], places: Places, as_of: int) -> Rows:
    """The rows of a step that have rows of its own; `group` still holds the values of `by`."""
    assert step.source is not None
    role, place = places[step.source]
    log = logs[role]
    keep = _marked(step, log)
    if "source" in log.signals:
        keep &= log.signals["source"] == place
    if role == "purchases" and "is_return" in log.signals and step.where != "is_return":
        keep &= log.signals["is_return"] == 0
    index = np.flatnonzero(keep)
    if role == "purchases" and "order" in log.signals and process.by in {None, "order"}:
        order = log.signals["order"][index].astype(np.int64)
        place_of = np.lexsort((log.time[index], order, log.customer[index]))
        again = (np.diff(order[place_of]) == 0) & (np.diff(log.customer[index][place_of]) == 0) & (order[place_of][1:] != 0)
        index = index[place_of[np.concatenate([[True], ~again])]] if len(index) else index
    day, time = _times(step, log, index)
    happened = (day != NO_DAY) & (day < as_of)
    index = index[happened]
    by = np.zeros(len(index), np.int64) if process.by is None else _values(log.signals[process.by][index])
    return Rows(index, log.customer[index].astype(np.int64), by, time[happened], day[happened])


def _values(column: NDArray[np.int64] | NDArray[np.float64] | Flags) -> Whole:
    """Whole numbers that are equal where the values are."""
    return column.view(np.int64) if column.dtype == np.float64 else column.astype(np.int64)


def _grouped(rows: Mapping[Step, Rows]) -> dict[Step, Rows]:
    """The rows of all steps sorted by group and time, groups numbered alike in all of them: a customer, and a value of `by`."""
    by = np.concatenate([each.group for each in rows.values()])
    customer = np.concatenate([each.customer for each in rows.values()])
    values, place = np.unique(by, return_inverse=True)
    group = np.unique(customer * max(1, len(values)) + place, return_inverse=True)[1]
    ends = np.cumsum([0, *(len(each.group) for each in rows.values())])
    return {
        step: Rows(each.index, each.customer, group[begin:end].astype(np.int64), each.time, each.day).sorted()
        for (step, each), begin, end in zip(rows.items(), ends[:-1], ends[1:], strict=True)
    }


def _marked(step: Step, log: Events) -> Flags:
    """Which rows a step counts."""
    if step.where is None:
        return np.ones(len(log.day), np.bool_)
    values = log.signals[step.where]
    marked: Flags = (values != 0) & ~np.isnan(values)
    return marked


def _times(step: Step, log: Events, index: Whole) -> tuple[Whole, Whole]:
    """Day and instant of some rows, by the time that the step reads; `NO_DAY` where it is not there."""
    if step.at is None:
        return log.day[index].astype(np.int64), log.time[index]
    return log.signals[f"{step.at}_day"][index].astype(np.int64), log.signals[step.at][index].astype(np.int64)


def _told(step: Step, log: Events, rows: Whole, waiting: Whole, as_of: int) -> tuple[Whole, Whole, Whole]:
    """Which of the waiting cases the row of the first step says a later step of, with day and instant."""
    index = rows[waiting]
    day, time = _times(step, log, index)
    there = _marked(step, log)[index] & (day != NO_DAY) & (day < as_of)
    return waiting[there], day[there], time[there]


@dataclass(frozen=True)
class Between:
    """From one step to the next.

    Parameters
    ----------
    begun, finished, waiting : cases that reached the first of the two, that reached the second, and that may still do so.
    median_days, slow_days : until half and nine in ten of the cases have reached it, failed ones never; None where fewer do.
    reached_in_days : half of those that reached it took no longer; None where none did.
    """

    step: str
    following: str
    begun: int
    finished: int
    waiting: int
    median_days: int | None
    slow_days: int | None
    reached_in_days: float | None


@dataclass(frozen=True)
class ProcessFigures:
    """A process in figures: the cases that began in the last 365 days.

    Parameters
    ----------
    within_days : by when a case has to be finished; None where nothing is said.
    cases, customers : how many, and of how many.
    finished, failed, late, open : cases that ended well in time; that failed; that did not, and were not finished in time; and
        those of which it is too early to say.
    failure_share, low, high : failed and late of all but the open ones, with Wilson's 95 % interval; NaN where there are none,
        or nothing says what failing is.
    between : from step to step.
    """

    name: str
    within_days: int | None
    cases: int
    customers: int
    finished: int
    failed: int
    late: int
    open: int
    failure_share: float
    low: float
    high: float
    between: tuple[Between, ...]


def figures_of(name: str, process: Process, parts: Sequence[Cases], as_of: int) -> ProcessFigures:
    """What the cases of all customers come to.

    Parameters
    ----------
    parts : of ranges of customers.
    as_of : the day after the last one looked at.

    References
    ----------
    O. O. Aalen, S. Johansen (1978), An empirical transition matrix for non-homogeneous Markov chains based on censored
    observations, Scandinavian Journal of Statistics 5(3), 141-150: days from step to step. Shares by `chance.wilson`.
    """
    recent = [part.days[0] >= as_of - PERIOD_DAYS for part in parts]
    days = np.concatenate([part.days[:, keep] for part, keep in zip(parts, recent, strict=True)], axis=1)
    ended = np.concatenate([part.failed[keep] for part, keep in zip(parts, recent, strict=True)])
    failed = ended != NO_DAY
    customers = sum(len(np.unique(part.customer[keep])) for part, keep in zip(parts, recent, strict=True))
    done = days[-1] != NO_DAY
    late = np.zeros(len(done), np.bool_)
    if process.within_days is not None:
        took = np.where(done, days[-1], as_of) - days[0]
        late = ~failed & (took > process.within_days)
    finished = done & ~failed & ~late
    can_fail = process.fails is not None or process.within_days is not None
    bad, judged = int((failed | late).sum()), int((failed | late | finished).sum())
    share, low, high = wilson(bad if can_fail else 0, judged if can_fail else 0)
    words = [step.word for step in process.steps]
    return ProcessFigures(
        name,
        process.within_days,
        len(done),
        customers,
        int(finished.sum()),
        int(failed.sum()),
        int(late.sum()),
        len(done) - judged,
        float(share),
        float(low),
        float(high),
        tuple(_between((words[k - 1], words[k]), days[k - 1 : k + 1], ended, as_of) for k in range(1, len(words))),
    )


def _between(words: tuple[str, str], days: Whole, failed: Whole, as_of: int) -> Between:
    """From one step to the next; `days` of shape (2, n)."""
    begun, reached, failed = np.vstack([days, failed])[:, days[0] != NO_DAY]
    done = reached != NO_DAY
    last = np.where(failed != NO_DAY, failed, as_of - 1)
    took = np.maximum(0, np.where(done, reached, last) - begun)
    waits = ~done & (failed == NO_DAY)
    size = int(took.max(initial=0)) + 1
    reached_by = cumulative_incidence(*(np.bincount(took[which], minlength=size) for which in (done, ~done & ~waits, waits)))

    def until(part: float) -> int | None:
        days = np.flatnonzero(reached_by >= part - _TINY)
        return int(days[0]) if len(days) else None

    waiting = int(waits.sum())
    reached_in = float(np.median(took[done])) if done.any() else None
    return Between(*words, len(begun), int(done.sum()), waiting, until(0.5), until(_SLOWEST), reached_in)
