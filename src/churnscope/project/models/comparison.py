"""Two saved models on the same rows, from whose outcomes neither has learned."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from churnscope.config.models import Config
from churnscope.engines.duckdb import Loaded
from churnscope.evaluation.figures import MODEL, Evaluation, evaluate
from churnscope.model.bundle import Bundle
from churnscope.model.logistic import Floats
from churnscope.operations.logs import Progress
from churnscope.project.models.dividing import built, built_at
from churnscope.project.models.saved import matching_plan, unseen
from churnscope.snapshots import SnapshotTable

OTHER = "other model"


@dataclass(frozen=True)
class Ground:
    """The data on which models meet."""

    config: Config
    loaded: Loaded
    progress: Progress

    def compared(self, one: Bundle, other: Bundle, cutoff: int, table: SnapshotTable | None = None) -> Evaluation:
        """The first model, as "model", and the second, under `OTHER`, at a cutoff.

        Parameters
        ----------
        table : snapshots of the first model, where they are at hand.

        Raises
        ------
        ModelError : when one of them has learned from outcomes after the cutoff, or the config gives other features than its.
        """
        for bundle in (one, other):
            unseen(bundle, cutoff)  # refuses before rows are built in vain
        rows = self._rows(one, cutoff) if table is None else table
        alike = (one.specs, one.plan) == (other.specs, other.plan)
        other_rows = rows if alike else self._rows(other, cutoff)
        here = _known(rows, cutoff)
        forecasts = {MODEL: _forecast(one, rows, cutoff), OTHER: _forecast(other, other_rows, cutoff)}
        rng = np.random.default_rng(self.config.model.seed)
        settings, of = self.config.evaluation, self.config.prediction.of
        return evaluate(rows.churned[here], rows.customer[here], forecasts, settings, rng, predicted=of)

    def _rows(self, bundle: Bundle, cutoff: int) -> SnapshotTable:
        plan = matching_plan(self.config, self.loaded, bundle, built_at((cutoff,), self.loaded))
        return built(self.config, self.loaded, plan, self.progress)


def _known(table: SnapshotTable, cutoff: int) -> NDArray[np.intp]:
    return np.flatnonzero((table.cutoff == cutoff) & (table.churned >= 0))


def _forecast(bundle: Bundle, table: SnapshotTable, cutoff: int) -> Floats:
    predictor, _ = unseen(bundle, cutoff)
    return predictor.predict(table.features[_known(table, cutoff)], cutoff)
