"""The hash of a config changes with what decides figures, and with nothing else."""

from __future__ import annotations

import json

import pytest

from churnscope.config.identity import config_hash, definition, resolved


@pytest.mark.parametrize(
    "more",
    [
        '[folders]\noutputs = "/elsewhere"',
        '[tracking]\nuri = "http://host"\nexperiment = "other"',
        "[engine]\nthreads = 1",
        '[outcomes]\nurl = "sqlite:///elsewhere.db"',
        "[label]\ndelay_days = 0",
        "[model]\nlearning_rate = 0.03",
    ],
)
def test_machine_and_written_defaults_change_no_hash(load, more: str) -> None:
    assert config_hash(load(more=more)) == config_hash(load())


@pytest.mark.parametrize(
    "replacement",
    [
        ('"orders.csv"', '"elsewhere/orders.csv"'),
        ('"orders.csv"', '["orders.csv"]'),
        ("days = 90", "days = 90, at_least = 1"),
        ("days = 90", "days = 90, at_least = 1.0"),
    ],
)
def test_where_files_lie_and_how_a_value_is_spelt_change_no_hash(load, replacement: tuple[str, str]) -> None:
    assert config_hash(load(replacement)) == config_hash(load())


@pytest.mark.parametrize(
    "replacement",
    [
        ("days = 90", "days = 91"),
        ("Quantity * Price", "Price"),
        ("horizon_days = 60", "horizon_days = 60\ngap_days = 1"),
        ('"orders.csv"', '[{path = "orders.csv", rename = {a = "b"}}]'),
        ('name = "shop"', 'name = "shop"\ncomplete_through = 2024-01-01'),
    ],
)
def test_what_decides_figures_changes_the_hash(load, replacement: tuple[str, str]) -> None:
    assert config_hash(load(replacement)) != config_hash(load())


def test_the_definition_names_no_path_and_no_machine(load, tmp_path) -> None:
    text = json.dumps(definition(load()))
    assert str(tmp_path) not in text
    assert {"folders", "tracking", "outcomes", "engine"}.isdisjoint(definition(load()))


def test_the_resolved_config_is_json_with_every_default(load) -> None:
    shown = json.loads(json.dumps(resolved(load())))
    assert shown["label"] == {"kind": "no_event", "delay_days": 0, "cancel": None, "share": 0.5}
    assert shown["folders"]["outputs"].endswith("/outputs")
