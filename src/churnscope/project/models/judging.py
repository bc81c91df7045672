"""A predictor held against its baselines at one cutoff: shared by `train` and `evaluate`."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from churnscope.config.models import Config
from churnscope.decisions import ProfitFigures, profit_figures
from churnscope.errors import ConfigError, InputError, nearest
from churnscope.evaluation.figures import MODEL, Evaluation, evaluate
from churnscope.evaluation.grade import Grade, grade
from churnscope.evaluation.segments import Segmentation
from churnscope.features import FeatureSpec
from churnscope.model.baselines import CONTRACT_RULE, FITTERS, FREQUENCY_RULE, BaseRate, Fitter, attributes_rule
from churnscope.model.no_purchase import p0
from churnscope.model.own import Factory, factory_of
from churnscope.model.predictor import Predictor
from churnscope.project.models.saved import offer_of
from churnscope.project.results import iso
from churnscope.roles import ROLES
from churnscope.snapshots import SnapshotTable
from churnscope.snapshots.plan import timing_of
from churnscope.snapshots.table import Features

logger = logging.getLogger(__name__)

SILENCES = ("no_event", "not_active", "given")  # labels that the absence of events comes near
TENURE_DAYS, TENURE_NAMES = (90, 365, 730), ("under 90 days", "90 days to a year", "one to two years", "two years and more")
FLAG_NAMES = ("no", "yes")
REPEAT_DAYS, REPEAT_NAMES = (1, 3, 9), ("1 day", "2 to 3 days", "4 to 9 days", "10 or more days")


@dataclass(frozen=True)
class Judgement:
    """The figures and what they mean."""

    cutoff: int
    evaluation: Evaluation
    grade: Grade
    profit: ProfitFigures | None = None  # where [profit] is given


def baseline_fitters(config: Config) -> tuple[Fitter, ...]:
    """The rules a model of this config is held against; P0 reads the events of the first activity rule that counts events.

    Where terms in force alone say who is active, or an end does who left, there is no P0: it knows of nothing but silence.
    Where they say it at all, there is a rule of contracts. A flat file has no events to tell recency and frequency by: its
    rules are the base rate and what the attributes add up to. Of a return, P0 tells the opposite, the chance that something
    happens, and there is a rule of frequency: who came often may come again.
    """
    if config.flat is not None:
        return (BaseRate.fit, attributes_rule)
    rules = config.activity.rules
    contracts = (CONTRACT_RULE,) if any(rule.in_force for rule in rules) else ()
    counted, of_return = [rule for rule in rules if not rule.in_force], config.is_of_reactivation
    fitters = (*FITTERS, FREQUENCY_RULE) if of_return else FITTERS
    if not counted or config.label.kind not in SILENCES:
        logger.info("P0 is left out of the comparison: it tells of silence, and here something else is asked")
        return (*fitters, *contracts)
    role = ROLES[config.sources[counted[0].source].role]
    return (*fitters, *contracts, p0(timing_of(config), role.noun, of_return=of_return))


def own_factory(config: Config) -> Factory | None:
    """What makes the classifier of `[model] estimator`; None where the model is churnscope's own.

    Raises
    ------
    ConfigError : when it cannot be found.
    """
    named = config.model.estimator
    return None if named is None else factory_of(named, str(config.folders.plugins))


def judge(
    config: Config,
    predictor: Predictor,
    table: SnapshotTable,
    cutoff: int,
    worth: NDArray[np.float64] | None = None,
) -> Judgement:
    """Judge a predictor on the rows of a cutoff it never saw.

    Parameters
    ----------
    worth : shape (n_customers,), of each customer who stays, as of the cutoff; None where one value counts for all.

    Raises
    ------
    InputError : when there is nobody of whom it is asked at the cutoff.
    """
    here = np.flatnonzero((table.cutoff == cutoff) & (table.churned >= 0))
    if not len(here):
        raise InputError(
            f"No customer is {config.words.who} on {iso(cutoff)}.", "Look at [activity], or at the days the data cover."
        )
    probabilities = predictor.probabilities(table.features[here], cutoff)
    rng = np.random.default_rng(config.model.seed)
    segmentations = segmentations_of(config, table.specs, table.features[here])
    evaluation = evaluate(
        table.churned[here],
        table.customer[here],
        probabilities,
        config.evaluation,
        rng,
        segmentations=segmentations,
        predicted=config.prediction.of,
    )
    own = None if worth is None else worth[table.customer[here]]
    profit = in_money(config, table.churned[here], probabilities[MODEL], own)
    return Judgement(cutoff, evaluation, grade(evaluation), profit)


def in_money(
    config: Config, churned: NDArray[Any], probability: NDArray[Any], own: NDArray[np.float64] | None = None
) -> ProfitFigures | None:
    """What a model is worth by the costs and the value of the config; None where it names none.

    Parameters
    ----------
    own : shape (n,), values of the customers where each has one.
    """
    offer = offer_of(config, None if own is None else float(own.mean()))
    return None if offer is None else profit_figures(churned, probability, offer, own)


def segmentations_of(config: Config, specs: Sequence[FeatureSpec], features: Features) -> tuple[Segmentation, ...]:
    """The ways in which the config divides customers.

    Parameters
    ----------
    features : shape (n_rows, n_features), which the specs describe.

    Raises
    ------
    ConfigError : when the config names a feature that is not there.
    """
    columns = {spec.name: column for spec, column in zip(specs, features.T, strict=True)}
    return tuple(_segmentations(config, columns, flags={spec.name for spec in specs if spec.at_zero}))


def _segmentations(config: Config, columns: Mapping[str, NDArray[Any]], *, flags: Collection[str]) -> Iterator[Segmentation]:
    noun = ROLES[config.sources[config.activity.rules[0].source].role].noun
    bands = {
        "tenure": (f"days_since_first_{noun}", TENURE_DAYS, TENURE_NAMES),
        "frequency": (f"repeat_{noun}_days", REPEAT_DAYS, [name.replace("day", f"{noun} day") for name in REPEAT_NAMES]),
    }
    for by in config.evaluation.segments:
        if by in flags:
            yield Segmentation.at(by, columns[by], (1,), FLAG_NAMES)
        elif by in columns:
            yield Segmentation.quarters(by, columns[by])
        elif by not in bands:
            raise ConfigError(f"[evaluation] segments: there is no feature {by!r}.", nearest(by, [*bands, *columns]))
        elif (column := columns.get(bands[by][0])) is not None:
            yield Segmentation.at(by, column, *bands[by][1:])


def figures_of(verdict: Judgement) -> Mapping[str, Any]:
    """A judgement as files keep it."""
    figures = {"cutoff": iso(verdict.cutoff), "evaluation": verdict.evaluation.to_json(), "grade": verdict.grade.to_json()}
    return figures if verdict.profit is None else figures | {"profit": verdict.profit.to_json()}
