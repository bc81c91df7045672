"""Who is of which type, by hand: cutoff 1,000, dates on the edges of every window."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from churnscope.activity import Activity
from churnscope.config.models import Activity as ActivityConfig
from churnscope.config.models import Rule, Stages
from churnscope.customer_types import CustomerTypes, qualifying_days, types_there
from churnscope.events import Events, Grid
from churnscope.events.block import NO_DAY
from churnscope.roles import ROLES
from churnscope.snapshots import build_scoring_rows
from oracle.scenes import CUTOFFS, Shape, plan, rows_of, scene

DAY = 86_400_000_000
PLACES = {"shop": ("purchases", 0), "app": ("engagement", 0), "contracts": ("subscriptions", 0)}
CONTRACTS = Rule(source="contracts", in_force=True, grace_days=14)
SHOP, APP = Rule(source="shop", days=30), Rule(source="app", days=30)
INBOUND, OUTBOUND = (ROLES["contacts"].column("direction").code(word) for word in ("inbound", "outbound"))


def rows(*days: int, **signals: list[float]) -> Events:
    day = np.array(days, np.int32)
    arrays = {name: np.array(values) for name, values in signals.items()}
    return Events(1, np.zeros(len(day), np.int32), day * np.int64(DAY), day, arrays)


def clock(name: str, day: int | None) -> dict[str, list[float]]:
    """A further time of one row."""
    return {name: [0 if day is None else day * DAY], f"{name}_day": [NO_DAY if day is None else day]}


def types(*rules: Rule, cutoff: int = 1_000, numbers: Stages | None = None, **logs: Events) -> dict[str, bool]:
    logs = {"purchases": rows(), **logs}
    columns = {role: frozenset(events.signals) for role, events in logs.items()}
    activity = Activity(ActivityConfig(rules=rules or (SHOP,)), PLACES, 0.01)
    seen = {role: Grid([cutoff], activity.windows).see(events) for role, events in logs.items()}
    return {name: told().item() for name, told in CustomerTypes(numbers or Stages(), activity, columns).flags(seen).items()}


@pytest.mark.parametrize(("day", "is_of_it"), [(969, False), (970, True), (999, True), (1_000, False)])
def test_a_recent_purchaser_bought_in_the_last_30_days(day: int, *, is_of_it: bool) -> None:
    assert types(purchases=rows(day))["is_recent_purchaser"] is is_of_it


def test_a_return_makes_no_recent_purchaser() -> None:
    assert not types(purchases=rows(990, is_return=[True]))["is_recent_purchaser"]
    assert types(purchases=rows(990, 995, is_return=[False, True]))["is_recent_purchaser"]


@pytest.mark.parametrize(
    ("days", "is_of_it"),
    [
        ((820, 900, 999), True),  # the first just 180 days ago
        ((821, 900, 999), False),
        ((820, 999), False),
        ((820, 820, 999), False),  # days count, not rows
        ((820, 900, 1_000), False),  # the third is not seen yet
    ],
)
def test_the_loyal_have_three_days_and_the_first_is_180_days_ago(days: tuple[int, ...], *, is_of_it: bool) -> None:
    assert types(purchases=rows(*days))["is_loyal"] is is_of_it


def test_days_of_several_rules_are_counted_once() -> None:
    both = {"purchases": rows(820, 999), "engagement": rows(820, 900)}
    assert types(SHOP, APP, **both)["is_loyal"]
    assert not types(SHOP, APP, purchases=rows(820, 999), engagement=rows(820, 999))["is_loyal"]
    assert not types(SHOP, **both)["is_loyal"]


@pytest.mark.parametrize(
    ("starts", "ends", "is_of_it"),
    [
        ((820, 910), (910, 1_000), True),
        ((820, 910), (896, 1_000), True),  # renewed on the last day of grace
        ((820, 910), (895, 1_000), False),  # a new beginning
        ((820, 910), (911, 1_000), False),  # beside the other, not after it
        ((821, 910), (910, 1_000), False),  # not long ago
        ((820, 1_000), (999, 1_100), False),  # renewed on the day of the cutoff: not seen yet
        ((820,), (820,), False),  # of no length: it does not renew itself
    ],
)
def test_one_renewal_is_as_good_as_three_days(starts: tuple[int, ...], ends: tuple[int, ...], *, is_of_it: bool) -> None:
    terms = rows(*starts, end=[day * DAY for day in ends], end_day=list(ends))
    assert types(CONTRACTS, subscriptions=terms)["is_loyal"] is is_of_it
    assert not types(SHOP, subscriptions=terms)["is_loyal"]


def test_qualifying_days_before_1970_keep_their_order() -> None:
    activity = Activity(ActivityConfig(rules=(SHOP, APP)), PLACES, 0.01)
    logs = {
        "purchases": Events(3, np.int32([0, 2, 2]), np.array([-5, -3, 4]) * DAY, np.int32([-5, -3, 4])),
        "engagement": Events(3, np.int32([2, 2]), np.array([-4, 4]) * DAY, np.int32([-4, 4])),
    }
    days = qualifying_days(activity, {role: Grid([10], [30]).see(events) for role, events in logs.items()}).events
    assert list(zip(days.customer.tolist(), days.day.tolist(), strict=True)) == [(0, -5), (2, -4), (2, -3), (2, 4)]


@pytest.mark.parametrize(
    ("opened", "resolved", "is_of_it"),
    [
        (970, 971, True),  # opened in the last 30 days, long resolved
        (969, 971, False),
        (900, None, True),  # open for long
        (900, 999, False),
        (900, 1_000, True),  # resolved on the day of the cutoff: still open at it
        (1_000, None, False),
    ],
)
def test_support_and_service_is_a_recent_or_an_open_ticket(opened: int, resolved: int | None, *, is_of_it: bool) -> None:
    assert types(support=rows(opened, **clock("resolved", resolved)))["is_support_and_service"] is is_of_it


def test_without_resolutions_only_recent_tickets_are_known() -> None:
    assert types(support=rows(970))["is_support_and_service"]
    assert not types(support=rows(969))["is_support_and_service"]


@pytest.mark.parametrize("direction", [INBOUND, OUTBOUND])
@pytest.mark.parametrize(("day", "is_of_it"), [(969, False), (970, True), (1_000, False)])
def test_a_contact_counts_in_either_direction(day: int, direction: int, *, is_of_it: bool) -> None:
    assert types(contacts=rows(day, direction=[direction]))["is_contact"] is is_of_it


@pytest.mark.parametrize(
    ("start", "end", "ended", "is_of_it"),
    [
        (900, 1_100, None, True),
        (900, None, None, True),  # open-ended
        (1_000, None, None, False),  # starts with the cutoff: not seen yet
        (900, 999, None, False),
        (900, 1_000, None, True),  # ends on the day of the cutoff
        (900, 1_100, 999, False),  # ended before it was agreed
        (900, 1_100, 1_000, True),
    ],
)
@pytest.mark.parametrize("kind", ["product", "service"])
def test_a_subscriber_has_a_term_of_that_kind_in_force(
    start: int, end: int | None, ended: int | None, kind: str, *, is_of_it: bool
) -> None:
    code = ROLES["subscriptions"].column("kind").code(kind)
    terms = rows(start, kind=[code], **clock("end", end), **clock("ended", ended))
    told = types(subscriptions=terms)
    other = {"product": "service", "service": "product"}[kind]
    assert told[f"is_{kind}_subscriber"] is is_of_it
    assert not told[f"is_{other}_subscriber"]


def test_terms_of_no_kind_make_no_subscribers() -> None:
    assert set(types(subscriptions=rows(900))) == {"is_recent_purchaser", "is_loyal"}


def test_a_type_is_there_with_its_source_only() -> None:
    assert set(types()) == {"is_recent_purchaser", "is_loyal"}
    assert set(types(support=rows(), contacts=rows())) == {
        "is_recent_purchaser",
        "is_loyal",
        "is_support_and_service",
        "is_contact",
    }


def test_nobody_is_loyal_by_what_is_only_told_of_customers() -> None:
    assert types_there({"customers": frozenset({"kind"})}) == ()


def test_types_overlap() -> None:
    one = types(purchases=rows(800, 900, 990), support=rows(990), contacts=rows(990))
    assert all(one.values())


def test_the_numbers_are_those_of_the_config() -> None:
    numbers = Stages(recent_days=5, loyal_events=2, loyal_days=10)
    assert types(numbers=numbers, purchases=rows(990, 995)) == {"is_recent_purchaser": True, "is_loyal": True}
    assert types(numbers=numbers, purchases=rows(991, 994)) == {"is_recent_purchaser": False, "is_loyal": False}


@pytest.mark.parametrize("late", [0.0, 0.2])
def test_scoring_rows_tell_the_types_of_every_customer_by_what_was_known(late: float) -> None:
    """A row that happened and was not known yet makes nobody a recent purchaser."""
    shape, cutoff = Shape(8, customers=60, late=late), CUTOFFS[1]
    block = scene(shape)
    told = build_scoring_rows([*block.parts(25)], plan(block, shape, cutoffs=(cutoff,))).types
    bought = [
        any(
            cutoff - 30 <= row.day < cutoff and row.visible_day <= cutoff and not row.is_return
            for row in rows_of(block.logs["purchases"], customer)
        )
        for customer in range(block.n_customers)
    ]
    assert told["is_recent_purchaser"].tolist() == bought
    assert {name: len(flags) for name, flags in told.items()} == dict.fromkeys(told, block.n_customers)


def test_features_say_the_same_as_the_scores() -> None:
    shape = Shape(9, customers=60, late=0.1)
    block = scene(shape)
    asked = plan(block, shape, cutoffs=CUTOFFS[:1], stages=Stages(recent_days=9, loyal_days=40))
    scored = build_scoring_rows([block], replace(asked))
    names = [spec.name for spec in scored.table.specs]
    for name, flags in scored.types.items():
        column = scored.table.features[:, names.index(name)]
        assert column.astype(bool).tolist() == flags[scored.table.customer].tolist(), name
        assert 0 < column.mean() < 1, name
