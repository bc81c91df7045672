"""BG/NBD and MBG/NBD: customers buy at a rate of their own and may stop right after any purchase.

Symbols: x repeat purchases, t_x last purchase, T age, lambda ~ Gamma(r, rate alpha) the purchase rate, p ~ Beta(a, b) the
chance to stop at an opportunity, n the opportunities survived (x under BG/NBD; x + 1 under MBG/NBD, which also counts the first
purchase). A customer known to be alive at T has lambda ~ Gamma(r + x, alpha + T) and p ~ Beta(a, b + n), independent.

References
----------
P. Fader, B. Hardie, K. L. Lee (2005), "Counting your customers" the easy way, Marketing Science 24(2).
E. Batislam, M. Denizel, A. Filiztekin (2007), Empirical validation and comparison of models for customer base analysis,
International Journal of Research in Marketing 24(3).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from scipy.special import betainc, betaln, loggamma

from churnscope.value.averages import beta_mean, gamma_nodes
from churnscope.value.nbd import negative_binomial
from churnscope.value.repeat_purchase import Numbers, RepeatPurchaseModel
from churnscope.value.repeat_rows import Array


class BetaGeometric(RepeatPurchaseModel):
    """What BG/NBD and MBG/NBD share; they differ in whether the first purchase was already an opportunity to stop."""

    names = ("r", "alpha", "a", "b")
    stops_at_first: ClassVar[int]

    @classmethod
    def starts(cls, *, rate: float, span: float) -> Sequence[tuple[float, ...]]:  # noqa: ARG003
        """Little and much difference between customers, early and late leavers."""
        return [(r, r / rate, a, b) for r, a, b in ((0.25, 0.8, 2.4), (1.0, 1.0, 8.0), (3.0, 0.3, 6.0), (1.0, 3.0, 3.0))]

    @classmethod
    def age_term(cls, parameters: Sequence[Any], frequency: Array, age: Array) -> Numbers:
        """Log of B(a, b+n)/B(a, b) * Gamma(r+x)/Gamma(r) * alpha^r / (alpha+T)^(r+x)."""
        r, alpha, a, b = parameters
        survived = _log_beta(a, b + frequency + cls.stops_at_first) - _log_beta(a, b)
        return survived + _log_purchases(r, alpha, frequency, age)

    @classmethod
    def recency_term(cls, parameters: Sequence[Any], frequency: Array, recency: Array) -> Numbers:
        """Log of B(a+1, b+n-1)/B(a, b) * Gamma(r+x)/Gamma(r) * alpha^r / (alpha+t_x)^(r+x); nothing without an opportunity."""
        r, alpha, a, b = parameters
        opportunities = frequency + cls.stops_at_first
        stopped = _log_beta(a + 1, b + np.maximum(opportunities, 1) - 1) - _log_beta(a, b)
        term = stopped + _log_purchases(r, alpha, frequency, recency)
        return np.where(opportunities > 0, term, -np.inf)

    def purchases_if_alive(self, frequency: Array, age: Array, horizon: Array) -> Array:
        """E over p of (1 - (1 + p t / (alpha+T))^-(r+x)) / p.

        The published form holds 2F1 over (a - 1), which has no value at a = 1 and loses its digits for busy customers.
        """
        shape, scale, a, b = self._alive(frequency, age)
        reach = horizon / scale

        def mean_count(p: Array, part: slice) -> Array:
            return -np.expm1(-shape[part, None] * np.log1p(p * reach[part, None])) / p

        return beta_mean(a, b, mean_count)

    def buys_if_alive(self, frequency: Array, age: Array, gap: float, horizon: float) -> Array:
        """E over p of L(p g) - L(p g + h), L(u) = ((alpha+T) / (alpha+T+u))^(r+x); without a gap 1 - L(h)."""
        shape, scale, a, b = self._alive(frequency, age)
        if gap == 0:
            return -np.expm1(-shape * np.log1p(horizon / scale))

        def buys(p: Array, part: slice) -> Array:
            wait = scale[part, None] + p * gap
            waits: Array = np.exp(shape[part, None] * np.log(scale[part, None] / wait))
            return -waits * np.expm1(-shape[part, None] * np.log1p(horizon / wait))

        return beta_mean(a, b, buys)

    def discounted_if_alive(self, frequency: Array, age: Array, discount: float) -> Array:
        """E over lambda and p of lambda / (discount + lambda p)."""
        shape, scale, a, b = self._alive(frequency, age)

        def worth(p: Array, part: slice) -> Array:
            rates, weights = gamma_nodes(shape[part])
            rates = rates / scale[part, None]
            total = np.zeros_like(p)
            for rate, weight in zip(rates.T, weights.T, strict=True):
                total += (weight * rate)[:, None] / (discount + rate[:, None] * p)
            return total

        return beta_mean(a, b, worth)

    def counts_if_alive(self, frequency: Array, age: Array, horizon: float, most: int) -> Array:
        """As of a new BG/NBD customer with lambda and p of those alive: the next chance to stop is the next purchase."""
        shape, scale, a, b = (each[:, None] for each in self._alive(frequency, age))
        count = np.arange(most + 1.0)
        return _counts((shape, scale, a, b), count, count, horizon)

    def count_probability(self, count: Array, horizon: float) -> Array:
        """P(X(t) = n), where MBG/NBD has one chance to stop more than purchases."""
        return _counts(self.parameters, count, count + self.stops_at_first, horizon)

    def _alive(self, frequency: Array, age: Array) -> tuple[Array, Array, Array, Array]:
        """Shape and rate of lambda, a and b of p, of customers known to be alive at `age`."""
        r, alpha, a, b = self.parameters
        return r + frequency, alpha + age, np.full(frequency.shape, a), b + frequency + self.stops_at_first


class BGNBD(BetaGeometric):
    """BG/NBD: may stop after every repeat purchase, so that one-time buyers never count as lost."""

    kind = "bg_nbd"
    stops_at_first = 0


class MBGNBD(BetaGeometric):
    """MBG/NBD: may also stop right after the first purchase."""

    kind = "mbg_nbd"
    stops_at_first = 1


def _counts(rates: tuple[Any, ...], count: Array, opportunities: Array, horizon: float) -> Array:
    """B(a, b+n)/B(a, b) * P(N = count) + B(a+1, b+n-1)/B(a, b) * P(N >= count), N negative binomial, n the opportunities."""
    shape, scale, a, b = rates
    exactly, share = negative_binomial(shape, scale, count, horizon), horizon / (scale + horizon)
    at_least = np.where(count > 0, betainc(np.maximum(count, 1), shape, share), 1.0)
    survived = np.exp(betaln(a, b + opportunities) - betaln(a, b))
    stopped = np.exp(betaln(a + 1, b + np.maximum(opportunities, 1) - 1) - betaln(a, b)) * (opportunities > 0)
    return np.asarray(survived * exactly + stopped * at_least)


def _log_beta(a: Any, b: Any) -> Numbers:
    """Log of the beta function, also of complex-stepped parameters."""
    return np.asarray(loggamma(a) + loggamma(b) - loggamma(a + b))


def _log_purchases(r: Any, alpha: Any, frequency: Array, time: Array) -> Numbers:
    """Log of Gamma(r+x)/Gamma(r) * alpha^r / (alpha+t)^(r+x): x purchases at given moments until t, rates averaged."""
    return np.asarray(loggamma(r + frequency) - loggamma(r) + r * np.log(alpha) - (r + frequency) * np.log(alpha + time))
