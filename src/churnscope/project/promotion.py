"""The gate a model passes before `score` uses it, and the simple rule that serves where none has passed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from churnscope.config.models import Config
from churnscope.errors import ModelError
from churnscope.evaluation.figures import MODEL, Evaluation
from churnscope.evaluation.grade import DECIDING, METRIC_WORDS, Grade, is_worse
from churnscope.model.baselines import LogisticRule
from churnscope.model.bundle import Bundle, champion
from churnscope.model.calibration import Calibration
from churnscope.model.predictor import Predictor
from churnscope.project.comparison import OTHER
from churnscope.project.judging import Judgement, judge
from churnscope.project.models import load_model, model_name
from churnscope.project.results import iso
from churnscope.project.session import Folders
from churnscope.snapshots import SnapshotTable

Compare = Callable[[Bundle, Bundle], Evaluation]
"""A candidate and the champion on the candidate's test cutoff, the champion under `OTHER`."""


@dataclass(frozen=True)
class Promotion:
    """Whether a model may become the champion, and why."""

    granted: bool
    reason: str


def gate(config: Config, candidate: Bundle, compare: Compare) -> Promotion:
    """Whether a trained model may serve.

    It must not lose to the present champion on rows that neither has learned from. Where there is no champion, or only a simple
    rule, or none that can be compared, it has to beat the simple rules.

    Parameters
    ----------
    candidate : as it was written.
    compare : asked only where there is a champion to compare with.
    """
    present = champion(Folders.of(config).models, model_name(config))
    if present == candidate.version:
        return Promotion(granted=True, reason="it is the champion already")
    if _is_little(candidate) and not config.model.allow_small:
        return Promotion(
            granted=False, reason="too little data to tell; to use it all the same, set [model] allow_small = true"
        )
    if present is None:
        return against_rules(candidate, "first champion")
    try:
        rival = load_model(config, present)
        if rival.stands_in and not candidate.stands_in:
            return against_rules(candidate, f"in place of the {rival.stands_in}")
        return against_champion(compare(candidate, rival), present)
    except ModelError as error:
        return against_rules(candidate, f"in place of {present}, which cannot be compared ({error.what})")


def against_rules(candidate: Bundle, granted: str) -> Promotion:
    """The gate of a first champion: the order it gives beats that of the simple rules; `granted` is the reason where it does."""
    verdict = Grade(**candidate.figures["grade"])
    if candidate.stands_in:
        return Promotion(granted=True, reason=f"the {candidate.stands_in} stands in for a model")
    if verdict.verdict == "no better":
        return Promotion(granted=False, reason=verdict.text)
    if verdict.verdict == "too little data":
        return Promotion(granted=True, reason="too little data to tell, allowed by [model] allow_small = true")
    return Promotion(granted=True, reason=granted)


def against_champion(compared: Evaluation, present: str) -> Promotion:
    """The gate of a later champion: neither order nor probabilities are worse than those of the present one."""
    differences = compared.differences[OTHER]
    lost = [metric for metric in DECIDING if is_worse(metric, differences[metric])]
    if not lost:
        return Promotion(granted=True, reason=f"in place of {present}, to which it does not lose")
    mine, its = (compared.predictors[name].metrics[lost[0]].value for name in (MODEL, OTHER))
    return Promotion(granted=False, reason=f"it loses to {present}: {METRIC_WORDS[lost[0]]} {mine:.3f} against {its:.3f}")


def stand_in(config: Config, bundle: Bundle, verdict: Judgement, table: SnapshotTable) -> Bundle | None:
    """The simple rule with the lowest log loss as a model of its own; None where none can tell its reasons.

    Parameters
    ----------
    bundle : of the model that did not win; `verdict` of its evaluation twin.
    table : snapshots at the test cutoff, among others.
    """
    rules = [rule.name for rule in bundle.evaluation.baselines if isinstance(rule, LogisticRule)]
    both = [name for name in rules if _rule(bundle.final, name)]
    if not both:
        return None
    figures = verdict.evaluation.predictors
    best = min(both, key=lambda name: figures[name].metrics["log_loss"].value)
    final, evaluation = (_ruled(predictor, best) for predictor in (bundle.final, bundle.evaluation))
    judged = figures_of(judge(config, evaluation, table, verdict.cutoff))
    return replace(bundle, final=final, evaluation=evaluation, dropped={}, figures=judged, version="", stands_in=best)


def figures_of(verdict: Judgement) -> Mapping[str, Any]:
    """A judgement as a bundle keeps it."""
    return {"cutoff": iso(verdict.cutoff), "evaluation": verdict.evaluation.to_json(), "grade": verdict.grade.to_json()}


def _is_little(candidate: Bundle) -> bool:
    too_little = Grade(**candidate.figures["grade"]).verdict == "too little data"
    return (candidate.small or too_little) and not candidate.stands_in


def _rule(predictor: Predictor, name: str) -> LogisticRule | None:
    return next((rule for rule in predictor.baselines if isinstance(rule, LogisticRule) and rule.name == name), None)


def _ruled(predictor: Predictor, name: str) -> Predictor:
    """The predictor with one of its rules in place of its boosters."""
    rule = _rule(predictor, name)
    assert rule is not None
    return replace(predictor, scorer=rule, calibration=Calibration())
