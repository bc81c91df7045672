"""The gate a model passes before `score` uses it, and what serves where none has passed: a simple rule, or the base rate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from statistics import NormalDist

from churnscope.config.models import Config
from churnscope.errors import ModelError
from churnscope.evaluation.figures import MODEL, Evaluation
from churnscope.evaluation.grade import CHANCE, DECIDING, METRIC_WORDS, Grade, is_little, is_worse
from churnscope.evaluation.intervals import LEVEL
from churnscope.model.baselines import Baseline, BaseRate, LogisticRule
from churnscope.model.bundle import Bundle, champion
from churnscope.model.calibration import Calibration
from churnscope.model.no_purchase import NoPurchase
from churnscope.model.predictor import Predictor
from churnscope.project.models.comparison import OTHER
from churnscope.project.models.judging import Judgement, figures_of, judge
from churnscope.project.models.saved import load_model, model_name, split_of
from churnscope.project.session import Folders
from churnscope.snapshots import SnapshotTable

CAN_SERVE = (LogisticRule, NoPurchase)  # rules that can tell their reasons
TOO_LITTLE = "too little data to tell"

Compare = Callable[[Bundle, Bundle], Evaluation]
"""A candidate and the champion on the candidate's test cutoff, the champion under `OTHER`."""


@dataclass(frozen=True)
class Promotion:
    """Whether a model may become the champion, and why."""

    granted: bool
    reason: str


def gate(config: Config, candidate: Bundle, compare: Compare) -> Promotion:
    """Whether a trained model may serve.

    It has to order customers better than chance, and must not lose to the present champion on rows that neither has learned
    from. Where there is no champion, or only a simple rule, or none that can be compared, it has to beat the simple rules.

    Parameters
    ----------
    candidate : as it was written.
    compare : asked only where there is a champion to compare with.
    """
    present = champion(Folders.of(config).models, model_name(config))
    if present == candidate.version:
        return Promotion(granted=True, reason="it is the champion already")
    if refused := _refused_alone(config, candidate):
        return Promotion(granted=False, reason=refused)
    if present is None:
        return against_rules(candidate, "first champion")
    try:
        rival = load_model(config, present)
        if rival.stands_in and not candidate.stands_in:
            return against_rules(candidate, f"in place of the {rival.stands_in}")
        return against_champion(compare(candidate, rival), present)
    except ModelError as error:
        return against_rules(candidate, f"in place of {present}, which cannot be compared ({error.what})")


def _refused_alone(config: Config, candidate: Bundle) -> str:
    """Why a model may not serve, whatever it is compared with; empty where nothing is against it."""
    verdict = Grade(**candidate.figures["grade"])
    if verdict.is_chance and not candidate.stands_in:
        return verdict.text
    if _is_little(candidate) and not config.model.allow_small:
        return f"{TOO_LITTLE}; to use it all the same, set [model] allow_small = true"
    return ""


def has_champion_model(config: Config) -> bool:
    """Whether there is a champion that `score` can use, and it is more than a simple rule."""
    try:
        return not load_model(config, "champion").stands_in
    except ModelError:
        return False


def against_rules(candidate: Bundle, granted: str) -> Promotion:
    """The gate of a first champion: its order beats that of the simple rules; `granted` is the reason where it does."""
    verdict = Grade(**candidate.figures["grade"])
    if candidate.stands_in:
        return Promotion(granted=True, reason=f"the {candidate.stands_in} stands in for a model")
    if verdict.verdict == "no better":
        return Promotion(granted=False, reason=verdict.text)
    if verdict.verdict == "too little data":
        if _is_behind_chance(candidate):
            return Promotion(granted=False, reason=f"{TOO_LITTLE}, and its order is worse than none at all")
        return Promotion(granted=True, reason=f"{TOO_LITTLE}, allowed by [model] allow_small = true")
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
    """The simple rule with the lowest log loss as a model of its own; the base rate where that rule is no better than chance.

    Of rules that can tell their reasons. Where there is too little data to tell which is the best, it is the simplest one. None
    where there is no base rate among the model's rules.

    Parameters
    ----------
    bundle : of the model that did not win; `verdict` of its evaluation twin.
    table : snapshots at the test cutoff, among others.
    """
    names = [rule.name for rule in bundle.evaluation.baselines if isinstance(rule, CAN_SERVE)]  # the simplest first
    names = [name for name in names if isinstance(_rule(bundle.final, name), CAN_SERVE)]
    if names:
        told = names[:1] if is_little(verdict.evaluation) else names
        best = min(told, key=lambda name: verdict.evaluation.predictors[name].metrics["log_loss"].value)
        rule, judged = _as_model(config, bundle, best, table)
        if not judged.grade.is_chance and _is_no_luck(judged.evaluation, len(told)):
            return rule
    if any(_rule(predictor, CHANCE) is None for predictor in (bundle.final, bundle.evaluation)):
        return None
    return _as_model(config, bundle, CHANCE, table)[0]


def _as_model(config: Config, bundle: Bundle, name: str, table: SnapshotTable) -> tuple[Bundle, Judgement]:
    """A bundle with one of its rules in the model's place, judged where its twin never saw."""
    final, evaluation = (_ruled(predictor, name) for predictor in (bundle.final, bundle.evaluation))
    (test,) = split_of(bundle).test
    judged = judge(config, evaluation, table, test)
    figures = figures_of(judged)
    made = replace(bundle, final=final, evaluation=evaluation, dropped={}, figures=figures, version="", stands_in=name)
    return made, judged


def _is_no_luck(evaluation: Evaluation, tried: int) -> bool:
    """Whether the best of several rules orders better than chance in an interval that allows for the choice (Bonferroni)."""
    against = evaluation.differences[CHANCE]["auroc"]
    usual, wider = (NormalDist().inv_cdf(1 - (1 - LEVEL) / 2 / times) for times in (1, tried))
    return tried == 1 or against.value - (against.value - against.low) * wider / usual > 0


def _is_little(candidate: Bundle) -> bool:
    too_little = Grade(**candidate.figures["grade"]).verdict == "too little data"
    return (candidate.small or too_little) and not candidate.stands_in


def _is_behind_chance(candidate: Bundle) -> bool:
    """Whether the whole interval of the AUROC against the base rate lies on the wrong side."""
    return bool(candidate.figures["evaluation"]["differences"]["base rate"]["auroc"]["high"] < 0)


def _rule(predictor: Predictor, name: str) -> Baseline | None:
    return next((rule for rule in predictor.baselines if rule.name == name), None)


def _ruled(predictor: Predictor, name: str) -> Predictor:
    """The predictor with one of its rules in place of its boosters."""
    rule = _rule(predictor, name)
    if isinstance(rule, BaseRate):
        rule = LogisticRule.constant(rule.name, rule.share, len(predictor.specs))
    assert isinstance(rule, CAN_SERVE)
    return replace(predictor, scorer=rule, calibration=Calibration())
