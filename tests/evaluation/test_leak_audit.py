"""One feature alone: its area, with missing values, and when it is beyond belief."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnscope.evaluation.leak_audit import MOST_ROWS, Finding, auroc_alone, enough_of, in_short, settled, too_good
from churnscope.features import FeatureSpec


def spec(name: str, family: str = "own") -> FeatureSpec:
    return FeatureSpec(name=name, unit="", concept="", sentence="", family=family)


def finding(subject: str = "orders.status", severity: str = "leak") -> Finding:
    return Finding("tells the outcome", severity, subject, "there", "so much", "do this")


@given(st.lists(st.tuples(st.booleans(), st.sampled_from([None, 0, 1, 2, 3])), min_size=2, max_size=30))
def test_the_area_is_that_of_all_pairs_at_the_better_end_and_direction(rows: list[tuple[bool, float | None]]) -> None:
    churned = np.array([row[0] for row in rows], np.int8)
    values = np.array([np.nan if row[1] is None else row[1] for row in rows])
    pairs = [(one, two) for one in values[churned == 1] for two in values[churned == 0]]
    areas = [0.5]
    for end in (-1.0, 4.0):
        won = [np.sign((end if np.isnan(a) else a) - (end if np.isnan(b) else b)) / 2 + 0.5 for a, b in pairs]
        areas += [np.mean(won), 1 - np.mean(won)] if pairs else []
    assert auroc_alone(values, churned) == pytest.approx(max(areas))


def test_that_a_value_is_there_at_all_can_be_the_leak() -> None:
    churned = np.tile(np.array([0, 1], np.int8), 100)
    told = np.where(churned == 1, 3.0, np.nan)
    recency = np.random.default_rng(0).uniform(size=200)
    (found,) = too_good(np.column_stack([recency, told]), churned, [spec("days", "recency"), spec("told")])
    assert (found.position, found.auroc, found.severity) == (1, 1.0, "leak")


@pytest.mark.parametrize(
    ("noise", "rule_noise", "severity"),
    [
        (0.0, 1.0, "leak"),
        (0.45, 2.0, "suspicious"),
        (0.25, 0.2, None),  # the rule is as good: time alone decides who is active
        (1.5, 2.0, None),  # a good feature
    ],
)
def test_only_what_leaves_few_mistakes_of_the_best_simple_rule_is_beyond_belief(
    noise: float, rule_noise: float, severity: str | None
) -> None:
    rng = np.random.default_rng(1)
    churned = (rng.uniform(size=4_000) < 0.3).astype(np.int8)
    features = np.column_stack([churned + rng.normal(0, rule_noise, 4_000), churned + rng.normal(0, noise, 4_000)])
    found = too_good(features, churned, [spec("days", "recency"), spec("told")])
    assert [one.severity for one in found] == ([] if severity is None else [severity])


def test_too_few_customers_tell_nothing() -> None:
    churned = np.array([1] * 29 + [0] * 500, np.int8)
    assert too_good(churned[:, None].astype(float), churned, [spec("told")]) == []


def test_a_simple_rule_is_never_a_leak() -> None:
    churned = np.tile(np.array([0, 1], np.int8), 100)
    assert too_good(churned[:, None].astype(float), churned, [spec("days", "recency")]) == []


def test_of_a_large_table_so_many_rows_are_looked_at() -> None:
    rows = enough_of(np.arange(7, 3_000_007))
    assert 0.99 * MOST_ROWS < len(rows) <= MOST_ROWS
    assert (np.diff(rows) > 0).all()
    assert rows.mean() == pytest.approx(1_500_007, rel=0.02)
    np.testing.assert_array_equal(rows, enough_of(np.arange(7, 3_000_007)))


def test_accepted_findings_come_last_with_their_reason() -> None:
    accepted = settled([finding("a.x"), finding("b.y", "suspicious"), finding("c.z")], {"a.x": "known by contract"})
    assert [(one.subject, one.is_open, one.refuses) for one in accepted] == [
        ("c.z", True, True),
        ("b.y", True, False),
        ("a.x", False, False),
    ]
    assert accepted[-1].to_json()["accepted"] == "known by contract"
    assert in_short(accepted) == "1 accepted, 1 leak, 1 suspicious"
