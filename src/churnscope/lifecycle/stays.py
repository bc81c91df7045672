"""How long customers were with us without a break, and how long they were away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from churnscope.lifecycle.spells import STAGES, WITH_US, Spells
from churnscope.survival import Integers, Waits

CODES_WITH_US: Final = np.array([code for code, stage in enumerate(STAGES) if stage in WITH_US], np.int8)
INACTIVE: Final = STAGES.index("inactive")


@dataclass(frozen=True, eq=False)
class Stays:
    """Stays of days in something of which a stretch ends when something else begins; shape (n_stays,) each.

    Parameters
    ----------
    customer : the customer's number, rising.
    entered : the first day of it.
    left : the day on which it was over, or `until` where it was not.
    number : how many of the kind the customer had before.
    until : the day after the last one that is looked at.
    """

    customer: NDArray[np.int32]
    entered: NDArray[np.int32]
    left: NDArray[np.int32]
    number: NDArray[np.int32]
    until: int

    @property
    def is_over(self) -> NDArray[np.bool_]:
        """Whether the end was seen."""
        return self.left < self.until

    def keep(self, which: NDArray[np.bool_]) -> Stays:
        """Some of them."""
        return Stays(self.customer[which], self.entered[which], self.left[which], self.number[which], self.until)

    def first(self) -> Stays:
        """The first one of every customer, so that nobody is counted twice."""
        return self.keep(self.number == 0)

    def later(self) -> Stays:
        """The second one of every customer: of those who came back once."""
        return self.keep(self.number == 1)

    def seen_from(self, day: int) -> Stays:
        """Those that were not over before a day."""
        return self.keep(self.left > day)

    def waits(self, *, watched_from: int | None = None) -> Waits:
        """How many days passed until they were over.

        Parameters
        ----------
        watched_from : what ended by this day counts for nothing, as nobody would know of it; what began before counts from its
            age on this day (left truncation). Default: all counts.
        """
        seen = self if watched_from is None else self.seen_from(watched_from)
        over = seen.is_over
        # On the last day looked at, until - 1, an open one still held.
        days = (np.where(over, seen.left, seen.until - 1) - seen.entered).astype(np.int64)
        late = None if watched_from is None else np.maximum(watched_from - seen.entered, 0).astype(np.int64)
        return Waits.of(days, over, late)


def with_us(spells: Spells) -> Stays:
    """From the day a customer comes, or comes back, to the day of becoming inactive, whatever the stages between."""
    return _joined(spells, np.isin(spells.stage, CODES_WITH_US))


def away(spells: Spells) -> Stays:
    """From the day a customer becomes inactive to the day of coming back."""
    return _joined(spells, spells.stage == INACTIVE)


def since_stage(spells: Spells, code: int) -> Stays:
    """From the first day of a customer in a stage to the day of becoming inactive, whatever the stages between."""
    here = np.isin(spells.stage, CODES_WITH_US)
    begins = _begins(spells, here)
    stay_of = np.cumsum(begins) - 1
    found = np.flatnonzero(here & (spells.stage == code))
    customers, places = np.unique(spells.customer[found], return_index=True)
    first = found[places]
    left = with_us(spells).left[stay_of[first]] if len(first) else spells.left[:0]
    return Stays(customers, spells.entered[first], left, np.zeros(len(first), np.int32), spells.until)


def from_day(spells: Spells, day: int) -> Stays:
    """From a day on, of those who are with us on it: what is known of them on that day may tell them apart."""
    seen = with_us(spells)
    seen = seen.keep((seen.entered <= day) & (day < seen.left))
    entered = np.full(len(seen.customer), day, np.int32)
    return Stays(seen.customer, entered, seen.left, np.zeros(len(seen.customer), np.int32), seen.until)


def _begins(spells: Spells, here: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Where a run of spells that are `here` begins."""
    same = np.r_[False, spells.customer[1:] == spells.customer[:-1]]
    begins: NDArray[np.bool_] = here & ~(same & np.r_[False, here[:-1]])
    return begins


def _joined(spells: Spells, here: NDArray[np.bool_]) -> Stays:
    if not len(spells.customer):
        return Stays(spells.customer, spells.entered, spells.left, np.zeros(0, np.int32), spells.until)
    same = np.r_[spells.customer[1:] == spells.customer[:-1], False]
    begins, ends = _begins(spells, here), here & ~(same & np.r_[here[1:], False])
    customer = spells.customer[begins]
    return Stays(customer, spells.entered[begins], spells.left[ends], _places(customer), spells.until)


def _places(customer: NDArray[np.int32]) -> NDArray[np.int32]:
    """The place of each row among those of its customer, from 0 on."""
    starts: Integers = np.flatnonzero(np.r_[True, customer[1:] != customer[:-1]]) if len(customer) else np.zeros(0, np.int64)
    sizes = np.diff(np.r_[starts, len(customer)])
    return np.asarray(np.arange(len(customer)) - np.repeat(starts, sizes), np.int32)
