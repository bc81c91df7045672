"""How well a score orders the customers, answered from one sort.

Rows with equal scores are never put in an arbitrary order: what lies inside a tie is the expectation over all orders of it.
Every figure is therefore the same for any order of the rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

SMALLEST_WEIGHT = 1e-300  # 0 of 0 rows have precision 0
ROUNDING = 1e-9  # 0.07 * 100 is 7.000000000000001 and still means 7 customers


@dataclass(frozen=True)
class Gains:
    """The cumulative gains curve: customers reached from the riskiest down, and how many of them churned.

    Parameters
    ----------
    reached : shape (m + 1,), rising from 0 to the number of rows; one point after each group of equal scores.
    churned : shape (m + 1,), churned rows among those reached.

    Examples
    --------
    >>> gains = Gains.of([1, 0, 1, 0], [0.9, 0.5, 0.5, 0.1])
    >>> gains.auroc(), gains.precision_at(2), gains.lift_at(0.25)
    (0.875, 0.75, 2.0)
    """

    reached: NDArray[np.float64]
    churned: NDArray[np.float64]

    @classmethod
    def of(cls, churned: ArrayLike, score: ArrayLike) -> Gains:
        """The curve of rows that all count once; `churned` and `score` of shape (n,)."""
        return Ranking(churned, score).gains()

    @property
    def rows(self) -> float:
        """How many rows there are."""
        return float(self.reached[-1])

    @property
    def churned_rows(self) -> float:
        """How many of them churned."""
        return float(self.churned[-1])

    def auroc(self) -> float:
        """Chance that a churned row scores above a stayed one, a tie counting half; NaN unless both kinds are there.

        References
        ----------
        Hanley and McNeil (1982), The meaning and use of the area under a ROC curve, Radiology 143(1).
        """
        pairs = self.churned_rows * (self.rows - self.churned_rows)
        return float(np.trapezoid(self.churned, self.reached - self.churned) / pairs) if pairs else np.nan

    def average_precision(self) -> float:
        """Mean precision over the churned rows, a group of equal scores being one step; NaN when none churned."""
        if not self.churned_rows:
            return np.nan
        precision = self.churned[1:] / np.maximum(self.reached[1:], SMALLEST_WEIGHT)
        return float((np.diff(self.churned) * precision).sum() / self.churned_rows)

    def found(self, k: float) -> float:
        """Expected churned rows among the `k` riskiest."""
        return float(np.interp(k, self.reached, self.churned))

    def count(self, share: float) -> int:
        """The rows that make up the top `share`: its ceiling.

        Examples
        --------
        >>> Gains.of([0] * 100, [0.5] * 100).count(0.07)
        7
        """
        return int(np.ceil(share * self.rows - ROUNDING))

    def precision_at(self, k: int) -> float:
        """Churn rate among the `k` riskiest, all rows where there are fewer; NaN without rows."""
        reached = min(k, self.rows)
        return self.found(reached) / reached if reached else np.nan

    def recall_at(self, k: int) -> float:
        """Share of all churned rows that are among the `k` riskiest; NaN when none churned."""
        return self.found(k) / self.churned_rows if self.churned_rows else np.nan

    def lift_at(self, share: float) -> float:
        """Churn rate in the top `share` over the churn rate of all; NaN when none churned."""
        if not self.churned_rows:
            return np.nan
        return self.precision_at(self.count(share)) * self.rows / self.churned_rows


class Ranking:
    """Rows sorted once by falling score, so that the curve of any weighting of them costs two sums.

    Parameters
    ----------
    churned : shape (n,), 1 churned, 0 stayed.
    score : shape (n,), higher is riskier; without NaN.
    """

    def __init__(self, churned: ArrayLike, score: ArrayLike) -> None:
        scores = np.asarray(score, dtype=np.float64)
        self._order = np.argsort(-scores, kind="stable")
        self._churned = np.asarray(churned, dtype=np.float64)[self._order]
        falling = scores[self._order]
        self._ends = np.flatnonzero(np.append(falling[1:] != falling[:-1], [True] * (len(falling) > 0)))

    def gains(self, weight: NDArray[np.float64] | None = None) -> Gains:
        """The curve when row i stands for `weight[i]` rows (0 or more); once each by default."""
        sorted_weight = np.ones(len(self._order)) if weight is None else weight[self._order]
        return Gains(self._at_ends(sorted_weight), self._at_ends(sorted_weight * self._churned))

    def _at_ends(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.concatenate(([0.0], np.cumsum(values)[self._ends]))
