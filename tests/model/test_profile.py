"""A profile tells how values are distributed and gives no row away."""

from __future__ import annotations

import json

import numpy as np
import pytest

from churnscope.model.profile import LEVELS, Profile


def features():
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((10_000, 3)).astype(np.float32)
    rows[:3_000, 1] = np.nan
    rows[:, 2] = np.nan
    rows[0, 0] = 1e6  # somebody's record
    return rows


def test_quantiles_and_missing_shares_are_those_of_the_rows():
    profile = Profile.of(features())
    assert profile.missing == pytest.approx([0, 0.3, 1])
    assert profile.quantiles[0, LEVELS.index(0.5)] == pytest.approx(0, abs=0.05)
    assert np.isnan(profile.quantiles[2]).all()


def test_the_record_of_one_customer_is_not_in_it():
    assert Profile.of(features()).quantiles[0].max() < 2


def test_made_up_rows_look_like_the_rows_and_are_none_of_them():
    rows = Profile.of(features()).rows(5_000, np.random.default_rng(1))
    assert np.isnan(rows).mean(axis=0) == pytest.approx([0, 0.3, 1], abs=0.03)
    assert np.nanstd(rows[:, 0]) == pytest.approx(0.9, abs=0.1)


def test_json_brings_it_back():
    profile = Profile.of(features())
    back = Profile.from_json(json.loads(json.dumps(profile.to_json(), allow_nan=False)))
    assert np.array_equal(back.quantiles, profile.quantiles, equal_nan=True)
    assert np.array_equal(back.missing, profile.missing)


def test_quantiles_of_other_features_are_refused():
    saved = Profile.of(features()).to_json() | {"missing": [0.0]}
    with pytest.raises(ValueError, match="do not fit"):
        Profile.from_json(saved)
