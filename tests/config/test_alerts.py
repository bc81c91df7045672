"""Rules of alerts have the keys of their kind, sources that can tell, and destinations that are there."""

from __future__ import annotations

from typing import Any

import pytest

from churnscope.config.load import load_config
from churnscope.errors import ConfigError

DOCUMENT: dict[str, Any] = {
    "name": "shop",
    "sources": {
        "sales": {
            "role": "purchases",
            "format": "csv",
            "files": "sales.csv",
            "columns": {"customer": "c", "time": "t", "is_return": "r"},
            "signals": {"big": "x > 1"},
        },
        "tickets": {"role": "support", "format": "csv", "files": "t.csv", "columns": {"customer": "c", "time": "t"}},
    },
    "activity": {"rules": [{"source": "sales", "days": 30}]},
    "prediction": {"horizon_days": 30},
}


def config(rule: dict[str, Any], **more: Any):
    return load_config(DOCUMENT | {"alerts": {"rules": {"one": {"action": "Call."} | rule}} | more}, {})


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ({"kind": "event"}, 'a rule of kind "event" needs source'),
        ({"kind": "stage"}, 'a rule of kind "stage" needs enters'),
        ({"kind": "probability"}, "nothing is told of"),
        ({"kind": "erosion", "above": 5.0}, "more than all customers"),
        ({"kind": "freshness", "source": "sales", "days": 3, "quiet_days": 2}, "its alerts name no customer"),
        ({"kind": "onboarding_silence", "days": 3, "jump": 0.2}, 'jump: a rule of kind "onboarding_silence" has no such key'),
        ({"kind": "onboarding_silence", "days": 3, "severity": "stop"}, '"stop" is for rules of kind "freshness" alone'),
        ({"kind": "onboarding_silence", "days": 3, "to": ["team"]}, "there is no destination 'team'"),
        ({"kind": "event", "source": "sale"}, "'sale' is no source of events.*Did you mean \"sales\""),
        ({"kind": "event", "source": "sales", "where": "bigg"}, "no flag or signal 'bigg'.*Did you mean \"big\""),
        ({"kind": "open_complaint", "source": "sales", "days": 3}, "'sales' is no source of support"),
        ({"kind": "open_complaint", "source": "tickets", "days": 3}, "does not say when tickets are resolved"),
    ],
)
def test_a_rule_that_contradicts_itself_is_refused(rule: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigError, match=rf"(?s)\[alerts\] rules.one.*{problem}"):
        config(rule)


def test_an_address_does_not_stand_in_a_config() -> None:
    rule = {"kind": "event", "source": "sales"}
    with pytest.raises(ConfigError, match=r"\[alerts\] destinations.team.url_env"):
        config(rule, destinations={"team": {"url_env": "mailto://ann:secret@example.org"}})


def test_a_destination_hears_of_what_is_serious_enough_and_meant_for_it() -> None:
    more = {"a": {"url_env": "A"}, "b": {"url_env": "B", "least": "urgent"}}
    settings = config({"kind": "event", "source": "sales", "where": "big"}, destinations=more).alerts
    assert settings is not None
    rule = settings.rules["one"]
    assert settings.destinations_of(rule) == ("a",)
    assert settings.destinations_of(rule.model_copy(update={"severity": "urgent"})) == ("a", "b")
    assert settings.destinations_of(rule.model_copy(update={"severity": "urgent", "to": ("b",)})) == ("b",)
    assert settings.destinations_of(rule.model_copy(update={"to": ()})) == ()


def test_a_plan_names_actions_that_are_there() -> None:
    with pytest.raises(ConfigError, match=r"\[plan\] lines #1 action: there is no action 'call'"):
        load_config(DOCUMENT | {"plan": {"lines": [{"action": "call"}]}}, {})
