"""The best anybody can say from a purchase log about who will be silent: what a model's probabilities are tested against."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from churnscope.errors import ConfigError
from churnscope.simulation.business import Business, Lapse
from churnscope.simulation.clock import Clock, Days

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(64)


@dataclass(frozen=True)
class Histories:
    """What a purchase log shows of each customer before a cutoff; arrays of shape (n,), times in days since the log's start.

    Parameters
    ----------
    joined : time of the first order.
    repeats : orders after the first.
    last : time of the last order.
    """

    joined: Days
    repeats: NDArray[np.int64]
    last: Days


def silence_probability(business: Business, clock: Clock, seen: Histories, *, cutoff: float, horizon_days: float) -> Days:
    """The probability of no order in `[cutoff, cutoff + horizon_days)`, given the orders before the cutoff.

    Parameters
    ----------
    cutoff : days since the log's start, after every joining.

    Returns
    -------
    shape (n,), within [0, 1]. Orders from the business that have these probabilities are calibrated exactly, and no other
    function of the purchase log ranks or scores better.

    Raises
    ------
    ConfigError : when the business sells nothing, or ends lives in another way than by lapse.

    Notes
    -----
    With rates gamma (r, alpha) in seasonal time L and lifetimes Pareto (s, b), silence from the last order to t has the weight
    ``W(t) = S(t) A(t) + integral from last to t of f(u) A(u) du``, where ``A(t) = (alpha + L(t)) ** -(r + repeats)``, and S, f
    are survival function and density of the lifetime. The probability is ``W(cutoff + horizon) / W(cutoff)``: the Pareto/NBD
    probability of no purchase, for any season.

    References
    ----------
    Schmittlein, Morrison, Colombo (1987), "Counting your customers", Management Science 33(1), 1-24.
    """
    if business.purchases is None or business.contracts is not None or business.campaign is not None:
        raise ConfigError(
            "The best possible probability is known for purchases without contracts and campaigns only.",
            'Start from PRESETS["pareto_nbd"] or PRESETS["shop"].',
        )
    purchases = business.purchases
    past = _Silence(business.lapse, purchases.shape, purchases.shape / (purchases.per_year / 365.25), clock, seen)
    at_cutoff, at_end = np.full_like(seen.last, cutoff), np.full_like(seen.last, cutoff + horizon_days)
    gone = past.gone(seen.last, at_cutoff)
    silent = gone + past.gone(at_cutoff, at_end) + past.here(at_end)
    return silent / (gone + past.here(at_cutoff))


@dataclass(frozen=True)
class _Silence:
    """Weights of the two ways to be silent since the last order, relative to that order's."""

    lapse: Lapse
    shape: float
    scale: float
    clock: Clock
    seen: Histories

    def here(self, until: Days) -> Days:
        """Still a customer at `until`, and ordered nothing."""
        b = self.lapse.scale_days
        survival: Days = (b / (b + until - self.seen.joined)) ** self.lapse.shape
        return survival * self._quiet(until)

    def gone(self, start: Days, until: Days) -> Days:
        """Left between `start` and `until`, and ordered nothing before that."""
        half = (until - start) / 2
        total = np.zeros_like(half)
        for node, weight in zip(_NODES, _WEIGHTS, strict=True):
            time = start + half * (1 + node)
            total += weight * half * self._leaving(time) * self._quiet(time)
        return total

    def _leaving(self, time: Days) -> Days:
        b, s = self.lapse.scale_days, self.lapse.shape
        density: Days = s / b * (b / (b + time - self.seen.joined)) ** (s + 1)
        return density

    def _quiet(self, time: Days) -> Days:
        """Chance to order nothing from the last order to `time`, up to a factor of the customer's own."""
        begun = self.clock.seasonal(self.seen.joined)
        passed = self.scale + self.clock.seasonal(time) - begun
        before = self.scale + self.clock.seasonal(self.seen.last) - begun
        quiet: Days = (before / passed) ** (self.shape + self.seen.repeats)
        return quiet
