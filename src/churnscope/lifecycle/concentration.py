"""How much of the revenue few customers make."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

TENTHS = 10


@dataclass(frozen=True)
class Concentration:
    """Revenue by tenths of the customers, those who bring most first.

    Parameters
    ----------
    customers : with revenue above 0; tenths are of these.
    total : their revenue.
    tenths : what part of the total each tenth brings; falling, they sum to 1.
    gini : 0 where all bring the same, towards 1 the more few bring all.
    """

    customers: int
    total: float
    tenths: tuple[float, ...]
    gini: float

    def top(self, tenths: int) -> float:
        """What part of the total the first so many tenths bring."""
        return float(sum(self.tenths[:tenths]))

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self) | {"tenths": list(self.tenths)}


def concentration(revenue: ArrayLike) -> Concentration | None:
    """How revenue is spread over the customers who bring any; None where nobody does.

    All customers are counted, not a sample of them: the figures have no interval.

    Parameters
    ----------
    revenue : shape (n,), of each customer; those at or below 0 and unknown (NaN) are left out.

    Notes
    -----
    A tenth that does not end at a whole customer takes part of one, so that tenths of 15 customers are comparable too.

    References
    ----------
    C. Gini (1912), Variabilita e mutabilita; with the formula of sorted values, `2 sum i x_i / (n sum x) - (n + 1) / n`.

    Examples
    --------
    >>> found = concentration([1.0, 1.0, 1.0, 1.0, 6.0])
    >>> found.top(2), round(found.gini, 3)
    (0.6, 0.4)
    """
    values = np.asarray(revenue, dtype=np.float64)
    values = np.sort(values[values > 0])[::-1]
    n, total = len(values), float(values.sum())
    if not n:
        return None
    reached = np.interp(np.arange(TENTHS + 1) * n / TENTHS, np.arange(n + 1), np.concatenate([[0.0], np.cumsum(values)]))
    rising = values[::-1]
    gini = float(2 * (np.arange(1, n + 1) * rising).sum() / (n * total) - (n + 1) / n)
    return Concentration(n, total, tuple((np.diff(reached) / total).tolist()), max(0.0, gini))
