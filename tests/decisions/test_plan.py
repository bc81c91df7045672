"""The plan counts every customer once, under the first line that fits, and adds up what the action is expected to bring."""

from __future__ import annotations

import numpy as np
import pytest

from churnscope.config.models import Action, PlanLine
from churnscope.decisions.actions import Customers
from churnscope.decisions.plan import planned
from churnscope.lifecycle.spells import STAGES, UNKNOWN

CODE = {stage: code for code, stage in enumerate(STAGES)}
CALL = Action(channel="phone", acceptance={"is_loyal": 0.5, "high": 0.25}, offer_cost=20.0, contact_cost=1.0, minutes=6)
LETTER = Action(channel="e-mail", acceptance=0.1, contact_cost=0.5)
ACTIONS = {"call": CALL, "letter": LETTER}
NAN = float("nan")

#            0 loyal   1 active high  2 active low  3 inactive  4 inactive  5 not known
STAGE = np.array([CODE["loyal"], CODE["active"], CODE["active"], CODE["inactive"], CODE["inactive"], UNKNOWN], np.int8)
PEOPLE = Customers(
    probability=np.array([0.4, 0.6, 0.1, NAN, NAN, NAN]),
    value=np.array([200.0, 100.0, 100.0, 100.0, NAN, NAN]),
    flags={
        "is_loyal": np.array([1, 0, 0, 0, 1, 0], bool),
        "high": np.array([0, 1, 0, 0, 0, 0], bool),
    },
    days_since_contact=np.full(6, NAN),
    channels={},
)


def test_the_first_line_that_fits_counts() -> None:
    lines = [
        PlanLine(action="call", types=("is_loyal",)),
        PlanLine(action="call", stages=("active",)),
        PlanLine(action="letter", stages=("active", "inactive")),
    ]
    rows = planned(lines, ACTIONS, STAGE, PEOPLE, hour_cost=10.0)
    assert [(row.stage, row.action, row.customers, row.scored) for row in rows] == [
        ("loyal", "call", 1, 1),
        ("inactive", "call", 1, 0),
        ("active", "call", 2, 1),  # of the one whose band is low nothing says who accepts
        ("inactive", "letter", 1, 0),
    ]
    assert [row.gain for row in rows[1::2]] == [None, None]
    # 0.4 x 0.5 x (200 - 20) - 0.6 x 20 - 1 - 6 minutes at 10 an hour
    assert rows[0].gain == pytest.approx(36 - 12 - 1 - 1)
    # the offer for those who accept and those who stay, the contact, the time
    assert rows[0].cost == pytest.approx(0.2 * 20 + 0.6 * 20 + 1 + 1)
    assert rows[2].gain == pytest.approx(0.6 * 0.25 * 80 - 0.4 * 20 - 2)


def test_who_fits_no_line_is_counted_by_stage() -> None:
    rows = planned([PlanLine(action="letter", stages=("active",))], ACTIONS, STAGE, PEOPLE)
    assert [(row.stage, row.action, row.customers) for row in rows] == [
        ("active", "letter", 2),
        ("loyal", None, 1),
        ("inactive", None, 2),
    ]


def test_every_known_customer_is_counted_once() -> None:
    lines = [PlanLine(action="letter", types=("is_loyal",)), PlanLine(action="call")]
    assert sum(row.customers for row in planned(lines, ACTIONS, STAGE, PEOPLE)) == 5


def test_a_type_that_nothing_tells_is_refused() -> None:
    with pytest.raises(KeyError, match="is_vip"):
        planned([PlanLine(action="letter", types=("is_vip",))], ACTIONS, STAGE, PEOPLE)
