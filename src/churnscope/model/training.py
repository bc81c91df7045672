"""The recipe: choose the rounds out of time, correct the probabilities on later rows, refit on all that is closed.

Every step learns from cutoffs whose outcomes had closed before the first cutoff it is judged on:

1. boosters on `fit`, stopped by the log loss on `stop`: the rounds of each seed;
2. with a `calibrate` group, boosters on `fit` and `stop`: the corrections that lower the log loss on `calibrate` are kept;
3. the evaluation model: refitted on all cutoffs before the test;
4. the final model: the same on all cutoffs, the test among them.

References
----------
Gattermann-Itschert, Thonemann (2021), "How training on multiple time slices improves performance in churn prediction", European
Journal of Operational Research 295. Van den Goorbergh et al. (2022), "The harm of class imbalance corrections for risk
prediction models", JAMIA 29, on why classes are neither weighted nor resampled.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from churnscope.config.models import Model as Settings
from churnscope.errors import InputError
from churnscope.model.baselines import FITTERS, RFM, Baseline, Fitter, LogisticRule, columns_of
from churnscope.model.boosters import Boosters, Boosting, Rows
from churnscope.model.calibration import Calibration
from churnscope.model.corrections import Outcomes, Trial, helpful
from churnscope.model.predictor import Predictor, Scorer
from churnscope.model.profile import Profile
from churnscope.snapshots import SnapshotTable
from churnscope.timeline import Split, date_of

FEWEST_CHURNED = 30  # customers; below it nothing can be learned
SMALL_BELOW = 200  # below it trees learn noise
MORE_ROUNDS = 1.1  # more rows carry a few more rounds


@dataclass(frozen=True, eq=False)
class Trained:
    """What training answers.

    Parameters
    ----------
    evaluation : never saw the test cutoff, nor an outcome that reaches into it.
    final : refitted on all cutoffs; the one that scores.
    small : whether there was only enough for the small-data recipe.
    dropped : features the final model was not given, and why.
    profile : how the rows of the final model were distributed.
    rows, customers, churned_customers : what the final model learned from.
    """

    evaluation: Predictor
    final: Predictor
    small: bool
    dropped: Mapping[str, str]
    profile: Profile
    rows: int
    customers: int
    churned_customers: int

    @property
    def rounds(self) -> tuple[int, ...]:
        """Boosting rounds of the final model, one per seed; empty for the small-data recipe."""
        return self.final.scorer.rounds if isinstance(self.final.scorer, Boosters) else ()


def train(
    table: SnapshotTable, split: Split, settings: Settings, *, fitters: Sequence[Fitter] = FITTERS, threads: int = 0
) -> Trained:
    """The model, twice, with its baselines.

    Parameters
    ----------
    table : snapshots at every cutoff of the split.
    split : cutoffs by use.
    fitters : of the baselines.
    threads : of LightGBM, 0 for all cores; the model does not depend on it.

    Raises
    ------
    InputError : when nothing can be learned: fewer than 30 customers churned before the test, or nobody stayed.
    """
    bench = _Bench(table, Boosting(table.specs, settings, threads))
    bench.refuse_too_little(split.before_test)
    small = bench.churned_customers(split.before_test) < SMALL_BELOW
    scorers = _small(bench, split) if small else _boosted(bench, split)
    evaluation, final = (
        Predictor(table.specs, scorer, calibration, bench.baselines(cutoffs, fitters))
        for (scorer, calibration), cutoffs in zip(scorers, (split.before_test, split.all), strict=True)
    )
    return Trained(
        evaluation,
        final,
        small=small,
        dropped=bench.uninformative(split.all),
        profile=Profile.of(bench.rows(split.all).features),
        rows=len(bench.places(split.all)),
        customers=bench.customers(split.all),
        churned_customers=bench.churned_customers(split.all),
    )


_Calibrated = tuple[Scorer, Calibration]


def _boosted(bench: _Bench, split: Split) -> tuple[_Calibrated, _Calibrated]:
    """The evaluation and the final model."""
    stopped = bench.stopped(split)
    rounds = [math.ceil(MORE_ROUNDS * count) for count in stopped.rounds]
    evaluation, final = bench.boosters(split.before_test, rounds), bench.boosters(split.all, rounds)
    if not split.calibrate:
        return (evaluation, Calibration()), (final, Calibration())
    until_stop = split.fit + split.stop
    first = bench.trial(stopped, split.fit, split.stop)
    second = bench.trial(bench.boosters(until_stop, rounds), until_stop, split.calibrate)
    third = bench.trial(evaluation, split.before_test, split.test)
    kept = helpful(first, second)
    return (evaluation, kept.learned(second, third.seen)), (final, kept.learned(third, bench.outcomes(final, split.all)))


def _small(bench: _Bench, split: Split) -> tuple[_Calibrated, _Calibrated]:
    """A logistic regression on recency, frequency and amount: what few churned customers can carry."""
    names = [spec.name for spec in bench.table.specs]
    columns = columns_of(bench.table.specs, *RFM) or tuple(names[:1])
    rows = (bench.rows(split.before_test), bench.rows(split.all))
    evaluation, final = (LogisticRule.fit("small data", columns, part.features, part.churned, names) for part in rows)
    return (evaluation, Calibration()), (final, Calibration())


@dataclass(frozen=True, eq=False)
class _Bench:
    """The table and what is made from cutoffs of it."""

    table: SnapshotTable
    boosting: Boosting

    def places(self, cutoffs: Sequence[int]) -> NDArray[np.int64]:
        """Rows of the table at some cutoffs whose outcome is known."""
        return np.flatnonzero(np.isin(self.table.cutoff, cutoffs) & (self.table.churned >= 0))

    def rows(self, cutoffs: Sequence[int]) -> Rows:
        """Features and labels at some cutoffs."""
        places = self.places(cutoffs)
        return Rows(np.asarray(self.table.features[places], np.float32), self.table.churned[places])

    def customers(self, cutoffs: Sequence[int]) -> int:
        """Different customers at some cutoffs."""
        return len(np.unique(self.table.customer[self.places(cutoffs)]))

    def churned_customers(self, cutoffs: Sequence[int]) -> int:
        """Different customers who churned after at least one of some cutoffs."""
        places = self.places(cutoffs)
        return len(np.unique(self.table.customer[places[self.table.churned[places] == 1]]))

    def refuse_too_little(self, cutoffs: Sequence[int]) -> None:
        """Refuse labels from which nothing can be learned."""
        churned = self.churned_customers(cutoffs)
        span = f"after the cutoffs from {date_of(cutoffs[0])} to {date_of(cutoffs[-1])}"
        if churned < FEWEST_CHURNED:
            raise InputError(
                f"{churned or 'No'} customers churned {span}; {FEWEST_CHURNED} are the fewest one can learn from.",
                "Give more history, or look whether [activity] and [prediction] horizon_days say what leaving means for you: "
                "within a shorter horizon more customers have no event.",
            )
        if self.rows(cutoffs).churned.all():
            raise InputError(
                f"All {churned:,} customers churned {span}: nobody stayed to compare with.",
                "Look whether the files end too early (complete_through), or horizon_days is too short for your business.",
            )

    def uninformative(self, cutoffs: Sequence[int]) -> dict[str, str]:
        """Features without two different values at some cutoffs, and why they cannot help."""
        features = self.rows(cutoffs).features
        reasons = ((spec.name, _why_uninformative(column)) for spec, column in zip(self.table.specs, features.T, strict=True))
        return {name: reason for name, reason in reasons if reason}

    def informative(self, rows: Rows) -> tuple[int, ...]:
        """Columns with at least two different values."""
        return tuple(position for position, column in enumerate(rows.features.T) if not _why_uninformative(column))

    def stopped(self, split: Split) -> Boosters:
        """Boosters fitted on the fit cutoffs, as long as that helped at the stop cutoff."""
        fit, stop = self.rows(split.fit), self.rows(split.stop)
        return self.boosting.stopped(fit, stop, self.informative(fit))

    def boosters(self, cutoffs: Sequence[int], rounds: Sequence[int]) -> Boosters:
        """Boosters fitted on some cutoffs."""
        rows = self.rows(cutoffs)
        return self.boosting.fitted(rows, rounds, self.informative(rows))

    def baselines(self, cutoffs: Sequence[int], fitters: Sequence[Fitter]) -> tuple[Baseline, ...]:
        """Baselines fitted on some cutoffs."""
        rows = self.rows(cutoffs)
        fitted = (fit(rows.features, rows.churned, self.table.specs) for fit in fitters)
        return tuple(baseline for baseline in fitted if baseline is not None)

    def outcomes(self, scorer: Scorer, cutoffs: Sequence[int]) -> Outcomes:
        """A model's log-odds at some cutoffs beside what happened."""
        places = self.places(cutoffs)
        return Outcomes(scorer.margin(self.table.features[places]), self.table.churned[places], self.table.cutoff[places])

    def trial(self, scorer: Scorer, seen: Sequence[int], later: Sequence[int]) -> Trial:
        """A model on the cutoffs it was fitted on and on later ones."""
        return Trial(self.outcomes(scorer, seen), self.outcomes(scorer, later))


def _why_uninformative(column: NDArray[np.float32]) -> str:
    missing = np.isnan(column)
    if missing.all():
        return "never known"
    known = column[~missing]
    return "always the same" if not missing.any() and known.min() == known.max() else ""
