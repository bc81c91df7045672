"""What an alert is about: a rule, a customer or group, and the days on which the cause began, was seen and was gone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

STILL: Final = 2**31 - 1
"""The day on which a cause is gone that is still there."""
ID_DIGITS = 16
_BETWEEN = b"\x1f"
Ints = NDArray[np.int64]


def alert_id(rule: str, subject: str, key: str) -> str:
    """What tells an alert from all others of a business: the same cause gives the same id, whenever it is found.

    Examples
    --------
    >>> alert_id("waits", "C-1", "2024-03-01") == alert_id("waits", "C-1", "2024-03-01")
    True
    """
    parts = _BETWEEN.join(part.encode() for part in (rule, subject, key))
    return hashlib.sha256(parts).hexdigest()[:ID_DIGITS]


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a rule speaks.

    Parameters
    ----------
    rule : its name.
    subject : the customer's id, or the name of a group.
    is_customer : which of both.
    key : tells this cause from others of the rule and subject.
    since : the day it began, by its number.
    seen : the first cutoff day at which it can be known; decides in which run it fires.
    over : the first cutoff day at which it is known to be gone, `STILL` for not yet.
    numbers : by name; the first one says how much it matters: more first.
    """

    rule: str
    subject: str
    is_customer: bool
    key: str
    since: int
    seen: int
    over: int
    numbers: Mapping[str, float] = field(default_factory=dict)

    @property
    def alert_id(self) -> str:
        """Of the alert it fires."""
        return alert_id(self.rule, self.subject, self.key)

    @property
    def weight(self) -> float:
        """How much it matters among those of its rule."""
        return next(iter(self.numbers.values()), 0.0)


@dataclass(frozen=True, eq=False)
class Found:
    """Causes of one rule as arrays, shape (n,) each: what `Cause` says, for customers by their numbers.

    `key` is the number of a day or an instant: it is what tells causes of a customer apart.
    """

    customer: Ints
    key: Ints
    since: Ints
    seen: Ints
    over: Ints
    numbers: Mapping[str, NDArray[np.float64]]

    @classmethod
    def none(cls) -> Found:
        """Nothing is found."""
        empty = np.empty(0, np.int64)
        return cls(empty, empty, empty, empty, empty, {})

    def where(self, keep: NDArray[np.bool_]) -> Found:
        """Some of them."""
        rows = np.flatnonzero(keep)
        return Found(
            self.customer[rows],
            self.key[rows],
            self.since[rows],
            self.seen[rows],
            self.over[rows],
            {name: part[rows] for name, part in self.numbers.items()},
        )

    def moved(self, first: int) -> Found:
        """With customers numbered from `first` on."""
        return Found(self.customer + first, self.key, self.since, self.seen, self.over, self.numbers)

    def causes(self, rule: str, ids: Sequence[str] | NDArray[np.object_]) -> Iterator[Cause]:
        """One by one; `ids` by the customers' numbers."""
        names = tuple(self.numbers)
        numbers = zip(*(part.tolist() for part in self.numbers.values()), strict=True) if names else iter(())
        columns = (self.customer, self.key, self.since, self.seen, self.over)
        for customer, key, since, seen, over in zip(*(column.tolist() for column in columns), strict=True):
            told = dict(zip(names, next(numbers), strict=True)) if names else {}
            yield Cause(rule, str(ids[customer]), True, str(key), since, seen, over, told)


def together(parts: Sequence[Found]) -> Found:
    """Several as one."""
    kept = [part for part in parts if len(part.customer)]
    if not kept:
        return Found.none()
    return Found(
        np.concatenate([part.customer for part in kept]),
        np.concatenate([part.key for part in kept]),
        np.concatenate([part.since for part in kept]),
        np.concatenate([part.seen for part in kept]),
        np.concatenate([part.over for part in kept]),
        {name: np.concatenate([part.numbers[name] for part in kept]) for name in kept[0].numbers},
    )
