"""Boosted trees of the money to come in the horizon, on the same features as the churn model, learned on earlier cutoffs.

Two-part trees (who buys, times how much) were farther off than trees of one Tweedie target on both shops they were tried on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from churnscope.activity import Activity
from churnscope.config.models import Activity as Rules
from churnscope.config.models import Config, Label, Rule
from churnscope.engines.duckdb import Loaded
from churnscope.model.boosters import Boosting
from churnscope.model.regression import TWEEDIE, Regression
from churnscope.operations.logs import Progress
from churnscope.project.models.saved import snapshot_plan
from churnscope.snapshots import SnapshotPlan, stream_snapshots
from churnscope.value.repeat_rows import Array

MOST_CUTOFFS = 3  # to learn from, before the one that tells when to stop
MOST_ROWS = 60_000  # of all cutoffs together; more customers than that allows are drawn by their number
LEAST_HISTORY_DAYS = 60  # before the first cutoff
FEWEST_SPENDERS = 200  # after every cutoff: fewer tell trees nothing that a purchase model does not know
MORE_ROUNDS = 1.1  # for the rows that are learned from once their outcome is known
MOST_ROUNDS = 600
RECIPE = {"seeds": 1, "monotone": False, "learning_rate": 0.06, "patience": 50}  # directions are those of churn, not of money


@dataclass(frozen=True)
class Days:
    """The cutoffs of the trees.

    Parameters
    ----------
    fit : to learn from, rising.
    stop : whose outcome tells when to stop, and whether trees are used.
    test : that they are judged on.
    now : the day that is asked about.
    """

    fit: tuple[int, ...]
    stop: int
    test: int
    now: int

    @classmethod
    def of(cls, now: int, first_day: int, *, wait_days: int) -> Days | None:
        """Every outcome closed before the next use of days begins; None where history is too short for that.

        Parameters
        ----------
        wait_days : from a cutoff until its outcome is known.

        Examples
        --------
        >>> Days.of(400, 0, wait_days=90)
        Days(fit=(70, 100, 130), stop=220, test=310, now=400)
        """
        test, stop, newest = now - wait_days, now - 2 * wait_days, now - 3 * wait_days
        apart = max(1, wait_days // 3)
        fit = [newest - number * apart for number in range(MOST_CUTOFFS)]
        fit = [cutoff for cutoff in fit if cutoff >= first_day + LEAST_HISTORY_DAYS]
        return cls(tuple(reversed(fit)), stop, test, now) if fit else None

    @property
    def learned(self) -> tuple[int, ...]:
        """Those whose outcome is known, rising."""
        return (*self.fit, self.stop, self.test)


@dataclass(frozen=True, eq=False)
class _Rows:
    """Features and cutoffs of the customers learned from, and what each of them then spent."""

    customer: NDArray[np.int32]
    cutoff: NDArray[np.int32]
    features: NDArray[np.float32]
    spent: Array

    def at(self, *cutoffs: int) -> NDArray[np.int64]:
        return np.flatnonzero(np.isin(self.cutoff, cutoffs))


@dataclass(frozen=True, eq=False)
class SpendTrees:
    """Trees for the days of a business.

    Parameters
    ----------
    spent : by cutoff whose outcome is known, shape (n_customers,), money of each customer in the horizon from then on.
    """

    config: Config
    loaded: Loaded
    progress: Progress
    days: Days
    spent: Mapping[int, Array]
    _said: dict[int, Array] = field(default_factory=dict)

    @property
    def can_learn(self) -> bool:
        """Whether enough customers spent something after every cutoff."""
        return all(np.count_nonzero(self.spent[day] > 0) >= FEWEST_SPENDERS for day in self.days.learned)

    @cached_property
    def chosen_on(self) -> tuple[NDArray[np.int32], Array]:
        """Customers of the stop cutoff who did not tell when to stop, and what trees of before forecast for them."""
        rows = self._rows
        here = rows.at(self.days.stop)
        here = here[~_stops(rows.customer[here])]
        return rows.customer[here], self._first.predict(rows.features[here])

    def forecasts(self, cutoff: int) -> Array:
        """For every customer at the test cutoff or today, by trees that saw no outcome after it; NaN without a row."""
        if cutoff not in self._said:
            self._said[cutoff] = self._forecasts(cutoff)
        return self._said[cutoff]

    def _forecasts(self, cutoff: int) -> Array:
        days = self.days
        seen = (*days.fit, days.stop) if cutoff == days.test else days.learned
        model = self._fitted(seen)
        found = np.full(self.loaded.n_customers, np.nan)
        for table in stream_snapshots(self.loaded.blocks(), self._plan([cutoff]), progress=self._told("forecast")):
            if len(table.customer):
                found[table.customer] = model.predict(table.features)
        return found

    @cached_property
    def _first(self) -> Regression:
        """Of the fit cutoffs, as many rounds as suit half of the customers at the stop cutoff."""
        rows = self._rows
        places = rows.at(*self.days.fit, self.days.stop)
        is_stop = rows.cutoff[places] == self.days.stop
        kept = ~is_stop | _stops(rows.customer[places])
        places, is_stop = places[kept], is_stop[kept]
        return Regression.stopped(rows.features[places], rows.spent[places], is_stop, self._boosting, TWEEDIE)

    def _fitted(self, cutoffs: Sequence[int]) -> Regression:
        rows, rounds = self._rows, round(MORE_ROUNDS * self._first.rounds)
        places = rows.at(*cutoffs)
        return Regression.fitted(rows.features[places], rows.spent[places], rounds, self._boosting, TWEEDIE)

    @property
    def _boosting(self) -> Boosting:
        declared = self.config.model
        recipe = RECIPE | {"rounds": min(declared.rounds, MOST_ROUNDS)}
        return Boosting(self._plan(self.days.learned).specs, declared.model_copy(update=recipe))

    @cached_property
    def _rows(self) -> _Rows:
        cutoffs, customers = self.days.learned, self.loaded.n_customers
        every = max(1, -(-customers * len(cutoffs) // MOST_ROWS))
        parts = []
        for table in stream_snapshots(self.loaded.blocks(), self._plan(cutoffs), progress=self._told("features")):
            kept = np.flatnonzero(table.customer % every == 0)
            parts.append((table.customer[kept], table.cutoff[kept], np.asarray(table.features[kept], np.float32)))
        customer, cutoff, features = (np.concatenate(column) for column in zip(*parts, strict=True))
        spent = np.zeros(len(customer))
        for day in cutoffs:
            here = cutoff == day
            spent[here] = np.maximum(self.spent[day][customer[here]], 0)
        return _Rows(customer, cutoff, features, spent)

    def _told(self, what: str) -> Callable[[int], None]:
        return lambda done: self.progress(what, done, self.loaded.n_customers)

    def _plan(self, cutoffs: Sequence[int]) -> SnapshotPlan:
        """The config's features, of everybody who has bought."""
        loaded, config = self.loaded, self.config
        ever = max(1, loaded.as_of - loaded.first_day)
        rules = tuple(Rule(source=name, days=ever) for name, source in config.sources.items() if source.role == "purchases")
        activity = Activity(Rules(rules=rules), loaded.places, config.resolution)
        return replace(snapshot_plan(config, loaded, cutoffs), activity=activity, label=Label(), due_days=None)


def _stops(customer: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Every other customer, whatever numbers are left out: by the middle bits of a multiple."""
    mixed = customer.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) >> np.uint64(40)
    return np.asarray(mixed % np.uint64(2) == 0)
