"""The logged model's answer: columns by name in, probabilities out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from churnscope.errors import InputError
from churnscope.tracking.served import load, predict


@pytest.fixture(scope="module")
def rows(saved):
    return saved.bundle.profile.rows(50, np.random.default_rng(1))


@pytest.fixture
def table(saved, rows):
    return pd.DataFrame(rows, columns=[spec.name for spec in saved.bundle.specs], index=range(100, 150))


def test_probabilities_are_those_of_the_bundle_bitwise(saved, rows, table):
    answer = predict(load(str(saved.folder)), table)
    assert list(answer.columns) == ["churn_probability"]
    assert answer.index.equals(table.index)
    assert np.array_equal(answer["churn_probability"], saved.bundle.final.predict(rows, saved.bundle.as_of))


def test_order_and_more_columns_do_not_matter(saved, table):
    shuffled = table[table.columns[::-1]].astype(float).assign(customer_id="anybody", churned=1)
    assert predict(saved.bundle, shuffled).equals(predict(saved.bundle, table))


def test_a_missing_column_is_named(saved, table):
    with pytest.raises(InputError, match=r"no column 'purchase_count_ever'\.") as refused:
        predict(saved.bundle, table.rename(columns={"purchase_count_ever": "purchase_count"}))
    assert refused.value.advice == 'Did you mean "purchase_count"?'
    with pytest.raises(InputError, match=r"'days_since_last_purchase' and 5 more features"):
        predict(saved.bundle, table[[]])


def test_the_day_of_the_features_may_stand_in_a_column(saved, rows, table):
    days = np.full(len(table), saved.bundle.as_of - 40, np.int32)
    days[0] = saved.bundle.as_of
    stamps = pd.Series(days.astype("datetime64[D]").astype("datetime64[ns]"), index=table.index)
    stamps.iloc[0] = pd.NaT  # as good as no column
    answer = predict(saved.bundle, table.assign(cutoff=stamps))
    assert np.array_equal(answer["churn_probability"], saved.bundle.final.predict(rows, days))


def test_contributions_sum_to_the_log_odds_before_calibration(saved, rows, table):
    answer = predict(saved.bundle, table, contributions=True)
    parts = answer.filter(like="contribution_")
    assert list(parts.columns) == [f"contribution_{name}" for name in (*table.columns, "expected")]
    assert np.allclose(parts.sum(axis=1), saved.bundle.final.scorer.margin(rows), rtol=0, atol=1e-9)


def test_no_rows_are_answered_by_no_rows(saved, table):
    assert predict(saved.bundle, table.iloc[:0]).empty
