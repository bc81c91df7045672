"""What moves the scores: contributions added up by concept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from churnscope.evaluation.calibration import equal_mass_bins
from churnscope.features import FeatureSpec
from churnscope.features.feature import EITHER, FALLING, RISING, Direction

Floats = NDArray[np.float64]
Matrix = NDArray[np.float32 | np.float64]

BINS = 10
CLEAR_TENDENCY = 0.5  # rank correlation from which a value is said to raise or to lower the risk


@dataclass(frozen=True, eq=False)
class Driver:
    """A concept and how much it moves the scores.

    Parameters
    ----------
    added : shape (n_rows,), log-odds that its features add to each score together.
    share : of its mean absolute addition in those of all concepts.
    teller : of its features that may be spoken of, the one whose value tells most of what is added.
    values : shape (n_rows,), of that feature; NaN for missing.
    """

    concept: str
    added: Floats
    share: float
    teller: FeatureSpec
    values: Matrix

    @property
    def is_common(self) -> bool:
        """Whether the value is the same for all, as the season is on one day."""
        known = self.values[~np.isnan(self.values)]
        return not len(known) or float(np.ptp(known)) == 0

    @property
    def tendency(self) -> Direction:
        """Whether more of the value comes with more risk, with less, or with either."""
        return tendency(self.values, self.added)


def drivers(contributions: Floats, features: Matrix, specs: Sequence[FeatureSpec]) -> tuple[Driver, ...]:
    """The concepts that move any score, strongest first.

    Correlated features share what they add among them, so one of them alone says little; the features of a concept together do.

    Parameters
    ----------
    contributions : shape (n_rows, n_features + 1), log-odds; the last column, the mean, is not read.
    features : shape (n_rows, n_features), NaN for missing.
    specs : what the columns mean.

    References
    ----------
    Lundberg et al. (2020), "From local explanations to global understanding with explainable AI for trees", Nature Machine
    Intelligence 2: the mean absolute contribution as global importance.
    """
    columns = members(specs)
    added = {concept: contributions[:, places].sum(axis=1) for concept, places in columns.items()}
    strength = {concept: float(np.abs(part).sum()) for concept, part in added.items()}
    total = sum(strength.values())
    found = []
    for concept in sorted(added, key=lambda concept: -strength[concept]):
        if strength[concept] > 0:
            teller = _teller(added[concept], features, specs, columns[concept])
            share = strength[concept] / total
            found.append(Driver(concept, added[concept], share, specs[teller], features[:, teller]))
    return tuple(found)


def telling(found: Sequence[Driver]) -> tuple[Driver, ...]:
    """The drivers that tell customers apart, their shares among themselves."""
    kept = [driver for driver in found if not driver.is_common]
    total = sum(driver.share for driver in kept)
    return tuple(replace(driver, share=driver.share / total) for driver in kept)


def members(specs: Sequence[FeatureSpec]) -> dict[str, list[int]]:
    """The columns of every concept, in the order of the features."""
    columns: dict[str, list[int]] = {}
    for column, spec in enumerate(specs):
        columns.setdefault(spec.concept, []).append(column)
    return columns


def bins_of(values: Matrix) -> NDArray[np.intp]:
    """Bins of about equally many rows by rising value, 0 for what is missing; equal values share one.

    Examples
    --------
    >>> bins_of(np.array([3.0, np.nan, 1.0, 1.0])).tolist()
    [2, 0, 1, 1]
    """
    known = ~np.isnan(values)
    bins = np.zeros(len(values), np.intp)
    bins[known] = 1 + equal_mass_bins(values[known], BINS)
    return bins


def tendency(values: Matrix, added: Floats) -> Direction:
    """Whether more of a value comes with more risk, with less, or with either.

    Examples
    --------
    >>> tendency(np.array([1.0, 2.0, np.nan, 9.0]), np.array([-0.2, 0.1, 0.5, 0.3]))
    1
    """
    known = ~np.isnan(values)
    ranks, effects = _ranks(values[known]), _ranks(added[known])
    if not (len(ranks) and np.ptp(ranks) and np.ptp(effects)):
        return EITHER
    correlation = np.corrcoef(ranks, effects)[0, 1]
    if abs(correlation) < CLEAR_TENDENCY:
        return EITHER
    return RISING if correlation > 0 else FALLING


def _teller(added: Floats, features: Matrix, specs: Sequence[FeatureSpec], columns: Sequence[int]) -> int:
    spoken = [column for column in columns if specs[column].spoken] or columns
    return max(spoken, key=lambda column: _told(added, bins_of(features[:, column])))


def _told(added: Floats, bins: NDArray[np.intp]) -> float:
    """The sum of squares between bins: how much of what is added the bin alone tells."""
    rows = np.bincount(bins)
    means = np.bincount(bins, added) / np.maximum(rows, 1)
    return float(rows @ (means - added.mean()) ** 2)


def _ranks(values: Matrix) -> Floats:
    """The middle of the ranks that equal values share."""
    _, level, count = np.unique(values, return_inverse=True, return_counts=True)
    middle: Floats = (np.cumsum(count) - count / 2)[level]
    return middle
