"""What a repeat-purchase model reads of a customer: how often bought again, from when to when, and for how long watched."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Cells:
    """The different pairs (frequency, days) among some rows, and which of them each row has."""

    frequency: Array
    days: Array
    row: NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class RepeatRows:
    """One row per customer, or per group of `customers` alike. Several purchases on one day count once.

    The literature writes (x, t_x, T) for (frequency, recency, age). Customers who never bought have no row.

    Parameters
    ----------
    frequency : shape (n_rows,), purchase days after the first one, 0 or more.
    recency_days : shape (n_rows,), days from the first to the last purchase; 0 exactly where frequency is 0.
    age_days : shape (n_rows,), days from the first purchase to the last day that was watched.
    customers : shape (n_rows,), how many customers share the row; default 1 each.

    Raises
    ------
    ValueError : when lengths differ, a value is missing, or the order 0 <= recency <= age is broken.

    Examples
    --------
    >>> rows = RepeatRows([2, 0, 0], [30, 0, 0], [38, 38, 38])
    >>> rows.compressed().customers.tolist()
    [2.0, 1.0]
    """

    frequency: Array
    recency_days: Array
    age_days: Array
    customers: Array

    def __init__(
        self, frequency: ArrayLike, recency_days: ArrayLike, age_days: ArrayLike, customers: ArrayLike | None = None
    ) -> None:
        columns = [np.asarray(column, dtype=np.float64) for column in (frequency, recency_days, age_days)]
        columns.append(np.ones(columns[0].shape) if customers is None else np.asarray(customers, dtype=np.float64))
        for name, column in zip(("frequency", "recency_days", "age_days", "customers"), columns, strict=True):
            object.__setattr__(self, name, column)
        self._refuse_nonsense()

    def _refuse_nonsense(self) -> None:
        columns = (self.frequency, self.recency_days, self.age_days, self.customers)
        if len({column.shape for column in columns}) > 1 or self.frequency.ndim != 1:
            raise ValueError("frequency, recency_days, age_days and customers are one-dimensional and of one length")
        if not all(np.isfinite(column).all() for column in columns):
            raise ValueError("a customer without purchases has no row: missing values are not allowed here")
        ordered = (self.recency_days >= 0) & (self.recency_days <= self.age_days) & (self.customers > 0)
        repeats = (self.frequency >= 0) & ((self.frequency > 0) == (self.recency_days > 0))
        if not (ordered & repeats).all():
            raise ValueError("0 <= recency_days <= age_days, customers > 0, and recency_days is 0 exactly where frequency is 0")

    @classmethod
    def at_cutoff(cls, *, purchase_days: ArrayLike, days_since_first: ArrayLike, days_since_last: ArrayLike) -> Self:
        """Rows as seen at a cutoff, from three counts per customer who has bought before it.

        The last day watched is the day before the cutoff: a horizon of h days is then the window `[cutoff, cutoff + h)`.

        Parameters
        ----------
        purchase_days : shape (n_customers,), different days with a purchase, at least 1.
        days_since_first, days_since_last : shape (n_customers,), from the first and last of them to the cutoff, at least 1.

        Examples
        --------
        >>> RepeatRows.at_cutoff(purchase_days=[3], days_since_first=[31], days_since_last=[1]).recency_days.tolist()
        [30.0]
        """
        first, last = np.asarray(days_since_first, dtype=np.float64), np.asarray(days_since_last, dtype=np.float64)
        return cls(np.asarray(purchase_days, dtype=np.float64) - 1, first - last, first - 1)

    def __len__(self) -> int:
        """How many rows there are, not how many customers."""
        return len(self.frequency)

    def compressed(self) -> RepeatRows:
        """The different rows, each with the number of customers that share it: the same likelihood from far fewer rows."""
        by_age = self.age_cells.row * (self.recency_cells.row.max(initial=0) + 1)
        _, first, row = np.unique(by_age + self.recency_cells.row, return_index=True, return_inverse=True)
        customers = np.bincount(row, weights=self.customers, minlength=len(first))
        return RepeatRows(self.frequency[first], self.recency_days[first], self.age_days[first], customers)

    def bought_again(self) -> RepeatRows:
        """The same customers had they bought once more on the last day that was watched, or the day after their only one.

        Examples
        --------
        >>> rows = RepeatRows([2, 0], [30, 0], [400, 0]).bought_again()
        >>> rows.frequency.tolist(), rows.recency_days.tolist(), rows.age_days.tolist()
        ([3.0, 1.0], [400.0, 1.0], [400.0, 1.0])
        """
        age = np.maximum(self.age_days, 1)
        return RepeatRows(self.frequency + 1, age, age, self.customers)

    def thinned(self, most: int) -> RepeatRows:
        """At most `most` of the rows, evenly spaced."""
        kept = slice(None, None, max(1, -(-len(self) // most)))
        return RepeatRows(self.frequency[kept], self.recency_days[kept], self.age_days[kept], self.customers[kept])

    @cached_property
    def age_cells(self) -> Cells:
        """The different (frequency, age) pairs."""
        return different_pairs(self.frequency, self.age_days)

    @cached_property
    def recency_cells(self) -> Cells:
        """The different (frequency, recency) pairs."""
        return different_pairs(self.frequency, self.recency_days)


def different_pairs(frequency: Array, days: Array) -> Cells:
    """The different (frequency, days) pairs; sorting two columns of codes is far cheaper than sorting pairs."""
    frequencies, frequency_code = np.unique(frequency, return_inverse=True)
    lengths, days_code = np.unique(days, return_inverse=True)
    width = max(len(lengths), 1)
    pairs, row = np.unique(frequency_code * width + days_code, return_inverse=True)
    return Cells(frequencies[pairs // width], lengths[pairs % width], row)
