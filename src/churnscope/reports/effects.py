"""How the risk goes with a value, as the model sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from churnscope.features import FeatureSpec
from churnscope.reports.drivers import Driver, Floats, bins_of

MIDDLE = (0.1, 0.9)  # where other features let the effect of a value vary, most of it is shown
LEAST_RANGE = 1.15  # of the factors: a curve that stays within 15 % says little


@dataclass(frozen=True, eq=False)
class Effect:
    """What a concept does to the odds of leaving, by a value in bins of about equally many customers.

    Parameters
    ----------
    spec : the feature whose value it is.
    values : shape (k,), rising: the median value of each bin.
    odds : shape (k,), times the odds of the average customer the model learned from; 1 changes nothing.
    low, high : shape (k,), between them the middle four fifths of the customers in the bin.
    missing : the same factor where the value is missing; NaN where it never is.
    missing_share : of the customers.
    """

    concept: str
    spec: FeatureSpec
    values: Floats
    odds: Floats
    low: Floats
    high: Floats
    missing: float
    missing_share: float


def strongest_effects(found: Sequence[Driver], *, most: int = 6) -> tuple[Effect, ...]:
    """The effects of the first drivers that have a curve to show."""
    curves = (effect(driver) for driver in found if not driver.is_common)
    return tuple(islice((curve for curve in curves if curve.odds.max() > LEAST_RANGE * curve.odds.min()), most))


def effect(driver: Driver) -> Effect:
    """The mean of what a concept adds, by the value that tells most of it. At least one value has to be known.

    Notes
    -----
    Only combinations of features that occur are looked at. A partial dependence would also ask what the model says of customers
    who cannot exist, such as one who bought yesterday and nothing in 30 days.
    """
    bins = bins_of(driver.values)
    parts = [bins == number for number in range(1, bins.max() + 1)]
    low, high = np.exp([np.quantile(driver.added[part], MIDDLE) for part in parts]).T
    absent = bins == 0
    return Effect(
        concept=driver.concept,
        spec=driver.teller,
        values=np.array([np.median(driver.values[part]) for part in parts], np.float64),
        odds=np.exp([driver.added[part].mean() for part in parts]),
        low=low,
        high=high,
        missing=float(np.exp(driver.added[absent].mean())) if absent.any() else np.nan,
        missing_share=float(absent.mean()),
    )
