"""NBD: customers buy at a rate of their own and never leave. The floor that every model with leaving has to beat.

Symbols: x repeat purchases, T age, lambda ~ Gamma(r, rate alpha) the purchase rate.

References
----------
A. Ehrenberg (1959), The pattern of consumer purchases, Applied Statistics 8(1).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.special import gammaln, loggamma

from churnscope.value.repeat_purchase import Numbers, RepeatPurchaseModel
from churnscope.value.repeat_rows import Array


class NBD(RepeatPurchaseModel):
    """NBD with parameters r and alpha."""

    kind = "nbd"
    names = ("r", "alpha")

    @classmethod
    def starts(cls, *, rate: float, span: float) -> Sequence[tuple[float, ...]]:  # noqa: ARG003
        """Little and much difference between customers."""
        return [(r, r / rate) for r in (0.3, 1.0, 5.0)]

    @classmethod
    def age_term(cls, parameters: Sequence[Any], frequency: Array, age: Array) -> Numbers:
        """Log of Gamma(r+x)/Gamma(r) * alpha^r / (alpha+T)^(r+x)."""
        r, alpha = parameters
        counts = loggamma(r + frequency) - loggamma(r)
        return np.asarray(counts + r * np.log(alpha) - (r + frequency) * np.log(alpha + age))

    @classmethod
    def recency_term(cls, parameters: Sequence[Any], frequency: Array, recency: Array) -> Numbers:  # noqa: ARG003
        """Nobody leaves."""
        return np.asarray(np.zeros_like(parameters[0] * recency) - np.inf)

    def purchases_if_alive(self, frequency: Array, age: Array, horizon: Array) -> Array:
        """(r+x)/(alpha+T) * t."""
        r, alpha = self.parameters
        return (r + frequency) / (alpha + age) * horizon

    def buys_if_alive(self, frequency: Array, age: Array, gap: float, horizon: float) -> Array:  # noqa: ARG002
        """1 - ((alpha+T)/(alpha+T+h))^(r+x); a gap changes nothing where nobody leaves."""
        r, alpha = self.parameters
        return np.asarray(-np.expm1(-(r + frequency) * np.log1p(horizon / (alpha + age))))

    def discounted_if_alive(self, frequency: Array, age: Array, discount: float) -> Array:
        """(r+x)/(alpha+T) / discount."""
        r, alpha = self.parameters
        return (r + frequency) / (alpha + age) / discount

    def counts_if_alive(self, frequency: Array, age: Array, horizon: float, most: int) -> Array:
        """Negative binomial of the shape r+x and the rate alpha+T."""
        r, alpha = self.parameters
        return negative_binomial((r + frequency)[:, None], (alpha + age)[:, None], np.arange(most + 1.0), horizon)

    def count_probability(self, count: Array, horizon: float) -> Array:
        """Negative binomial."""
        r, alpha = self.parameters
        return negative_binomial(r, alpha, count, horizon)


def negative_binomial(shape: Any, rate: Any, count: Array, time: Any) -> Array:
    """P(N(t) = n) of customers who stay and buy at a rate that varies among them as Gamma(shape, rate)."""
    log_scale = gammaln(shape + count) - gammaln(shape) - gammaln(count + 1) - shape * np.log1p(time / rate)
    return np.asarray(np.exp(log_scale) * (time / (rate + time)) ** count)
