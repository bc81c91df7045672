"""Definitions in a sentence."""

from __future__ import annotations

from typing import get_args

import pytest

from churnscope.config.models import Label
from churnscope.features.feature import FeatureSpec
from churnscope.reports.wording import (
    LABELS,
    active_customers,
    churned_customers,
    decimal,
    quantity,
    said_of,
    time_to_act,
)

from .conftest import small_config

WORDS = {"name": "purchase_value_90d_of_ever", "window": 90, "unit": "ratio", "concept": "basket"}


def test_a_rule_is_said_with_its_source_and_days():
    assert active_customers(small_config()) == "Customers with at least 1 purchase in sales in the last 60 days."


def test_rules_are_joined_as_they_are_combined():
    rules = [
        {"source": "sales", "days": 60, "at_least": 2},
        {"source": "sales", "days": 1, "measure": "amount", "at_least": 50},
    ]
    said = active_customers(small_config(activity={"rules": rules}))
    first, second = said.split(", or ")
    assert first == "Customers with at least 2 purchases in sales in the last 60 days"
    assert second == "amount of 50 or more in sales in the last 1 day."
    assert " and amount" in active_customers(small_config(activity={"rules": rules, "combine": "all"}))


def test_the_gap_is_said_where_there_is_one():
    assert "in the 30 days from the cutoff on" in churned_customers(small_config())
    assert time_to_act(small_config()).startswith("None")
    late = small_config(prediction={"horizon_days": 30, "gap_days": 7})
    assert "in the 30 days that begin 7 days after the cutoff" in churned_customers(late)
    assert time_to_act(late).startswith("7 days")


def test_a_contract_is_said_with_its_grace():
    config = small_config(
        activity={"rules": [{"source": "sales", "in_force": True, "grace_days": 14}]}, label={"kind": "contract_end"}
    )
    rule = "at least 1 purchase of sales in force, or at most 14 days over without a new one"
    assert active_customers(config) == f"Customers with {rule}."
    ends = "An active customer whose contract ends in the 30 days from the cutoff on"
    assert churned_customers(config).startswith(f"{ends} and is not renewed within 14 days after that")


def test_renewals_are_said_with_the_ends_that_count():
    rules = [{"source": "sales", "in_force": True, "grace_days": 14}]
    prediction = {"horizon_days": 60, "days_before_end": 30, "spacing_days": 7, "horizon_renewals": 1}
    config = small_config(activity={"rules": rules}, label={"kind": "contract_end"}, prediction=prediction)
    assert active_customers(config).endswith("; of these, those with a term that ends 30 to 36 days after the cutoff.")
    said = churned_customers(config)
    assert "not renewed within 14 days at the next end that was agreed, as far as that lies in the 60 days" in said
    one = small_config(activity={"rules": rules}, prediction={"horizon_days": 60, "days_before_end": 1, "spacing_days": 1})
    assert active_customers(one).endswith("ends 1 day after the cutoff.")


def test_a_level_is_said_with_its_share():
    assert "less than 30% of what" in churned_customers(small_config(label={"kind": "partial", "share": 0.3}))


def test_every_kind_of_label_has_words():
    assert set(LABELS) == set(get_args(Label.model_fields["kind"].annotation))


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        ("worth {value:.1f} times the usual", "worth … times the usual"),
        ("{value:.0f} units", "… units"),
        ("{value:.0%} of the usual", "…% of the usual"),
        ("last {days_since:.0f} days ago", "purchase value 90 days of ever"),
    ],
)
def test_a_feature_is_said_by_its_sentence_where_that_names_it(sentence, said):
    assert said_of(FeatureSpec(sentence=sentence, **WORDS)) == said


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (9.19, "days", "9.2 days"),
        (1, "days", "1 day"),
        (12.5, "days", "12 days"),
        (3, "month of the year", "3 month of the year"),
    ],
)
def test_quantities(value, unit, said):
    assert quantity(value, unit) == said


def test_what_is_not_defined_is_a_dash():
    assert decimal(float("nan")) == "\u2013"
    assert decimal(-0.5, "+.1f") == "\u22120.5"
