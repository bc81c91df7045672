"""A retention offer in money: what it costs, how many accept it, and what a customer who stays is worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Offer:
    """What it costs to offer something to a customer, and what it saves.

    Whoever would have left and accepts stays, and takes the offer; whoever would have stayed anyway takes it too.

    Parameters
    ----------
    value : what a customer who stays is worth, in currency.
    offer_cost : of the offer, where it is taken; below the value.
    contact_cost : of the contact, whatever comes of it.
    acceptance : share of those about to leave who accept, above 0 and at most 1.
    acceptance_trials : how sure that share is: as if it had been seen in so many trials.

    Raises
    ------
    ValueError : when a cost is negative, the offer costs as much as the customer is worth, or a share is impossible.

    Notes
    -----
    The defaults are those of the literature's measures, for a telephone company in euros: acceptance varies as Beta(6, 14).

    References
    ----------
    T. Verbraken, W. Verbeke, B. Baesens (2013), A novel profit maximizing metric for measuring classification performance of
    customer churn prediction models, IEEE Transactions on Knowledge and Data Engineering 25(5), 961-973.

    Examples
    --------
    >>> round(float(Offer().break_even()), 4)
    0.1642
    """

    value: float = 200.0
    offer_cost: float = 10.0
    contact_cost: float = 1.0
    acceptance: float = 0.3
    acceptance_trials: float = 20.0

    def __post_init__(self) -> None:
        costs_possible = 0 <= self.offer_cost < self.value < np.inf and 0 <= self.contact_cost < np.inf
        if not (costs_possible and 0 < self.acceptance <= 1 and 0 < self.acceptance_trials < np.inf):
            raise ValueError("costs are 0 or more, the offer costs less than the customer's value, and acceptance is in (0, 1]")

    @property
    def beta(self) -> tuple[float, float]:
        """The parameters of the beta distribution of the acceptance; the second is 0 where everybody accepts."""
        return self.acceptance * self.acceptance_trials, (1 - self.acceptance) * self.acceptance_trials

    def acceptance_quantile(self, level: float) -> float:
        """The acceptance below which it lies with probability `level`."""
        alpha, beta = self.beta
        return float(betaincinv(alpha, beta, level)) if beta > 0 else 1.0

    def break_even(self, value: ArrayLike | None = None) -> Array:
        """The churn probability from which a contact pays: (d + f) / (g (V - d) + d).

        Parameters
        ----------
        value : of each customer; default: the offer's.

        Returns
        -------
        In the shape of `value`, 0 or more; above 1, or infinite, where no probability is enough.
        """
        worth = np.asarray(self.value if value is None else value, dtype=np.float64)
        saved = self.acceptance * (worth - self.offer_cost) + self.offer_cost
        with np.errstate(divide="ignore"):
            needed = np.where(saved > 0, (self.offer_cost + self.contact_cost) / np.maximum(saved, 1e-300), np.inf)
        return np.where(self.offer_cost + self.contact_cost > 0, needed, np.where(worth >= 0, 0.0, np.inf))

    def expected_gain(self, probability: ArrayLike, value: ArrayLike | None = None, acceptance: float | None = None) -> Array:
        """What contacting each customer is expected to bring: p g (V - d) - (1 - p) d - f, in currency.

        Parameters
        ----------
        probability : that the customer leaves, in [0, 1].
        value : of each customer; default: the offer's.
        acceptance : default: the offer's.
        """
        leaves = np.asarray(probability, dtype=np.float64)
        worth = np.asarray(self.value if value is None else value, dtype=np.float64)
        accepted = self.acceptance if acceptance is None else acceptance
        gain = leaves * accepted * (worth - self.offer_cost) - (1 - leaves) * self.offer_cost - self.contact_cost
        return np.asarray(gain)
