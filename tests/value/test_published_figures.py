"""Figures of the literature at its published parameters: exact tests that need no data. Time unit: weeks."""

import numpy as np
import pytest

from churnscope.value import BGNBD, MBGNBD, NBD, GammaGamma, ParetoNBD, RepeatRows, SpendRows

BG = BGNBD((0.243, 4.414, 0.793, 2.426))
BG_UNROUNDED = BGNBD((0.24259291, 4.41353153, 0.79288625, 2.4257538))
PARETO = ParetoNBD((0.553, 10.578, 0.606, 11.669))
RATE = np.expm1(0.0027 * 365.25 / 7)  # a continuous discount of 0.0027 a week, as a yearly rate


def weeks(frequency, recency, age):
    return RepeatRows([frequency], [7 * recency], [7 * age])


def test_bg_nbd_conditional_expectation_is_that_of_the_authors_sheet():
    assert BG.expected_purchases(weeks(2, 30.43, 38.86), 7 * 39)[0] == pytest.approx(1.226, abs=5e-4)
    assert BG_UNROUNDED.expected_purchases(weeks(2, 30.43, 38.86), 7 * 39)[0] == pytest.approx(1.22591, abs=5e-5)


def test_bg_nbd_expectation_of_a_new_customer_is_that_of_the_authors_sheet():
    purchases = BG_UNROUNDED.new_customer_purchases(7 * np.array([0.1429, 1, 3, 31.8571, 32, 78]))
    assert purchases == pytest.approx([0.0078, 0.0532, 0.1506, 1.0405, 1.0437, 1.8576], abs=1e-3)


def test_bg_nbd_counts_of_a_new_customer():
    assert BG.purchase_count_probability(10, 7 * 2)[0] == pytest.approx(1.07869e-07, rel=1e-5)
    assert BG.purchase_count_probability(0, 7 * 39)[0] == pytest.approx(0.5737864, abs=1e-7)
    counts = BG.purchase_count_probability([11, 12, 13], 7 * 30)
    assert counts == pytest.approx([0.0019995214, 0.0015170236, 0.0011633150], abs=1e-9)


def test_pareto_nbd_is_that_of_the_walkthrough():
    busy = weeks(26, 30.86, 31)
    assert PARETO.alive_probability(busy)[0] == pytest.approx(0.997918, abs=1e-6)
    assert PARETO.expected_purchases(busy, 7 * 52)[0] == pytest.approx(25.46, abs=5e-3)
    assert PARETO.new_customer_purchases(7 * 52)[0] == pytest.approx(1.47344, abs=1e-3)


@pytest.mark.parametrize(
    ("history", "bg", "pareto"),
    [((2, 30.43, 38.86), 0.676509, 0.633094), ((0, 0, 38.86), 0.938163, 0.966555), ((26, 30.86, 31), 0.031349, 0.024416)],
)
def test_no_purchase_in_thirteen_weeks(history, bg, pareto):
    assert BG.no_purchase_probability(weeks(*history), 7 * 13)[0] == pytest.approx(bg, abs=1e-6)
    assert PARETO.no_purchase_probability(weeks(*history), 7 * 13)[0] == pytest.approx(pareto, abs=2e-6)


@pytest.mark.parametrize(
    ("history", "purchases"),
    [((26, 30.86, 31), 86.056494), ((2, 30.43, 38.86), 6.483774), ((0, 0, 38.86), 0.477136), ((7, 35, 38.86), 20.658868)],
)
def test_pareto_nbd_discounted_residual_purchases(history, purchases):
    assert PARETO.discounted_purchases(weeks(*history), yearly_discount=RATE)[0] == pytest.approx(purchases, abs=1e-6)


def test_gamma_gamma_means_of_the_first_ten_customers():
    model = GammaGamma(6.25, 3.74, 15.44)
    rows = SpendRows([2, 1, 0, 0, 0, 7, 1, 0, 2, 0], [22.35, 11.77, 0, 0, 0, 73.74, 11.77, 0, 25.55, 0])
    expected = [24.65, 18.91, 35.17, 35.17, 35.17, 71.46, 18.91, 35.17, 27.28, 35.17]
    assert model.expected_spend(rows) == pytest.approx(expected, abs=0.1)
    assert model.population_mean == pytest.approx(35.17, abs=0.1)


def test_time_unit_is_a_matter_of_the_parameters_only():
    in_days = ParetoNBD((0.553, 7 * 10.578, 0.606, 7 * 11.669), days_per_unit=1)
    rows = weeks(2, 30.43, 38.86)
    assert in_days.no_purchase_probability(rows, 91) == pytest.approx(PARETO.no_purchase_probability(rows, 91), rel=1e-12)
    assert in_days.discounted_purchases(rows, yearly_discount=0.15) == pytest.approx(
        PARETO.discounted_purchases(rows, yearly_discount=0.15), rel=1e-12
    )


def test_customers_who_never_leave_are_always_alive():
    assert NBD((0.38, 12.07)).alive_probability(weeks(0, 0, 500)).tolist() == [1.0]


def test_one_time_buyers_count_as_lost_under_mbg_only():
    once = weeks(0, 0, 38.86)
    assert BG.alive_probability(once).tolist() == [1.0]
    assert MBGNBD((0.525, 6.183, 0.891, 1.614)).alive_probability(once)[0] < 0.5
