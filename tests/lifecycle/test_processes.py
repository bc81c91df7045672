"""Processes: against a queue that is walked row by row, and against hand tables."""

from __future__ import annotations

import itertools
from collections import deque

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churnscope.config.processes import Process, Step
from churnscope.events import Events
from churnscope.events.block import NO_DAY
from churnscope.lifecycle.processes import NOBODY, cases_of, figures_of, first_come

PLACES = {"orders": ("purchases", 0), "parcels": ("contacts", 0), "losses": ("contacts", 1), "tickets": ("support", 0)}
ROWS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 6)), max_size=14)


def queue(arrivals: list[tuple[int, int]], services: list[tuple[int, int]]) -> list[int]:
    """Who waits longest is served, row by row."""
    answer, waiting = [NOBODY] * len(arrivals), {}
    rows = [(group, time, 0, place) for place, (group, time) in enumerate(arrivals)]
    rows += [(group, time, 1, place) for place, (group, time) in enumerate(services)]
    for group, _, is_service, place in sorted(rows):
        line = waiting.setdefault(group, deque())
        if not is_service:
            line.append(place)
        elif line:
            answer[line.popleft()] = place
    return answer


@settings(deadline=None)
@given(ROWS, ROWS)
def test_who_waits_longest_is_served(arrivals: list[tuple[int, int]], services: list[tuple[int, int]]):
    arrivals, services = sorted(arrivals), sorted(services)
    columns = [np.array(rows, np.int64).reshape(-1, 2).T for rows in (arrivals, services)]
    assert first_come(*((part[0], part[1]) for part in columns)).tolist() == queue(arrivals, services)


def events(rows: list[tuple], *names: str, customers: int = 3) -> Events:
    """Rows of customer, day and signals, sorted."""
    rows = sorted(rows, key=lambda row: row[:2])
    columns = list(zip(*rows, strict=True)) if rows else [()] * (2 + len(names))
    day = np.array(columns[1], np.int32)
    signals = {name: np.array(values) for name, values in zip(names, columns[2:], strict=True)}
    return Events(customers, np.array(columns[0], np.int32), day.astype(np.int64) * 1000, day, signals)


def test_tickets_are_resolved_by_their_own_row():
    rows = [(0, 1, 4), (0, 2, NO_DAY), (1, 3, 9), (1, 5, 30)]
    log = events([(c, d, r, r) for c, d, r in rows], "resolved", "resolved_day")
    process = Process(steps=(Step(source="tickets"), Step(at="resolved")), within_days=5)
    found = cases_of(process, {"support": log}, PLACES, as_of=20)
    assert found.days[1].tolist() == [4, NO_DAY, 9, NO_DAY]  # day 30 has not come yet
    figures = figures_of("support", process, [found], as_of=20)
    assert (figures.cases, figures.customers, figures.finished, figures.late, figures.open) == (4, 2, 1, 3, 0)
    assert figures.failure_share == 0.75
    assert figures.low < 0.75 < figures.high
    (between,) = figures.between
    assert (between.begun, between.finished, between.waiting, between.median_days) == (4, 2, 2, 6)


def test_who_has_no_time_yet_is_neither_finished_nor_late():
    log = events([(0, 18, NO_DAY, NO_DAY)], "resolved", "resolved_day")
    process = Process(steps=(Step(source="tickets"), Step(at="resolved")), within_days=5)
    figures = figures_of("support", process, [cases_of(process, {"support": log}, PLACES, 20)], 20)
    assert (figures.open, figures.late) == (1, 0)
    assert np.isnan(figures.failure_share)


def test_a_parcel_delivers_the_order_that_waits_longest_and_a_loss_ends_one():
    orders = events([(0, 1, 11), (0, 1, 11), (0, 3, 12), (1, 2, 13), (1, 8, 14)], "order")  # two lines of one order
    sent = [(0, 4, 0), (0, 6, 0), (0, 7, 0), (1, 5, 1)]  # the last of the first customer delivers nothing
    contacts = events(sent, "source")
    process = Process(steps=(Step(source="orders"), Step(source="parcels")), fails=Step(source="losses"))
    found = cases_of(process, {"purchases": orders, "contacts": contacts}, PLACES, as_of=20)
    assert found.days.tolist() == [[1, 3, 2, 8], [4, 6, NO_DAY, NO_DAY]]
    assert found.failed.tolist() == [NO_DAY, NO_DAY, 5, NO_DAY]
    figures = figures_of("delivery", process, [found], as_of=20)
    assert (figures.finished, figures.failed, figures.open, figures.failure_share) == (2, 1, 1, 1 / 3)


