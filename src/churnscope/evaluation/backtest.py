"""The evaluation repeated at earlier cutoffs, which tells whether the model would have been worth using all along."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from churnscope.errors import InputError
from churnscope.evaluation.figures import Evaluation, evaluate
from churnscope.evaluation.segments import Segmentation
from churnscope.timeline import Split, Timing, is_part, split_by_time

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from churnscope.config.models import Evaluation as Settings


@dataclass(frozen=True)
class Predictions:
    """What one fold's model said of the rows of its test cutoff.

    Parameters
    ----------
    churned, customer : shape (n,), outcome and customer number.
    probabilities : by predictor, shape (n,).
    trained_on : shape (n,), whether any row of that customer was in the training.
    segmentations : ways to divide the rows.
    predicted : `churn` or `reactivation`.
    """

    churned: NDArray[np.int8]
    customer: NDArray[np.int32]
    probabilities: Mapping[str, NDArray[np.float64]]
    trained_on: NDArray[np.bool_]
    segmentations: tuple[Segmentation, ...] = ()
    predicted: str = "churn"


@dataclass(frozen=True)
class Fold:
    """One step of the backtest; `newcomers` judges only customers that were never trained on.

    It is None where there are none, and where a split divides customers, so that all of them are.
    """

    split: Split
    evaluation: Evaluation
    newcomers: Evaluation | None

    @property
    def cutoff(self) -> int:
        """The day of the predictions that were judged."""
        return self.split.test[0]


def plan_folds(cutoffs: Sequence[int], timing: Timing, *, most: int = 6) -> tuple[Split, ...]:
    """The newest `most` cutoffs that can be tested on what was known on their day, oldest first.

    A fold trains on cutoffs whose outcome window, and the delay of its rows, ended by the day of its test cutoff; gap and
    horizon lie between all groups.

    Examples
    --------
    >>> [(fold.fit, fold.stop, fold.test) for fold in plan_folds([0, 10, 20, 30, 40], Timing(20))]
    [((0,), (20,), (40,))]
    """
    folds = []
    for test in sorted(set(cutoffs)):
        known = [cutoff for cutoff in cutoffs if timing.is_complete(cutoff, test)]
        try:
            folds.append(split_by_time([*known, test], timing))
        except InputError:  # too early: nothing complete to fit or to stop on
            continue
    return tuple(folds[-most:])


def backtest(
    folds: Sequence[Split],
    fit_and_predict: Callable[[Split], Predictions],
    settings: Settings,
    rng: np.random.Generator,
) -> tuple[Fold, ...]:
    """Train and judge fold by fold.

    Parameters
    ----------
    folds : as `plan_folds` gives them.
    fit_and_predict : trains on the cutoffs of a split that closed before its test and predicts the rows of its test cutoff.
    settings : how the folds are judged.
    rng : source of all randomness.
    """
    return tuple(_judge(split, fit_and_predict(split), settings, rng) for split in folds)


def pooled(
    predictions: Sequence[Predictions],
    settings: Settings,
    rng: np.random.Generator,
    *,
    segmentations: Sequence[Segmentation] = (),
) -> Evaluation:
    """The rows of several folds judged as one, each by the model that was not trained on it.

    Parameters
    ----------
    segmentations : ways to divide the rows of all folds, in their order.
    """
    first = predictions[0]
    together = Predictions(
        churned=np.concatenate([each.churned for each in predictions]),
        customer=np.concatenate([each.customer for each in predictions]),
        probabilities={
            name: np.concatenate([each.probabilities[name] for each in predictions]) for name in first.probabilities
        },
        trained_on=np.concatenate([each.trained_on for each in predictions]),
        segmentations=tuple(segmentations),
        predicted=first.predicted,
    )
    return _evaluate(together, np.ones(len(together.churned), np.bool_), settings, rng)


def _judge(split: Split, predictions: Predictions, settings: Settings, rng: np.random.Generator) -> Fold:
    everyone = np.ones(len(predictions.churned), dtype=np.bool_)
    new = ~predictions.trained_on
    evaluation = _evaluate(predictions, everyone, settings, rng)
    tells = new.any() and not is_part(split.test[0])  # of parts, nobody was trained on
    return Fold(split, evaluation, _evaluate(predictions, new, settings, rng) if tells else None)


def _evaluate(predictions: Predictions, rows: NDArray[np.bool_], settings: Settings, rng: np.random.Generator) -> Evaluation:
    probabilities = {name: probability[rows] for name, probability in predictions.probabilities.items()}
    segmentations = [segmentation.of(rows) for segmentation in predictions.segmentations]
    churned, customer = predictions.churned[rows], predictions.customer[rows]
    return evaluate(
        churned, customer, probabilities, settings, rng, segmentations=segmentations, predicted=predictions.predicted
    )
