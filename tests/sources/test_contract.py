from __future__ import annotations

import numpy as np
import pytest

from churnscope.errors import InputError
from churnscope.sources.contract import NO_DAY, Breach, Tally, refuse_loss, refuse_mixed_zones, refuse_too_many, source_advice


def tally(groups: list[tuple[int, int, int, int]], *, zoned: int = 0) -> Tally:
    """Groups of (fault, ignored, day, rows); `zoned` of the first one's rows carry an offset."""
    fault, ignored, day, rows = (np.array(part, np.int64) for part in zip(*groups, strict=True))
    nothing = np.zeros(len(rows), np.int64)
    some = nothing.copy()
    some[0] = zoned
    return Tally(fault, ignored, day, rows, nothing, some, nothing, nothing, nothing)


def test_a_stray_day_is_far_after_nearly_all_others():
    assert tally([(0, 0, 100, 9_990), (0, 0, 200, 9), (0, 0, 5_000, 1)]).last_plausible_day() == 100 + 366
    assert tally([(0, 0, 100, 9_000), (0, 0, 200, 1_000)]).last_plausible_day() == 200 + 366


def test_rows_that_break_a_rule_or_have_no_day_say_nothing_about_strays():
    counted = tally([(0, 0, 100, 10), (3, 0, 9_000, 500), (0, 0, NO_DAY, 500)])
    assert counted.last_plausible_day() == 466
    assert counted.newest_day(466) == 100
    assert tally([(3, 0, 9_000, 500)]).last_plausible_day() is None


def test_a_lost_row_is_refused():
    refuse_loss("orders", 10, 10)
    with pytest.raises(InputError, match="the files hold 10 records, but 9 rows were read"):
        refuse_loss("orders", 10, 9)


def test_times_with_and_without_offset_are_refused_together():
    refuse_mixed_zones("orders", tally([(0, 0, 1, 5)], zoned=5))
    refuse_mixed_zones("orders", tally([(0, 0, 1, 5), (9, 0, NO_DAY, 5)], zoned=5))
    with pytest.raises(InputError, match="2 of 10 times carry an offset"):
        refuse_mixed_zones("orders", tally([(0, 0, 1, 5), (0, 0, 2, 5)], zoned=2))


def test_the_limit_itself_is_allowed():
    found = [Breach("missing_id", 1, "a.csv", 7)]
    refuse_too_many("orders", 100, found, 0.01, "")
    with pytest.raises(InputError, match=r"1 of 99 rows.*1 missing_id, first a\.csv line 7 \(all: quarantine/orders\.csv\)"):
        refuse_too_many("orders", 99, found, 0.01, "quarantine/orders.csv")


def test_good_data_need_no_advice():
    assert source_advice(rows=10_000, customers=1_000, largest=100, amounts_zero=3, is_many=True) == []
