"""All that decides what a snapshot table holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol

import numpy as np

from churnscope.activity import Activity, Flags
from churnscope.config.models import Config, Label, Stages
from churnscope.config.winning_back import Reactivation
from churnscope.customer_types import CustomerTypes
from churnscope.events import Grid, Observed
from churnscope.features import FAMILIES, Family, FeatureSpec, Log, catalog, chosen
from churnscope.levels import Levels
from churnscope.roles import ROLES
from churnscope.timeline import Timing


class Facts(Protocol):
    """What a plan needs to know of loaded sources."""

    @property
    def columns(self) -> Mapping[str, frozenset[str]]:
        """Role -> names of the signals its rows carry."""

    @property
    def flags(self) -> Mapping[str, frozenset[str]]:
        """Role -> names of the signals that are true or false."""

    @property
    def dates(self) -> Mapping[str, frozenset[str]]:
        """Role -> names of the signals that are days."""

    @property
    def levels(self) -> Levels:
        """Role -> column -> the values that are common enough to be told apart."""

    @property
    def places(self) -> Mapping[str, tuple[str, int]]:
        """Source name -> (role, index of the source among those of its role)."""

    @property
    def as_of(self) -> int:
        """First day that is not read."""

    @property
    def first_day(self) -> int:
        """Day of the oldest row."""

    @property
    def label_days(self) -> tuple[int, ...]:
        """Rising, the days of which given labels speak."""


def timing_of(config: Config, label_days: Sequence[int] = ()) -> Timing:
    """Gap, horizon and label delay of a config.

    Parameters
    ----------
    label_days : of a flat file. Where the rows of several days make a cutoff, the first of them are looked at so much before
        it: what was learned from has to be closed by then.
    """
    later = days_together(config, label_days) - 1
    return replace(config.timing, horizon_days=config.timing.horizon_days + later)


def days_together(config: Config, label_days: Sequence[int]) -> int:
    """Days of a flat file whose rows make one cutoff: 1 where there are no more days than cutoffs wanted."""
    most = config.prediction.most_cutoffs
    if config.flat is None or config.prediction.cutoffs or not label_days:
        return 1
    spread = 1 if len(label_days) <= most else -(-(label_days[-1] - label_days[0] + 1) // most)
    return config.prediction.spacing_days or spread


@dataclass(frozen=True)
class SnapshotPlan:
    """All that decides what is built.

    Parameters
    ----------
    cutoffs : day numbers, rising.
    timing : gap and horizon of the label.
    windows : lengths in days the features read.
    activity : who is in the population.
    label : what churned means.
    columns : role -> names of the signals its rows carry.
    as_of : first day that is not read.
    families : those to build.
    flags : role -> names of the signals that are true or false.
    resolution : currency per unit of money.
    days_together : days before a cutoff whose rows of a flat file are those of the cutoff.
    due_days : how far ahead a term of a customer in the population has to end, from and below; None: it does not matter.
    dtype : of the features; models read float32.
    dates : role -> names of the signals that are days.
    levels : role -> column -> the values that features tell apart.
    stages : the numbers by which types of customers are told apart.
    reactivation : which of the inactive are the population, and label 1 is who came back; None: it is the active, and 1 is who
        left.
    """

    cutoffs: tuple[int, ...]
    timing: Timing
    windows: tuple[int, ...]
    activity: Activity
    label: Label
    columns: Mapping[str, frozenset[str]]
    as_of: int
    families: tuple[Family, ...] = FAMILIES
    flags: Mapping[str, frozenset[str]] = field(default_factory=dict)
    resolution: float = 1.0
    days_together: int = 1
    dtype: type[np.float32 | np.float64] = np.float32
    dates: Mapping[str, frozenset[str]] = field(default_factory=dict)
    levels: Levels = field(default_factory=dict)
    due_days: tuple[int, int] | None = None
    stages: Stages = field(default_factory=Stages)
    reactivation: Reactivation | None = None

    @classmethod
    def from_config(cls, config: Config, facts: Facts, cutoffs: Iterable[int], *, own: tuple[Family, ...] = ()) -> SnapshotPlan:
        """The plan of a config for sources that were loaded; `own` are families beside the built-in ones."""
        return cls(
            cutoffs=tuple(sorted(cutoffs)),
            timing=timing_of(config, facts.label_days),
            windows=tuple(sorted(set(config.features.windows_days))),
            activity=Activity(config.activity, facts.places, config.resolution),
            label=config.label,
            columns=facts.columns,
            as_of=facts.as_of,
            families=chosen(config.features.families, own, history_days=facts.as_of - facts.first_day),
            flags=facts.flags,
            resolution=config.resolution,
            days_together=days_together(config, facts.label_days),
            dates=facts.dates,
            levels=facts.levels,
            due_days=config.due_days,
            stages=config.stages,
            reactivation=config.reactivation if config.is_of_reactivation else None,
        )

    def at(self, cutoffs: Iterable[int]) -> SnapshotPlan:
        """The same plan at other cutoffs."""
        return replace(self, cutoffs=tuple(sorted(cutoffs)))

    @cached_property
    def specs(self) -> tuple[FeatureSpec, ...]:
        """The features in the order of the table's columns; what raises the risk of leaving lowers the chance of a return."""
        found = catalog(self.columns, self.windows, self.families, flags=self.flags, dates=self.dates, levels=self.levels)
        return found if self.reactivation is None else tuple(spec.of_return() for spec in found)

    @cached_property
    def grid(self) -> Grid:
        """Cutoffs and every window that features or activity read."""
        return Grid(self.cutoffs, {*self.windows, *self.activity.windows})

    def due(self, seen: Mapping[str, Observed]) -> Flags:
        """Whose term ends as far ahead as is looked at, shape (n_cutoffs, n_customers); everybody where it does not matter."""
        if self.due_days is not None:
            return self.activity.due(seen, *self.due_days)
        rows = next(iter(seen.values()))
        return np.ones((len(rows.grid.cutoffs), rows.events.n_customers), np.bool_)

    @property
    def tells_lives(self) -> bool:
        """Whether rows tell what customers did, so that they are in stages; a flat file's tell how they are."""
        return not all(ROLES[role].is_state for role in self.columns)

    @cached_property
    def types(self) -> CustomerTypes:
        """Who is of which type."""
        return CustomerTypes(self.stages, self.activity, self.columns)

    def logs(self, seen: Mapping[str, Observed]) -> dict[str, Log]:
        """What the families are given."""
        none, types = frozenset[str](), self.types.flags(seen)
        return {
            role: Log(
                ROLES[role],
                rows,
                self.columns[role],
                self.windows,
                self.resolution,
                flags=self.flags.get(role, none),
                dates=self.dates.get(role, none),
                levels=self.levels.get(role, {}),
                types=types,
            )
            for role, rows in seen.items()
        }
