"""The recipe refitted as of earlier days and judged on what came after: whether it would have been worth using all along."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from churnscope.config.identity import definition
from churnscope.config.models import Config
from churnscope.errors import InputError
from churnscope.evaluation.backtest import Fold, Predictions, backtest, pooled
from churnscope.evaluation.figures import MODEL
from churnscope.evaluation.grade import grade
from churnscope.model.bundle import Bundle
from churnscope.model.predictor import Predictor
from churnscope.model.training import train_before_test
from churnscope.operations.logs import Progress
from churnscope.project.models.judging import Judgement, baseline_fitters, in_money, judge, own_factory, segmentations_of
from churnscope.project.results import iso, split_dates
from churnscope.snapshots import SnapshotTable
from churnscope.timeline import Split

logger = logging.getLogger(__name__)


USES = ("fit", "stop", "calibrate", "between", "test")  # of cutoffs that decide a model from before the test


@dataclass(frozen=True)
class Backtesting:
    """What the folds of a backtest share.

    Parameters
    ----------
    bundle : the model under judgement; where its split is a fold's, its twin is that fold's model. None for a classifier of
        one's own.
    table : snapshots at all the cutoffs, as of the day `as_of`.
    at_hand : models of the recipe that were fitted before the tests of some splits.
    worth : what each customer who stays is worth, as `judge` takes it.
    """

    config: Config
    bundle: Bundle | None
    table: SnapshotTable
    as_of: int
    progress: Progress
    at_hand: Mapping[Split, Predictor] = field(default_factory=dict)
    worth: NDArray[np.float64] | None = None

    def folds(self, splits: Sequence[Split]) -> tuple[Fold, ...]:
        """What each split's test says, in their order; those with too little to learn from are left out, and logged."""
        return tuple(self._judged(splits))

    def verdict(self, split: Split, parts: Sequence[Split]) -> Judgement:
        """The model at hand on the test of its split; of a file without date, its recipe on all customers.

        Parameters
        ----------
        parts : splits whose tests are the parts of the customers; not read where a date divides them.

        Raises
        ------
        InputError : when nobody is in the test, or there is too little to learn from.
        """
        if self.config.has_days:
            return judge(self.config, self.at_hand[split], self.table, split.test[0], self.worth)
        return self.cross_validation(parts)[0]

    def cross_validation(self, splits: Sequence[Split]) -> tuple[Judgement, tuple[Fold, ...]]:
        """All customers, each judged once by the recipe trained on the other parts, and the parts one by one.

        Raises
        ------
        InputError : when there is too little to learn from.
        """
        told = {}
        for number, split in enumerate(splits):
            self.progress("backtest", number, len(splits))
            told[split] = self._predictions(split)
        self.progress("backtest", len(splits), len(splits))
        settings, seed = self.config.evaluation, self.config.model.seed
        folds = backtest(splits, told.__getitem__, settings, np.random.default_rng(seed))
        ways = segmentations_of(self.config, self.table.specs, self.table.features[self.table.churned >= 0])
        evaluation = pooled(tuple(told.values()), settings, np.random.default_rng(seed), segmentations=ways)
        churned = np.concatenate([part.churned for part in told.values()])
        probability = np.concatenate([part.probabilities[MODEL] for part in told.values()])
        return Judgement(self.as_of, evaluation, grade(evaluation), in_money(self.config, churned, probability)), folds

    def _judged(self, splits: Sequence[Split]) -> Iterator[Fold]:
        for number, split in enumerate(splits):
            self.progress("backtest", number, len(splits))
            rng = np.random.default_rng(self.config.model.seed)
            try:
                yield from backtest([split], self._predictions, self.config.evaluation, rng)
            except InputError as error:
                logger.info("The backtest leaves out %s: %s", iso(split.test[0]), error.what)
            self.progress("backtest", number + 1, len(splits))

    def _predictions(self, split: Split) -> Predictions:
        """What a model trained before the test says of the customers it is asked about then."""
        table, (cutoff,) = self.table, split.test
        known = table.churned >= 0
        here = np.flatnonzero(known & (table.cutoff == cutoff))
        if not len(here):
            raise InputError(
                f"No customer is {self.config.words.who} on {iso(cutoff)}.",
                "Look at [activity], or at the days the data cover.",
            )
        learned_from = np.unique(table.customer[known & np.isin(table.cutoff, split.before_test)])
        return Predictions(
            churned=table.churned[here],
            customer=table.customer[here],
            probabilities=self._predictor(split).probabilities(table.features[here], cutoff),
            trained_on=np.isin(table.customer[here], learned_from),
            segmentations=segmentations_of(self.config, table.specs, table.features[here]),
            predicted=self.config.prediction.of,
        )

    def _predictor(self, split: Split) -> Predictor:
        if split in self.at_hand:
            return self.at_hand[split]
        if self.bundle is not None and self._is_of_the_bundle(self.bundle, split):
            return self.bundle.evaluation
        fitters, own = baseline_fitters(self.config), own_factory(self.config)
        return train_before_test(self.table, split, self.config.model, fitters=fitters, own=own)

    def _is_of_the_bundle(self, bundle: Bundle, split: Split) -> bool:
        """Whether training on the split would give the bundle's evaluation twin again."""
        days = split_dates(split)
        same_days = all(days[use] == bundle.definition["split"][use] for use in USES)
        same_recipe = bundle.config == definition(self.config) and not bundle.stands_in
        return same_days and same_recipe and bundle.as_of == self.as_of
