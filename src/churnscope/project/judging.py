"""A predictor held against its baselines at one cutoff: shared by `train` and `evaluate`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from churnscope.config.models import Config
from churnscope.errors import InputError
from churnscope.evaluation.figures import Evaluation, evaluate
from churnscope.evaluation.grade import Grade, grade
from churnscope.model.baselines import FITTERS, Fitter
from churnscope.model.no_purchase import p0
from churnscope.model.predictor import Predictor
from churnscope.project.days import timing_of
from churnscope.project.results import iso
from churnscope.roles import ROLES
from churnscope.snapshots import SnapshotTable


@dataclass(frozen=True)
class Judgement:
    """The figures and what they mean."""

    cutoff: int
    evaluation: Evaluation
    grade: Grade


def baseline_fitters(config: Config) -> tuple[Fitter, ...]:
    """The rules a model of this config is held against; P0 reads the events of the first activity rule."""
    role = ROLES[config.sources[config.activity.rules[0].source].role]
    return (*FITTERS, p0(timing_of(config), role.noun))


def judge(config: Config, predictor: Predictor, table: SnapshotTable, cutoff: int) -> Judgement:
    """Judge a predictor on the rows of a cutoff it never saw.

    Raises
    ------
    InputError : when nobody is active at the cutoff.
    """
    here = np.flatnonzero((table.cutoff == cutoff) & (table.churned >= 0))
    if not len(here):
        raise InputError(f"No customer is active on {iso(cutoff)}.", "Look at [activity], or at the days the data cover.")
    probabilities = predictor.probabilities(table.features[here], cutoff)
    rng = np.random.default_rng(config.model.seed)
    evaluation = evaluate(table.churned[here], table.customer[here], probabilities, config.evaluation, rng)
    return Judgement(cutoff, evaluation, grade(evaluation))


def figures_of(verdict: Judgement) -> Mapping[str, Any]:
    """A judgement as files keep it."""
    return {"cutoff": iso(verdict.cutoff), "evaluation": verdict.evaluation.to_json(), "grade": verdict.grade.to_json()}
