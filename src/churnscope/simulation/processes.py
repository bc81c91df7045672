"""Point processes of many people at once: who, and when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from churnscope.simulation.clock import Clock, Days


@dataclass(frozen=True)
class Occurrences:
    """What happened to whom, and when.

    Parameters
    ----------
    owner : shape (n,), position of the person in the group.
    time : shape (n,), days since the first midnight of the log.
    """

    owner: NDArray[np.int64]
    time: Days

    def __len__(self) -> int:
        return len(self.owner)

    def taken(self, rows: NDArray[np.int64]) -> Occurrences:
        """Those at the positions `rows`."""
        return Occurrences(self.owner[rows], self.time[rows])

    def order_of(self, keep: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Positions of those to keep, by time, ties by person."""
        order = np.lexsort((self.owner, self.time))
        return order[keep[order]]


def poisson(random: np.random.Generator, rate_per_day: Days, joined: Days, clock: Clock) -> Occurrences:
    """Occurrences from joining to the end of the log, at each person's rate per seasonal day."""
    start = clock.seasonal(joined)
    length = clock.passed[-1] - start
    owner = spread(random.poisson(rate_per_day * length))
    return Occurrences(owner, clock.real(start[owner] + random.random(len(owner)) * length[owner]))


def spread(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Each position as often as its count says.

    Examples
    --------
    >>> spread(np.array([2, 0, 1])).tolist()
    [0, 0, 2]
    """
    return np.repeat(np.arange(len(counts)), counts)


def place(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number within its group of every row that `spread` makes.

    Examples
    --------
    >>> place(np.array([2, 0, 1])).tolist()
    [0, 1, 0]
    """
    ends = np.cumsum(counts)
    return np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - counts, counts)
