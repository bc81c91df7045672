"""Who is won back by which step on which day: by hand, and day by day."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from churnscope.config.winning_back import WinBack
from churnscope.lifecycle.winning_back import (
    BACK,
    COMPLAINT,
    CONTACTED,
    CONTROL,
    DECLINED,
    DO_NOT_CONTACT,
    DONE,
    NEVER,
    NOT_THERE,
    WAITING,
    Decided,
    People,
    Taken,
    Way,
    decided,
    ways_of,
)

STEPS = (
    {"name": "reminder", "channel": "e-mail", "wait_days": 0},
    {"name": "survey", "channel": "e-mail", "wait_days": 7},
    {"name": "discount", "channel": "post", "wait_days": 0},
)
SETTINGS = WinBack.model_validate({"steps": STEPS, "from_days": 10, "to_days": 30, "cool_down_days": 5})


def people(*ids: str, **facts: Any) -> People:
    """Customers inactive since day 80 whose last event was on day 20, but for what is said."""
    n = len(ids)
    usual = {
        "inactive_from": np.full(n, 80),
        "last_event": np.full(n, 20),
        "last_contact": np.full(n, NEVER),
        "complaint": np.zeros(n, np.bool_),
        "silent": np.zeros(n, np.bool_),
        "probability": np.full(n, np.nan),
        "worth": np.full(n, np.nan),
        "is_control": np.zeros(n, np.bool_),
        "ties": np.arange(n, dtype=np.uint64),
    }
    return People(ids, **{name: np.asarray(facts.get(name, value)) for name, value in usual.items()})


def way(place: int, day: int, *, control: bool = False, **facts: Any) -> dict[str, Way]:
    """Ann entered on day 90 and got her newest step on a day."""
    return {"ann": Way(Taken("ann", 90, place, day, control), **facts)}


def given(found: Decided) -> list[tuple[str, int]]:
    return [(row.customer_id, row.place) for row in found.steps]


@pytest.mark.parametrize(("day", "enters"), [(89, False), (90, True), (110, True), (111, False)])
def test_who_enters_by_days_inactive(day: int, enters: bool) -> None:
    found = decided(SETTINGS, day, people("ann"), {})
    assert bool(found.entering) == enters
    assert given(found) == ([("ann", 1)] if enters else [])


@pytest.mark.parametrize(
    "facts",
    [
        {"inactive_from": [NEVER]},
        {"silent": [True]},
        {"complaint": [True]},
        {"last_contact": [96]},
        {"probability": [0.1]},
    ],
    ids=["active", "do not contact", "open complaint", "contacted lately", "unlikely"],
)
def test_who_does_not_enter(facts: dict[str, Any]) -> None:
    settings = SETTINGS.model_copy(update={"least_probability": 0.2})
    assert len(decided(settings, 100, people("ann"), {}).entering) == 1
    assert decided(settings, 100, people("ann", **facts), {}).entering == ()


def test_with_scores_nobody_enters_who_has_none() -> None:
    found = decided(SETTINGS, 100, people("ann", "bob", probability=[np.nan, 0.01]), {})
    assert [row.customer_id for row in found.entering] == ["bob"]


def test_those_enter_first_of_whom_most_is_expected() -> None:
    settings = SETTINGS.model_copy(update={"most_per_day": 2})
    crowd = people("ann", "bob", "cid", probability=[0.9, 0.1, 0.5], worth=[5.0, 50.0, 20.0])
    found = decided(settings, 100, crowd, {})
    assert [row.customer_id for row in found.entering] == ["bob", "cid"]
    assert found.waiting == 1
    recent = people("ann", "bob", "cid", inactive_from=[80, 85, 82])
    assert [row.customer_id for row in decided(settings, 100, recent, {}).entering] == ["bob", "cid"]


STATES = [
    ("due on the day", way(1, 93), {}, 100, "survey"),
    ("a day too early", way(1, 94), {}, 100, WAITING),
    ("missed, caught up", way(1, 50), {}, 100, "survey"),
    ("no wait, but another day", way(2, 99), {}, 100, "discount"),
    ("no wait, the same day", way(2, 100), {}, 100, WAITING),
    ("back on the day of entering", way(1, 90), {"last_event": [90]}, 100, BACK),
    ("bought the day before entering", way(1, 90), {"last_event": [89]}, 100, "survey"),
    ("back though left alone", way(0, 90, control=True), {"last_event": [95]}, 100, BACK),
    ("left alone", way(0, 90, control=True), {}, 100, CONTROL),
    ("must not be contacted", way(1, 90), {"silent": [True]}, 100, DO_NOT_CONTACT),
    ("asked never to be contacted", way(1, 90, never=True), {}, 100, DO_NOT_CONTACT),
    ("declined", way(1, 90, has_declined=True), {}, 100, DECLINED),
    ("had all", way(3, 90), {}, 100, DONE),
    ("waits for an answer", way(1, 90), {"complaint": [True]}, 100, COMPLAINT),
    ("was called four days ago", way(1, 90), {"last_contact": [96]}, 100, CONTACTED),
    ("was called five days ago", way(1, 90), {"last_contact": [95]}, 100, "survey"),
]


@pytest.mark.parametrize(("so_far", "facts", "day", "state"), [row[1:] for row in STATES], ids=[row[0] for row in STATES])
def test_what_comes_next(so_far: dict[str, Way], facts: dict[str, Any], day: int, state: str) -> None:
    found = decided(SETTINGS, day, people("ann", **facts), so_far)
    assert found.entering == ()
    assert dict(found.states) == {state: 1}
    assert len(found.steps) == (state in {"reminder", "survey", "discount"})


def test_who_is_in_no_file_any_more_gets_nothing() -> None:
    assert decided(SETTINGS, 100, people("bob", inactive_from=[NEVER]), way(1, 90)).states == {NOT_THERE: 1}


def test_a_customer_enters_again_only_when_inactive_anew() -> None:
    before = way(3, 99)
    assert decided(SETTINGS, 105, people("ann"), before).entering == ()
    anew = people("ann", inactive_from=[200], last_event=[140])
    assert [row.entered for row in decided(SETTINGS, 215, anew, before).entering] == [215]
    assert decided(SETTINGS, 215, anew, way(3, 99, never=True)).entering == ()


def test_control_is_never_contacted() -> None:
    rows: list[Taken] = []
    crowd = people("ann", "bob", is_control=[True, False])
    for day in range(90, 130):
        found = decided(SETTINGS, day, crowd, ways_of(rows))
        rows += [*found.entering, *found.steps]
    assert [(row.place, row.is_control) for row in rows if row.customer_id == "ann"] == [(0, True)]
    assert [(row.place, row.day) for row in rows if row.customer_id == "bob"] == [(0, 90), (1, 90), (2, 97), (3, 98)]


@pytest.mark.parametrize("seed", range(20))
def test_a_random_history_of_runs_gives_each_step_once_in_order_and_at_most_one_a_day(seed: int) -> None:
    """Whatever days are missed, nobody gets a step twice, two on a day, or one before it is due."""
    rng = np.random.default_rng(seed)
    ids = [f"c{number}" for number in range(30)]
    crowd = people(*ids, inactive_from=rng.integers(60, 120, 30), is_control=rng.random(30) < 0.2)
    settings = SETTINGS.model_copy(update={"most_per_day": 3})
    rows: list[Taken] = []
    for day in np.flatnonzero(rng.random(200) < 0.4):
        now = replace(crowd, complaint=rng.random(30) < 0.1, last_contact=np.where(rng.random(30) < 0.1, day - 2, NEVER))
        found = decided(settings, int(day), now, ways_of(rows))
        assert len(found.entering) <= 3
        rows += [*found.entering, *found.steps]
    assert {row.place for row in rows} == {0, 1, 2, 3}
    for customer in ids:
        own = [row for row in rows if row.customer_id == customer]
        assert [row.place for row in own] == list(range(len(own)))
        steps = [row.day for row in own if row.place]
        assert len(set(steps)) == len(steps)
        waits = [later - earlier for earlier, later in pairwise(steps)]
        assert all(wait >= least for wait, least in zip(waits, (7, 1), strict=False))
