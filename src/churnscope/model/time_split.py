"""Cross-validation in the order of time, for whatever takes scikit-learn's splitters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from churnscope.timeline import Timing

Indices = NDArray[np.intp]


@dataclass(frozen=True)
class TimeSplit:
    """Rolling origin: each of the newest cutoffs is a test once, learned for on rows whose outcomes had closed before it.

    The cutoffs come as `groups`: `cross_val_score(model, X, y, groups=cutoff, cv=TimeSplit(gap_days=0, horizon_days=90))`.

    Parameters
    ----------
    gap_days : days between a cutoff and its outcome window.
    horizon_days : days of the outcome window.
    n_splits : cutoffs that are a test, the newest ones.

    Examples
    --------
    >>> cutoff = [0, 0, 30, 30, 60, 60, 90, 90]
    >>> for train, test in TimeSplit(gap_days=0, horizon_days=60, n_splits=2).split(cutoff, groups=cutoff):
    ...     print(train.tolist(), test.tolist())
    [0, 1] [4, 5]
    [0, 1, 2, 3] [6, 7]
    """

    gap_days: int
    horizon_days: int
    n_splits: int = 3

    def split(self, X: Any = None, y: Any = None, groups: ArrayLike | None = None) -> Iterator[tuple[Indices, Indices]]:  # noqa: ARG002, N803
        """Positions of the rows to train and to test on, oldest test first.

        Parameters
        ----------
        X, y : not read.
        groups : shape (n_rows,), the cutoff of every row: day numbers, dates or datetime64.

        Raises
        ------
        ValueError : without cutoffs, or with too few for so many splits.
        ConfigError : when gap or horizon is impossible.
        """
        if groups is None:
            raise ValueError("TimeSplit needs the cutoff of every row: give it as `groups`.")
        days, timing = cutoff_days(groups), Timing(self.horizon_days, self.gap_days)
        for test in self._tests(days, timing):
            yield np.flatnonzero(days <= test - timing.outcome_end(0)), np.flatnonzero(days == test)

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:  # noqa: ARG002, N803
        """Number of splits."""
        return self.n_splits

    def _tests(self, days: NDArray[np.int64], timing: Timing) -> list[int]:
        """The newest cutoffs, rising, each of which has at least one that closed before it."""
        rising = np.unique(days).tolist()
        possible = [day for day in rising if timing.outcome_end(rising[0]) <= day]
        if not 1 <= self.n_splits <= len(possible):
            raise ValueError(
                f"n_splits={self.n_splits} is impossible: of {len(rising)} cutoffs {len(possible)} come after the outcome of "
                f"another one (gap {self.gap_days} + horizon {self.horizon_days} days)."
            )
        return possible[-self.n_splits :]


def cutoff_days(cutoff: ArrayLike) -> NDArray[np.int64]:
    """Day numbers of cutoffs, of the same shape.

    Parameters
    ----------
    cutoff : day numbers, dates or datetime64, of which the time of day is left out.

    Raises
    ------
    ValueError : when it holds anything else, or a missing date.

    Examples
    --------
    >>> cutoff_days(np.array(["1970-01-02"], "datetime64[s]")).tolist()
    [1]
    """
    given = np.asarray(cutoff)
    if given.dtype.kind in "iu":
        return given.astype(np.int64)
    try:
        dates = given.astype("datetime64[D]") if given.dtype.kind in "MO" else np.array("NaT", "datetime64[D]")
    except (TypeError, ValueError) as error:
        raise ValueError(_UNREADABLE) from error
    if np.isnat(dates).any():
        raise ValueError(_UNREADABLE)
    return dates.astype(np.int64)


_UNREADABLE = "A cutoff is neither a day number nor a date."
