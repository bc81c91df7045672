"""The catalogue: complete, unique, and the same without data."""

from __future__ import annotations

import json
import math
import re
import string
from dataclasses import asdict

import pytest

from churnscope.errors import ConfigError
from churnscope.features import EITHER, FALLING, FAMILIES, RISING, FeatureSpec, catalog, chosen, whole_catalog
from churnscope.levels import Level
from churnscope.roles import ROLES

WINDOWS = (30, 90, 180, 365)
PURCHASES = frozenset({"amount", "quantity", "is_return", "order", "product", "category", "channel"})
ENGAGEMENT = frozenset({"kind", "channel", "value", "duration"})
SUPPORT = frozenset({"resolved", "resolved_day", "severity", "topic", "satisfaction"})
CONTACTS = frozenset({"channel", "direction", "response"})
CAMPAIGNS = frozenset({"arm", "campaign", "cost", "outcome"})
SUBSCRIPTIONS = frozenset(ROLES["subscriptions"].carried)
EVERYTHING = {
    "purchases": PURCHASES | {"discount", "minute_of_day", "gift"},
    "engagement": ENGAGEMENT | {"minute_of_day", "score"},
    "support": SUPPORT,
    "contacts": CONTACTS,
    "campaigns": CAMPAIGNS,
    "subscriptions": SUBSCRIPTIONS,
    "customers": frozenset({*ROLES["customers"].carried, "region", "paper", "moved", "fee"}),
    "extra_features": frozenset({"credit"}),
}
FLAGS = {"purchases": frozenset({"gift"}), "customers": frozenset({"paper"})}
DATES = {"customers": frozenset({"moved"})}
LEVELS = {
    "customers": {"region": (Level("North", 1), Level("South", 2)), "acquisition_channel": (Level("Web", 3),)},
    "engagement": {"kind": (Level("Click", 1), Level("Open", 2)), "channel": (Level("App", 4), Level("Web", 3))},
}


def test_a_purchase_log_has_at_least_110_features() -> None:
    assert len(catalog({"purchases": PURCHASES}, WINDOWS)) >= 110


def test_an_engagement_log_has_at_least_60_features() -> None:
    assert len(catalog({"engagement": ENGAGEMENT}, WINDOWS)) >= 60


@pytest.mark.parametrize("windows", [(30,), (7, 28), WINDOWS])
def test_names_are_unique_whatever_the_windows(windows: tuple[int, ...]) -> None:
    names = [spec.name for spec in catalog(EVERYTHING, windows)]
    assert len(names) == len(set(names))


def test_every_feature_says_what_it_is() -> None:
    specs = catalog(EVERYTHING, WINDOWS, flags=FLAGS, dates=DATES, levels=LEVELS)
    names = {spec.name for spec in specs}
    for spec in specs:
        fields = {field for _, field, _, _ in string.Formatter().parse(spec.plain) if field}
        assert fields or spec.at_zero, spec.name
        assert fields <= names | {"value"}, spec.name
        forms = {form for _, field, form, _ in string.Formatter().parse(spec.plain) if field}
        assert all(re.fullmatch(r",?\.\d[fg%]", form or "") for form in forms), spec.name  # as a bundle takes it
        assert all((spec.unit, spec.concept, spec.missing, spec.family)), spec.name
        assert spec.direction in {RISING, FALLING, EITHER}
        assert spec.window is None or f"{spec.window}d" in spec.name
        assert spec.role in ROLES or spec.family in {"calendar", "customer_types"}


@pytest.mark.parametrize("value", [0.0, 1.0, 2.5, -0.3, 1e9, math.nan])
def test_every_sentence_reads_with_any_number(value: float) -> None:
    specs = catalog(EVERYTHING, WINDOWS, flags=FLAGS, dates=DATES, levels=LEVELS)
    for spec in specs:
        said = spec.say(value, dict.fromkeys((other.name for other in specs), value if value == value else 3.0))
        assert said == said.strip(), spec.name
        assert said[0].islower() or said[0].isdigit() or said[0] == "-", said
        assert not re.search(r"[{}]|\bnan\b|\binf\b|e\+|-0\b(?!\.)|(?<![\d.,-])1 \w+s\b|  ", said), said
        assert not said.endswith("."), said


def test_signals_that_are_true_or_false_are_counted_and_numbers_are_added_up() -> None:
    names = {spec.name for spec in catalog({"purchases": frozenset({"gift", "weight"})}, (30,), flags=FLAGS)}
    assert {"purchase_gift_count_30d", "purchase_gift_share_ever", "days_since_last_purchase_gift"} <= names
    assert {f"purchase_weight_{what}_30d" for what in ("total", "mean", "std", "largest", "smallest")} <= names
    assert "purchase_gift_total_30d" not in names


def test_every_feature_can_be_saved_and_read_again() -> None:
    for spec in catalog(EVERYTHING, WINDOWS, flags=FLAGS, dates=DATES, levels=LEVELS):
        assert FeatureSpec(**json.loads(json.dumps(asdict(spec)))) == spec


def test_what_every_role_can_carry_gives_every_family() -> None:
    assert {spec.family for spec in whole_catalog(WINDOWS)} == {family.name for family in FAMILIES}


def test_every_family_means_something() -> None:
    assert all(family.meaning.endswith(".") for family in FAMILIES)


def test_every_family_builds_for_a_role_there_is() -> None:
    built = {spec.family for spec in catalog(EVERYTHING, WINDOWS, flags=FLAGS, dates=DATES, levels=LEVELS)}
    assert built == {family.name for family in FAMILIES}
    assert {role for family in FAMILIES for role in family.roles} <= set(ROLES)


def test_a_log_of_customers_and_times_alone_has_features() -> None:
    names = [spec.name for spec in catalog({"purchases": frozenset()}, WINDOWS)]
    assert "days_since_last_purchase" in names
    assert not [name for name in names if "spend" in name or "amount" in name]


def test_families_are_chosen_by_name_in_the_order_of_the_catalogue() -> None:
    names = [family.name for family in chosen(["tenure", "recency"], history_days=100)]
    assert names == ["recency", "tenure"]


def test_the_season_is_left_out_of_short_histories_unless_named() -> None:
    assert "calendar" not in [family.name for family in chosen([], history_days=729)]
    assert "calendar" in [family.name for family in chosen([], history_days=730)]
    assert [family.name for family in chosen(["calendar"], history_days=10)] == ["calendar"]


def test_an_unknown_family_is_named_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r'no family "regency".*\n.*"recency"'):
        chosen(["regency"], history_days=100)
