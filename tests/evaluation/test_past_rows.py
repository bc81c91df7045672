"""Rows that came, went or were written over, from two small fingerprints."""

from __future__ import annotations

import pyarrow as pa
import pytest

from churnscope.evaluation.past_rows import PastRows, compared, findings_of, without_marks

WHOLE = 1 << 64


def table(cells: dict[tuple[int, int], tuple[int, int, int]], new: dict[tuple[int, int], tuple[int, int, int]] | None = None):
    """(day, slot) -> (rows, key, sum of the one column)."""
    marked = [(*cell, False, *found) for cell, found in cells.items()] + [
        (*cell, True, *found) for cell, found in (new or {}).items()
    ]
    day, slot, is_new, rows, key, status = zip(*marked, strict=True)
    return pa.table(
        {
            "day": pa.array(day, pa.int32()),
            "slot": pa.array(slot, pa.uint8()),
            "is_new": pa.array(is_new),
            "rows": pa.array(rows, pa.int64()),
            "key": pa.array(key, pa.uint64()),
            "sum status": pa.array(status, pa.uint64()),
        }
    )


THEN = {(1, 0): (3, 10, 100), (1, 1): (2, 20, 200), (2, 0): (1, 30, 300), (9, 0): (1, 40, 400)}


def change(now: dict, before: int = 9, new: dict | None = None):
    return compared(PastRows.of(table(THEN), before), PastRows.of(table(now, new), before))


def test_the_same_past_is_no_change() -> None:
    changed = change(THEN)
    assert (len(changed.came), len(changed.went), changed.columns, changed.rows, changed.days) == (0, 0, {}, 6, 2)


def test_a_value_written_over_is_told_from_rows_that_came_and_went() -> None:
    changed = change({**THEN, (1, 0): (3, 10, 101), (1, 1): (4, 21, 201), (2, 0): (1, 31, 301), (3, 5): (2, 1, 1)})
    assert changed.columns["status"].tolist() == [1]
    assert changed.came.tolist() == [1, 1, 2, 3, 3]  # on the second day one row took the place of another
    assert changed.went.tolist() == [2]


def test_a_cell_that_is_gone_has_lost_its_rows() -> None:
    changed = change({cell: found for cell, found in THEN.items() if cell != (1, 0)})
    assert changed.went.tolist() == [1, 1, 1]


def test_days_from_the_earlier_run_on_and_rows_known_later_are_not_compared() -> None:
    changed = change({**THEN, (9, 0): (7, 1, 1), (12, 3): (1, 1, 1)}, new={(1, 0): (5, 77, 77), (2, 2): (1, 5, 5)})
    assert (len(changed.came), len(changed.went), changed.columns) == (0, 0, {})


def test_what_is_kept_counts_late_rows_as_any_others() -> None:
    kept = without_marks(table(THEN, new={(1, 0): (5, WHOLE - 1, 77), (2, 2): (1, 5, 5)}))
    assert kept["is_new"].to_pylist() == [False] * 5
    assert kept["day"].to_pylist() == [1, 1, 2, 2, 9]
    assert kept["rows"].to_pylist() == [8, 2, 1, 1, 1]
    assert kept["key"].to_pylist() == [9, 20, 30, 5, 40]  # sums wrap around
    assert kept["sum status"].to_pylist() == [177, 200, 300, 5, 400]


def told(now: dict, then: dict, *, has_known: bool = False):
    changed = compared(PastRows.of(table(then), 1_000), PastRows.of(table(now), 1_000))
    return list(findings_of(changed, "orders", {"status": '[sources.orders] signals.status = "s"'}, 1_000, has_known=has_known))


@pytest.mark.parametrize(("days", "severity"), [(1, "suspicious"), (2, "suspicious"), (3, "leak"), (200, "leak")])
def test_a_correction_is_told_from_a_column_that_is_written_over(days: int, severity: str) -> None:
    then = {(day, 0): (2, day, day) for day in range(200)}
    (found,) = told({**then, **{(day, 0): (2, day, day + 1) for day in range(days)}}, then)
    assert (found.severity, found.subject, found.where) == (severity, "orders.status", '[sources.orders] signals.status = "s"')
    assert f"at least {days} of 400 rows from before 1972-09-27" in found.what
    assert "audit CONFIG --renew" in found.advice


def test_few_days_of_many_are_a_correction() -> None:
    then = {(day, 0): (1, day, day) for day in range(900)}
    (found,) = told({**then, **{(day, 0): (1, day, day + 1) for day in range(8)}}, then)
    assert found.severity == "suspicious"


@pytest.mark.parametrize(
    ("day", "has_known", "advice"),
    [(998, False, "delay_days = 2"), (100, False, "a delivery of older files"), (998, True, "look at columns.known")],
)
def test_rows_that_came_late_are_suspicious_and_the_advice_fits(day: int, has_known: bool, advice: str) -> None:
    then = {(0, 0): (1, 1, 1)}
    (found,) = told({**then, (day, 1): (4, 2, 2)}, then, has_known=has_known)
    assert (found.severity, found.subject) == ("suspicious", "orders.rows")
    assert "At least 4 rows were added" in found.what
    assert advice in found.advice


def test_rows_that_are_gone_are_suspicious() -> None:
    then = {(day, 0): (2, day, day) for day in range(50)}
    (found,) = told({cell: row for cell, row in then.items() if cell[0] % 2}, then)
    assert (found.severity, found.subject) == ("suspicious", "orders.rows")
    assert "At least 50 of 100 rows" in found.what
    assert "on 25 days from 1970-01-01 to 1970-02-18" in found.what
