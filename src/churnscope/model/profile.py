"""How the training rows were distributed, feature by feature: no row, and nobody's smallest or largest value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from churnscope.model.blocks import Matrix
from churnscope.model.logistic import Floats

LEVELS = tuple(level / 20 for level in range(1, 20))
MOST_ROWS = 200_000  # evenly spaced rows say as much as all of them


@dataclass(frozen=True, eq=False)
class Profile:
    """Quantiles of every feature.

    Parameters
    ----------
    quantiles : shape (n_features, 19), at 5 %, 10 %, ... 95 % of the known values; NaN where nothing is known.
    missing : shape (n_features,), share of missing values.
    """

    quantiles: Floats
    missing: Floats

    @classmethod
    def of(cls, features: Matrix) -> Profile:
        """The profile of some rows, at least one."""
        rows = features[:: -(-len(features) // MOST_ROWS)]
        missing = np.isnan(rows)
        quantiles = [
            np.quantile(column[known], LEVELS) if known.any() else np.full(len(LEVELS), np.nan)
            for column, known in zip(rows.T, ~missing.T, strict=True)
        ]
        return cls(np.array(quantiles, np.float64), missing.mean(axis=0))

    def rows(self, count: int, rng: np.random.Generator) -> NDArray[np.float32]:
        """Made-up rows, shape (count, n_features): every value drawn from the quantiles by itself."""
        drawn = self.quantiles[np.arange(len(self.missing)), rng.integers(len(LEVELS), size=(count, len(self.missing)))]
        absent = rng.random((count, len(self.missing))) < self.missing
        return np.where(absent, np.nan, drawn).astype(np.float32)

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return {"levels": list(LEVELS), "quantiles": without_nan(self.quantiles), "missing": self.missing.tolist()}

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> Profile:
        """What `to_json` wrote.

        Raises
        ------
        KeyError, TypeError, ValueError : when it is damaged.
        """
        quantiles, missing = np.array(saved["quantiles"], np.float64), np.array(saved["missing"], np.float64)
        if quantiles.shape != (len(missing), len(LEVELS)):
            raise ValueError("quantiles do not fit the features")
        return cls(quantiles, missing)


def without_nan(matrix: NDArray[np.float32] | Floats) -> list[list[float | None]]:
    """Rows of numbers, None for NaN, which JSON does not know."""
    return [[None if value != value else value for value in row] for row in matrix.tolist()]  # noqa: PLR0124
