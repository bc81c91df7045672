"""The model as a scikit-learn estimator, for rows that were not made by this package.

It is the only module that needs scikit-learn's base classes; nothing in the package imports it.
"""

# ruff: noqa: N803 - scikit-learn's name for a matrix is X, also as a keyword

from __future__ import annotations

import logging
from operator import index
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import _check_sample_weight, check_consistent_length, check_is_fitted, validate_data

from churnscope.config.models import Model as Settings
from churnscope.features import FeatureSpec
from churnscope.model.boosters import Boosters, Boosting, Rows
from churnscope.model.calibration import Calibration
from churnscope.model.logistic import Floats
from churnscope.model.time_split import cutoff_days
from churnscope.model.training import train
from churnscope.snapshots import SnapshotTable
from churnscope.timeline import Timing, split_by_time

logger = logging.getLogger(__name__)

WHOLE, FIXED_ROUNDS = "whole", "fixed rounds"
MOST_FIXED_ROUNDS = 200  # where no later rows tell when to stop; about what they tell at the default learning rate


class ChurnClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Boosted trees that differ in their seed alone, averaged; with cutoffs stopped and calibrated out of time.

    Parameters
    ----------
    gap_days, horizon_days : of the outcome that `y` tells; needed with cutoffs.
    threshold : probability of `classes_[1]` from which `predict` answers it.
    seeds : boosters to average; `seed` of the first, the others follow.
    learning_rate, leaves, depth : of the trees.
    rounds : most trees of a booster; without cutoffs that many, but not above 200.
    patience : trees without improvement before a booster stops.
    threads : 0 for all cores; the model does not depend on it.

    Attributes
    ----------
    classes_ : shape (2,), the labels; probabilities and explanations speak of the second.
    recipe_ : "whole" with cutoffs, "fixed rounds" without.
    booster_ : Boosters; `booster_.texts` are the models as LightGBM writes them, with columns named x0, x1 ...
    calibration_ : Calibration; changes nothing without cutoffs or where no correction helped.
    rounds_ : trees of each booster.
    cutoff_ : day number for which probabilities are meant unless told: when the newest outcome closed; None without.
    threshold_, n_features_in_, feature_names_in_ : as in scikit-learn.

    Notes
    -----
    A leaf holds at least 50 rows: from fewer than 100 it learns the base rate alone.

    Examples
    --------
    >>> X = np.arange(400.0)[:, None]
    >>> model = ChurnClassifier(rounds=50, threads=1).fit(X, np.where(X[:, 0] > 200, "left", "stayed"))
    >>> model.predict([[10.0], [390.0]]).tolist(), model.recipe_
    (['stayed', 'left'], 'fixed rounds')
    """

    def __init__(
        self,
        *,
        gap_days: int = 0,
        horizon_days: int | None = None,
        threshold: float = 0.5,
        seeds: int = 3,
        seed: int = 0,
        learning_rate: float = 0.03,
        leaves: int = 15,
        depth: int = 5,
        rounds: int = 2_000,
        patience: int = 100,
        threads: int = 0,
    ) -> None:
        self.gap_days = gap_days
        self.horizon_days = horizon_days
        self.threshold = threshold
        self.seeds = seeds
        self.seed = seed
        self.learning_rate = learning_rate
        self.leaves = leaves
        self.depth = depth
        self.rounds = rounds
        self.patience = patience
        self.threads = threads

    def fit(
        self, X: ArrayLike, y: ArrayLike, *, cutoff: ArrayLike | None = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Learn which rows belong to the second class.

        Parameters
        ----------
        X : shape (n_rows, n_features), NaN for missing; read as float32.
        y : shape (n_rows,), two different labels.
        cutoff : shape (n_rows,), when each row was true: day numbers, dates or datetime64, of at least three cutoffs whose
            outcomes do not overlap. With it the rounds are chosen and the probabilities corrected on later rows, and the model
            is refitted on all. Without it the rounds are fixed and nothing is calibrated.
        sample_weight : shape (n_rows,), not negative; rows of weight 0 are left out. Trees are fitted with it; with cutoffs,
            what chooses the rounds and corrects the probabilities counts all other rows alike.

        Raises
        ------
        ValueError : when an argument or a parameter is impossible.
        InputError : with cutoffs, when they are too few or fewer than 30 rows of the second class lie before the newest.
        """
        settings = self._settings()
        self.threshold_ = self._threshold()
        checked, labels = validate_data(self, X, y, dtype=np.float32, ensure_all_finite="allow-nan")
        rows, kept = self._rows(checked, labels, sample_weight)
        boosting = Boosting(_specs(self.n_features_in_), settings, self.threads)
        if cutoff is None:
            self._fit_fixed(rows, boosting)
        else:
            days = cutoff_days(cutoff)
            check_consistent_length(checked, days)
            self._fit_whole(rows, boosting, days[kept])
        self.rounds_ = self.booster_.rounds
        return self

    def predict_proba(self, X: ArrayLike, *, cutoff: ArrayLike | None = None) -> Floats:
        """Probabilities of both classes, shape (n_rows, 2).

        Parameters
        ----------
        X : shape (n_rows, n_features), NaN for missing.
        cutoff : one for all rows or shape (n_rows,); a season in the calibration depends on it. Default: `cutoff_`.
        """
        checked = self._checked(X)
        days = np.asarray(self.cutoff_ or 0) if cutoff is None else cutoff_days(cutoff)
        probability = self.calibration_.probability(self.booster_.margin(checked), days.astype(np.int32))
        return np.column_stack([1 - probability, probability])

    def predict(self, X: ArrayLike, *, cutoff: ArrayLike | None = None) -> NDArray[Any]:
        """The second class where its probability is at least `threshold_`, shape (n_rows,).

        Parameters
        ----------
        X, cutoff : as in `predict_proba`.
        """
        reached = self.predict_proba(X, cutoff=cutoff)[:, 1] >= self.threshold_
        labels: NDArray[Any] = self.classes_[reached.astype(np.intp)]
        return labels

    def explain(self, X: ArrayLike) -> Floats:
        """What each feature adds to the log-odds of the second class, shape (n_rows, n_features + 1), last their mean.

        Exact Shapley values of the trees; a row sums to its log-odds before calibration.

        Parameters
        ----------
        X : shape (n_rows, n_features), NaN for missing.
        """
        checked = self._checked(X)
        return self.booster_.contributions(checked)

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn may expect of it: missing values, two classes."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.classifier_tags.multi_class = False
        return tags

    def _settings(self) -> Settings:
        """The parameters as the recipe takes them. Searches give NumPy's numbers, which a config does not know."""
        whole: dict[str, Any] = {
            name: index(getattr(self, name)) for name in ("seeds", "seed", "leaves", "depth", "rounds", "patience")
        }
        return Settings(**whole, learning_rate=float(self.learning_rate), monotone=False)

    def _threshold(self) -> float:
        if not 0 <= self.threshold <= 1:
            raise ValueError(f"threshold={self.threshold} is not a probability.")
        return float(self.threshold)

    def _rows(self, X: NDArray[np.float32], y: NDArray[Any], sample_weight: ArrayLike | None) -> tuple[Rows, NDArray[np.bool_]]:
        """The rows that count, and which those are."""
        weight = None if sample_weight is None else _check_sample_weight(sample_weight, X, ensure_non_negative=True)
        kept = np.ones(len(X), np.bool_) if weight is None else weight > 0
        self.classes_, second = _encoded(y, kept)
        return Rows(X[kept], second[kept], None if weight is None else weight[kept]), kept

    def _fit_fixed(self, rows: Rows, boosting: Boosting) -> None:
        rounds = min(self.rounds, MOST_FIXED_ROUNDS)
        logger.info("No cutoffs: %d rounds, which no later rows chose, and no calibration.", rounds)
        self.booster_ = boosting.fitted(rows, [rounds] * self.seeds, range(self.n_features_in_))
        self.calibration_, self.recipe_ = Calibration(), FIXED_ROUNDS
        self.cutoff_: int | None = None

    def _fit_whole(self, rows: Rows, boosting: Boosting, days: NDArray[np.int64]) -> None:
        if self.horizon_days is None:
            raise ValueError("With cutoffs, horizon_days has to say how many days the outcomes in y reach.")
        timing = Timing(self.horizon_days, self.gap_days)
        order = np.argsort(days, kind="stable")
        table, weight = _table(rows, days, order, boosting.specs), None if rows.weight is None else rows.weight[order]
        split = split_by_time(table.cutoffs, timing)
        final = train(table, split, boosting.settings, fitters=(), threads=self.threads, weight=weight, small_below=0).final
        assert isinstance(final.scorer, Boosters)
        self.booster_, self.calibration_ = final.scorer, final.calibration
        self.recipe_, self.cutoff_ = WHOLE, timing.outcome_end(table.cutoffs[-1])

    def _checked(self, X: ArrayLike) -> NDArray[np.float32]:
        check_is_fitted(self)
        checked: NDArray[np.float32] = validate_data(self, X, dtype=np.float32, ensure_all_finite="allow-nan", reset=False)
        return checked


