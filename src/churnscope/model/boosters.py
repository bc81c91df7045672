"""LightGBM boosters that differ in their seed alone, averaged on the log-odds scale.

LightGBM is imported where a booster is fitted. Predicting and explaining read the text of the model and need it not.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from churnscope.config.models import Model as Settings
from churnscope.errors import ChurnscopeError
from churnscope.features import FeatureSpec
from churnscope.model.blocks import Matrix
from churnscope.model.contributions import Paths, contributions, paths_of
from churnscope.model.logistic import Floats, best_shift, row_losses
from churnscope.model.margins import margins
from churnscope.model.trees import Trees, read_trees

END = "end of trees\n"
FEWEST_PER_LEAF = 50
MOST_BINS = 63  # per feature: half the time of 255, and the same log loss
MOST_STOP_ROWS = 200_000  # so many tell the best round


@dataclass(frozen=True, eq=False)
class Boosters:
    """Trained boosters, one per seed.

    Parameters
    ----------
    texts : the models as LightGBM writes them, without its settings and the ranges of the training values.
    columns : names of the features they read.
    positions : where those stand in the matrix, of `width` columns.
    """

    texts: tuple[str, ...]
    columns: tuple[str, ...]
    positions: tuple[int, ...]
    width: int

    @cached_property
    def trees(self) -> tuple[Trees, ...]:
        """The trees of every booster.

        Raises
        ------
        ModelError : when a text is damaged.
        """
        return tuple(read_trees(text, self.columns, self.width, self.positions) for text in self.texts)

    @cached_property
    def _paths(self) -> tuple[Paths, ...]:
        return tuple(map(paths_of, self.trees))

    @property
    def rounds(self) -> tuple[int, ...]:
        """Boosting rounds of each seed."""
        return tuple(trees.n_trees for trees in self.trees)

    def margin(self, features: Matrix) -> Floats:
        """Mean log-odds, shape (n_rows,)."""
        mean: Floats = np.mean([margins(trees, features) for trees in self.trees], axis=0)
        return mean

    def contributions(self, features: Matrix) -> Floats:
        """Mean Shapley values, shape (n_rows, width + 1), last the mean log-odds of training rows; they sum to the margin."""
        total = contributions(self._paths[0], features)
        for paths in self._paths[1:]:
            total += contributions(paths, features)
        return total / len(self.texts)


@dataclass(frozen=True, eq=False)
class Rows:
    """Labelled snapshots.

    Parameters
    ----------
    features : shape (n_rows, n_features).
    churned : int8, shape (n_rows,), 1 or 0.
    weight : shape (n_rows,), positive; None where every row counts alike. The stopping loss does not read it.
    """

    features: Matrix
    churned: NDArray[np.int8]
    weight: Floats | None = None

    def thinned(self, most: int) -> Rows:
        """At most `most` of the rows, evenly spaced."""
        kept = slice(None, None, max(1, -(-len(self.churned) // most)))
        return Rows(self.features[kept], self.churned[kept], None if self.weight is None else self.weight[kept])


@dataclass(frozen=True)
class Boosting:
    """How boosters are fitted.

    Parameters
    ----------
    specs : what the columns of the rows mean, in order.
    settings : of the model.
    threads : 0 for all cores; the boosters do not depend on it.
    """

    specs: tuple[FeatureSpec, ...]
    settings: Settings
    threads: int = 0

    def stopped(self, fit: Rows, stop: Rows, positions: Sequence[int]) -> Boosters:
        """Boosters that end at the round that orders later rows best; only columns at `positions` are read.

        Judged by the log loss after the constant shift that suits the rows best: where the base rate moved between the cutoffs,
        the log loss itself would stop far too early, since it punishes whatever departs from the old rate.
        """
        lightgbm, training = lightgbm_library(), self._dataset(fit, positions)
        later = self._dataset(stop.thinned(MOST_STOP_ROWS), positions, training)
        trained = (
            lightgbm.train(
                self._parameters(positions, len(fit.churned), seed),
                training,
                num_boost_round=self.settings.rounds,
                valid_sets=[later],
                feval=_shifted_loss,
                callbacks=[lightgbm.early_stopping(self.settings.patience, verbose=False)],
            )
            for seed in self._seeds
        )
        return self._boosters(positions, trained)

    def fitted(self, rows: Rows, rounds: Sequence[int], positions: Sequence[int]) -> Boosters:
        """Boosters of so many rounds, one number for each seed."""
        training = self._dataset(rows, positions)
        trained = (
            lightgbm_library().train(self._parameters(positions, len(rows.churned), seed), training, num_boost_round=count)
            for seed, count in zip(self._seeds, rounds, strict=True)
        )
        return self._boosters(positions, trained)

    @property
    def _seeds(self) -> range:
        return range(self.settings.seed, self.settings.seed + self.settings.seeds)

    def _boosters(self, positions: Sequence[int], trained: Iterable[Any]) -> Boosters:
        texts = tuple(plain_text(booster.model_to_string()) for booster in trained)
        return Boosters(texts, self._names(positions), tuple(positions), len(self.specs))

    def _names(self, positions: Sequence[int]) -> tuple[str, ...]:
        return tuple(self.specs[position].name for position in positions)

    def _dataset(self, rows: Rows, positions: Sequence[int], reference: Any = None) -> Any:
        """The rows as LightGBM takes them."""
        columns = rows.features[:, list(positions)]
        names = list(self._names(positions))
        given = {"weight": rows.weight, "feature_name": names, "reference": reference, "params": {"verbosity": -1}}
        return lightgbm_library().Dataset(columns, rows.churned, **given)

    def parameters(self, n_rows: int) -> dict[str, Any]:
        """What LightGBM is told, with every column read and the first seed."""
        return self._parameters(range(len(self.specs)), n_rows, self.settings.seed)

    def _parameters(self, positions: Sequence[int], n_rows: int, seed: int) -> dict[str, Any]:
        settings = self.settings
        return {
            "objective": "binary",
            "metric": "None",
            "learning_rate": settings.learning_rate,
            "num_leaves": settings.leaves,
            "max_depth": settings.depth,
            "min_data_in_leaf": max(FEWEST_PER_LEAF, n_rows // 500),
            "feature_fraction": settings.feature_share,
            "bagging_fraction": 0.8,
            "bagging_freq": 1,
            "lambda_l2": settings.l2,
            "monotone_constraints": [self.specs[position].direction for position in positions] if settings.monotone else None,
            "bagging_seed": seed,  # not `seed`, which would also make another data set of the same rows
            "feature_fraction_seed": seed,
            "deterministic": True,
            "force_row_wise": True,
            "max_bin": MOST_BINS,
            "num_threads": self.threads,
            "verbosity": -1,
        }


def _shifted_loss(probability: Floats, dataset: Any) -> tuple[str, float, bool]:
    """Log loss after the best constant shift, as LightGBM asks a metric: name, value, whether more is better."""
    churned = dataset.get_label().astype(np.int8)
    log_odds = np.log(probability) - np.log1p(-probability)
    shift = best_shift(log_odds, churned) if 0 < churned.mean() < 1 else 0.0
    return "log_loss", float(row_losses(log_odds + shift, churned).mean()), False


def plain_text(text: str) -> str:
    """A LightGBM model without what the trees do not need: settings, importances, the smallest and largest training values.

    Those are values of single customers, and the settings hold the number of threads; a model is the same without them.
    """
    lines = text[: text.index(END) + len(END)].split("\n")
    return "\n".join(_without_ranges(line) if line.startswith("feature_infos=") else line for line in lines)


def _without_ranges(line: str) -> str:
    return "feature_infos=" + " ".join(["none"] * len(line.split(" ")))


def sleeping_threads() -> None:
    """Let threads of OpenMP that wait sleep instead of spin, which on a busy machine is eight times as fast.

    Read when a library that uses OpenMP is loaded, so asked for before that.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def lightgbm_library() -> ModuleType:
    """LightGBM, loaded.

    Raises
    ------
    ChurnscopeError : when a library of the system that it links is missing.
    """
    sleeping_threads()
    try:
        import lightgbm
    except OSError as error:
        raise ChurnscopeError(
            "LightGBM cannot be loaded: a library of the system is missing.",
            "Install the OpenMP library: libgomp1 on Debian and Ubuntu, libgomp on Fedora, libomp on macOS.",
        ) from error
    return lightgbm  # type: ignore[no-any-return]
