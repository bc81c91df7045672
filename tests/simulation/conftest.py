"""Simulated tables as arrays: whose, and when in days since the first midnight of the log."""

import numpy as np
import pytest


def _days(times, business):
    return (times.to_numpy() - np.datetime64(business.first_day, "s")).astype(np.int64) / 86_400


def _owners(customers):
    return np.array([int(customer[1:]) for customer in customers.to_pylist()], dtype=np.int64)


def _within_chance(observed, expected, variance, errors=4.0):
    return abs(observed - expected) <= errors * np.sqrt(variance)


@pytest.fixture(scope="session")
def days_of():
    """Of a time column and its business: days since the log's start."""
    return _days


@pytest.fixture(scope="session")
def owners_of():
    """Of a customer column: the customers' numbers."""
    return _owners


@pytest.fixture(scope="session")
def within_chance():
    """Whether a total lies within four standard errors of its expectation."""
    return _within_chance
