"""Sentences read well to people, with one and with many."""

from __future__ import annotations

import math

import pytest

from churnscope.features import FeatureSpec


def spec(sentence: str) -> FeatureSpec:
    return FeatureSpec(name="f", unit="u", concept="c", sentence=sentence, missing="none yet")


@pytest.mark.parametrize(
    ("sentence", "value", "said"),
    [
        ("bought {value:.0f} times", 3, "bought 3 times"),
        ("bought {value:.0f} times", 1, "bought 1 time"),
        ("bought {value:.0f} times", 0, "bought 0 times"),
        ("{value:.0f} categories", 1, "1 category"),
        ("{value:.0f} categories", 21, "21 categories"),
        ("{value:.1f} lines per purchase", 2.1, "2.1 lines per purchase"),
        ("{value:.1f} standard deviations fewer", -1.0, "-1 standard deviations fewer"),
        ("{value:.1f} lines per purchase", 1, "1 line per purchase"),
        ("{value:.1f} lines per purchase", 24.04, "24 lines per purchase"),
    ],
)
def test_numbers_agree_with_their_nouns(sentence: str, value: float, said: str) -> None:
    assert spec(sentence).say(value, {}) == said


def test_other_features_may_be_named() -> None:
    sentence = "last purchase {pause:.0f} days ago, usually every {gap:.0f}"
    assert spec(sentence).say(3.5, {"pause": 74.0, "gap": 21.2}) == "last purchase 74 days ago, usually every 21"


def test_a_missing_value_says_what_it_means() -> None:
    assert spec("{value:.0f} days").say(math.nan, {}) == "none yet"
