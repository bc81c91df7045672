"""Every customer's stages as spells of days: what all else about the life cycle is read from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

STAGES: Final = ("prospect", "nurtured", "new", "active", "loyal", "reactivated", "inactive")
"""The stages, in the order of a customer's life; a stage's code is its place here."""
UNKNOWN: Final = -1
"""The code of a customer of whom nothing is known yet."""
WITH_US: Final = frozenset({"new", "active", "loyal", "reactivated"})
"""The stages of those for whom the activity definition holds."""


@dataclass(frozen=True, eq=False)
class Standing:
    """Where customers stand on a day, shape (n_customers,) each.

    Parameters
    ----------
    stage, previous : codes of `STAGES`: the stage, and the one before it; `UNKNOWN` where there is none.
    entered : the first day of the stage, int32; no day where it is unknown.
    """

    stage: NDArray[np.int8]
    entered: NDArray[np.int32]
    previous: NDArray[np.int8]

    @classmethod
    def joined(cls, parts: Sequence[Standing]) -> Standing:
        """Those of all customers from those of blocks, in order."""
        stage = np.concatenate([np.empty(0, np.int8), *(part.stage for part in parts)])
        entered = np.concatenate([np.empty(0, np.int32), *(part.entered for part in parts)])
        return cls(stage, entered, np.concatenate([np.empty(0, np.int8), *(part.previous for part in parts)]))


@dataclass(frozen=True)
class Spells:
    """The stages of customers, a spell for every stretch of days in one stage.

    Parameters
    ----------
    n_customers : how many customers there are, whether known yet or not.
    customer : the customer's number, rising, shape (n_spells,), int32.
    stage : codes of `STAGES`, shape (n_spells,), int8.
    entered : the first day at whose beginning the stage holds, rising within a customer, shape (n_spells,), int32.
    left : the first day at whose beginning it holds no longer: the day the next spell is entered; `until` for the last one.
    until : the day after the last one that is looked at, that of `--as-of` plus one.

    Notes
    -----
    A customer's spells follow each other without a break from the first day on which something is known to `until`. Two in a
    row differ in stage. Days are cutoffs: the stage on day c is told by what was visible before c.
    """

    n_customers: int
    customer: NDArray[np.int32]
    stage: NDArray[np.int8]
    entered: NDArray[np.int32]
    left: NDArray[np.int32]
    until: int

    def place(self, day: int) -> NDArray[np.int64]:
        """Where every customer's spell on a day stands, -1 for customers unknown on it, shape (n_customers,).

        Examples
        --------
        >>> life = Spells(2, *(np.array(part, "i4") for part in ([0, 0], [2, 6], [3, 9], [9, 20])), until=20)
        >>> life.place(9), life.place(2)
        (array([ 1, -1]), array([-1, -1]))
        """
        holds = np.flatnonzero((self.entered <= day) & (day < self.left))
        places = np.full(self.n_customers, -1, np.int64)
        places[self.customer[holds]] = holds
        return places

    def on(self, day: int) -> NDArray[np.int8]:
        """The stage of every customer on a day, `UNKNOWN` for none, shape (n_customers,)."""
        places = self.place(day)
        return np.where(places < 0, np.int8(UNKNOWN), self.stage[places]) if len(self.stage) else places.astype(np.int8)

    def standing(self, day: int) -> Standing:
        """The stage of every customer on a day, since when, and the one before it.

        Examples
        --------
        >>> life = Spells(2, *(np.array(part, "i4") for part in ([0, 0], [2, 6], [3, 9], [9, 20])), until=20)
        >>> now = life.standing(12)
        >>> now.stage.tolist(), now.entered[0].item(), now.previous.tolist()
        ([6, -1], 9, [2, -1])
        """
        places = self.place(day)
        if not len(self.stage):
            unknown = places.astype(np.int8)
            return Standing(unknown, places.astype(np.int32), unknown)
        known, everybody = places >= 0, np.arange(self.n_customers)
        follows = (places > 0) & (self.customer[places - 1] == everybody)
        return Standing(
            np.where(known, self.stage[places], np.int8(UNKNOWN)),
            self.entered[places],
            np.where(follows, self.stage[places - 1], np.int8(UNKNOWN)),
        )
