"""From a file to the features, against plain Python: local days and hours where clocks change, and both clocks."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from oracle.expected import ROUNDING, expected_features
from oracle.files import CHANGES, build, cutoffs, random_lines, write


@pytest.mark.parametrize("zone", CHANGES)
def test_features_of_files_equal_plain_python_where_clocks_change(zone: str, tmp_path: Path) -> None:
    lines = random_lines(np.random.default_rng(len(zone)), zone, 60)
    plan, ids, table = build(write(tmp_path, [lines]), zone)
    codes, names = {"": 0}, [spec.name for spec in table.specs]
    ordered = sorted(lines, key=lambda line: line.time)
    rows = [(line.customer, line.row(ZoneInfo(zone), codes)) for line in ordered]
    seen = 0
    for customer, cutoff, features in zip(table.customer, table.cutoff, table.features.tolist(), strict=True):
        own = {"purchases": [row for owner, row in rows if owner == ids[customer]]}
        expected = expected_features(own, plan, int(cutoff))
        assert sorted(expected) == sorted(names)
        for name, value in zip(names, features, strict=True):
            assert value == pytest.approx(float(expected[name]), nan_ok=True, **ROUNDING), (name, ids[customer], cutoff)
        seen += 1
    assert seen > 2 * len(cutoffs(zone))
