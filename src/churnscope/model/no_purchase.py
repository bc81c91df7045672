"""The probability of no purchase by BG/NBD, as a baseline: what purchase days alone tell, without a single tree."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from churnscope.errors import InputError
from churnscope.features import FeatureSpec
from churnscope.model.baselines import Baseline, Fitter
from churnscope.model.blocks import Matrix
from churnscope.model.logistic import Floats
from churnscope.timeline import Timing
from churnscope.value import BGNBD, RepeatRows

logger = logging.getLogger(__name__)

LEAST = 1e-9  # probability, so that log-odds are finite
MOST_ROWS = 30_000  # to fit on: four parameters are known to three digits by then
KIND = "p0"


@dataclass(frozen=True, eq=False)
class NoPurchase:
    """P(no purchase in the horizon) of BG/NBD, from the days of the first and last purchase and how many lay after the first.

    Never the probability of being alive, which is 1 for everybody who bought once and so ranks backwards.

    Parameters
    ----------
    model : the fitted BG/NBD.
    horizon_days, gap_days : of what is predicted.
    columns : names of the features that hold x, t_x and T + 1; `positions` in the matrix.
    reference : shape (3,), a usual history; contributions are counted from it.
    without_history : share that churned, for rows that have none of these.
    width : columns of the matrix.
    of_return : whether what is asked is its opposite, a purchase in the horizon.

    References
    ----------
    Fader, Hardie, Lee (2005), "Counting your customers the easy way: an alternative to the Pareto/NBD model", Marketing
    Science 24(2).
    """

    model: BGNBD
    horizon_days: int
    gap_days: int
    columns: tuple[str, ...]
    positions: tuple[int, ...]
    reference: Floats
    without_history: float
    width: int
    of_return: bool = False

    @property
    def name(self) -> str:
        """In words, as reports print it."""
        return "BG/NBD" if self.of_return else "P0"

    @classmethod
    def fit(
        cls,
        timing: Timing,
        columns: tuple[str, ...],
        features: Matrix,
        churned: NDArray[np.int8],
        names: Sequence[str],
        *,
        of_return: bool = False,
    ) -> Self:
        """Fit on the rows of all cutoffs.

        Notes
        -----
        A customer counts once for every cutoff, each time with the history seen by then. At the newest cutoff alone nearly all
        who had left are out of the population, and leaving can hardly be learned from those who are in it: on the CDNOW sample
        it raises the log loss at the test from 0.614 to 0.672.

        Raises
        ------
        InputError : when the histories cannot tell a buying rate.
        """
        positions = tuple(names.index(column) for column in columns)
        history, known = _histories(features, positions)
        model = BGNBD.fit(history.thinned(MOST_ROWS))
        without = churned[~known] if not known.all() else churned
        usual = np.median(features[known][:, list(positions)], axis=0).astype(np.float64)
        days = timing.horizon_days, timing.gap_days
        return cls(model, *days, columns, positions, usual, float(without.mean()), len(names), of_return)

    def predict(self, features: Matrix) -> Floats:
        """Probability of churn, or of a return, shape (n_rows,)."""
        history, known = _histories(features, self.positions)
        answer = np.full(len(features), self.without_history)
        silence = self.model.no_purchase_probability(history, self.horizon_days, gap_days=self.gap_days)
        answer[known] = 1 - silence if self.of_return else silence
        return np.asarray(np.clip(answer, 0.0, 1.0))

    def margin(self, features: Matrix) -> Floats:
        """Log-odds, shape (n_rows,)."""
        probability = np.clip(self.predict(features), LEAST, 1 - LEAST)
        return np.asarray(np.log(probability) - np.log1p(-probability))

    def contributions(self, features: Matrix) -> Floats:
        """Log-odds each feature adds to the usual history's, shape (n_rows, width + 1), those last; they sum to the margin.

        Notes
        -----
        Shapley values: what a column adds is averaged over the orders in which the three can be told.

        References
        ----------
        Shapley (1953), "A value for n-person games", Contributions to the Theory of Games 2.
        """
        told = {columns: self._told(features, columns) for size in range(4) for columns in combinations(range(3), size)}
        phi = np.zeros((len(features), self.width + 1))
        phi[:, -1] = told[()]
        for order in permutations(range(3)):
            for place, column in enumerate(order):
                before, after = (tuple(sorted(order[:end])) for end in (place, place + 1))
                phi[:, self.positions[column]] += (told[after] - told[before]) / 6
        return phi

    def _told(self, features: Matrix, columns: tuple[int, ...]) -> Floats:
        """Log-odds where only some of the three columns are known, and the others as usual."""
        rows = np.array(features, np.float64)
        known = ~np.isnan(rows[:, list(self.positions)]).any(axis=1)
        for column in set(range(3)).difference(columns):
            rows[known, self.positions[column]] = self.reference[column]
        return self.margin(rows)

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        timing = {"horizon_days": self.horizon_days, "gap_days": self.gap_days}
        rest = {"columns": list(self.columns), "reference": self.reference.tolist(), "without_history": self.without_history}
        asked = {"of_return": True} if self.of_return else {}
        return {"kind": KIND, "model": self.model.to_json(), **timing, **rest, **asked}

    @classmethod
    def from_json(cls, saved: Mapping[str, Any], names: Sequence[str]) -> Self:
        """What `to_json` wrote, for a matrix with these columns.

        Raises
        ------
        KeyError, TypeError, ValueError : when it is damaged or a column is not among the names.
        """
        columns = tuple(map(str, saved["columns"]))
        if len(columns) != len(_columns("")):
            raise ValueError("a purchase model reads three columns")
        model, days = BGNBD.from_json(saved["model"]), (int(saved["horizon_days"]), int(saved["gap_days"]))
        positions = tuple(list(names).index(column) for column in columns)
        usual = np.array(saved["reference"], np.float64)
        if usual.shape != (len(columns),):
            raise ValueError("a purchase model has a reference of three numbers")
        without, of_return = float(saved["without_history"]), bool(saved.get("of_return", False))
        return cls(model, *days, columns, positions, usual, without, len(names), of_return)


def p0(timing: Timing, noun: str = "purchase", *, of_return: bool = False) -> Fitter:
    """A fitter of the chance that nothing happens in the outcome window; it answers None where the histories do not allow it.

    Parameters
    ----------
    timing : gap and horizon of the label.
    noun : of the events whose absence is churn.
    of_return : ask for the chance that something does happen.
    """

    def fit(features: Matrix, churned: NDArray[np.int8], specs: Sequence[FeatureSpec]) -> Baseline | None:
        columns, names = _columns(noun), [spec.name for spec in specs]
        if not set(columns) <= set(names):
            return None
        try:
            return NoPurchase.fit(timing, columns, features, churned, names, of_return=of_return)
        except InputError as error:
            logger.info("P0 is left out of the comparison: %s", error.what)
            return None

    return fit


def _columns(noun: str) -> tuple[str, str, str]:
    return f"repeat_{noun}_days", f"first_to_last_{noun}_days", f"days_since_first_{noun}"


def _histories(features: Matrix, positions: Sequence[int]) -> tuple[RepeatRows, NDArray[np.bool_]]:
    """Histories of the rows that have one, and which those are.

    Numbers that fit no history (the made-up rows of a self-test have such) are brought to the nearest one.
    """
    repeats, first_to_last, since_first = features[:, list(positions)].astype(np.float64).T
    known = ~np.isnan(repeats + first_to_last + since_first)
    first = np.maximum(since_first[known], 1.0)
    span = np.clip(first_to_last[known], 0.0, first - 1.0)
    days = np.where(span > 0, np.maximum(repeats[known], 1.0), 0.0) + 1.0
    return RepeatRows.at_cutoff(purchase_days=days, days_since_first=first, days_since_last=first - span), known
