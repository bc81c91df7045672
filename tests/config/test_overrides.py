"""Environment variables in place of keys."""

from __future__ import annotations

import pytest

from churnscope.config.models import Rule
from churnscope.errors import ConfigError


@pytest.mark.parametrize(
    ("variable", "text", "read"),
    [
        ("PREDICTION__HORIZON_DAYS", "30", lambda config: config.prediction.horizon_days == 30),
        ("TRACKING__URI", "http://localhost:5000", lambda config: config.tracking.uri == "http://localhost:5000"),
        ("TRACKING__ENABLED", "false", lambda config: config.tracking.enabled is False),
        ("COMPLETE_THROUGH", "2024-01-31", lambda config: config.complete_through.isoformat() == "2024-01-31"),
        ("FEATURES__WINDOWS_DAYS", "[7, 14]", lambda config: config.features.windows_days == (7, 14)),
        ("SOURCES__ORDERS__COLUMNS__AMOUNT", "Total", lambda config: config.sources["orders"].columns["amount"] == "Total"),
        ("ENGINE__MEMORY_LIMIT", "4GB", lambda config: config.engine.memory_limit == "4GB"),
        ("ACTIVITY__RULES", '[{source = "orders", days = 7}]', lambda c: c.activity.rules == (Rule(source="orders", days=7),)),
    ],
)
def test_a_variable_replaces_a_key(load, variable: str, text: str, read) -> None:
    assert read(load(environment={f"CHURNSCOPE__{variable}": text}))


def test_variables_of_others_are_left_alone(load) -> None:
    assert load(environment={"CHURNSCOPE_DATA": "x", "TRACKING__URI": "y"}) == load()


def test_variables_inside_an_override_are_filled_in(load) -> None:
    environment = {"CHURNSCOPE__TRACKING__URI": "http://${HOST}", "HOST": "tracker"}
    assert load(environment=environment).tracking.uri == "http://tracker"


@pytest.mark.parametrize(
    ("variable", "text", "message"),
    [
        ("CHURNSCOPE__TRACKING__URII", "x", r'CHURNSCOPE__TRACKING__URII: there is no such key\.\nDid you mean "uri"\?'),
        ("CHURNSCOPE__TRACKIN__URI", "x", r'CHURNSCOPE__TRACKIN__URI: there is no such key\.\nDid you mean "tracking"\?'),
        (
            "CHURNSCOPE__LABEL__KIND",
            "gone",
            r"CHURNSCOPE__LABEL__KIND: 'gone' is not possible\.\nWrite one of: no_event, not_active",
        ),
        ("CHURNSCOPE__NAME", '"7up"', "environment variable CHURNSCOPE__NAME: '7up' is not possible"),
        ("CHURNSCOPE__NAME__FIRST", "x", r"CHURNSCOPE__NAME__FIRST: name holds no further keys"),
        ("CHURNSCOPE__ACTIVITY__RULES__0", "x", "activity.rules holds no further keys"),
        ("CHURNSCOPE__", "x", "nothing holds no further keys"),
        ("CHURNSCOPE__TRACKING__", "x", "CHURNSCOPE__TRACKING__: tracking holds no further keys"),
    ],
)
def test_a_variable_that_leads_nowhere_is_refused_by_its_name(load, variable: str, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load(environment={variable: text})


def test_a_text_that_only_begins_like_toml_stays_text(load) -> None:
    environment = {"CHURNSCOPE__TRACKING__EXPERIMENT": "1\nname = 2"}
    assert load(environment=environment).tracking.experiment == "1\nname = 2"
