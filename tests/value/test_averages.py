"""Numerical averages against closed forms and adaptive integration."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import betaln, digamma, hyp2f1

from churnscope.value.averages import beta_mean, beta_nodes, gamma_mean, gamma_nodes, hypergeometric, unit_interval

SHAPES = np.array([0.001, 0.05, 0.6, 1.0, 7.0, 250.0, 1e4])


def test_gamma_average_of_the_variable_and_its_log():
    assert gamma_mean(SHAPES, lambda nodes, _: nodes) == pytest.approx(SHAPES, rel=1e-9)
    assert gamma_mean(SHAPES[2:], lambda nodes, _: np.log(nodes)) == pytest.approx(digamma(SHAPES[2:]), rel=1e-8)


@pytest.mark.parametrize("b", [0.05, 2.4, 300.0])
def test_beta_average_of_the_variable_and_its_square(b):
    mean = SHAPES / (SHAPES + b)
    others = np.full(SHAPES.shape, b)
    assert beta_mean(SHAPES, others, lambda nodes, _: nodes) == pytest.approx(mean, rel=1e-8)
    assert beta_mean(SHAPES, others, lambda nodes, _: nodes**2) == pytest.approx(
        mean * (SHAPES + 1) / (SHAPES + b + 1), rel=1e-8
    )


def test_weights_sum_to_one():
    for _, weights in (gamma_nodes(SHAPES), beta_nodes(SHAPES, SHAPES[::-1].copy())):
        assert weights.sum(axis=1) == pytest.approx(1)


def test_rows_beyond_one_part_meet_their_own_values():
    shapes = np.linspace(0.5, 9, 5000)
    assert gamma_mean(shapes, lambda nodes, part: nodes / shapes[part, None]) == pytest.approx(1, rel=1e-9)


def test_unit_interval_integrates_what_bends_at_its_ends():
    nodes, weights = unit_interval()
    assert weights.sum() == pytest.approx(1, rel=1e-12)
    assert np.sqrt(nodes) @ weights == pytest.approx(2 / 3, rel=1e-12)


@pytest.mark.parametrize(("b", "c"), [(0.5, 2.1), (1.6, 32.0), (30.0, 31.6), (2.0, 2.7)])
def test_continued_fraction_is_the_hypergeometric_function(b, c):
    z = np.array([0.0, 1e-3, 0.3, 0.7, 0.9])
    fraction = hypergeometric(np.full(z.shape, b), np.full(z.shape, c), z)
    assert fraction == pytest.approx(hyp2f1(1, b, c, z), rel=1e-11)


@pytest.mark.parametrize(("b", "c"), [(250.0, 251.6), (250.0, 450.0), (1.6, 250.0)])
@pytest.mark.parametrize("z", [0.5, 0.99, 0.9999])
def test_continued_fraction_keeps_its_digits_for_busy_customers(b, c, z):
    def euler(logit):
        log_density = -b * np.logaddexp(0, -logit) - (c - b) * np.logaddexp(0, logit) - betaln(b, c - b)
        return np.exp(log_density) / (1 - z / (1 + np.exp(-logit)))

    centre = np.log(b / (c - b))
    integral, _ = quad(
        euler, centre - 30, centre + 30, points=[centre - 3, centre, centre + 3], limit=500, epsabs=0, epsrel=1e-11
    )
    assert hypergeometric(np.array([b]), np.array([c]), np.array([z]))[0] == pytest.approx(integral, rel=1e-9)
