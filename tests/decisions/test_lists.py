"""How many to contact: by hand, at the edges, and whatever the numbers."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churnscope.decisions import Offer, ProfitFigures, best_list, profit_figures, sensitivity


def test_break_even_of_the_defaults():
    assert float(Offer().break_even()) == pytest.approx(11 / 67)
    assert Offer().break_even([200, 400, 10, -50]).tolist() == pytest.approx([11 / 67, 11 / 127, 1.1, np.inf])


def test_break_even_is_where_the_gain_is_nothing():
    values = np.array([50.0, 200.0, 900.0])
    assert Offer().expected_gain(Offer().break_even(values), values) == pytest.approx(0, abs=1e-12)


def test_a_free_offer_is_worth_making_to_anyone_of_value():
    assert Offer(offer_cost=0, contact_cost=0).break_even([0, 10, -1]).tolist() == [0, 0, np.inf]


def test_hand_list():
    """Gains: 0.9 * 57 - 0.1 * 10 - 1 = 49.3; 0.5 * 57 - 5 - 1 = 22.5; 0.1 * 57 - 9 - 1 = -4.3."""
    chosen = best_list([0.1, 0.9, 0.5], Offer())
    assert (chosen.size, chosen.share, chosen.threshold) == (2, pytest.approx(2 / 3), 0.5)
    assert chosen.profit == pytest.approx(49.3 + 22.5)
    assert chosen.profit_low < chosen.profit < chosen.profit_high
    assert 0 < chosen.loss_chance < 0.01


def test_a_valuable_customer_is_contacted_at_a_smaller_risk():
    chosen = best_list([0.1, 0.1, 0.1], Offer(), [200, 2_000, 20])
    assert chosen.size == 1
    assert chosen.profit == pytest.approx(0.1 * 0.3 * 1_990 - 0.9 * 10 - 1)


def test_nobody():
    for probability in ([], [0.0, 0.01]):
        chosen = best_list(probability, Offer())
        assert (chosen.size, chosen.threshold, chosen.profit, chosen.loss_chance) == (0, None, 0, 0)
    assert {row.overlap for row in sensitivity([0.0, 0.01], Offer())} == {None}


def test_the_loss_chance_is_that_of_the_acceptance():
    offer, probability = Offer(acceptance_trials=4), np.full(50, 0.2)
    chosen = best_list(probability, offer)
    drawn = np.random.default_rng(0).beta(*offer.beta, 200_000)
    gain = 50 * (0.2 * drawn * 190 - 0.8 * 10 - 1)
    assert chosen.loss_chance == pytest.approx((gain < 0).mean(), abs=0.005)
    assert (chosen.profit_low, chosen.profit_high) == pytest.approx(tuple(np.quantile(gain, [0.05, 0.95])), rel=0.02, abs=1)


def test_sensitivity_by_hand():
    rows = {(row.acceptance, row.value_factor): row for row in sensitivity([0.1, 0.3, 0.9], Offer())}
    assert len(rows) == 9
    chosen = rows[0.3, 1.0]
    assert (chosen.size, chosen.overlap, chosen.break_even) == (2, 1, pytest.approx(11 / 67))
    poor = rows[0.05, 0.5]
    assert (poor.size, poor.overlap) == (1, 0.5)
    assert poor.profit == pytest.approx(0.9 * 0.05 * 90 - 0.1 * 10 - 1)
    assert poor.profit_of_chosen == pytest.approx(poor.profit + 0.3 * 0.05 * 90 - 0.7 * 10 - 1)
    assert rows[0.5, 2.0].size == 3
    dear = {row.break_even for row in sensitivity([0.5], Offer(value=12, offer_cost=10, contact_cost=5, acceptance=0.1))}
    assert None in dear


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=40), st.floats(11, 2_000), st.floats(0.05, 1))
def test_what_holds_for_any_list(probability, value, acceptance):
    offer = Offer(value=value, acceptance=acceptance)
    chosen = best_list(probability, offer)
    gains = np.sort(offer.expected_gain(probability))[::-1]
    assert chosen.profit == pytest.approx(max(0.0, np.cumsum(gains).max()), abs=1e-9)
    assert best_list(probability, Offer(value=2 * value, acceptance=acceptance)).profit >= chosen.profit - 1e-9
    assert best_list(probability, Offer(value=value, acceptance=acceptance, contact_cost=2)).size <= chosen.size
    assert chosen.profit_low <= chosen.profit_high + 1e-9
    assert 0 <= chosen.loss_chance <= 1
    if chosen.threshold is not None:
        assert chosen.threshold >= offer.break_even() - 1e-12


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"offer_cost": 200}, "offer costs less"),
        ({"contact_cost": -1}, "costs are 0 or more"),
        ({"acceptance": 0}, "acceptance is in"),
        ({"acceptance_trials": 0}, "acceptance is in"),
        ({"value": np.inf}, "costs are 0"),
    ],
)
def test_impossible_offers_are_refused(facts, said):
    with pytest.raises(ValueError, match=said):
        Offer(**facts)


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match="within"):
        best_list([1.2], Offer())
    with pytest.raises(ValueError, match="one for every customer"):
        best_list([0.2, 0.3], Offer(), [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="none is missing"):
        sensitivity([0.2], Offer(), [np.nan])


def test_figures_agree_with_their_parts_and_survive_json():
    rng = np.random.default_rng(0)
    probability = rng.random(1_000)
    churned = rng.random(1_000) < probability
    figures = profit_figures(churned, probability, Offer())
    assert ProfitFigures.from_json(json.loads(json.dumps(figures.to_json()))) == figures
    assert figures.break_even == pytest.approx(11 / 67)
    assert figures.chosen.size == (probability > 11 / 67).sum()
    assert figures.came == pytest.approx(figures.chosen.profit, rel=0.1)  # the probabilities are right
    assert len(figures.curve) == 101
    assert figures.curve[0] == (0, 0)
    assert max(expected for _, expected in figures.curve) == pytest.approx(figures.chosen.profit, rel=1e-3)
    assert figures.mpc.per_customer * 1_000 == pytest.approx(max(came for came, _ in figures.curve), rel=0.01)
    assert set(figures.metrics()) >= {"profit/mpc", "profit/empc", "profit/break_even", "profit/list_size"}


def test_where_no_probability_is_enough_there_is_no_break_even():
    figures = profit_figures([1, 0], [0.9, 0.1], Offer(value=11, offer_cost=10, contact_cost=5, acceptance=0.5))
    assert figures.break_even is None
    assert "profit/break_even" not in figures.metrics()
    assert figures.chosen.size == 0
    assert figures.came == 0
