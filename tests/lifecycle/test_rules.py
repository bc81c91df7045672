"""The rules of a forecast: by hand on a tiny chain, and exact where nothing is left to chance."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnscope.lifecycle.rules import DAYS_LEFT, RULES, Chain
from lifecycle.made_up import AWAY_ONE, NOT_YET, left, moves


def test_a_chain_by_hand():
    """Of 10 with a month left 4 renew, 6 go; of 20 with two months 5 renew, 15 age; 2 of 10 come back; 3 are new."""
    month = [
        (left(1), left(2), 4),
        (left(1), AWAY_ONE, 6),
        (left(2), left(2), 5),
        (left(2), left(1), 15),
        (AWAY_ONE, left(2), 2),
        (AWAY_ONE, AWAY_ONE + 1, 8),
        (NOT_YET, left(2), 3),
    ]
    flows = RULES[DAYS_LEFT](moves([month]), 2, 12)
    # Now: one month left 15, two 4 + 5 + 2 + 3 = 14; away for a month 6, for two 8, of whom nobody was seen to come back.
    assert flows[0] == pytest.approx([15 * 0.6, 3, 6 * 0.2])
    # Then: one month left 14 * 0.75 = 10.5; away for a month 9.
    assert flows[1] == pytest.approx([10.5 * 0.6, 3, 9 * 0.2])


def test_the_simple_rules_by_hand():
    before = [(left(2), left(2), 80), (left(2), AWAY_ONE, 20), (NOT_YET, left(2), 10)]
    last = [(left(2), left(2), 81), (left(2), AWAY_ONE, 9), (NOT_YET, left(2), 6), (AWAY_ONE, left(2), 3)]
    months = moves([before, last])
    assert RULES["as last month"](months, 2, 12).tolist() == [[9, 6, 3], [9, 6, 3]]
    lost = 90 * 29 / 190
    assert RULES["no change"](months, 1, 12)[0] == pytest.approx([lost, lost * 16 / 19, lost * 3 / 19])
    assert RULES["as a year ago"](months, 1, 12) is None


@given(st.lists(st.integers(0, 50), min_size=6, max_size=6), st.integers(1, 5))
def test_where_nobody_renews_everybody_goes_when_the_months_are_over(standing, months):
    """Nobody was ever seen in these states: they age, and the base is known to the head."""
    month = [(left(place + 2), left(place + 1), number) for place, number in enumerate(standing)]
    flows, (chain, stand) = RULES[DAYS_LEFT](moves([month]), months, 12), (Chain.of(moves([month]), 12), moves([month]).known)
    assert flows[:, 0].tolist() == standing[:months]
    assert not flows[:, 1:].any()
    assert not chain.chance(stand, months).any()


def test_where_all_renew_nobody_goes():
    month = [(left(place), left(6), 10) for place in range(1, 7)]
    assert not RULES[DAYS_LEFT](moves([month]), 12, 12).any()


def test_of_whom_nobody_was_seen_is_taken_as_others_with_as_many_months_left():
    known = [(left(1, habit=0), left(3), 30), (left(1, habit=0), AWAY_ONE, 10), (left(2, habit=2), left(1, habit=2), 8)]
    assert RULES[DAYS_LEFT](moves([known]), 1, 12)[0, 0] == pytest.approx(8 / 4)
