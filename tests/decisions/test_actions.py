"""What an action brings, and for whom it is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from churnscope.config.models import Action
from churnscope.decisions import Offer
from churnscope.decisions.actions import (
    COOLING,
    NO_GAIN,
    NOT_FOR,
    NOT_MEANT,
    STOPPED,
    UNREACHABLE,
    Customers,
    action_gains,
    expected_gains,
    is_measured,
)


def customers(probability, value=200.0, *, since=np.nan, channels=None, **flags):
    n = len(probability)
    return Customers(
        np.asarray(probability, float),
        np.broadcast_to(np.asarray(value, float), n).copy(),
        {name: np.broadcast_to(np.asarray(flag, bool), n) for name, flag in flags.items()},
        np.broadcast_to(np.asarray(since, float), n).copy(),
        {name: np.asarray(open_, bool) for name, open_ in (channels or {}).items()},
    )


def action(**keys):
    return Action.model_validate({"channel": "phone", "acceptance": 0.3, **keys})


def test_a_contact_pays_from_the_published_break_even_on() -> None:
    offer = action(offer_cost=10.0, contact_cost=1.0)
    gains = action_gains(customers([11 / 67, 0.9, 0.5, 0.1]), offer, 0)
    assert gains == pytest.approx([0.0, 49.3, 22.5, -4.3])
    assert gains == pytest.approx(Offer().expected_gain([11 / 67, 0.9, 0.5, 0.1]))


def test_time_costs_and_stayers_who_leave_the_offer_do_not() -> None:
    gains = action_gains(customers([0.5]), action(offer_cost=10.0, minutes=6.0, taken_by_stayers=0.2), hour_cost=30.0)
    assert gains.tolist() == [pytest.approx(0.5 * 0.3 * 190 - 0.5 * 0.2 * 10 - 6 * 0.5)]


def test_what_an_action_earns_beside_keeping_lowers_what_its_offer_costs() -> None:
    """An invitation to recommend keeps nobody: of ten content customers one brings a friend worth 60 and takes 20 for it."""
    invitation = action(acceptance=0.0, offer_cost=20.0, benefit=60.0, taken_by_stayers=0.1, contact_cost=1.0)
    assert action_gains(customers([0.0, 0.5]), invitation, 0).tolist() == pytest.approx([0.1 * 40 - 1, 0.5 * 0.1 * 40 - 1])
    keeping = action(acceptance=0.5, offer_cost=20.0, benefit=60.0)
    assert action_gains(customers([1.0]), keeping, 0).tolist() == [0.5 * (200 - 20 + 60)]


def test_what_a_campaign_changed_stands_in_the_place_of_the_acceptance() -> None:
    people = replace(customers([0.5, 0.5, 0.5], 200.0), changed={"letter": np.array([30.0, -4.0, np.nan])})
    letter = action(arm="letter", offer_cost=10.0, contact_cost=1.0, minutes=6.0, taken_by_stayers=0.2)
    taken = 0.5 * 0.3 + 0.5 * 0.2
    expected = [30 - taken * 10 - 1 - 3, -4 - taken * 10 - 1 - 3, 0.5 * 0.3 * 200 - taken * 10 - 1 - 3]
    assert action_gains(people, letter, 30.0).tolist() == pytest.approx(expected)
    assert is_measured(people, letter).tolist() == [True, True, False]
    for other in (action(arm="call"), action()):
        assert not is_measured(people, other).any()
        assert action_gains(people, other, 0).tolist() == [30.0] * 3


def test_an_action_may_be_for_those_alone_who_are_of_all_its_types() -> None:
    invitation = action(all_types=["is_loyal", "satisfied"], bands=["low"])
    people = customers(
        [0.9] * 4, is_loyal=[True, True, False, True], satisfied=[True, False, True, True], low=[True, True, True, False]
    )
    gains, left_out = expected_gains(people, {"invite": invitation})
    assert (gains[:, 0] > 0).tolist() == [True, False, False, False]
    assert left_out[NOT_MEANT].tolist() == [False, True, True, True]


def test_value_at_risk_is_probability_times_value() -> None:
    assert customers([0.25, 0.5], [100.0, 40.0]).value_at_risk.tolist() == [25.0, 20.0]


def test_acceptance_is_that_of_the_first_band_or_type_that_fits() -> None:
    people = customers([0.5] * 3, is_loyal=[True, False, False], high=[True, True, False])
    gains = action_gains(people, action(acceptance={"is_loyal": 0.5, "high": 0.2}), 0)
    np.testing.assert_allclose(gains, [50.0, 20.0, np.nan])
    allowed, left_out = expected_gains(people, {"call": action(acceptance={"is_loyal": 0.5, "high": 0.2})})
    assert allowed[:, 0].tolist() == [50.0, 20.0, NOT_FOR]
    assert left_out[NOT_MEANT].tolist() == [False, False, True]


def test_each_rule_keeps_an_action_from_those_it_is_not_for_and_is_named_once() -> None:
    people = customers(
        [0.5, 0.5, 0.5, 0.5, 0.5, 0.0],
        [200, 200, 50, 200, 200, 200],
        since=[np.nan, np.nan, np.nan, np.nan, 29, np.nan],
        channels={"phone": [True, False, True, True, True, True]},
        open_ticket=[False, False, False, True, False, False],
        high=True,
    )
    gains, left_out = expected_gains(people, {"call": action(least_value=100.0, bands=["high"], cool_down_days=30)})
    assert np.isfinite(gains[:, 0]).tolist() == [True, *[False] * 5]
    where = {reason: np.flatnonzero(holds).tolist() for reason, holds in left_out.items()}
    assert where == {UNREACHABLE: [1], NOT_MEANT: [2], STOPPED: [3], COOLING: [4], NO_GAIN: [5]}


def test_a_contact_of_as_many_days_ago_as_the_cool_down_is_over() -> None:
    gains, _ = expected_gains(customers([0.5, 0.5], since=[29.0, 30.0]), {"call": action(cool_down_days=30)})
    assert np.isfinite(gains[:, 0]).tolist() == [False, True]


def test_another_action_remains_where_one_is_stopped() -> None:
    people = customers([0.5], open_ticket=True, channels={"phone": [True], "e-mail": [True]})
    gains, left_out = expected_gains(people, {"call": action(), "mail": action(channel="e-mail", stop=[])})
    assert np.isfinite(gains).tolist() == [[False, True]]
    assert not any(holds.any() for holds in left_out.values())
