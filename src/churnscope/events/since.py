"""From which day on something is seen of each customer, for what never ceases once it is. Days are cutoffs."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

NEVER: Final = 2**31 - 1

Small = NDArray[np.int32]


def first_of(n_customers: int, customer: Small, day: Small) -> Small:
    """The smallest day of each customer's rows, `NEVER` without one, shape (n_customers,).

    Examples
    --------
    >>> first_of(2, np.array([0, 0]), np.array([7, 5])).tolist()
    [5, 2147483647]
    """
    answer = np.full(n_customers, NEVER, np.int32)
    np.minimum.at(answer, customer, day)
    return answer


def days_seen_from(n_customers: int, customer: Small, day: Small, seen_from: Small, n: int) -> Small:
    """The first cutoff that sees rows on at least `n` local days, `NEVER` where none does, shape (n_customers,).

    Parameters
    ----------
    customer, day, seen_from : shape (n_rows,), in any order: whose row it is, its day, and the first cutoff that sees it.

    Examples
    --------
    >>> rows = np.array([0, 0, 0]), np.array([5, 5, 7]), np.array([6, 6, 20])
    >>> [days_seen_from(1, *rows, n).item() for n in (1, 2, 3)]
    [6, 20, 2147483647]
    """
    answer = np.full(n_customers, NEVER, np.int32)
    if not len(customer):
        return answer
    order = _by(customer, day)
    customer, day, seen_from = customer[order], day[order], seen_from[order]
    is_new = np.ones(len(customer), np.bool_)
    is_new[1:] = (np.diff(customer) != 0) | (np.diff(day) != 0)
    begin = np.flatnonzero(is_new)
    of_day, customer = np.minimum.reduceat(seen_from, begin), customer[begin]
    of_day = of_day[_by(customer, of_day)]
    first = np.searchsorted(customer, np.arange(n_customers + 1))
    enough = np.flatnonzero(np.diff(first) >= n)
    answer[enough] = of_day[first[enough] + n - 1]
    return answer


def _by(customer: Small, day: Small) -> NDArray[np.int64] | slice:
    """The order by customer and day; most rows are in it already."""
    is_next = np.diff(customer)
    if ((is_next > 0) | ((is_next == 0) & (np.diff(day) >= 0))).all():
        return slice(None)
    return np.lexsort((day, customer))
