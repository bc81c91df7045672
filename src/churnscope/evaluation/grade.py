"""What the figures mean, in a word and a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING, Literal

from churnscope.evaluation.figures import MODEL
from churnscope.evaluation.measures import better

if TYPE_CHECKING:
    from collections.abc import Collection

    from churnscope.evaluation.figures import Evaluation
    from churnscope.evaluation.intervals import Estimate
    from churnscope.predicted import Words

Verdict = Literal["use it", "use the order only", "no better", "too little data"]

LEAST_CHURNED = 200  # below it the interval of a lift is wider than the differences that matter
LEAST_DOUBTED = 30  # churned and stayed: below it an interval is too wide to call an order that of chance
CHANCE = "base rate"  # orders nobody
DECIDING = ("auroc", "log_loss")  # the order, and the probabilities
MUST_BEAT = (CHANCE, "recency rule", "P0", "BG/NBD")
MUST_NOT_LOSE_TO = ("RFM logistic", "attributes logistic", "contract rule")
SPOKEN = {
    "P0": "the chance of no purchase by BG/NBD",
    "BG/NBD": "the chance of a purchase by BG/NBD",
    "RFM logistic": "the logistic rule of recency, frequency and amount",
    "contract rule": "the logistic rule of how soon the term ends and how long the customer has been under contract",
    "attributes logistic": "the logistic rule of the attributes",
}
METRIC_WORDS = {"auroc": "AUROC", "log_loss": "Log loss"}


@dataclass(frozen=True)
class Grade:
    """The verdict on a model, the words to show, and why.

    `text` names the rule that was not beaten: "no better than the recency rule".
    """

    verdict: Verdict
    text: str
    reason: str

    @property
    def is_good(self) -> bool:
        """Whether both order and probabilities may be used."""
        return self.verdict == "use it"

    @property
    def is_chance(self) -> bool:
        """Whether its order cannot be told from none."""
        return self.text == f"no better than {spoken(CHANCE)}"

    def to_json(self) -> dict[str, str]:
        """Plain values for a JSON file."""
        return {"verdict": self.verdict, "text": self.text, "reason": self.reason}


def grade(
    evaluation: Evaluation,
    *,
    must_beat: Collection[str] = MUST_BEAT,
    must_not_lose_to: Collection[str] = MUST_NOT_LOSE_TO,
) -> Grade:
    """Grade a model by the intervals of its paired differences.

    Parameters
    ----------
    evaluation : figures of the model and its baselines; baselines that are not in it are not asked for.
    must_beat : the 95 % interval of the difference has to lie on the better side.
    must_not_lose_to : it may not lie on the worse side.

    Notes
    -----
    AUROC judges the order, log loss the probabilities. A model whose order wins and whose probabilities do not is still worth a
    list of whom to call first, and nothing that multiplies a probability by money. Where outcomes are few, but not so few, a
    model that they do not tell from chance is called no better.
    """
    stayed = evaluation.rows - evaluation.churned
    if is_little(evaluation):
        return _little(evaluation, must_beat) or _too_little(evaluation.churned, stayed, evaluation.words)
    order, probabilities = (
        _unbeaten(evaluation, metric, must_beat) + _lost(evaluation, metric, must_not_lose_to) for metric in DECIDING
    )
    if order:
        return Grade("no better", f"no better than {spoken(order[0])}", _comparison(evaluation, order[0], "auroc"))
    if probabilities:
        return Grade("use the order only", "use the order only", _comparison(evaluation, probabilities[0], "log_loss"))
    return Grade("use it", "use it", _praise(evaluation, must_beat))


def is_little(evaluation: Evaluation) -> bool:
    """Whether too few churned, or nobody stayed, to tell a good model from a better one."""
    return evaluation.churned < LEAST_CHURNED or evaluation.churned == evaluation.rows


def spoken(predictor: str) -> str:
    """A predictor as said in a sentence.

    Examples
    --------
    >>> spoken("recency rule"), spoken("own_rule")
    ('the recency rule', 'the own rule')
    """
    return SPOKEN.get(predictor, f"the {predictor.replace('_', ' ')}")


def is_better(metric: str, difference: Estimate) -> bool:
    """Whether the whole interval of model minus baseline lies on the better side."""
    return difference.low > 0 if better(metric) > 0 else difference.high < 0


def is_worse(metric: str, difference: Estimate) -> bool:
    """Whether the whole interval of model minus baseline lies on the worse side."""
    return difference.high < 0 if better(metric) > 0 else difference.low > 0


def _unbeaten(evaluation: Evaluation, metric: str, baselines: Collection[str]) -> list[str]:
    asked = [name for name in baselines if name in evaluation.differences]
    return [name for name in asked if not is_better(metric, evaluation.differences[name][metric])]


def _lost(evaluation: Evaluation, metric: str, baselines: Collection[str]) -> list[str]:
    asked = [name for name in baselines if name in evaluation.differences]
    return [name for name in asked if is_worse(metric, evaluation.differences[name][metric])]


def _little(evaluation: Evaluation, must_beat: Collection[str]) -> Grade | None:
    """The grade of a model that few outcomes do not tell from chance."""
    against = evaluation.differences.get(CHANCE, {}).get("auroc")
    doubted = min(evaluation.churned, evaluation.rows - evaluation.churned) >= LEAST_DOUBTED
    if CHANCE not in must_beat or not doubted or against is None or isnan(against.low) or is_better("auroc", against):
        return None
    few = f"Only {evaluation.churned:,} customers {evaluation.words.happened}: more may tell."
    reason = f"{_comparison(evaluation, CHANCE, 'auroc')} {few}"
    return Grade("no better", f"no better than {spoken(CHANCE)}", reason)


def _too_little(churned: int, stayed: int, words: Words) -> Grade:
    counts = f"{churned:,} customers {words.happened} and {stayed:,} {words.stayed}"
    needed = f"{LEAST_CHURNED} {words.ones}, and some who {words.stayed},"
    reason = f"{counts} in the outcome window; at least {needed} are needed to tell."
    return Grade("too little data", "too little data", reason)


def _comparison(evaluation: Evaluation, baseline: str, metric: str) -> str:
    model, other = (evaluation.predictors[name].metrics[metric].value for name in (MODEL, baseline))
    difference, words = evaluation.differences[baseline][metric], METRIC_WORDS[metric]
    return (
        f"{words} {model:.3f} against {other:.3f} of {spoken(baseline)}: "
        f"difference {difference.value:+.3f}, 95 % interval {difference.low:+.3f} to {difference.high:+.3f}."
    )


def _praise(evaluation: Evaluation, must_beat: Collection[str]) -> str:
    asked = [name for name in must_beat if name in evaluation.differences]
    if not asked:
        return "There was no baseline to compare with."
    hardest = max(asked, key=lambda name: evaluation.differences[name]["log_loss"].value)
    return f"{_comparison(evaluation, hardest, 'auroc')} {_comparison(evaluation, hardest, 'log_loss')}"
