"""The rules anyone could write: a model that is not better than these is not worth its trouble."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from churnscope.features import FeatureSpec
from churnscope.model.blocks import Matrix
from churnscope.model.logistic import Floats, fit_logistic, sigmoid
from churnscope.roles import ROLES

RIDGE = 1.0  # on standardised columns: a prior of unit spread, of no weight beside thousands of rows
COMMON_PART = ("recency", "overdue", "frequency", "monetary")


class Baseline(Protocol):
    """A fitted rule. Matrices have the columns of the features it was fitted with."""

    @property
    def name(self) -> str:
        """In words, as reports print it."""

    def predict(self, features: Matrix) -> Floats:
        """Probability of churn, shape (n_rows,)."""

    def to_json(self) -> dict[str, Any]:
        """JSON-ready, with the `kind` by which `from_json` is found again."""


Fitter = Callable[[Matrix, NDArray[np.int8], Sequence[FeatureSpec]], Baseline | None]
Reader = Callable[[Mapping[str, Any], Sequence[str]], Baseline]


@dataclass(frozen=True)
class BaseRate:
    """Everyone gets the share that churned."""

    share: float
    name: str = "base rate"

    @classmethod
    def fit(cls, _features: Matrix, churned: NDArray[np.int8], _specs: Sequence[FeatureSpec]) -> Self:
        """The share of 1 among the labels."""
        return cls(float(churned.mean()))

    def predict(self, features: Matrix) -> Floats:
        """The same probability for every row."""
        return np.full(len(features), self.share)

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return {"kind": "base_rate", "share": self.share}

    @classmethod
    def from_json(cls, saved: Mapping[str, Any], _names: Sequence[str]) -> Self:
        """What `to_json` wrote."""
        return cls(float(saved["share"]))


@dataclass(frozen=True, eq=False)
class LogisticRule:
    """A logistic regression on log(1 + x) of a few columns, each with a flag for a missing value.

    Parameters
    ----------
    name : in words.
    signed : whether negative values count as the mirror of positive ones; else they count as 0.
    columns : names of the features; `positions` in the matrix.
    centre, spread : shape (n_columns,), of log(1 + x) where it is not missing.
    weights : shape (2 n_columns + 1,): values, flags, intercept.
    width : columns of the matrix.
    """

    name: str
    columns: tuple[str, ...]
    positions: tuple[int, ...]
    centre: Floats
    spread: Floats
    weights: Floats
    width: int
    signed: bool = False

    @classmethod
    def fit(
        cls,
        name: str,
        columns: Sequence[str],
        features: Matrix,
        churned: NDArray[np.int8],
        names: Sequence[str],
        *,
        signed: bool = False,
    ) -> Self:
        """Fit on rows of which some churned and some did not."""
        positions = tuple(names.index(column) for column in columns)
        logs = _logs(features, positions, signed=signed)
        known = ~np.isnan(logs)
        count = np.maximum(known.sum(axis=0), 1)
        centre = np.where(known, logs, 0).sum(axis=0) / count
        spread = np.sqrt(np.where(known, (logs - centre) ** 2, 0).sum(axis=0) / count)
        spread[spread == 0] = 1.0
        weights = fit_logistic(_standardised(logs, centre, spread), churned, RIDGE)
        return cls(name, tuple(columns), positions, centre, spread, weights, len(names), signed)

    @classmethod
    def constant(cls, name: str, share: float, width: int) -> Self:
        """The same probability for every row, of which no feature is a reason."""
        none = np.empty(0)
        return cls(name, (), (), none, none, np.array([np.log(share) - np.log1p(-share)]), width)

    def predict(self, features: Matrix) -> Floats:
        """Probability of churn, shape (n_rows,)."""
        return sigmoid(self.margin(features))

    def margin(self, features: Matrix) -> Floats:
        """Log-odds, shape (n_rows,)."""
        log_odds: Floats = self._design(features) @ self.weights[:-1] + self.weights[-1]
        return log_odds

    def contributions(self, features: Matrix) -> Floats:
        """Log-odds each feature adds to the mean row's, shape (n_rows, width + 1), those last; they sum to the margin."""
        parts = self._design(features) * self.weights[:-1]
        phi = np.zeros((len(features), self.width + 1))
        n_columns = len(self.columns)
        phi[:, self.positions] = parts[:, :n_columns] + parts[:, n_columns:]
        phi[:, -1] = self.weights[-1]
        return phi

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        arrays = {"centre": self.centre.tolist(), "spread": self.spread.tolist(), "weights": self.weights.tolist()}
        return {"kind": "logistic", "name": self.name, "columns": list(self.columns), **arrays, "signed": self.signed}

    @classmethod
    def from_json(cls, saved: Mapping[str, Any], names: Sequence[str]) -> Self:
        """What `to_json` wrote, for a matrix with these columns.

        Raises
        ------
        KeyError, TypeError, ValueError : when it is damaged or a column is not among the names.
        """
        columns = tuple(map(str, saved["columns"]))
        centre, spread, weights = (np.array(saved[key], np.float64) for key in ("centre", "spread", "weights"))
        if not len(centre) == len(spread) == len(columns) or len(weights) != 2 * len(columns) + 1:
            raise ValueError("a logistic rule has numbers that do not fit its columns")
        positions = tuple(list(names).index(column) for column in columns)
        signed = bool(saved.get("signed", False))  # rules of earlier versions know nothing of it
        return cls(str(saved["name"]), columns, positions, centre, spread, weights, len(names), signed)

    def _design(self, features: Matrix) -> Floats:
        return _standardised(_logs(features, self.positions, signed=self.signed), self.centre, self.spread)


