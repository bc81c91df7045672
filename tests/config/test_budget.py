"""What targets and a budget demand of a config."""

from __future__ import annotations

from datetime import date

import pytest

from churnscope.errors import ConfigError

PLAIN = """
[targets]
growth = 0.05
by = 2025-06-30

[budget]
value = 120

[budget.retention]
reach = 0.5
precision = 0.3
contact_cost = 1
offer_cost = 10
acceptance = 0.3

[budget.channels.search]
share = 0.6
conversion = { visit = 0.05, order = 0.4 }
lead_cost = 2

[budget.channels.friends]
share = 0.4
conversion = 0.2
lead_cost = 5

[budget.scenarios.cheap]
search_lead_cost = 1
attrition = 0.05
"""


def test_a_budget_is_read(load) -> None:
    config = load(more=PLAIN)
    assert (config.targets.growth, config.targets.by) == (0.05, date(2025, 6, 30))
    assert config.budget.channels["search"].conversion == {"visit": 0.05, "order": 0.4}
    assert "search_visit" in config.budget.input_names


def test_without_a_budget_the_base_is_kept(load) -> None:
    config = load()
    assert (config.budget, config.targets.growth, config.lifecycle.recent_months) == (None, 0, 12)


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ("growth = 0.05", "growth = 0.05\nbase = 90", "growth and base are two targets"),
        ("share = 0.4", "share = 0.5", "1.1 together, not 1"),
        ("acceptance = 0.3\n", "", r"\[budget.retention\]: .* acceptance"),
        ("attrition = 0.05", "attritoin = 0.05", 'there is no input "attritoin".\\s+Did you mean "attrition"'),
        ("attrition = 0.05", "precision = 0", "divided by"),
        ("attrition = 0.05", "attrition = -0.05", "attrition"),
        ("visit = 0.05", "share = 0.05", 'two inputs would be called "search_share"'),
        ("conversion = 0.2", "conversion = 0", "conversion"),
    ],
)
def test_what_contradicts_itself_is_refused(load, old: str, new: str, match: str) -> None:
    assert old in PLAIN
    with pytest.raises(ConfigError, match=match):
        load(more=PLAIN.replace(old, new))


def test_what_retention_costs_may_stand_in_profit(load) -> None:
    shorter = PLAIN.replace("contact_cost = 1\noffer_cost = 10\nacceptance = 0.3\n", "")
    assert load(more=f"{shorter}\n[profit]\nvalue = 100\n").budget.retention.acceptance is None
