"""Spells looked up by day."""

import numpy as np

from churnscope.lifecycle.spells import STAGES, UNKNOWN, Spells

NEW, INACTIVE = STAGES.index("new"), STAGES.index("inactive")


def spells(rows, n_customers, until):
    customer, stage, entered, left = zip(*rows, strict=True) if rows else ((), (), (), ())
    arrays = (np.array(column, kind) for column, kind in ((customer, "i4"), (stage, "i1"), (entered, "i4"), (left, "i4")))
    return Spells(n_customers, *arrays, until)


def test_a_stage_holds_from_the_day_it_is_entered_to_the_day_before_it_is_left():
    life = spells([(0, NEW, 5, 9), (0, INACTIVE, 9, 12), (2, NEW, 8, 12)], 3, 12)
    assert [life.on(day).tolist() for day in (4, 5, 8, 9, 11)] == [
        [UNKNOWN] * 3,
        [NEW, UNKNOWN, UNKNOWN],
        [NEW, UNKNOWN, NEW],
        [INACTIVE, UNKNOWN, NEW],
        [INACTIVE, UNKNOWN, NEW],
    ]


def test_where_nobody_is_known_everybody_is_unknown():
    assert spells([], 2, 12).on(5).tolist() == [UNKNOWN, UNKNOWN]
