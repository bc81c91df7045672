"""Numbers as Arrow columns: ids, order numbers, names, instants."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

_ID_DIGITS = 9
_SECOND = 1_000_000  # microseconds


def customer_ids(numbers: NDArray[np.int64]) -> pa.Array:
    """Ids such as C000000012.

    Examples
    --------
    >>> customer_ids(np.array([12])).to_pylist()
    ['C000000012']
    """
    return pc.binary_join_element_wise("C", _digits(numbers), "")


def order_ids(customers: NDArray[np.int64], orders: NDArray[np.int64], returned: NDArray[np.bool_]) -> pa.Array:
    """Order numbers such as 000000012-3, with an R in front where goods came back.

    Examples
    --------
    >>> order_ids(np.array([12]), np.array([3]), np.array([True])).to_pylist()
    ['R000000012-3']
    """
    marked = pc.binary_join_element_wise(pc.if_else(pa.array(returned), "R", ""), _digits(customers), "")
    return pc.binary_join_element_wise(marked, pa.array(orders).cast("string"), "-")


@cache
def numbered(prefix: str, n: int) -> pa.Array:
    """`n` names that differ by their number.

    Examples
    --------
    >>> numbered("P", 11).to_pylist()[:2]
    ['P01', 'P02']
    """
    digits = len(str(n))
    return pa.array([f"{prefix}{i:0{digits}d}" for i in range(1, n + 1)])


def names(known: pa.Array | Sequence[str], codes: NDArray[np.int64], *, missing: NDArray[np.bool_] | None = None) -> pa.Array:
    """The name at each code; null where `missing`."""
    values = known if isinstance(known, pa.Array) else pa.array(known)
    return values.take(pa.array(codes, mask=missing))


def instants(microseconds: NDArray[np.int64], missing: NDArray[np.bool_] | None = None) -> pa.Array:
    """Timestamps at whole seconds; null where `missing`."""
    return pa.array(microseconds // _SECOND, pa.timestamp("s"), mask=missing)


def _digits(numbers: NDArray[np.int64]) -> pa.Array:
    return pc.utf8_lpad(pa.array(numbers).cast("string"), _ID_DIGITS, "0")