def test_who_failed_never_reaches_the_next_step():
    orders = events([(c, 1, c) for c in range(10)], "order", customers=10)
    contacts = events([(c, 4, 0) for c in range(4)] + [(c, 2, 1) for c in range(4, 10)], "source", customers=10)
    process = Process(steps=(Step(source="orders"), Step(source="parcels")), fails=Step(source="losses"))
    found = cases_of(process, {"purchases": orders, "contacts": contacts}, PLACES, as_of=20)
    (between,) = figures_of("delivery", process, [found], as_of=20).between
    assert (between.finished, between.median_days, between.reached_in_days) == (4, None, 3.0)  # four of ten are not half


def test_rows_of_one_value_belong_together():
    rows = [(0, 1, False, 7), (0, 2, False, 8), (0, 5, True, 8), (0, 6, True, 9)]
    log = events(rows, "is_return", "product")
    process = Process(steps=(Step(source="orders"), Step(source="orders", where="is_return")), by="product")
    found = cases_of(process, {"purchases": log}, PLACES, as_of=20)
    assert found.days.tolist() == [[1, 2], [NO_DAY, 5]]


def test_three_steps_and_a_mark_of_the_first_row():
    orders = events([(0, 1, 0), (0, 2, 1), (1, 3, 0)], "gift")
    tickets = events([(0, 9, 12_000, 12), (1, 2, 4_000, 4)], "resolved", "resolved_day")
    contacts = events([(0, 4, 0), (0, 5, 0)], "source")
    process = Process(
        steps=(Step(source="orders"), Step(source="parcels"), Step(source="tickets", at="resolved")), fails=Step(where="gift")
    )
    found = cases_of(process, {"purchases": orders, "support": tickets, "contacts": contacts}, PLACES, as_of=20)
    assert found.days.tolist() == [[1, 2, 3], [4, 5, NO_DAY], [12, NO_DAY, NO_DAY]]
    assert found.failed.tolist() == [NO_DAY, 2, NO_DAY]


def test_nobody_has_a_case():
    process = Process(steps=(Step(source="orders"), Step(source="parcels")), fails=Step(source="losses"), within_days=3)
    logs = {"purchases": events([], "order"), "contacts": events([], "source")}
    figures = figures_of("delivery", process, [cases_of(process, logs, PLACES, as_of=20)], as_of=20)
    assert (figures.cases, figures.between[0].median_days) == (0, None)


def test_cases_do_not_depend_on_how_customers_are_cut_into_blocks():
    rng = np.random.default_rng(3)
    orders = events(
        [(c, d, 0) for c, d in zip(rng.integers(0, 30, 200), rng.integers(0, 400, 200), strict=True)], "order", customers=30
    )
    parcels = events(
        [(c, d, 0) for c, d in zip(rng.integers(0, 30, 150), rng.integers(0, 400, 150), strict=True)], "source", customers=30
    )
    process = Process(steps=(Step(source="orders"), Step(source="parcels")), within_days=9)

    def figures(*edges: int):
        blocks = [({"purchases": orders.part(a, b), "contacts": parcels.part(a, b)}) for a, b in itertools.pairwise(edges)]
        return figures_of("delivery", process, [cases_of(process, logs, PLACES, 420) for logs in blocks], 420)

    assert figures(0, 30) == figures(0, 7, 8, 21, 30)


@pytest.mark.parametrize("steps", [(Step(source="a"),), (Step(at="x"), Step(source="a")), (Step(source="a"), Step(name="b"))])
def test_steps_that_say_nothing_are_refused(steps: tuple[Step, ...]):
    with pytest.raises(ValueError, match="step"):
        Process(steps=steps)
    with pytest.raises(ValueError, match="the same"):
        Process(steps=(Step(source="a"), Step(source="a")))
