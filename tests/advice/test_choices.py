"""Which window and horizon are recommended, for made-up pauses."""

from __future__ import annotations

import json

import numpy as np
import pytest

from churnscope.advice import Silences, Terms, advise

TERMS = Terms(first_day=0, as_of=730)


def silences(ended: dict[int, int], lasting: dict[int, int], *, churned: int = 500, active: int = 1_000) -> Silences:
    counts = np.zeros((2, TERMS.history_days + 1), np.int64)
    for row, given in enumerate((ended, lasting)):
        for days, number in given.items():
            counts[row, days] = number
    shape = len(TERMS.windows), len(TERMS.timings)
    return Silences(*counts, np.full(shape, active), np.full(shape, churned))


def test_the_shortest_window_that_most_pauses_fit_and_few_return_after() -> None:
    weekly = silences({7: 8_000, 12: 1_500, 20: 1_000}, {5: 500, 300: 4_000})
    advice = advise(weekly, TERMS)
    assert advice.window == 14  # 9.5 % of the pauses are longer; of 5,000 called inactive 1,000 came back
    assert advice.chosen_window.returned == pytest.approx(0.2)
    assert advice.horizon == 7
    assert advice.usual_days == (7, 12)


def test_where_many_return_the_longest_window_the_history_can_judge() -> None:
    advice = advise(silences({7: 9_000, 400: 3_000}, {5: 100}), TERMS)
    assert advice.window == 180
    assert advice.horizon == 90


def test_windows_that_fill_the_history_are_not_judged() -> None:
    assert max(Terms(0, 100).windows) == 30
    assert Terms(0, 5).windows == (7,)


def test_the_horizon_leaves_enough_to_learn_from() -> None:
    few = advise(silences({40: 900, 50: 100}, {5: 100, 400: 800}, churned=20), TERMS)
    assert not few.chosen_horizon.is_enough


def test_cutoffs_have_to_suffice_for_every_part_of_the_split() -> None:
    choices = {choice.horizon_days: choice.cutoffs for choice in advise(silences({7: 100}, {5: 100}), TERMS).horizons}
    assert choices[7] == 12
    assert choices[180] > 0
    assert Terms(0, 300).cutoffs(90, TERMS.timings[-1]) == 0


def test_a_gap_is_weighed_for_the_recommended_horizon() -> None:
    advice = advise(silences({7: 100}, {5: 100}), TERMS)
    assert [choice.gap_days for choice in advice.gaps] == [0, 7, 14]
    assert {choice.horizon_days for choice in advice.gaps} == {advice.horizon}


def test_it_can_be_written_as_json() -> None:
    json.dumps(advise(silences({7: 100}, {5: 100}, active=0, churned=0), TERMS).to_json(), allow_nan=False)
