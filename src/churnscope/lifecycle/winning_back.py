"""Who is won back by which step on a day: decided from what was known before it, so that any day can be decided again.

A customer enters once in each spell of inactivity. From then on they get one step after the other, at most one a day, until
they come back, decline, must not be contacted, or have had the last one. A day that was missed is caught up by the next one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from churnscope.config.winning_back import WinBack, WinBackStep

ENTERED: Final = 0  # the place of the row that says that a customer entered; steps have their number from 1
BACK, DECLINED, DO_NOT_CONTACT, NOT_THERE, DONE = (
    "came back",
    "declined",
    "do not contact",
    "not in the data",
    "had every step",
)
COMPLAINT, CONTACTED, WAITING = "open complaint", "contacted lately", "next step not due"
CONTROL: Final = "left alone as control"
NEVER: Final = -(1 << 30)  # the number of a day before all others

Days = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class People:
    """How customers stand at the beginning of a day, shape (n,) each, in one order.

    Parameters
    ----------
    ids : of the customers.
    inactive_from : the day on which they became inactive; `NEVER` for those who are not.
    last_event : day of the newest event that counts as activity.
    last_contact : day of the newest other contact by us; both `NEVER` where there was none.
    complaint, silent : whether a complaint is open, and whether they must not be contacted.
    probability, worth : of coming back, and what that is expected to bring; NaN where nothing is known.
    is_control : who would be left alone.
    ties : by which customers of equal worth are ordered.
    """

    ids: Sequence[str]
    inactive_from: Days
    last_event: Days
    last_contact: Days
    complaint: Flags
    silent: Flags
    probability: NDArray[np.float64]
    worth: NDArray[np.float64]
    is_control: Flags
    ties: NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Taken:
    """A row of a customer's way: that they entered (`place` 0), or which step they got on a day.

    Parameters
    ----------
    entered : the day on which they entered, by its number; of every row of this way.
    """

    customer_id: str
    entered: int
    place: int
    day: int
    is_control: bool


@dataclass(frozen=True)
class Way:
    """How far a customer has come: the newest row of their newest way, and what they have answered since."""

    last: Taken
    answer: str = ""
    has_declined: bool = False
    never: bool = False


@dataclass(frozen=True)
class Decided:
    """What is done on a day, and what became of everybody on the way.

    Parameters
    ----------
    entering, steps : the rows of the day, those who enter first.
    states : customers on the way by what holds them or ended it; those who get a step by its name.
    waiting : who could enter and for whom there is no room today.
    """

    entering: tuple[Taken, ...]
    steps: tuple[Taken, ...]
    states: Mapping[str, int] = field(default_factory=dict)
    waiting: int = 0


def decided(
    settings: WinBack,
    day: int,
    people: People,
    ways: Mapping[str, Way],
) -> Decided:
    """Who enters and who gets which step on a day.

    Parameters
    ----------
    day : its number; nothing that happened at or after it is known.
    ways : by customer, as they were before the day.
    """
    at = {customer: place for place, customer in enumerate(people.ids)}
    entering, waiting = _entering(settings, day, people, ways)
    now = dict(ways) | {row.customer_id: Way(row) for row in entering}
    steps, states = [], dict[str, int]()
    for customer, way in now.items():
        place = at.get(customer)
        state, step = _next(settings, day, people, place, way)
        states[state] = states.get(state, 0) + 1
        if step:
            steps.append(Taken(customer, way.last.entered, step, day, is_control=False))
    return Decided(tuple(entering), tuple(steps), states, waiting)


def _entering(settings: WinBack, day: int, people: People, ways: Mapping[str, Way]) -> tuple[list[Taken], int]:
    """Who enters, the one first of whom most is expected, and how many more could."""
    days_inactive = day - people.inactive_from
    can = (people.inactive_from > NEVER) & (days_inactive >= settings.from_days) & (days_inactive <= settings.to_days)
    can &= ~people.silent & ~people.complaint & (day - people.last_contact >= settings.cool_down_days)
    if np.isfinite(people.probability).any():
        can &= np.nan_to_num(people.probability, nan=-1.0) >= settings.least_probability
        can &= np.isfinite(people.probability)
    rows = [
        place for place in np.flatnonzero(can).tolist() if _is_new(ways.get(people.ids[place]), people.inactive_from[place])
    ]
    worth, chance = (np.nan_to_num(values[rows], nan=-1.0) for values in (people.worth, people.probability))
    order = np.lexsort((people.ties[rows], days_inactive[rows], -chance, -worth))
    chosen = [rows[place] for place in order[: settings.most_per_day].tolist()]
    taken = [Taken(people.ids[place], day, ENTERED, day, bool(people.is_control[place])) for place in chosen]
    return taken, len(rows) - len(chosen)


def _is_new(way: Way | None, inactive_from: int) -> bool:
    """Whether a customer has not been won back in this spell of inactivity already, and never asked to be left alone."""
    return way is None or (way.last.entered < inactive_from and not way.never)


def _next(settings: WinBack, day: int, people: People, place: int | None, way: Way) -> tuple[str, int]:
    """What holds or ended a customer's way, the first that fits, and 0; else the name and the number of the step of the day."""
    last, steps = way.last, settings.steps
    if place is None:
        return NOT_THERE, 0
    is_done = last.place >= len(steps)
    holds = {
        BACK: people.last_event[place] >= last.entered,
        CONTROL: last.is_control,
        DO_NOT_CONTACT: people.silent[place] or way.never,
        DECLINED: way.has_declined,
        DONE: is_done,
        WAITING: not is_done and day < due(steps, last),
        COMPLAINT: people.complaint[place],
        CONTACTED: day - people.last_contact[place] < settings.cool_down_days,
    }
    state = next((state for state, does_hold in holds.items() if does_hold), None)
    return (steps[last.place].name, last.place + 1) if state is None else (state, 0)


def due(steps: Sequence[WinBackStep], last: Taken) -> int:
    """The first day of the step after a row: the first one may come on the day of entering, no other on that of another."""
    least = 0 if last.place == ENTERED else 1
    return last.day + max(least, steps[last.place].wait_days)


def offer_of(step: WinBackStep, answer: str) -> str:
    """What a step offers to who has given an answer; the step's own offer to everybody else.

    Examples
    --------
    >>> step = WinBackStep(name="gift", channel="post", offer="5 % off", offers={"Too expensive": "20 % off"})
    >>> offer_of(step, "too  EXPENSIVE"), offer_of(step, "")
    ('20 % off', '5 % off')
    """
    by_answer = {plain(said): offer for said, offer in step.offers.items()}
    return by_answer.get(plain(answer), step.offer or "") if answer else step.offer or ""


def plain(text: str) -> str:
    """Words as answers are compared: one case, single blanks."""
    return " ".join(text.casefold().split())


def ways_of(rows: Iterable[Taken]) -> dict[str, Way]:
    """By customer, their newest way."""
    newest: dict[str, Taken] = {}
    for row in rows:
        there = newest.get(row.customer_id)
        if there is None or (row.entered, row.place) > (there.entered, there.place):
            newest[row.customer_id] = row
    return {customer: Way(row) for customer, row in newest.items()}
