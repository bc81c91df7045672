"""CDNOW histories where the file is at hand, and seeded simulations of customers who follow a model."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from churnscope.value import RepeatRows, SpendRows

PROJECT = Path(__file__).parents[2]
SAMPLE = Path("cdnow", "transactions_sample.parquet")
CALIBRATION_END = np.datetime64("1997-09-30")


def _sample_file():
    folders = [Path(os.environ["CHURNSCOPE_DATA"])] if "CHURNSCOPE_DATA" in os.environ else PROJECT.parent.glob("*/data")
    return next((folder / SAMPLE for folder in folders if (folder / SAMPLE).exists()), None)


def _as_published(days):
    """The published file gives weeks with two decimals."""
    return np.round(np.asarray(days) / 7, 2) * 7


@pytest.fixture(scope="session")
def cdnow_days():
    """One row per customer and purchase day of the calibration period: customer, day number, dollars."""
    path = _sample_file()
    if path is None:
        pytest.skip("needs cdnow/transactions_sample.parquet: set CHURNSCOPE_DATA to the folder that holds cdnow/")
    rows = pq.read_table(path)
    seen = rows.filter(pc.less_equal(rows["date"], pa.scalar(CALIBRATION_END.item())))
    days = seen.group_by(["customer_id", "date"]).aggregate([("dollar_value", "sum")]).sort_by("customer_id")
    customer = np.unique(days["customer_id"].to_numpy(), return_inverse=True)[1]
    return customer, days["date"].to_numpy().astype("datetime64[D]"), days["dollar_value_sum"].to_numpy()


@pytest.fixture(scope="session")
def cdnow_ends(cdnow_days):
    """Purchase days, days since the first and days since the last one, per customer, on the day after calibration."""
    customer, day, _ = cdnow_days
    since = (CALIBRATION_END + 1 - day).astype(int)
    most, least = np.zeros(customer.max() + 1), np.full(customer.max() + 1, np.inf)
    np.maximum.at(most, customer, since)
    np.minimum.at(least, customer, since)
    return np.bincount(customer), most, least


@pytest.fixture(scope="session")
def cdnow(cdnow_ends):
    purchase_days, since_first, since_last = cdnow_ends
    exact = RepeatRows.at_cutoff(purchase_days=purchase_days, days_since_first=since_first, days_since_last=since_last)
    return RepeatRows(exact.frequency, _as_published(exact.recency_days), _as_published(exact.age_days))


@pytest.fixture(scope="session")
def cdnow_spend(cdnow_days, cdnow_ends):
    customer, day, dollars = cdnow_days
    purchase_days, since_first, _ = cdnow_ends
    repeat = (CALIBRATION_END + 1 - day).astype(int) < since_first[customer]
    total = np.bincount(customer[repeat], weights=dollars[repeat], minlength=len(purchase_days))
    return SpendRows(purchase_days - 1, total / np.maximum(purchase_days - 1, 1))


def _history(rng, age, rate, stop):
    """Purchase times until `age` of one customer; `stop` says how long from now and after a purchase it may go on."""
    until, purchases = stop(0.0), []
    moment = rng.exponential(1 / rate)
    while moment <= min(until, age):
        purchases.append(moment)
        until = min(until, stop(moment))
        moment += rng.exponential(1 / rate)
    return purchases


def _rows(histories, ages):
    return RepeatRows([len(h) for h in histories], [7 * h[-1] if h else 0.0 for h in histories], 7 * ages)


@pytest.fixture
def simulate_pareto():
    def simulate(parameters, customers, seed):
        r, alpha, s, beta = parameters
        rng = np.random.default_rng(seed)
        ages, rates, left = (
            rng.uniform(20, 80, customers),
            rng.gamma(r, 1 / alpha, customers),
            rng.gamma(s, 1 / beta, customers),
        )
        ends = rng.exponential(1 / left)
        return _rows(
            [_history(rng, age, rate, lambda _, end=end: end) for age, rate, end in zip(ages, rates, ends, strict=True)], ages
        )

    return simulate


@pytest.fixture
def simulate_beta_geometric():
    def simulate(parameters, customers, seed, *, stops_at_first):
        r, alpha, a, b = parameters
        rng = np.random.default_rng(seed)
        ages, rates, chances = rng.uniform(20, 80, customers), rng.gamma(r, 1 / alpha, customers), rng.beta(a, b, customers)

        def stop(chance):
            return lambda moment: moment if rng.random() < chance and (moment > 0 or stops_at_first) else np.inf

        return _rows([_history(rng, age, rate, stop(p)) for age, rate, p in zip(ages, rates, chances, strict=True)], ages)

    return simulate
