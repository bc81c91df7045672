"""Odd ids and what mends them."""

import pytest

from churnscope.discovery.ids import look_at_ids


@pytest.mark.parametrize(
    ("values", "expression", "evidence", "check"),
    [
        (["1", "2"], "", "", False),
        (["17850.0", "13047"], "regexp_replace(id, '\\.0+$', '')", "1 of 2 ids end in .0", False),
        (["0017", "0018"], "", "all 2 ids begin with 0, which is kept", False),
        (["ab", "AB", "c"], "lower(id)", "capitals alone tell 1 id from another", True),
        (["7", "NULL", "8", "NULL"], "nullif(id, 'NULL')", "2 sampled rows with NULL for a missing id", True),
        (["1.0E+15", "x"], "", "1 id written as 1.0E+15 lost digits: write the file again", True),
        (["1.5", "2.0"], "", "", False),
    ],
)
def test_quirks(values, expression, evidence, check):
    found = look_at_ids("id", values)
    assert (found.expression, found.evidence, found.check) == (expression, evidence, check)


def test_floats_become_whole_numbers():
    assert look_at_ids("id", ["17850"], is_float=True).expression == "CAST(id AS BIGINT)"
