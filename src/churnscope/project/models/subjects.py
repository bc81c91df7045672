"""What `evaluate` judges: a saved model, or a classifier of one's own that is fitted on the spot."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from churnscope.config.models import Config
from churnscope.engines.duckdb import Loaded
from churnscope.features import FeatureSpec
from churnscope.model.bundle import Bundle, definition_of
from churnscope.model.own import Factory
from churnscope.model.predictor import Predictor
from churnscope.model.training import train_before_test
from churnscope.project.days import split_before, training_split
from churnscope.project.models.dividing import built_at
from churnscope.project.models.judging import baseline_fitters, own_factory
from churnscope.project.models.saved import matching_plan, model_facts, model_name, snapshot_plan, unseen
from churnscope.snapshots import SnapshotPlan, SnapshotTable
from churnscope.timeline import Timing


@dataclass(frozen=True)
class Described:
    """What a bundle says of itself, for a model without one."""

    name: str
    version: str
    specs: tuple[FeatureSpec, ...]
    definition: Mapping[str, Any]
    dropped: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Saved:
    """A saved model."""

    bundle: Bundle

    @property
    def facts(self) -> Mapping[str, str]:
        """What identifies it."""
        return model_facts(self.bundle)

    def plan(self, config: Config, loaded: Loaded, cutoffs: Sequence[int]) -> SnapshotPlan:
        """The features it was trained on."""
        return matching_plan(config, loaded, self.bundle, cutoffs)

    def described(self, _config: Config, _table: SnapshotTable, _cutoff: int, _timing: Timing) -> Bundle:
        """What is logged of it."""
        return self.bundle

    def unseen(self, _config: Config, _table: SnapshotTable, cutoff: int, _timing: Timing) -> tuple[Predictor, int]:
        """What had learned from no outcome after the cutoff, and the day by which those it learned from had closed."""
        return unseen(self.bundle, cutoff)


@dataclass(frozen=True)
class Own:
    """A classifier of one's own, which `factory` makes; nothing of it is saved.

    Parameters
    ----------
    facts : its name in the config, and a hash of the source of its module.
    """

    factory: Factory
    facts: Mapping[str, str]
    bundle: None = None

    @classmethod
    def of(cls, config: Config) -> Own:
        """The classifier that a config names.

        Raises
        ------
        ConfigError : when it cannot be found.
        """
        factory = own_factory(config)
        assert factory is not None
        digest = hashlib.sha256(_source(factory).encode()).hexdigest()[:8]
        return cls(factory, {"name": model_name(config), "version": f"{config.model.estimator} {digest}"})

    def plan(self, config: Config, loaded: Loaded, _cutoffs: Sequence[int]) -> SnapshotPlan:
        """The features of the config at all cutoffs that can be learned from."""
        return snapshot_plan(config, loaded, built_at(training_split(config, loaded).all, loaded))

    def described(self, config: Config, table: SnapshotTable, cutoff: int, timing: Timing) -> Described:
        """What is logged of it."""
        split = split_before(table.cutoffs, cutoff, timing)
        return Described(self.facts["name"], self.facts["version"], table.specs, definition_of(config, split))

    def unseen(self, config: Config, table: SnapshotTable, cutoff: int, timing: Timing) -> tuple[Predictor, int]:
        """It, fitted on what had closed by the cutoff, and the day by which that was."""
        split = split_before(table.cutoffs, cutoff, timing)
        predictor = train_before_test(table, split, config.model, fitters=baseline_fitters(config), own=self.factory)
        return predictor, timing.outcome_end(split.before_test[-1])


def _source(factory: Factory) -> str:
    """The source of the module that declares it; its name where that is no Python file."""
    module = inspect.getmodule(factory)
    try:
        return repr(factory) if module is None else inspect.getsource(module)
    except OSError:
        return str(module)