def _encoded(y: NDArray[Any], kept: NDArray[np.bool_]) -> tuple[NDArray[Any], NDArray[np.int8]]:
    """The two labels, and for every row whether it has the second."""
    check_classification_targets(y)
    classes, second = np.unique(y, return_inverse=True)
    if len(classes) > 2:
        raise ValueError(f"Only binary classification is supported. The type of the target is {type_of_target(y)}.")
    if len(np.unique(second[kept])) < 2:
        raise ValueError("The rows that count belong to one class; two classes are needed.")
    return classes, second.astype(np.int8)


def _specs(n_features: int) -> tuple[FeatureSpec, ...]:
    """Columns of which only the number is known. LightGBM does not take every name a data frame has."""
    names = (f"x{position}" for position in range(n_features))
    return tuple(FeatureSpec(name=name, unit="", concept=name, sentence="{value}") for name in names)


def _table(rows: Rows, days: NDArray[np.int64], order: NDArray[np.intp], specs: tuple[FeatureSpec, ...]) -> SnapshotTable:
    """The rows as snapshots in the order of time, each of a customer of its own."""
    cutoffs, counts = np.unique(days, return_counts=True)
    return SnapshotTable(
        customer=np.arange(len(order), dtype=np.int32),
        cutoff=days[order].astype(np.int32),
        churned=rows.churned[order],
        features=rows.features[order],
        specs=specs,
        cutoffs=tuple(cutoffs.tolist()),
        active=counts,
        inactive=np.zeros_like(counts),
        no_history=np.zeros_like(counts),
    )
