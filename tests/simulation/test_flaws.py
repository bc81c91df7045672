"""Broken rows come at the declared shares, and without them the log is whole."""

from dataclasses import replace

import numpy as np
import pyarrow.compute as pc
import pytest

from churnscope.simulation import PRESETS, simulate_tables
from churnscope.simulation.business import Flaws
from churnscope.simulation.flaws import Row

FLAWS = Flaws(late_share=0.05, late_days=4, missing_id_share=0.02, bad_time_share=0.01, duplicate_share=0.03)
LOGS = ("purchases", "engagement", "support", "contacts")


@pytest.fixture(scope="module")
def clean():
    return simulate_tables(PRESETS["shop"], customers=1_500, days=400, seed=1)


@pytest.fixture(scope="module")
def flawed():
    return simulate_tables(replace(PRESETS["shop"], flaws=FLAWS), customers=1_500, days=400, seed=1)


@pytest.mark.parametrize("log", LOGS)
def test_without_broken_rows_the_log_is_whole(log, clean, flawed):
    kept = flawed[log].filter(pc.equal(flawed[log]["row"], int(Row.CLEAN))).drop_columns(["known"])
    assert kept.equals(clean[log])


@pytest.mark.parametrize(("kind", "share"), [(Row.DUPLICATE, 0.03), (Row.MISSING_ID, 0.02), (Row.BAD_TIME, 0.01)])
def test_broken_rows_come_at_the_declared_share(kind, share, clean, flawed, within_chance):
    rows = sum(pc.sum(pc.equal(flawed[log]["row"], int(kind))).as_py() for log in LOGS)
    total = sum(len(clean[log]) for log in LOGS)
    assert within_chance(rows, share * total, share * (1 - share) * total)


@pytest.mark.parametrize(("column", "kind"), [("customer", Row.MISSING_ID), ("time", Row.BAD_TIME)])
def test_only_the_rows_said_to_be_broken_are(column, kind, flawed):
    for log in LOGS:
        assert pc.is_null(flawed[log][column]).equals(pc.equal(flawed[log]["row"], int(kind)))


def test_rows_are_known_late_at_the_declared_share(flawed, within_chance):
    log = flawed["engagement"]
    log = log.filter(pc.equal(log["row"], int(Row.CLEAN)))
    delay = (log["known"].to_numpy() - log["time"].to_numpy()).astype(np.int64) / 86_400
    late = delay[delay > 0]
    assert (delay >= 0).all()
    assert within_chance(len(late), 0.05 * len(log), 0.05 * len(log))
    assert within_chance(late.mean(), 4, 16 / len(late))


def test_without_late_rows_there_is_no_arrival_time(clean):
    assert "known" not in clean["purchases"].column_names
