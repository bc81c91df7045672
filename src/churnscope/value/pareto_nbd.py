"""Pareto/NBD: customers buy at a rate of their own and may leave at any moment, unseen.

Symbols: x repeat purchases, t_x last purchase, T age, lambda ~ Gamma(r, rate alpha) the purchase rate, mu ~ Gamma(s, rate beta)
the leaving rate; k = r + s + x. Everything is written with

    A(t) = (alpha+t)^-(r+x) (beta+t)^-s        buying until t and not leaving
    G(t) = s/k 2F1(1, r+x; k+1; (alpha-beta)/(alpha+t))        after t, leaving comes before the next purchase

where A G is the integral of s A/(beta+u) from t to infinity: the published A_0, without its differences of huge numbers.

References
----------
D. Schmittlein, D. Morrison, R. Colombo (1987), Counting your customers, Management Science 33(1).
P. Fader, B. Hardie (2005), A note on deriving the Pareto/NBD model and related expressions, brucehardie.com/notes/009.
P. Fader, B. Hardie, K. L. Lee (2005), RFM and CLV, Journal of Marketing Research 42(4).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from scipy.special import exprel, loggamma

from churnscope.value.averages import gamma_mean, hypergeometric, unit_interval
from churnscope.value.nbd import negative_binomial
from churnscope.value.repeat_purchase import Numbers, RepeatPurchaseModel
from churnscope.value.repeat_rows import Array

NODES_OF_A_HORIZON = 24


class ParetoNBD(RepeatPurchaseModel):
    """Pareto/NBD with parameters r, alpha (buying) and s, beta (leaving)."""

    kind = "pareto_nbd"
    names = ("r", "alpha", "s", "beta")
    largest: ClassVar[Mapping[str, float]] = {"s": 30.0}  # leaving rates that vary by a fifth; data hardly tell less

    @classmethod
    def starts(cls, *, rate: float, span: float) -> Sequence[tuple[float, ...]]:
        """Little and much difference between customers, early and late leavers."""
        return [
            (r, 2 * r / rate, s, beta * span)
            for r, s, beta in ((0.5, 0.6, 0.4), (1.0, 1.0, 2.0), (3.0, 0.3, 0.5), (1.0, 3.0, 3.0))
        ]

    @classmethod
    def age_term(cls, parameters: Sequence[Any], frequency: Array, age: Array) -> Numbers:
        """Log of Gamma(r+x)/Gamma(r) alpha^r beta^s A(T) (1 - G(T)); the second factor is what leaving after T takes away."""
        return np.asarray(cls.alive_term(parameters, frequency, age) + np.log(1 - _leaves_first(parameters, frequency, age)))

    @classmethod
    def recency_term(cls, parameters: Sequence[Any], frequency: Array, recency: Array) -> Numbers:
        """Log of Gamma(r+x)/Gamma(r) alpha^r beta^s A(t_x) G(t_x)."""
        return np.asarray(
            cls.alive_term(parameters, frequency, recency) + np.log(_leaves_first(parameters, frequency, recency))
        )

    @classmethod
    def alive_term(cls, parameters: Sequence[Any], frequency: Array, age: Array) -> Numbers:
        """Log of Gamma(r+x)/Gamma(r) alpha^r beta^s A(T)."""
        r, alpha, s, beta = parameters
        scale = loggamma(r + frequency) - loggamma(r) + r * np.log(alpha) + s * np.log(beta)
        return np.asarray(scale - (r + frequency) * np.log(alpha + age) - s * np.log(beta + age))

    def purchases_if_alive(self, frequency: Array, age: Array, horizon: Array) -> Array:
        """(r+x)/(alpha+T) * (beta+T)/(s-1) * (1 - ((beta+T)/(beta+T+t))^(s-1)), in a form that also holds at s = 1."""
        r, alpha, s, beta = self.parameters
        log_growth = np.log1p(horizon / (beta + age))
        years = (beta + age) * log_growth * exprel(-(s - 1) * log_growth)
        return np.asarray((r + frequency) / (alpha + age) * years)

    def buys_if_alive(self, frequency: Array, age: Array, gap: float, horizon: float) -> Array:
        """Stays through the gap, then buys in the horizon before leaving: ((beta+T)/(beta+T+g))^s times a closed form.

        That form is 1 - [A(h) (1 - G(h)) / A(0) + G(0)] of a customer with alpha+T and, after the gap, beta+T+g.
        """
        r, alpha, s, beta = self.parameters
        rate, leave_rate = alpha + age, beta + age + gap
        now = (r + frequency, rate, s, leave_rate)
        stays = np.exp(-s * np.log1p(gap / (beta + age)))
        neither = -(r + frequency) * np.log1p(horizon / rate) - s * np.log1p(horizon / leave_rate)
        later = (1 - _leaves_first_of(now, horizon)) * np.exp(neither)
        return np.asarray(stays * np.maximum(1 - _leaves_first_of(now, 0.0) - later, 0.0))

    def discounted_if_alive(self, frequency: Array, age: Array, discount: float) -> Array:
        """(r+x)/(alpha+T) * E[1/(discount + mu)], mu ~ Gamma(s, beta+T): Tricomi's function of the paper, averaged."""
        r, alpha, s, beta = self.parameters
        scale = beta + age
        years = gamma_mean(np.full(age.shape, s), lambda mu, part: 1 / (discount + mu / scale[part, None]))
        return np.asarray((r + frequency) / (alpha + age) * years)

    def counts_if_alive(self, frequency: Array, age: Array, horizon: float, most: int) -> Array:
        """As of a new customer, with lambda ~ Gamma(r+x, alpha+T) and mu ~ Gamma(s, beta+T)."""
        r, alpha, s, beta = self.parameters
        rates = ((r + frequency)[:, None], (alpha + age)[:, None], s, (beta + age)[:, None])
        return _counts(rates, np.arange(most + 1.0), horizon, _smooth_nodes())

    def count_probability(self, count: Array, horizon: float) -> Array:
        """P(stays through t) P(N(t) = n) + integral over the moment u of leaving of P(N(u) = n), N negative binomial."""
        return _counts(self.parameters, count, horizon, unit_interval())


