"""Causes in stages, by hand: who entered one from where, and the months in which too many were lost."""

from __future__ import annotations

from datetime import date
from typing import get_args

import numpy as np

from churnscope.alerts import STILL
from churnscope.alerts.on_stages import entered, eroded
from churnscope.config.alerts import StageName
from churnscope.lifecycle.spells import STAGES, Spells
from churnscope.timeline import day_number


def spells(*lives: list[tuple[str, int]], until: int) -> Spells:
    """For every customer the stages and the days on which they are entered."""
    rows = [
        (customer, STAGES.index(stage), day, life[place + 1][1] if place + 1 < len(life) else until)
        for customer, life in enumerate(lives)
        for place, (stage, day) in enumerate(life)
    ]
    columns = list(zip(*rows, strict=True))
    kinds = (np.int32, np.int8, np.int32, np.int32)
    return Spells(len(lives), *(np.array(column, kind) for column, kind in zip(columns, kinds, strict=True)), until=until)


LIFE = spells(
    [("new", 1), ("active", 5), ("inactive", 9), ("reactivated", 12)],
    [("new", 2), ("inactive", 8)],
    [("inactive", 3)],
    until=20,
)


def test_the_config_and_the_life_cycle_name_the_same_stages() -> None:
    assert get_args(StageName) == STAGES


def test_a_stage_is_entered_once_for_every_spell_of_it() -> None:
    found = entered(LIFE, ["inactive"], [])
    assert list(zip(found.customer, found.seen, found.over, strict=True)) == [(0, 9, 12), (1, 8, STILL), (2, 3, STILL)]
    assert found.numbers["stage_before"].tolist() == [STAGES.index("active"), STAGES.index("new"), -1]


def test_the_stage_before_may_be_asked_for() -> None:
    assert entered(LIFE, ["inactive"], ["active", "loyal"]).customer.tolist() == [0]
    assert entered(LIFE, ["loyal"], []).customer.tolist() == []


def test_a_month_that_lost_too_many_is_over_at_the_end_of_a_better_one() -> None:
    january, february, march, april = (day_number(date(2024, month, 1)) for month in (1, 2, 3, 4))
    loyal = [("active", january)]
    lives = [loyal, loyal, [*loyal, ("inactive", january + 3)], loyal]
    life = spells(*lives, until=april + 1)
    (cause,) = eroded("eroding", life, january, above=0.2)
    assert (cause.since, cause.seen, cause.over) == (january, february, march)
    assert cause.numbers == {"attrition": 0.25, "above": 0.2, "lost": 1.0, "customers": 4.0}
    assert eroded("eroding", life, january, above=0.25) == []
    assert eroded("eroding", life, april - 3, above=0.0) == []


def test_a_month_is_told_of_when_it_has_ended() -> None:
    january, february = day_number(date(2024, 1, 1)), day_number(date(2024, 2, 1))
    life = spells([("active", january), ("inactive", january + 3)], until=february)
    assert eroded("eroding", life, january, above=0.2) == []
