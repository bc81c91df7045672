"""What a model tells of customers, who leaves or who comes back, and the words in which pages and commands speak of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Words:
    """The words that differ, each as it stands in the middle of a sentence.

    Parameters
    ----------
    noun : what is predicted: *predicted and observed churn*.
    who : the customers of whom it is asked: *active customers*.
    happened, left, stayed : what they did or did not do: *customers who churned*, *who left*, *one who stayed*.
    leave, leaving : the same to come: *should leave*, *the odds of leaving*.
    ones : those to whom it happened, after a number: *200 churned ones*.
    risk, chance : what the model gives, as what is higher or lower and as a number.
    riskier, riskiest, safest : customers by it.
    bands : customers by it, where it is high, medium and low.
    at_high_risk : of customers in the first of these bands.
    top_of_list : a sentence on the customers who are named first.
    no_cause : a sentence that warns of taking what the model goes by for a cause.
    """

    noun: str
    who: str
    happened: str
    left: str
    stayed: str
    leave: str
    leaving: str
    ones: str
    risk: str
    chance: str
    riskier: str
    riskiest: str
    safest: str
    bands: tuple[str, str, str]
    at_high_risk: str
    top_of_list: str
    no_cause: str


CHURN: Final = Words(
    noun="churn",
    who="active",
    happened="churned",
    left="left",
    stayed="stayed",
    leave="leave",
    leaving="leaving",
    ones="churned ones",
    risk="risk",
    chance="chance of churn",
    riskier="riskier",
    riskiest="riskiest",
    safest="safest",
    bands=("high risk", "medium risk", "low risk"),
    at_high_risk="at high risk",
    top_of_list="The top of the list that churnscope score writes.",
    no_cause="It is no proof of a cause: who buys rarely often leaves, and would not stay for being made to buy.",
)
REACTIVATION: Final = Words(
    noun="reactivation",
    who="inactive",
    happened="came back",
    left="came back",
    stayed="stayed away",
    leave="come back",
    leaving="coming back",
    ones="who came back",
    risk="chance of coming back",
    chance="chance of coming back",
    riskier="likelier",
    riskiest="likeliest",
    safest="least likely",
    bands=("likely", "possible", "unlikely"),
    at_high_risk="likely to come back",
    top_of_list="Those with the highest chance, whatever they may be worth.",
    no_cause="It is no proof of a cause: who once bought often may come back without any offer.",
)


def words_of(predicted: str) -> Words:
    """The words of what is predicted, `churn` or `reactivation`."""
    return REACTIVATION if predicted == "reactivation" else CHURN