def _counts(rates: tuple[Any, ...], count: Array, horizon: float, rule: tuple[Array, Array]) -> Array:
    """P(X(t) = n) for lambda ~ Gamma(shape, rate) and mu ~ Gamma(s, leave_rate), integrated over the log of leave_rate + u."""
    shape, rate, s, leave_rate = rates
    span = np.log1p(horizon / leave_rate)
    left = sum(
        weight * np.exp(-s * span * node) * negative_binomial(shape, rate, count, leave_rate * np.expm1(span * node))
        for node, weight in zip(*rule, strict=True)
    )
    return np.asarray(np.exp(-s * span) * negative_binomial(shape, rate, count, horizon) + s * span * left)


def _smooth_nodes() -> tuple[Array, Array]:
    """Gauss' nodes and weights on (0, 1): a part of the horizon for each, where what is integrated bends little."""
    nodes, weights = np.polynomial.legendre.leggauss(NODES_OF_A_HORIZON)
    return (nodes + 1) / 2, weights / 2


def _leaves_first(parameters: Sequence[Any], frequency: Array, time: Array) -> Numbers:
    """G(t) of a customer with x purchases by t."""
    r, alpha, s, beta = parameters
    return _leaves_first_of((r + frequency, alpha + time, s, beta + time), 0.0)


def _leaves_first_of(rates: tuple[Any, Any, Any, Any], time: float) -> Numbers:
    """G(t) for lambda ~ Gamma(shape, rate) and mu ~ Gamma(s, leave_rate); 2F1's argument is kept in [0, 1) by Pfaff's rule."""
    shape, rate, s, leave_rate = rates
    rate, leave_rate = rate + time, leave_rate + time
    slower = np.real(rate) >= np.real(leave_rate)
    total = shape + s
    b = np.where(slower, shape, s + 1)
    z = np.where(slower, 1 - leave_rate / rate, 1 - rate / leave_rate)
    factor = np.where(slower, 1.0, rate / leave_rate)
    return np.asarray(s / total * factor * hypergeometric(b, total + 1, z))
