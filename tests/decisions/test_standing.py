"""How we stand with customers on a day."""

from __future__ import annotations

import numpy as np

from churnscope.decisions.standing import standing
from churnscope.events import Block, Events
from churnscope.roles import INBOUND, OUTBOUND, ROLES

DAY_US = 86_400_000_000
AS_OF = 100
CODE = ROLES["contacts"].column("direction").code
COLUMNS = {"contacts": frozenset({"direction"}), "campaigns": frozenset({"arm"}), "support": frozenset({"resolved"})}


def events(n, rows, visible=None, **signals):
    customer, day = (np.array([row[i] for row in rows], np.int32) for i in (0, 1))
    named = {name: np.asarray(values, np.int64) for name, values in signals.items()}
    seen = None if visible is None else np.asarray(visible, np.int32)
    return Events(n, customer, day.astype(np.int64) * DAY_US, day, named, seen)


def test_contacts_by_us_are_told_from_those_by_the_customer() -> None:
    rows = events(
        3, [(0, 90), (0, 95), (1, 99), (2, 100)], direction=[CODE(OUTBOUND), CODE(INBOUND), CODE(INBOUND), CODE(OUTBOUND)]
    )
    found = standing([Block(0, 3, {"contacts": rows})], AS_OF, COLUMNS)
    np.testing.assert_array_equal(found.days_since_contact, [10, np.nan, np.nan])  # the day itself is not seen
    np.testing.assert_array_equal(found.days_since_touch, [5, 1, np.nan])


def test_without_a_direction_every_contact_is_ours() -> None:
    found = standing([Block(0, 1, {"contacts": events(1, [(0, 97)])})], AS_OF, {"contacts": frozenset()})
    assert found.days_since_contact.tolist() == [3]


def test_a_treatment_is_a_contact_and_control_is_none() -> None:
    control = ROLES["campaigns"].column("arm").code("control")
    rows = events(2, [(0, 98), (1, 98)], arm=[control, control + 1])
    found = standing([Block(0, 2, {"campaigns": rows})], AS_OF, COLUMNS)
    np.testing.assert_array_equal(found.days_since_contact, [np.nan, 2])


def test_a_ticket_is_open_until_it_is_resolved_before_the_day() -> None:
    resolved = np.array([95, 100, -(2**31)])
    rows = events(4, [(0, 90), (1, 90), (2, 90)], resolved=resolved * DAY_US, resolved_day=resolved)
    found = standing([Block(0, 4, {"support": rows})], AS_OF, COLUMNS)
    assert found.open_ticket.tolist() == [False, True, True, False]


def test_satisfaction_is_that_of_the_newest_answer_before_the_day() -> None:
    resolved = np.array([91, 95, 100, 99])
    rows = events(3, [(0, 90), (0, 92), (0, 93), (1, 90)], resolved=resolved * DAY_US, resolved_day=resolved)
    rows.signals["satisfaction"] = np.array([5.0, 3.0, 1.0, np.nan])
    found = standing([Block(0, 3, {"support": rows})], AS_OF, {"support": frozenset({"resolved", "satisfaction"})})
    np.testing.assert_array_equal(found.satisfaction, [3, np.nan, np.nan])


def test_what_was_not_known_yet_is_not_seen_and_blocks_follow_each_other() -> None:
    late = events(1, [(0, 95)], visible=[101], direction=[CODE(OUTBOUND)])
    known = events(1, [(0, 95)], visible=[100], direction=[CODE(OUTBOUND)])
    found = standing([Block(0, 1, {"contacts": late}), Block(1, 1, {"contacts": known})], AS_OF, COLUMNS)
    np.testing.assert_array_equal(found.days_since_contact, [np.nan, 5])


def test_of_nobody_nothing_is_told() -> None:
    assert len(standing([], AS_OF, COLUMNS).open_ticket) == 0
