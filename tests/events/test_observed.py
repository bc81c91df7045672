"""Every primitive on a table small enough to answer by hand."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest

from churnscope.events import EVER, Events, Grid, Observed, ratio
from churnscope.events.block import NO_DAY

DAY = 86_400_000_000
NAN = np.nan

# one customer, cutoff 100, window 10: days 90 to 99
DAYS = [80, 89, 90, 95, 95, 99, 100]
TIMES = [0, 0, 0, 5, 5, 0, 0]  # microseconds after midnight; the rows of day 95 are tied
AMOUNT = [100, 7, -3, 20, 50, 10, 10**6]
MINUTES = [1.0, NAN, 2.5, NAN, 4.0, NAN, 9.0]
PRODUCT = [1, 2, 2, 0, 3, 2, 4]
GIFT = [True, False, True, False, False, True, True]


@pytest.fixture
def seen() -> Observed:
    day = np.array(DAYS, np.int32)
    signals = {"amount": np.array(AMOUNT), "minutes": np.array(MINUTES), "product": np.array(PRODUCT), "gift": np.array(GIFT)}
    events = Events(1, np.zeros(len(day), np.int32), day.astype(np.int64) * DAY + TIMES, day, signals)
    return Grid([100], [10]).see(events)


@pytest.mark.parametrize(
    ("ask", "window", "answer"),
    [
        (Observed.count, 10, 4),
        (Observed.count, EVER, 6),
        (Observed.days_since_first, 10, 10),
        (Observed.days_since_first, EVER, 20),
        (Observed.distinct_days, 10, 3),
        (Observed.distinct_days, EVER, 5),
    ],
)
def test_rows_and_days(seen: Observed, ask: object, window: int | None, answer: float) -> None:
    assert ask(seen, window).item() == answer


@pytest.mark.parametrize(
    ("ask", "signal", "window", "answer"),
    [
        (Observed.total, "amount", 10, 77),
        (Observed.total, "amount", EVER, 184),
        (Observed.total, "minutes", 10, 6.5),
        (Observed.mean, "amount", 10, 19.25),
        (Observed.mean, "minutes", 10, 3.25),
        (Observed.share, "gift", 10, 0.5),
        (Observed.std, "amount", 10, np.std([-3, 20, 50, 10], ddof=1)),
        (Observed.std, "minutes", 10, np.std([2.5, 4.0], ddof=1)),
        (Observed.largest, "amount", 10, 50),
        (Observed.largest, "amount", EVER, 100),
        (Observed.smallest, "amount", 10, -3),
        (Observed.largest, "minutes", 10, 4),
        (Observed.first, "amount", 10, -3),
        (Observed.first, "minutes", EVER, 1),
        (Observed.distinct, "product", 10, 2),
        (Observed.distinct, "product", EVER, 3),
        (Observed.new_values, "product", 10, 1),
    ],
)
def test_values(seen: Observed, ask: object, signal: str, window: int | None, answer: float) -> None:
    assert ask(seen, signal, window).item() == pytest.approx(answer)


def test_newest_row(seen: Observed) -> None:
    assert seen.days_since_last().item() == 1
    assert seen.days_since_last(1).item() == 5
    assert np.isnan(seen.days_since_last(6)).item()
    assert seen.last("amount").item() == 10


def test_last_known_value_is_the_largest_of_its_instant(seen: Observed) -> None:
    assert seen.last("minutes").item() == 4  # the row of day 99 has none
    assert Grid([96], []).see(seen.events).last("amount").item() == 50
    assert np.isnan(Grid([100], [1]).see(seen.events).last("minutes", 1).item())


def test_concentration_is_the_chance_that_two_rows_agree(seen: Observed) -> None:
    assert seen.concentration("product").item() == pytest.approx((1 + 9 + 1) / 25)


def test_views_answer_the_same_questions(seen: Observed) -> None:
    gifts = seen.select("gift")
    assert gifts.count(10).item() == 2
    assert gifts.total("amount", 10).item() == 7
    assert seen.select("gift", 0).count(EVER).item() == 3
    assert seen.select(seen.flag("amount", 10, 51)).count(10).item() == 3


def test_a_view_of_all_rows_is_the_log_itself(seen: Observed) -> None:
    seen.derive("any", lambda events: events.day > 0)
    assert seen.select("any") is seen


OPENED = [80, 90, 90, 92, 99]
RESOLVED = [95, 91, NO_DAY, 99, 100]
TOPIC = [5, 7, 5, 7, 0]


@pytest.fixture
def tickets() -> Observed:
    """Seen at days 91, 96 and 100, with windows of ten days."""
    day, end = np.array(OPENED, np.int32), np.array(RESOLVED)
    signals = {"resolved_day": end, "resolved": end * DAY, "stars": np.array([1.0, 2, 3, 4, 5]), "topic": np.array(TOPIC)}
    return Grid([91, 96, 100], [10]).see(Events(1, np.zeros(5, np.int32), day.astype(np.int64) * DAY, day, signals))


def test_rows_by_another_time(tickets: Observed) -> None:
    resolved = tickets.at("resolved")
    assert (tickets.count() - resolved.count()).ravel().tolist() == [3, 2, 2]
    assert resolved.count(10).ravel().tolist() == [0, 2, 3]
    assert resolved.last("stars").ravel().tolist() == pytest.approx([NAN, 1, 4], nan_ok=True)
    assert resolved.days_since_last().ravel().tolist() == pytest.approx([NAN, 1, 1], nan_ok=True)
    taken = resolved.derive("taken", lambda rows: rows.day - rows.signals["own_day"])
    assert resolved.largest(taken).ravel().tolist() == pytest.approx([NAN, 15, 15], nan_ok=True)


def test_the_oldest_row_that_is_still_open(tickets: Observed) -> None:
    assert tickets.days_since_oldest_open("resolved").ravel().tolist() == [11, 6, 10]
    assert np.isnan(tickets.select("stars", 1).days_since_oldest_open("resolved").ravel()[1:]).tolist() == [True, True]


def test_a_row_is_not_seen_by_another_time_before_its_own(tickets: Observed) -> None:
    early = replace(tickets.events, signals={**tickets.events.signals, "resolved_day": np.full(5, 3)})
    np.testing.assert_array_equal(tickets.grid.see(early).at("resolved").count(), tickets.count())


def test_rows_so_many_days_later(tickets: Observed) -> None:
    assert tickets.after(7).count().ravel().tolist() == [1, 1, 4]
    assert tickets.after(7).count(10).ravel().tolist() == [1, 1, 3]
    assert tickets.after(7).events.signals["own_day"].tolist() == OPENED


@pytest.mark.parametrize(("days", "again"), [(1, [0, 0, 0, 0, 0]), (2, [0, 0, 0, 1, 0]), (10, [0, 0, 1, 1, 0])])
def test_the_same_value_again(tickets: Observed, days: int, again: list[int]) -> None:
    assert tickets.signal(tickets.again("topic", days)).astype(int).tolist() == again


def test_nothing_is_zero_or_missing() -> None:
    nobody = Events(1, np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0, np.int32), {"x": np.empty(0, np.int64)})
    seen = Grid([100], [10]).see(nobody)
    assert [seen.count(10).item(), seen.total("x", 10).item(), seen.distinct("x", 10).item()] == [0, 0, 0]
    missing = [
        seen.mean("x", 10),
        seen.std("x", 10),
        seen.largest("x", 10),
        seen.last("x"),
        seen.first("x"),
        seen.days_since_last(),
    ]
    assert np.isnan(missing).all()


def test_totals_of_whole_numbers_are_exact() -> None:
    day = np.array([1, 2, 3], np.int32)
    events = Events(1, np.zeros(3, np.int32), day * np.int64(DAY), day, {"x": np.array([2**52, 1, -(2**52)])})
    assert Grid([10], [8]).see(events).total("x").item() == 1


def test_equal_large_floats_have_no_spread() -> None:
    day = np.arange(1, 6, dtype=np.int32)
    events = Events(1, np.zeros(5, np.int32), day * np.int64(DAY), day, {"x": np.full(5, 1e15 + 0.1)})
    assert Grid([10], []).see(events).std("x").item() == 0


def test_thousands_of_rows_tied_in_time_are_settled() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(0, 1e6, 5_000)

    def answers(order: np.ndarray) -> list[float]:
        same = np.full(len(order), 50, np.int32)
        events = Events(1, np.zeros(len(order), np.int32), same * np.int64(DAY), same, {"x": values[order]})
        seen = Grid([100], [90]).see(events)
        return [seen.total("x", 90).item(), seen.std("x", 90).item(), seen.last("x").item(), seen.first("x", 90).item()]

    assert answers(np.arange(5_000)) == answers(rng.permutation(5_000))


def test_ratio_by_nothing_is_missing() -> None:
    assert np.isnan(ratio(np.ones((2, 1)), np.zeros((2, 1)))).all()


@pytest.mark.parametrize("other", [7.0, 0.5, NAN])
def test_sums_of_whole_floats_do_not_depend_on_the_floats_of_others(other: float) -> None:
    day = np.array([90, 95, 99, 99], np.int32)
    minutes = np.array([2.0, -3.0, 9_007_199_254_740.0, other])
    events = Events(2, np.array([0, 0, 0, 1], np.int32), day.astype(np.int64) * DAY, day, {"minutes": minutes})
    seen = Grid([100], [6]).see(events)
    assert [seen.total("minutes", window)[0, 0] for window in (6, EVER)] == [9_007_199_254_737.0, 9_007_199_254_739.0]
    assert seen.mean("minutes", 6)[0, 0] == 9_007_199_254_737.0 / 2


def test_a_view_lets_its_rows_go_without_the_garbage_collector(seen: Observed) -> None:
    """A log of many blocks is larger than memory: what is done with has to be free at once."""
    events, grid = seen.events, seen.grid
    view = grid.see(replace(events, signals={**events.signals, "kept": np.ones(len(events.day), np.bool_)}))
    view.select("kept").distinct("product", 10)
    view.days.days.rhythm.days.count()
    gone = weakref.ref(view)
    gc.disable()
    try:
        del view
        assert gone() is None
    finally:
        gc.enable()
