"""Intervals of a forecast that has no distribution of its own: from what customers with forecasts alike did before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from churnscope.value.intervals import Interval
from churnscope.value.repeat_rows import Array

FEWEST_ALIKE, MOST_GROUPS = 100, 50
TINY = 1e-9  # what rounding may take from a whole number


@dataclass(frozen=True, eq=False)
class Alike:
    """Customers in groups of one size by their forecast, and how what came lay to it.

    Parameters
    ----------
    edges : shape (n_groups - 1,), rising, forecasts between the groups.
    low, high : shape (n_groups,), quantiles of what came over the forecast.
    chance : shape (n_groups,), share of the group inside.

    Notes
    -----
    Of n customers alike, the limits are the k-th smallest and the k-th largest of what came over the forecast, k the whole part
    of `(n + 1) (1 - share) / 2`: another one of them lies inside with a chance of `share` or more.

    References
    ----------
    V. Vovk, A. Gammerman, G. Shafer (2005), Algorithmic learning in a random world, section 4.5: conformal, group by group.
    """

    edges: Array
    low: Array
    high: Array
    chance: Array

    @classmethod
    def of(cls, forecast: Array, came: Array, share: float) -> Alike:
        """From customers the forecast had not seen, shape (n,) each, n at least 1; forecasts are above 0.

        Examples
        --------
        >>> groups = Alike.of(np.full(200, 2.0), np.arange(200.0), share=0.8)
        >>> groups.around(np.array([4.0])).high.tolist()
        [360.0]
        """
        groups = int(np.clip(len(forecast) // FEWEST_ALIKE, 1, MOST_GROUPS))
        edges = np.quantile(forecast, np.arange(1, groups) / groups)
        group, ratio = np.searchsorted(edges, forecast, side="right"), np.maximum(came, 0) / forecast
        low, high, chance = np.zeros(groups), np.zeros(groups), np.ones(groups)
        for number in np.unique(group):
            here = ratio[group == number]
            low[number], high[number] = _limits(np.sort(here), share)
            chance[number] = ((low[number] <= here) & (here <= high[number])).mean()
        return cls(edges, low, high, chance)

    def around(self, forecast: Array) -> Interval:
        """Between what and what the money of customers with these forecasts lies, shape (n,)."""
        group = np.searchsorted(self.edges, forecast, side="right")
        return Interval(self.low[group] * forecast, self.high[group] * forecast, self.chance[group])


def _limits(rising: Array, share: float) -> tuple[float, float]:
    """The limits of a group; of too few for such a share, nothing and the largest that came."""
    place = int((len(rising) + 1) * (1 - share) / 2 + TINY)
    return (0.0, float(rising[-1])) if not place else (float(rising[place - 1]), float(rising[-place]))
