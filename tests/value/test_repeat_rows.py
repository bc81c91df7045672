"""Histories: their order is checked, alike ones are counted once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnscope.value import BGNBD, RepeatRows

triples = st.lists(st.tuples(st.integers(0, 4), st.integers(1, 5), st.integers(0, 5)), min_size=1, max_size=40)


def rows_of(drawn):
    columns = [(x, recency if x else 0, (recency if x else 0) + rest) for x, recency, rest in drawn]
    return RepeatRows(*zip(*columns, strict=True))


def test_cutoff_day_itself_is_not_watched():
    rows = RepeatRows.at_cutoff(purchase_days=[1, 2], days_since_first=[1, 31], days_since_last=[1, 1])
    assert rows.frequency.tolist() == [0, 1]
    assert rows.recency_days.tolist() == [0, 30]
    assert rows.age_days.tolist() == [0, 30]


@given(triples)
def test_compressed_rows_are_different_and_count_everyone(drawn):
    rows = rows_of(drawn)
    alike = rows.compressed()
    histories = set(zip(alike.frequency, alike.recency_days, alike.age_days, strict=True))
    assert histories == set(zip(rows.frequency, rows.recency_days, rows.age_days, strict=True))
    assert len(histories) == len(alike)
    assert alike.customers.sum() == len(rows)


@given(triples)
def test_cells_give_back_each_row(drawn):
    rows = rows_of(drawn)
    cells = rows.recency_cells
    assert np.array_equal(cells.frequency[cells.row], rows.frequency)
    assert np.array_equal(cells.days[cells.row], rows.recency_days)


def test_thinned_rows_are_at_most_as_many_as_asked_for():
    rows = RepeatRows(np.zeros(10), np.zeros(10), np.arange(10))
    assert rows.thinned(4).age_days.tolist() == [0, 3, 6, 9]
    assert len(rows.thinned(10)) == 10


def test_no_rows_give_no_predictions():
    nobody = RepeatRows([], [], [])
    assert BGNBD((0.2, 4.4, 0.8, 2.4)).expected_purchases(nobody, 90).shape == (0,)
    assert len(nobody.compressed()) == 0


@pytest.mark.parametrize(
    "columns",
    [([1], [5], [4]), ([0], [5], [9]), ([1], [0], [9]), ([-1], [0], [9]), ([1], [5], [9], [0])],
    ids=["recency beyond age", "recency without repeat", "repeat on the first day", "negative count", "nobody"],
)
def test_impossible_histories_are_refused(columns):
    with pytest.raises(ValueError, match="0 <= recency_days <= age_days"):
        RepeatRows(*columns)


def test_missing_values_and_odd_lengths_are_refused():
    with pytest.raises(ValueError, match="missing values"):
        RepeatRows([1], [np.nan], [9])
    with pytest.raises(ValueError, match="of one length"):
        RepeatRows([1, 2], [5], [9])
