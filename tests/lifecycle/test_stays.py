"""Stays with us and away, by hand."""

from churnscope.lifecycle.stays import away, from_day, since_stage, with_us
from lifecycle.made_up import CODE, spells

LIFE = spells(
    [
        (0, "prospect", 0, 3),
        (0, "new", 3, 10),
        (0, "active", 10, 15),
        (0, "inactive", 15, 22),
        (0, "reactivated", 22, 30),
        (1, "new", 5, 12),
        (1, "loyal", 12, 30),
        (3, "nurtured", 9, 30),
    ],
    4,
    30,
)


def told(stays):
    columns = (stays.customer, stays.entered, stays.left, stays.number, stays.is_over)
    return [tuple(row) for row in zip(*(column.tolist() for column in columns), strict=True)]


def test_stages_with_us_that_follow_each_other_are_one_stay():
    assert told(with_us(LIFE)) == [(0, 3, 15, 0, True), (0, 22, 30, 1, False), (1, 5, 30, 0, False)]
    assert told(with_us(LIFE).first()) == [(0, 3, 15, 0, True), (1, 5, 30, 0, False)]
    assert told(with_us(LIFE).later()) == [(0, 22, 30, 1, False)]


def test_away_lasts_from_becoming_inactive_to_coming_back():
    assert told(away(LIFE)) == [(0, 15, 22, 0, True)]


def test_since_a_stage_goes_on_through_the_stages_after_it():
    assert told(since_stage(LIFE, CODE["active"])) == [(0, 10, 15, 0, True)]
    assert told(since_stage(LIFE, CODE["loyal"])) == [(1, 12, 30, 0, False)]
    assert told(since_stage(LIFE, CODE["new"])) == [(0, 3, 15, 0, True), (1, 5, 30, 0, False)]


def test_from_a_day_on_only_those_with_us_on_it_are_followed():
    assert told(from_day(LIFE, 14)) == [(0, 14, 15, 0, True), (1, 14, 30, 0, False)]
    assert told(from_day(LIFE, 15)) == [(1, 15, 30, 0, False)]


def test_a_stay_that_is_not_over_was_watched_to_the_last_day():
    waits = with_us(LIFE).first().waits()
    assert (waits.happened.nonzero()[0].tolist(), waits.censored.nonzero()[0].tolist()) == ([12], [24])


def test_what_began_before_the_watch_counts_from_its_age_then():
    waits = with_us(LIFE).first().waits(watched_from=10)
    assert waits.late.nonzero()[0].tolist() == [5, 7]
    assert [int(waits.at_risk[age]) for age in (5, 6, 8, 12, 13, 24)] == [0, 1, 2, 2, 1, 1]
    assert told(with_us(LIFE).seen_from(15)) == [(0, 22, 30, 1, False), (1, 5, 30, 0, False)]


def test_nobody_has_no_stay():
    nobody = spells([], 3, 9)
    assert told(with_us(nobody)) == told(since_stage(nobody, CODE["new"])) == told(from_day(nobody, 5)) == []
