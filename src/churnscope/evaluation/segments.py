"""The figures of parts of the customers: a model that is right on the whole may be wrong about the new or the frequent ones."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from churnscope.evaluation.intervals import Estimate, customer_draws, estimates
from churnscope.evaluation.measures import Measured, Outcomes, Tops

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import ArrayLike, NDArray

FEWEST_CUSTOMERS = 50  # a smaller segment says little and may show one person; it is not shown
SEGMENT_METRICS = ("auroc", "log_loss", "predicted_minus_churned", "lift_10pct")
NOT_KNOWN = "not known"
_TOP = Tops((0.1,), None)


@dataclass(frozen=True, eq=False)
class Segmentation:
    """One way to divide the rows.

    Parameters
    ----------
    by : what divides them.
    names : of the segments.
    member : shape (n,), the segment of each row.
    """

    by: str
    names: tuple[str, ...]
    member: NDArray[np.int64]

    @classmethod
    def at(cls, by: str, values: ArrayLike, cuts: Sequence[float], names: Sequence[str]) -> Segmentation:
        """Rows divided at rising values, the first segment below the first cut; missing values are a segment of their own.

        Examples
        --------
        >>> Segmentation.at("age", [3.0, 10.0, np.nan], [10], ["young", "old"]).member.tolist()
        [0, 1, 2]
        """
        known = np.asarray(values, np.float64)
        return cls(by, (*names, NOT_KNOWN), np.where(np.isnan(known), len(names), np.searchsorted(cuts, known, side="right")))

    @classmethod
    def quarters(cls, by: str, values: ArrayLike) -> Segmentation:
        """Rows divided at the quartiles; where there are at most four different values, by value.

        Examples
        --------
        >>> Segmentation.quarters("days", range(101)).names
        ('below 25', '25 to below 50', '50 to below 75', '75 and more', 'not known')
        >>> Segmentation.quarters("flag", [0.0, 1.0]).names
        ('0', '1', 'not known')
        """
        column = np.asarray(values, np.float64)
        different = np.unique(column[~np.isnan(column)])
        if len(different) <= 4:
            return cls.at(by, column, different[1:].tolist(), [f"{value:g}" for value in different] or ["any"])
        cuts = np.unique([float(f"{cut:.3g}") for cut in np.nanquantile(column, (0.25, 0.5, 0.75))]).tolist()
        inner = (f"{low:g} to below {high:g}" for low, high in pairwise(cuts))
        return cls.at(by, column, cuts, [f"below {cuts[0]:g}", *inner, f"{cuts[-1]:g} and more"])

    def of(self, rows: NDArray[np.bool_]) -> Segmentation:
        """The same for some of the rows."""
        return Segmentation(self.by, self.names, self.member[rows])


@dataclass(frozen=True)
class Segment:
    """The model on the rows of a segment; `metrics` are those of `SEGMENT_METRICS`, each with its interval."""

    by: str
    name: str
    rows: int
    customers: int
    churned: int
    metrics: dict[str, Estimate]


def segment_figures(
    churned: NDArray[np.float64],
    customer: ArrayLike,
    probability: NDArray[np.float64],
    segmentations: Sequence[Segmentation],
    *,
    draws: int,
    rng: np.random.Generator,
) -> Iterator[Segment]:
    """The figures of every segment of at least 50 customers.

    Parameters
    ----------
    churned, customer, probability : shape (n,), as `evaluate` takes them.
    draws : resamplings of the customers of a segment.
    rng : source of all randomness.
    """
    numbers = np.asarray(customer)
    for segmentation in segmentations:
        for place, name in enumerate(segmentation.names):
            here = segmentation.member == place
            outcomes = Outcomes.of(churned[here], numbers[here])
            if outcomes.customers >= FEWEST_CUSTOMERS:
                metrics = _metrics(Measured(outcomes, probability[here], _TOP), outcomes.customers, draws, rng)
                yield Segment(segmentation.by, name, int(here.sum()), outcomes.customers, int(outcomes.churned.sum()), metrics)


def _metrics(measured: Measured, customers: int, draws: int, rng: np.random.Generator) -> dict[str, Estimate]:
    columns = [measured.names.index(metric) for metric in SEGMENT_METRICS]
    value = measured.measure(np.ones((1, customers)))[0, columns]
    drawn = [np.empty((0, len(columns)))]
    drawn += [measured.measure(counts)[:, columns] for counts in customer_draws(customers, draws, rng)]
    return dict(zip(SEGMENT_METRICS, estimates(value, np.concatenate(drawn)), strict=True))