def _logs(features: Matrix, positions: Sequence[int], *, signed: bool) -> Floats:
    values = features[:, list(positions)].astype(np.float64)
    logs: Floats = np.copysign(np.log1p(np.abs(values)), values) if signed else np.log1p(np.maximum(values, 0.0))
    return logs


def _standardised(logs: Floats, centre: Floats, spread: Floats) -> Floats:
    """Values with mean 0 and spread 1, 0 where missing, and beside them flags of what is missing."""
    missing = np.isnan(logs)
    return np.hstack([np.where(missing, 0.0, (logs - centre) / spread), missing])


def columns_of(specs: Sequence[FeatureSpec], *wanted: str, families: Sequence[str] = COMMON_PART) -> tuple[str, ...]:
    """Names of the features of some families, by default the common ones, that begin or end with one of the given parts.

    Examples
    --------
    >>> spec = FeatureSpec(name="days_since_last_purchase", unit="days", concept="recency", sentence="", family="recency")
    >>> columns_of([spec], "days_since_last_*", "*_overdue_ratio")
    ('days_since_last_purchase',)
    """
    return tuple(spec.name for part in wanted for spec in specs if spec.family in families and _fits(spec.name, part))


def _fits(name: str, part: str) -> bool:
    return name.startswith(part[:-1]) if part.endswith("*") else name.endswith(part[1:])


def rule(name: str, *wanted: str, families: Sequence[str] = COMMON_PART) -> Fitter:
    """A fitter of a logistic rule on the features whose names fit; it answers None where there are none."""

    def fit(features: Matrix, churned: NDArray[np.int8], specs: Sequence[FeatureSpec]) -> Baseline | None:
        columns = columns_of(specs, *wanted, families=families)
        return LogisticRule.fit(name, columns, features, churned, [spec.name for spec in specs]) if columns else None

    return fit


def attributes_rule(features: Matrix, churned: NDArray[np.int8], specs: Sequence[FeatureSpec]) -> LogisticRule | None:
    """A logistic regression on all that a flat file says of a customer; None where it says nothing."""
    names = [spec.name for spec in specs]
    columns = [spec.name for spec in specs if spec.role in STATES]
    return LogisticRule.fit(ATTRIBUTES, columns, features, churned, names, signed=True) if columns else None


ATTRIBUTES = "attributes logistic"
STATES = frozenset(role.name for role in ROLES.values() if role.is_state)
# How soon the current term ends, and how long the customer has kept to contracts.
CONTRACT_RULE = rule("contract rule", "*_to_term_end", "*_in_force_ever", families=("renewal", "terms_in_force"))
FREQUENCY_RULE = rule("frequency rule", "*_count_ever")
RFM = ("days_since_last_*", "*_count_ever", "mean_purchase_value_ever*")
FITTERS: tuple[Fitter, ...] = (
    BaseRate.fit,
    rule("recency rule", "days_since_last_*"),
    rule("overdue ratio", "*_overdue_ratio"),
    rule("RFM logistic", *RFM),
)
