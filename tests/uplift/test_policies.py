"""Policy values by inverse propensity, by hand and against a known truth."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnscope.uplift import Experiment, arm_rates, best_offer, net_gain, policy_values, riskiest
from uplift.campaigns import SPECS, campaign

ARM = np.array([0, 0, 0, 0, 1, 1, 1, 1], np.int8)
OUTCOME = np.array([1, 0, 0, 0, 1, 1, 1, 0], np.int8)
SMALL = Experiment(np.zeros((8, 3), np.float32), SPECS, ARM, OUTCOME, ("mail",))


def test_everyone_and_no_one_are_the_rates_of_the_arms_less_the_cost():
    everyone, nobody = np.ones(8, np.int8), np.zeros(8, np.int8)
    found = policy_values(SMALL, {"everyone": everyone, "no one": nobody}, 10.0, [1.0])
    assert [each.value.value for each in found] == pytest.approx([6.5, 2.5])
    assert [each.gain.value for each in found] == pytest.approx([4.0, 0.0])
    assert (found[1].gain.low, found[1].gain.high) == (0.0, 0.0)
    assert [each.offered_share for each in found] == [1.0, 0.0]


def test_a_rule_for_some_counts_those_whose_arm_is_what_it_gives():
    chosen = np.array([1, 1, 0, 0, 1, 1, 0, 0], np.int8)  # rows 2, 3 in control and 4, 5 treated: 0, 0, 9 and 9
    (found,) = policy_values(SMALL, {"some": chosen}, 10.0, [1.0])
    assert found.value.value == pytest.approx(4.5)
    assert found.offered_share == 0.5


@given(st.permutations(range(40)), st.lists(st.integers(0, 2), min_size=40, max_size=40))
def test_the_order_of_customers_changes_no_value(order, chosen):
    experiment, places, rule = campaign(40, offers=("call", "mail")), np.array(order), np.array(chosen, np.int8)
    if not (rule == experiment.arm).any():
        return
    (one,) = policy_values(experiment, {"rule": rule}, 10.0, [1.0, 2.0])
    (other,) = policy_values(experiment.rows(places), {"rule": rule[places]}, 10.0, [1.0, 2.0])
    assert other.value.value == pytest.approx(one.value.value)
    assert other.gain.high == pytest.approx(one.gain.high)


def test_the_rates_and_the_effect_of_each_arm():
    control, mail = arm_rates(SMALL)
    assert (control.rate, control.effect, mail.rate, mail.effect.value) == (0.25, None, 0.75, 0.5)


def test_the_interval_of_an_effect_is_newcombes():
    arm, outcome = np.repeat([1, 1, 0, 0], [56, 14, 48, 32]), np.repeat([1, 0, 1, 0], [56, 14, 48, 32])
    published = Experiment(np.zeros((150, 3), np.float32), SPECS, arm.astype(np.int8), outcome.astype(np.int8), ("mail",))
    assert str(arm_rates(published)[1].effect) == "0.200 [0.052, 0.334]"


def test_the_best_offer_is_the_one_that_brings_most_and_none_where_nothing_does():
    gains = net_gain(np.array([[0.2, 0.3], [0.01, 0.02], [0.2, 0.0]]), 10.0, [0.5, 2.0])
    np.testing.assert_allclose(gains, [[1.5, 1.0], [-0.4, -1.8], [1.5, -2.0]])
    assert best_offer(gains).tolist() == [1, 0, 1]
    each = net_gain(np.array([[0.2, 0.3], [0.2, 0.3]]), np.array([10.0, 100.0]), [0.5, 2.0])
    np.testing.assert_allclose(each, [[1.5, 1.0], [19.5, 28.0]])


def test_the_riskiest_are_those_least_likely_to_do_it_anyway():
    assert riskiest(np.array([0.5, 0.1, 0.9, 0.1]), 2, 2).tolist() == [0, 2, 0, 2]


def test_values_are_those_of_a_known_truth():
    experiment = campaign(200_000, effects=(-0.1, 0.0, 0.2), seed=3)
    chosen = (experiment.features[:, 0] == 2).astype(np.int8)
    (found,) = policy_values(experiment, {"segment 2": chosen}, 100.0, [5.0])
    assert found.gain.value == pytest.approx((20 - 5) / 3, abs=0.5)
    assert found.gain.low < (20 - 5) / 3 < found.gain.high
